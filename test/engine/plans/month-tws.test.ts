/**
 * A month of sessions of a plan at Interactive Brokers: two desks on one store before a local TWS that restarts every night and
 * gives its numbers again, loses its login and its servers, and drops answers; and desks that stop and start whenever it hits.
 */
import { describe, expect, it, onTestFailed, onTestFinished, vi } from 'vitest';
import { Backtest } from '../../../engine/backtest/backtest.ts';
import { IbBroker } from '../../../engine/brokers/ib/ib.ts';
import { ibSettings } from '../../../engine/brokers/ib/settings.ts';
import type { Bars } from '../../../engine/market/bars.ts';
import { calendar } from '../../../engine/market/calendars/index.ts';
import { inventedBars } from '../../../engine/market/sources/demo/universe.ts';
import { instantOf } from '../../../engine/market/wall-clock.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import { ManualClock } from '../../support/clock.ts';
import {
  expectOneRunForEach,
  inventedStocks,
  type MonthPlan,
  monthPlan,
  monthStrategies,
  randomOf,
  seedsOfMonths,
} from '../../support/plan-month.ts';
import { openPlans } from '../../support/plans.ts';
import { hurryTime } from '../../support/quick-time.ts';
import type { TestTws } from '../../support/tws/index.ts';
import { startTws } from '../../support/tws/index.ts';

const slow = 600_000;
const patience = { timeout: 60_000, interval: 5 };
const capital = '10000';
const firstSession = '2024-03-01';
const exchange = calendar('XNYS');
const zone = 'America/New_York';

/** An instant of a day in New York. */
const at = (day: string, time: string) => new Date(instantOf(Date.parse(`${day}T${time}:00Z`), zone));

/** The invented stocks, on days on which New York trades. */
function onTradingDays(bars: Bars): Bars {
  const kept = [...bars.time.keys()].filter((index) =>
    exchange.session(new Date(bars.time[index] ?? 0).toISOString().slice(0, 10)),
  );
  const column = (values: Float64Array) => Float64Array.from(kept, (index) => values[index] ?? Number.NaN);
  const { time, open, high, low, close, volume } = bars;
  return {
    ...bars,
    ...{ time: column(time), open: column(open), high: column(high), low: column(low) },
    ...{ close: column(close), volume: column(volume) },
  };
}

/** All of them trade at the day's price. */
function quote(tws: TestTws, day: string, which: 'open' | 'close'): void {
  for (const symbol of inventedStocks) {
    const price = inventedBars(symbol, Date.parse(`${day}T00:00:00Z`))[which].at(-1) ?? Number.NaN;
    tws.price(symbol, price.toFixed(2), { spread: '0' });
  }
}

