import { describe, expect, test } from 'vitest';
import type { OrderTerms } from '../../../engine/brokers/broker.ts';
import { brokerSettings, createBroker } from '../../../engine/brokers/index.ts';
import { glimpseOf, meet, worsenBy } from '../../../engine/brokers/paper/matching.ts';
import { UserError } from '../../../engine/errors.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { decimal, decimalText } from '../../../engine/money.ts';
import type { Store } from '../../../engine/store/store.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { brokerSuite } from '../../support/suites/broker-suite.ts';
import { tempStore } from '../../support/temp-store.ts';
import { WatchedStore } from '../../support/watched-store.ts';

interface Around {
  readonly store: Store;
  readonly prices: FixedPrices;
  readonly clock: ManualClock;
}

async function around(prices: Record<string, string> = { SP500: '100' }): Promise<Around> {
  return { store: await tempStore(), prices: new FixedPrices(prices), clock: new ManualClock() };
}

async function manual({ store, prices, clock }: Around, settings: Record<string, unknown> = {}) {
  const outbox = await Outbox.open(store, clock);
  const broker = await createBroker(
    'depot',
    brokerSettings.parse({ type: 'manual', source: 'fixed', balances: { USD: '10000' }, ...settings }),
    { store, clock, log: silentLog, outbox, prices: () => prices },
  );
  const { byHand } = broker;
  if (!byHand) throw new Error('a manual broker is worked by hand');
  const asked = async () => (await outbox.after(0, 1000)).map(({ event }) => event);
  return { broker, byHand, asked };
}

type Depot = Awaited<ReturnType<typeof manual>>;

/** A diligent person: places and cancels what is asked, and reports what the market at this price makes of it. */
async function work({ byHand }: Depot, price: string): Promise<void> {
  for (const { order, terms, cancelWanted } of await byHand.todo()) {
    const { clientOrderId, side, quantity, fills } = order;
    if (cancelWanted) {
      await byHand.reportEnd({ clientOrderId, state: 'cancelled', reason: 'as the desk asked' });
      continue;
    }
    const glimpse = glimpseOf({ price, at: new Date() });
    const trade = meet({ side, terms, stopped: false, arrives: true }, glimpse, worsenBy('0', '0.01'));
    if (!trade.price) continue;
    const rest = fills.reduce((left, fill) => left.minus(decimal(fill.quantity)), decimal(quantity));
    await byHand.reportFill({
      clientOrderId,
      quantity: decimalText(rest),
      price: decimalText(trade.price),
      fee: '0.25',
    });
  }
}

brokerSuite('a broker that is worked by hand', async () => {
  let replies: 'come' | 'one is lost' | 'never come' = 'come';
  const { clock, prices, store: inner } = await around();
  const store = new WatchedStore(inner, async (moment, call) => {
    if (replies === 'never come') throw new StoreError('the disk is away');
    if (replies === 'one is lost' && moment === 'after' && call === 'account_entries.insert') {
      replies = 'come';
      throw new StoreError('the reply was lost');
    }
  });
  let depot = await manual({ store, prices, clock });
  return {
    broker: depot.broker,
    symbol: 'SP500',
    lot: '1',
    spellings: ['NYSE:SP500'],
    restart: async () => {
      depot = await manual({ store, prices, clock });
      return depot.broker;
    },
    movePrice: async (price) => prices.set('SP500', price),
    tradePart: async (price, quantity) => {
      const [open] = await depot.byHand.todo();
      const clientOrderId = open?.order.clientOrderId ?? '';
      await depot.byHand.reportFill({ clientOrderId, quantity, price });
    },
    attend: async () => work(depot, (await prices.lastPrice('SP500')).price),
    loseNextReply: () => {
      replies = 'one is lost';
    },
    outage: {
      begin: () => {
        replies = 'never come';
      },
      end: () => {
        replies = 'come';
      },
    },
  };
});

const buy = (clientOrderId: string, quantity: string, terms: OrderTerms = { type: 'market' }) =>
  ({ clientOrderId, symbol: 'SP500', side: 'buy', quantity, terms }) as const;

