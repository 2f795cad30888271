/** Orders of a plan at Interactive Brokers: those that wait until somebody says what their symbol means, and brackets. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Strategy } from '../../../engine/backtest/index.ts';
import type { StrategyClass } from '../../../engine/backtest/strategy.ts';
import { IbBroker } from '../../../engine/brokers/ib/ib.ts';
import { ibSettings } from '../../../engine/brokers/ib/settings.ts';
import { ManualClock } from '../../support/clock.ts';
import { openPlans } from '../../support/plans.ts';
import { tempStore } from '../../support/temp-store.ts';
import { startTws } from '../../support/tws/index.ts';
import { WatchedStore } from '../../support/watched-store.ts';

/** Buys ten shares once, with a stop loss and a take profit, and wants to be out again two days later. */
class Guarded extends Strategy {
  init() {}
  next() {
    const price = this.data.close.last;
    const [trade] = this.trades;
    if (trade) {
      if (this.data.bar - trade.entryBar >= 2) this.position.close();
    } else if (this.orders.length === 0 && this.closedTrades.length === 0) {
      this.buy({ size: 10, sl: price * 0.8, tp: price * 1.2 });
    }
  }
}

const slow = 120_000;
const patience = { timeout: 60_000, interval: 20 };
/** After the close of Monday, 4 March, in New York; and the open and the close of the day after. */
const monday = '2024-03-04T21:30:00.000Z';
const tuesdayOpen = '2024-03-05T14:30:00.000Z';
/** After the closes of the next days. */
const nextEvenings = ['2024-03-05T21:30:00.000Z', '2024-03-06T21:30:00.000Z', '2024-03-07T21:30:00.000Z'];

/** A plan after the close, whose orders are for the next open; at its broker the session is over. */
async function openAtTws({
  symbol,
  strategy,
  currency = 'USD',
  mortal = false,
}: {
  readonly symbol: string;
  readonly strategy: StrategyClass;
  readonly currency?: string;
  /** Whether the first desk dies when it is told to. */
  readonly mortal?: boolean;
}) {
  const clock = new ManualClock(monday);
  const tws = await startTws({ clock });
  onTestFinished(() => tws.close());
  tws.deposit(currency, '10000');
  tws.server.account.closes();
  const settings = ibSettings.parse({
    ...{ type: 'ib', port: tws.port, timeoutSeconds: 3, heartbeatSeconds: 0.2, patienceSeconds: 0 },
    ...{ absenceSeconds: 8, quiet: { times: [] } },
  });
  const store = await tempStore();
  let dies = () => false;
  let died = () => {};
  const death = new Promise<void>((resolve) => {
    died = resolve;
  });
  let isDead = false;
  const fate = async () => {
    if (!isDead && !dies()) return;
    isDead = true;
    died();
    await new Promise<never>(() => undefined);
  };
  const first = await openPlans({
    strategies: { guarded: strategy },
    plan: { strategy: 'guarded', symbols: [symbol], calendar: 'XNYS', schedule: { times: '16:30' } },
    book: { broker: 'ib', capital: '10000', currency },
    broker: (parts) => IbBroker.open({ name: 'ib', settings, ...parts }),
    clock,
    store: mortal ? new WatchedStore(store, fate) : store,
  });
  // A dead one cannot be stopped.
  onTestFinished(() => (isDead ? first.die() : undefined));
  const bars = first.source.bars.bind(first.source);
  // Prices of an invented stock under any name.
  first.source.bars = async (request) =>
    (await bars({ ...request, symbols: request.symbols.map(() => 'AMBR') })).map((each) => ({
      ...each,
      symbol,
    }));
  const until = (check: () => Promise<void> | void) =>
    vi.waitFor(async () => {
      clock.advance(2 * patience.interval);
      await check();
    }, patience);
  return {
    ...{ tws, clock, first, until },
    /** The next desk, after the first one has died at the first call to its store at which this is so. */
    killedWhen(isSo: () => boolean) {
      dies = isSo;
      return {
        death,
        async next() {
          await death;
          first.die();
          return first.again({ store });
        },
      };
    },
    again: () => first.again({ store }),
    legs: () => tws.orders().map(({ action, type, status }) => `${action} ${type} ${status}`),
  };
}