async function openMonth(name: MonthPlan) {
  hurryTime();
  const clock = new ManualClock(at(firstSession, '15:00').toISOString());
  const tws = await startTws({ clock });
  onTestFinished(() => tws.close());
  tws.deposit('USD', capital);
  quote(tws, firstSession, 'open');
  const settings = ibSettings.parse({
    ...{ type: 'ib', port: tws.port, timeoutSeconds: 3, heartbeatSeconds: 1, patienceSeconds: 0 },
    absenceSeconds: 8,
    launch: [process.execPath, '-e', '0'],
  });
  const first = await openPlans({
    strategies: monthStrategies,
    plan: monthPlan(name),
    // An alert would be stale before an order that was lost is known to be; what a plan wants for the open is not.
    book: { broker: 'ib', capital, staleAfterSeconds: 5 },
    broker: (parts) => IbBroker.open({ name: 'ib', settings, ...parts }),
    clock,
  });
  first.source.change = onTradingDays;
  const desks = [first, await first.again({ alone: false })];
  const broken: string[] = [];

  /**
   * Waits, while time goes by: about as fast as that of the timers, because turns are renewed by these. The schedule looks
   * after the plans more often than every minute, so that nobody waits for it.
   */
  let looks = 0;
  const until = (what: string, check: () => Promise<void>) =>
    vi.waitFor(async () => {
      clock.advance(100);
      if (++looks % 10 === 0) await first.schedule.runNow('plan-watch', 'every minute');
      try {
        await check();
      } catch (error) {
        throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }, patience);

  const month = {
    ...{ clock, tws, first, broken },
    /** Time goes on, and never back. */
    async reach(day: string, time: string): Promise<void> {
      const then = at(day, time);
      if (clock.now() < then) clock.set(then.toISOString());
    },
    /** The plan's moment has come: the schedule does not let go before its run is made. */
    async fire(): Promise<void> {
      await until('nobody makes the run', async () => {
        await first.schedule.fire(clock.now());
        expect(first.schedule.next(name)?.getTime(), 'the next moment').toBeGreaterThan(
          clock.now().getTime(),
        );
      });
    },
    /** One of the desks is started anew. */
    async restart(which: number): Promise<void> {
      await desks[which]?.stop();
      desks[which] = await first.again({ alone: false });
    },
    /** One of the desks has the account in sight. */
    async isSeen(): Promise<void> {
      await until('nobody sees the account', async () => {
        const states = desks.map(({ broker, reconciler }) => {
          const { state, why = '' } = broker.status();
          if (state !== 'ready') void broker.connect();
          return `${state} ${why} ${reconciler?.isCompared('ib') ? 'compared' : ''}`;
        });
        expect(
          states.filter((state) => /^ready.* compared/.test(state)),
          states.join('; '),
        ).toHaveLength(1);
      });
    },
    /** TWS sees that the login is used elsewhere, and ends. */
    async logout(): Promise<void> {
      await tws.close();
      await until('nobody asks for a login', async () => {
        expect(desks.map(({ broker }) => broker.status().state)).toContain('needs-login');
      });
    },
    /** Somebody logs in again from chat. */
    async login(): Promise<void> {
      const [desk] = desks;
      const login = desk?.broker.login;
      if (!login) throw new Error('the broker has no login');
      const begun = login.begin(new AbortController().signal, () => undefined);
      await tws.server.listen();
      await begun;
    },
    /** Everything that is on its way has arrived; what waits, waits for the money of exits that trade at the open. */
    async settled({ beforeOpen = false } = {}): Promise<void> {
      await until('it does not come to rest', async () => {
        const waiting = (await first.plans.orders(name, 1000)).filter(({ state }) => state === 'waiting');
        const reasons = waiting.map(({ symbol, reason }) => `${symbol}: ${reason}`);
        const forNothing = reasons.filter(
          (reason) => !beforeOpen || !reason.includes('until its exits have traded'),
        );
        expect(forNothing.join('; '), 'orders that wait').toBe('');
        const orders = await first.executor.orders({ limit: 10_000 });
        const moving = orders.filter(({ state }) => ['intended', 'sending', 'unknown'].includes(state));
        expect(
          moving.map(({ _id, state, reason }) => `${_id} ${state} ${reason}`),
          'orders',
        ).toEqual([]);
        const booked = orders.filter(({ state }) => state === 'filled').length;
        expect(booked, 'orders that are booked').toBe(
          tws.orders().filter(({ status }) => status === 'Filled').length,
        );
      });
    },
  };
  return month;
}

describe('a plan over a month at Interactive Brokers', () => {
  it.each(
    seedsOfMonths([
      ['demo', 1],
      ['daily', 2],
    ]),
  )(
    'sends each order of the one long backtest once, and its book is the account (%s, seed %i)',
    async (name, seed) => {
      const random = randomOf(seed);
      const may = (chance: number) => random() < chance;
      const one = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
      const month = await openMonth(name);
      const { tws, first } = month;
      await month.isSeen();

      const sessions: string[] = [];
      const happened: string[] = [];
      const became: string[] = [];
      const note = (text: string) => happened.push(`${sessions.at(-1)} ${text}`);
      onTestFailed(() => {
        process.stderr.write(
          `npm run test:months -- --seed ${seed}\n${happened.join('\n')}\n${became.join('\n')}\n`,
        );
      });
      let day = firstSession;
      let logouts = 0;
      for (let count = 0; count < 22; count++) {
        sessions.push(day);
        await month.reach(day, '16:00');
        quote(tws, day, 'close');
        tws.server.account.closes();

        await month.reach(day, '16:30');
        expect(first.schedule.next(name)?.toISOString()).toBe(at(day, '16:30').toISOString());
        const evening = one([
          'quiet',
          'quiet',
          'logout',
          'no servers',
          'lost answers',
          'dropped',
          'never arrives',
          'desk',
        ]);
        note(evening);
        switch (evening) {
          case 'logout':
            logouts += 1;
            await month.logout();
            await month.fire();
            await month.reach(day, '20:00');
            await month.login();
            break;
          case 'no servers':
            tws.server.loseServers();
            await month.fire();
            await month.reach(day, '17:00');
            tws.server.findServers({ dataLost: may(0.5) });
            break;
          case 'lost answers':
            tws.server.orderFault = 'lose-answers';
            await month.fire();
            break;
          case 'dropped':
            tws.server.orderFault = 'lose-answers-and-drop';
            await month.fire();
            break;
          case 'never arrives':
            tws.server.orderFault = 'drop-before';
            await month.fire();
            break;
          case 'desk': {
            const fired = month.fire();
            await month.restart(one([0, 1]));
            await fired;
            break;
          }
          default:
            await month.fire();
        }
        tws.server.orderFault = undefined;
        await month.isSeen();
        await month.settled({ beforeOpen: true });

        const next = exchange.nextSession(day).day;
        await month.reach(day, '23:50');
        await tws.server.restart({ nextValidId: 1 });
        tws.server.newDay();
        if (may(0.4)) {
          note('a desk starts anew in the night');
          await month.restart(one([0, 1]));
        }
        if (may(0.2)) {
          note('the night ends without a login');
          logouts += 1;
          await month.reach(next, '08:00');
          await month.logout();
          await month.login();
        }
        await month.reach(next, '09:00');
        await month.isSeen();
        await month.settled({ beforeOpen: true });

        await month.reach(next, '09:30');
        const morning = one(['quiet', 'quiet', 'desk', 'drop', 'doubled', 'held']);
        note(`morning ${morning}`);
        if (morning === 'doubled') tws.server.doubles = true;
        if (morning === 'held') tws.server.holdCommissions();
        quote(tws, next, 'open');
        tws.server.account.opens();
        if (morning === 'desk') await month.restart(one([0, 1]));
        if (morning === 'drop') tws.server.dropAll();
        if (morning === 'held') tws.server.releaseCommissions();
        await month.isSeen();
        await month.settled();
        tws.server.doubles = false;
        day = next;
      }

      for (const order of (await first.plans.orders(name, 1000)).toReversed()) {
        const { signalAt, side, quantity, symbol, state, reason } = order;
        became.push(`${signalAt.slice(0, 10)} ${side} ${quantity} ${symbol}: ${state}. ${reason ?? ''}`);
      }
      const story = happened.join('\n');
      await expectOneRunForEach(first.plans, name, sessions);

      const bars = await first.source.bars({
        symbols: inventedStocks,
        from: new Date('2023-01-03'),
        interval: '1d',
        adjusted: true,
      });
      const { orders: simulated, time } = new Backtest(bars, monthStrategies[name], {
        cash: Number(capital),
        commission: 0.001,
        tradeStart: Date.parse(firstSession),
      }).run();
      const wanted = simulated
        .map(({ symbol, signalBar, side, size }) => [
          new Date(time[signalBar] ?? 0).toISOString(),
          symbol,
          side,
          String(size),
        ])
        .filter(([signalAt]) => sessions.includes(signalAt?.slice(0, 10) ?? ''));
      const placed: string[][] = [];
      for (const { orderRef, action, listing, quantity } of tws.orders()) {
        const order = await first.executor.order(orderRef);
        const signalAt = /@([^/]+)\//.exec(order?.operation ?? '')?.[1] ?? 'nobody asked for it';
        placed.push([signalAt, listing.symbol, action.toLowerCase(), quantity.toFixed()]);
      }
      expect(wanted.length, 'it has to trade for this test to say anything').toBeGreaterThan(
        name === 'demo' ? 2 : 10,
      );
      expect(placed.sort(), story).toEqual(wanted.sort());
      expect(tws.server.violations).toEqual([]);

      const book = await first.books.show('trend');
      expect(book.cash, story).toBe(tws.cash('USD'));
      expect(book.positions.map(({ symbol, quantity }) => [symbol, quantity]).sort()).toEqual(
        [...tws.server.account.positions]
          .filter(([, held]) => !held.eq(zero))
          .map(([{ symbol }, held]) => [symbol, decimalText(held)])
          .sort(),
      );
      const commissions = tws
        .orders()
        .flatMap(({ executions }) => executions.map(({ commission }) => commission));
      let fees = zero;
      for (const order of await first.executor.orders({ limit: 10_000 }))
        for (const { fee } of await first.executor.fillsOf(order._id)) fees = fees.plus(decimal(fee));
      expect(decimalText(fees)).toBe(decimalText(commissions.reduce((sum, each) => sum.plus(each), zero)));
      const { imbalances, wrongBooks } = await first.books.audit();
      expect([[...imbalances.keys()], wrongBooks]).toEqual([[], []]);

      const told = await first.told();
      const kinds = told.map(({ type }) => type);
      expect(kinds.filter((kind) => kind === 'broker.login').length, story).toBeGreaterThanOrEqual(logouts);
      expect(
        kinds.filter((kind) => kind === 'difference.found'),
        story,
      ).toEqual([]);
    },
    slow,
  );
});