describe('an account that a person trades', () => {
  test('asks for an order once, with all that the person needs to place and to report it', async () => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2', { type: 'stop_limit', limitPrice: '101', stopPrice: '100.5' }));
    await depot.broker.submit(buy('a', '2', { type: 'stop_limit', limitPrice: '101', stopPrice: '100.5' }));
    expect(await depot.asked()).toEqual([
      {
        type: 'order.todo',
        order: 'a',
        book: null,
        account: 'depot',
        text:
          'Buy 2 SP500 at a limit of 101 USD when the price reaches a stop of 100.5 USD. ' +
          'Then report what it traded: /manual fill a quantity price fee. If it cannot be placed: /manual reject a why.',
      },
    ]);
  });

  test('asks again after a crash between storing an order and asking for it', async () => {
    const { clock, prices, store: inner } = await around();
    let dead = false;
    const store = new WatchedStore(inner, async (moment, call) => {
      if (moment === 'before' && call === 'outbox.insert') dead = true;
      if (dead) throw new StoreError('the process is dead');
    });
    const before = await manual({ store, prices, clock });
    await before.broker.connect();
    expect((await before.broker.submit(buy('a', '1'))).outcome).toBe('unknown');
    const after = await manual({ store: inner, prices, clock });
    expect(await after.asked()).toEqual([]);
    await after.broker.connect();
    expect(await after.asked()).toMatchObject([{ type: 'order.todo', order: 'a' }]);
    expect(await after.broker.findOrder('a', 'SP500')).toMatchObject({ state: 'working' });
  });

  test('is asked once to cancel, and the order is open until the person says that it is not', async () => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    expect((await depot.broker.cancel('a', 'SP500')).outcome).toBe('unknown');
    expect((await depot.broker.cancel('a', 'SP500')).outcome).toBe('unknown');
    expect((await depot.asked()).filter(({ type }) => type === 'order.todo')).toHaveLength(2);
    expect(await depot.byHand.todo()).toMatchObject([{ cancelWanted: true }]);
    await depot.byHand.reportFill({ clientOrderId: 'a', quantity: '0.5', price: '100' });
    const ended = await depot.byHand.reportEnd({ clientOrderId: 'a', state: 'cancelled', reason: 'done' });
    expect(ended).toMatchObject({ state: 'cancelled', reason: 'done', fills: [{ quantity: '0.5' }] });
  });

  test('takes a trade with the same reference once, and refuses the reference for another one', async () => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    await depot.broker.submit(buy('b', '2'));
    const report = { clientOrderId: 'a', quantity: '1', price: '100', reference: 'X-17' };
    const first = await depot.byHand.reportFill(report);
    const again = await depot.byHand.reportFill(report);
    expect(first.fresh).toBe(true);
    expect(again).toEqual({ fill: first.fill, fresh: false });
    await expect(depot.byHand.reportFill({ ...report, clientOrderId: 'b' })).rejects.toThrow(
      /"X-17" was given before/,
    );
    await expect(depot.byHand.reportFill({ ...report, quantity: '2' })).rejects.toThrow(
      /"X-17" was given before/,
    );
    expect(await depot.broker.positions()).toMatchObject([{ quantity: '1' }]);
  });

  test('two reports at once of one trade are one fill', async () => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    const report = { clientOrderId: 'a', quantity: '1', price: '100', reference: 'X-17' };
    const reports = await Promise.all([depot.byHand.reportFill(report), depot.byHand.reportFill(report)]);
    expect(reports.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(await depot.broker.fillsSince(new Date(0))).toHaveLength(1);
  });

  test.each([
    [{ quantity: '3', price: '100' }, /has 2 SP500 left, so 3 cannot be filled/],
    [{ quantity: '0', price: '100' }, /quantity must be above 0/],
    [{ quantity: '1', price: '-1' }, /price must be above 0/],
    [{ quantity: 'all', price: '100' }, /must be a decimal number/],
    [{ quantity: '1', price: '100', fee: 'much' }, /fee must be a decimal number/],
    [{ quantity: '1', price: '100', clientOrderId: 'nobody' }, /has no open order "nobody"/],
  ])('refuses what cannot have been traded: %j', async (report, message) => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    const error = await depot.byHand.reportFill({ clientOrderId: 'a', ...report }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
    expect(await depot.broker.fillsSince(new Date(0))).toEqual([]);
  });

  test('counts the fee where the person says that it was taken', async () => {
    const depot = await manual(await around(), { balances: { USD: '10000', EUR: '5' } });
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    const report = { clientOrderId: 'a', quantity: '2', price: '100', fee: '1.5', feeCurrency: 'EUR' };
    expect((await depot.byHand.reportFill(report)).fill).toMatchObject({ fee: '1.5', feeCurrency: 'EUR' });
    expect(await depot.broker.balances()).toMatchObject([
      { asset: 'USD', free: '9800' },
      { asset: 'EUR', free: '3.5' },
    ]);
  });

  test('begins with the balances and positions of desk.yaml, and keeps what is corrected', async () => {
    const surroundings = await around({ SP500: '100', ACME: '10' });
    const settings = { balances: { USD: '1000' }, positions: { SP500: '3' } };
    const depot = await manual(surroundings, settings);
    await depot.broker.connect();
    expect(await depot.broker.positions()).toMatchObject([{ asset: 'SP500', quantity: '3' }]);
    expect(await depot.byHand.correctBalance({ asset: 'USD', amount: '990.5' })).toBe('-9.5');
    expect(await depot.byHand.correctBalance({ asset: 'USD', amount: '990.5' }), 'it is so already').toBe(
      '0',
    );
    expect(await depot.byHand.correctBalance({ asset: 'SP500', amount: '4' })).toBe('1');
    expect(await depot.byHand.correctBalance({ asset: 'ACME', amount: '7' })).toBe('7');
    expect(await depot.byHand.correctBalance({ asset: 'EUR', amount: '20' })).toBe('20');
    await expect(depot.byHand.correctBalance({ asset: 'USD', amount: 'lots' })).rejects.toThrow(UserError);
    const again = await manual(surroundings, settings);
    await again.broker.connect();
    expect(await again.broker.balances()).toMatchObject([
      { asset: 'USD', free: '990.5' },
      { asset: 'EUR', free: '20' },
    ]);
    expect(await again.broker.positions()).toMatchObject([
      { asset: 'SP500', quantity: '4' },
      { asset: 'ACME', quantity: '7' },
    ]);
  });

  test('a rejection ends an order, but not one of which something was traded', async () => {
    const depot = await manual(await around());
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    await depot.broker.submit(buy('b', '2'));
    await depot.byHand.reportFill({ clientOrderId: 'b', quantity: '1', price: '100' });
    const rejected = { state: 'rejected', reason: 'trading is halted' } as const;
    await depot.byHand.reportEnd({ clientOrderId: 'a', ...rejected });
    expect(await depot.broker.findOrder('a', 'SP500')).toMatchObject(rejected);
    await expect(depot.byHand.reportEnd({ clientOrderId: 'b', ...rejected })).rejects.toThrow(
      /Report it as cancelled/,
    );
    await expect(depot.byHand.reportEnd({ clientOrderId: 'a', ...rejected })).rejects.toThrow(
      /no open order/,
    );
  });

  test('an exit goes out also while no price can be had', async () => {
    const surroundings = await around();
    const depot = await manual(surroundings);
    await depot.broker.connect();
    await depot.broker.submit(buy('a', '2'));
    await depot.byHand.reportFill({ clientOrderId: 'a', quantity: '2', price: '100' });
    const again = await manual(surroundings);
    await again.broker.connect();
    surroundings.prices.fault = new Error('the source is away');
    expect(await again.broker.submit({ ...buy('b', '2'), side: 'sell' })).toMatchObject({
      outcome: 'accepted',
    });
  });
});