describe('an order of a plan whose symbol several shares have', () => {
  it(
    'waits until somebody has said which, and then goes out once, for that one',
    async () => {
      const { tws, clock, first, until, again, legs } = await openAtTws({
        symbol: 'OMV',
        strategy: Guarded,
        currency: 'EUR',
      });
      const { price } = await first.source.lastPrice('OMV');
      tws.price('OMV@VSE', price, { spread: '0.1' });
      const second = await again();
      await first.plans.run('busy', { by: 'ann' });
      await first.plans.watch();
      expect(await first.plans.orders('busy', 10)).toMatchObject([
        { state: 'waiting', symbol: 'OMV', reason: expect.stringContaining('/broker contract ib OMV') },
      ]);
      const asked = (await first.told()).filter(({ type }) => type === 'broker.contract');
      expect(asked).toMatchObject([
        { symbol: 'OMV', choices: [{ symbol: 'OMV@VSE/EUR' }, { symbol: 'OMV@IBIS/EUR' }] },
      ]);
      expect(tws.orders(), 'nothing is guessed').toEqual([]);
      await first.broker.contracts?.choose('OMV', 'OMV@VSE/EUR');
      await Promise.all([first.plans.watch(), second.plans.watch()]);
      await until(() => expect(tws.orders()).toHaveLength(3));
      await first.plans.watch();
      await second.plans.watch();
      expect(tws.orders().map(({ listing, action }) => `${action} ${listing.primaryExchange}`)).toEqual([
        'BUY VSE',
        'SELL VSE',
        'SELL VSE',
      ]);
      expect((await first.plans.orders('busy', 10))[0]).toMatchObject({ state: 'working' });

      // Protected by what came with it, and by nothing else, although the plan knows it by another name.
      clock.set(tuesdayOpen);
      tws.server.account.opens();
      await until(async () => expect((await first.books.show('trend')).positions).toHaveLength(1));
      await first.plans.watch();
      await first.plans.watch();
      expect(legs()).toEqual(['BUY MKT Filled', 'SELL STP PreSubmitted', 'SELL LMT Submitted']);
      expect(tws.server.violations).toEqual([]);
    },
    slow,
  );

  it(
    'is not sent when the open that it was for is past, whatever is said then',
    async () => {
      const { tws, clock, first } = await openAtTws({ symbol: 'OMV', strategy: Guarded, currency: 'EUR' });
      tws.price('OMV@VSE', '40');
      await first.plans.run('busy', { by: 'ann' });
      clock.set(tuesdayOpen);
      tws.server.account.opens();
      await first.broker.contracts?.choose('OMV', 'OMV@VSE/EUR');
      await first.plans.watch();
      expect((await first.plans.orders('busy', 10))[0]).toMatchObject({
        state: 'expired',
        reason: expect.stringContaining('It was for the open of 2024-03-05'),
      });
      expect((await first.told()).filter(({ type }) => type === 'run.sent')).toMatchObject([
        { sent: 0, givenUp: 1 },
      ]);
      expect(tws.orders()).toEqual([]);
    },
    slow,
  );
});

describe('the stop loss and the take profit of a new order of a plan', () => {
  type World = Awaited<ReturnType<typeof openAtTws>>;
  const isFilled = ({ tws }: World, side: 'BUY' | 'SELL') =>
    tws.orders().some(({ action, status }) => action === side && status === 'Filled');

  /** When the desk is killed: at its first call to the store after that. */
  const deaths: readonly [string, (world: World) => boolean][] = [
    ['never', () => false],
    ['when TWS has taken the three', ({ tws }) => tws.orders().length === 3],
    ['when the entry is filled', (world) => isFilled(world, 'BUY')],
    ['when one of the two is filled', (world) => isFilled(world, 'SELL')],
  ];

  it.each(
    deaths.flatMap(([when, isSo]) => [
      ['the take profit', 'LMT', 1.3, when, isSo] as const,
      ['the stop loss', 'STP', 0.7, when, isSo] as const,
    ]),
  )(
    'go out with it; %s (%s at %d) ends the position and TWS the other one; the desk is killed %s',
    async (_, type, factor, when, isSo) => {
      const world = await openAtTws({ symbol: 'AMBR', strategy: Guarded, mortal: true });
      const { tws, clock, first, until, legs } = world;
      let desk: Pick<typeof first, 'plans' | 'books' | 'executor' | 'reconciler' | 'broker' | 'outbox'> =
        first;
      const dead = world.killedWhen(() => isSo(world));
      /** Does it, or dies over it: then the next desk takes over. */
      const whateverHappens = async (work: () => Promise<void>) => {
        const outcome = await Promise.race([work().then(() => 'done'), dead.death.then(() => 'dead')]);
        if (outcome === 'dead' && desk === first) desk = await dead.next();
      };
      const price = Math.round(Number((await first.source.lastPrice('AMBR')).price));
      tws.price('AMBR', `${price}`);

      await whateverHappens(async () => void (await desk.plans.run('busy', { by: 'ann' })));
      await until(() => expect(tws.orders()).toHaveLength(3));
      expect(legs()).toEqual(['BUY MKT PreSubmitted', 'SELL STP PreSubmitted', 'SELL LMT PreSubmitted']);
      const isBooked = (held: number, cash: string) =>
        until(async () => {
          const book = await desk.books.show('trend');
          expect(book.positions.map(({ quantity }) => quantity)).toEqual(held === 0 ? [] : [`${held}`]);
          expect(book.cash).toBe(cash);
        });

      clock.set(tuesdayOpen);
      await whateverHappens(async () => {
        tws.server.account.opens();
        await isBooked(10, tws.cash('USD'));
      });
      await isBooked(10, tws.cash('USD'));
      await whateverHappens(async () => {
        tws.price('AMBR', `${Math.round(price * factor)}`);
        await isBooked(0, tws.cash('USD'));
      });
      await isBooked(0, tws.cash('USD'));
      expect(desk !== first, 'whether it was killed').toBe(when !== 'never');
      const ended = [
        'BUY MKT Filled',
        ...['STP', 'LMT'].map((each) => `SELL ${each} ${each === type ? 'Filled' : 'Cancelled'}`),
      ];
      expect(legs()).toEqual(ended);
      expect(tws.held('AMBR')).toBe('0');
      await until(async () => expect(await desk.executor.openOrders()).toEqual([]));

      // The simulation still holds them, and wants to be out on Thursday: the book has nothing to sell, or to protect.
      for (const evening of nextEvenings) {
        clock.set(evening);
        tws.server.account.closes();
        await until(() => expect(desk.broker.status().state).toBe('ready'));
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        const told = (await desk.outbox.after(0, 1000)).map(({ event }) => event);
        const runs = told.filter((event) => event.type === 'run.finished');
        expect(runs.at(-1)?.notes).toEqual(['The book holds 0 AMBR, the simulation 10.']);
      }
      expect(legs()).toEqual(ended);
      expect(await desk.plans.orders('busy', 10)).toMatchObject([{ side: 'buy', state: 'filled' }]);
      expect(await desk.reconciler?.reconcile('ib')).toEqual([]);
      const { imbalances, wrongBooks } = await desk.books.audit();
      expect([[...imbalances.keys()], wrongBooks]).toEqual([[], []]);
      expect(tws.server.violations).toEqual([]);
    },
    slow,
  );
});
