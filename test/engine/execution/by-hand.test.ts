/** Orders at an account that is traded by hand: they are open until a person says what became of them. */
import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { brokerSettings, createBroker } from '../../../engine/brokers/index.ts';
import { Outbox } from '../../../engine/events.ts';
import { Reconciler } from '../../../engine/execution/reconciler.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { tempStore } from '../../support/temp-store.ts';
import { noSleep, openTrading } from '../../support/trading.ts';

const handBook = bookSettings.parse({
  name: 'hand',
  currency: 'USD',
  capital: '10000',
  broker: 'depot',
  handler: { name: 'order' },
});

const dayMs = 86_400_000;

async function openDesk(world: { readonly store?: Store; readonly clock?: ManualClock } = {}) {
  const { store = await tempStore(), clock = new ManualClock() } = world;
  const prices = new FixedPrices({ ACME: '10', SP500: '100' });
  const settings = { type: 'manual', source: 'fixed', balances: { USD: '50000' } };
  const depot = await createBroker('depot', brokerSettings.parse(settings), {
    ...{ store, clock, log: silentLog, prices: () => prices },
    outbox: await Outbox.open(store, clock),
  });
  const { byHand } = depot;
  if (!byHand) throw new Error('a manual broker is worked by hand');
  const trading = await openTrading({ store, clock, prices, books: [handBook], line: () => depot });
  const reconciler = await Reconciler.open({
    ...{ ...trading, log: silentLog, sleep: noSleep },
    isMoving: (broker) => trading.operations.isMoving(broker),
  });
  await reconciler.start();
  const stateOf = async (signal: string) => (await trading.inbox.signal(signal))?.state;
  return {
    ...{ ...trading, byHand, clock, depot, reconciler },
    alert: async (payload: Record<string, unknown>) => (await trading.send(payload, 'hand')).signal,
    /** What a person is asked to do, once it is so much. */
    async asked(count: number) {
      await expect.poll(async () => (await byHand.todo()).length, { timeout: 45_000 }).toBe(count);
      return byHand.todo();
    },
    becomes: (signal: string, state: string) =>
      expect.poll(() => stateOf(signal), { timeout: 45_000 }).toBe(state),
    /** Reports that an order of this symbol was filled. */
    async fills(symbol: string, price: string) {
      const found = (await byHand.todo()).find(({ order }) => order.symbol === symbol);
      if (!found) throw new Error(`nobody was asked to trade ${symbol}`);
      const { clientOrderId, quantity } = found.order;
      await byHand.reportFill({ clientOrderId, quantity, price });
    },
    async stop() {
      await reconciler.stop();
      await trading.stop();
    },
  };
}

const buy = (symbol: string, quantity: number) => ({ action: 'buy', symbol, quantity });
const sell = (symbol: string) => ({ action: 'sell', symbol });

describe('a market order that a person places', () => {
  test('is open for as long as that person takes, and nobody calls it stuck', async () => {
    const desk = await openDesk();
    const signal = await desk.alert(buy('ACME', 5));
    await desk.asked(1);
    desk.clock.advance(3 * dayMs);
    // Its turn comes again and again meanwhile.
    const other = await desk.alert(buy('SP500', 1));
    const todo = await desk.asked(2);
    expect(todo.map(({ cancelWanted }) => cancelWanted)).toEqual([false, false]);
    await desk.fills('ACME', '10.5');
    await desk.becomes(signal, 'done');
    await desk.fills('SP500', '101');
    await desk.becomes(other, 'done');
    expect((await desk.told()).map(({ type }) => type)).not.toContain('operation.stuck');
    await desk.stop();
  });

  test('does not hold up the other alerts of its book', async () => {
    const desk = await openDesk();
    const [first, second] = [await desk.alert(buy('ACME', 5)), await desk.alert(buy('SP500', 1))];
    await desk.asked(2);
    await desk.fills('SP500', '101');
    await desk.becomes(second, 'done');
    expect(await desk.inbox.signal(first)).toMatchObject({ state: 'working' });
    await desk.stop();
  });

  test('is waited for by an exit that finds nothing to sell yet', async () => {
    const desk = await openDesk();
    const entry = await desk.alert(buy('ACME', 5));
    await desk.asked(1);
    const exit = await desk.alert(sell('ACME'));
    await desk.queue.idle();
    expect(await desk.inbox.signal(exit)).toMatchObject({ state: 'received' });
    await desk.fills('ACME', '10');
    await desk.becomes(entry, 'done');
    const [asked] = await desk.asked(1);
    expect(asked?.order).toMatchObject({ side: 'sell', quantity: '5' });
    await desk.fills('ACME', '11');
    await desk.becomes(exit, 'done');
    expect(await desk.byHand.todo()).toEqual([]);
    await desk.stop();
  });

  test('sells once, however many exits come before it is reported', async () => {
    const desk = await openDesk();
    await desk.becomes(await boughtBy(desk, 'ACME', 5), 'done');
    const exits = [await desk.alert(sell('ACME')), await desk.alert({ ...sell('ACME'), id: 'again' })];
    await desk.asked(1);
    await desk.queue.idle();
    expect(await desk.byHand.todo(), 'the second waits').toHaveLength(1);
    await desk.fills('ACME', '11');
    for (const exit of exits) {
      await expect
        .poll(async () => (await desk.inbox.signal(exit))?.endedAt ?? null, { timeout: 45_000 })
        .not.toBeNull();
    }
    expect(await desk.byHand.todo()).toEqual([]);
    await desk.stop();
  });

  test('is cancelled when somebody wants it, and ends when that is reported', async () => {
    const desk = await openDesk();
    const signal = await desk.alert(buy('ACME', 5));
    const [asked] = await desk.asked(1);
    const clientOrderId = asked?.order.clientOrderId ?? '';
    expect(await desk.executor.cancel(clientOrderId, 'tom')).toMatchObject({ state: 'working' });
    expect((await desk.byHand.todo())[0]?.cancelWanted).toBe(true);
    await desk.byHand.reportEnd({ clientOrderId, state: 'cancelled', reason: 'as asked' });
    await desk.becomes(signal, 'failed');
    await desk.stop();
  });

  test('that was given a time of its own is asked to be cancelled when it is over', async () => {
    const desk = await openDesk();
    await desk.alert({ ...buy('ACME', 5), type: 'limit', price: 9, open_for: 3600 });
    expect((await desk.asked(1))[0]?.cancelWanted).toBe(false);
    desk.clock.advance(3_700_000);
    await expect
      .poll(async () => (await desk.byHand.todo())[0]?.cancelWanted, { timeout: 45_000 })
      .toBe(true);
    await desk.stop();
  });

  test('is waited for by the next process, too', async () => {
    const desk = await openDesk();
    const signal = await desk.alert(buy('ACME', 5));
    await desk.asked(1);
    await desk.stop();
    const again = await openDesk({ store: desk.store, clock: desk.clock });
    await again.asked(1);
    await again.fills('ACME', '10');
    await again.becomes(signal, 'done');
    await again.stop();
  });
});

describe('a difference that is traded away by hand', () => {
  /** Three shares that no book has, and somebody who wants them sold. */
  const flattening = async () => {
    const desk = await openDesk();
    await desk.byHand.correctBalance({ asset: 'ACME', amount: '3' });
    const [found] = await desk.reconciler.reconcile('depot');
    const id = found?._id ?? '';
    const asked = await desk.reconciler.resolve(id, 'flatten', 'tom');
    const [todo] = await desk.asked(1);
    expect(todo?.order).toMatchObject({ side: 'sell', quantity: '3', symbol: 'ACME' });
    return { desk, id, asked, order: todo?.order.clientOrderId ?? '' };
  };

  test('stays one, for as long as nobody reports it, and is no order of somebody else', async () => {
    const { desk, id, asked, order } = await flattening();
    expect(asked).toMatchObject({ state: 'open', flattening: { order, by: 'tom' } });
    desk.clock.advance(2 * dayMs);
    expect((await desk.reconciler.reconcile('depot')).map(({ _id }) => _id)).toEqual([id]);
    expect(await desk.reconciler.resolve(id, 'flatten', 'tom'), 'pressed again').toMatchObject({
      state: 'open',
    });
    expect(await desk.byHand.todo()).toHaveLength(1);
    await expect(desk.reconciler.resolve(id, 'adopt', 'tom')).rejects.toThrow('is trading it away');
    await desk.stop();
  });

  test('is resolved when the order is reported, and the proceeds belong to no book', async () => {
    const { desk, order } = await flattening();
    await desk.byHand.reportFill({ clientOrderId: order, quantity: '1', price: '11', fee: '1' });
    expect(await desk.reconciler.differences()).toHaveLength(1);
    await desk.byHand.reportFill({ clientOrderId: order, quantity: '2', price: '12' });
    await expect.poll(() => desk.reconciler.differences(), { timeout: 45_000 }).toEqual([]);
    expect(await desk.reconciler.reconcile('depot'), 'the books followed').toEqual([]);
    expect((await desk.told()).at(-1)).toMatchObject({ type: 'difference.resolved', by: 'tom' });
    const audit = await desk.books.audit();
    expect([...audit.imbalances.keys()]).toEqual([]);
    await desk.stop();
  });

  test('is one again, of what is left, when a person cancels it', async () => {
    const { desk, order } = await flattening();
    await desk.byHand.reportFill({ clientOrderId: order, quantity: '1', price: '11' });
    await desk.byHand.reportEnd({ clientOrderId: order, state: 'cancelled', reason: 'too cheap' });
    await expect
      .poll(async () => (await desk.reconciler.differences())[0]?.flattening ?? null, { timeout: 45_000 })
      .toBeNull();
    const left = await desk.reconciler.reconcile('depot');
    expect(left.map(({ asset, ours, theirs }) => [asset, ours, theirs])).toEqual([['ACME', '0', '2']]);
    await desk.stop();
  });

  test('can be traded away anew when a person could not place the first order', async () => {
    const { desk, id, order } = await flattening();
    await desk.byHand.reportEnd({ clientOrderId: order, state: 'rejected', reason: 'halted' });
    await expect
      .poll(async () => (await desk.reconciler.differences())[0]?.flattening ?? null, { timeout: 45_000 })
      .toBeNull();
    await desk.reconciler.resolve(id, 'flatten', 'tom');
    const [todo] = await desk.asked(1);
    expect(todo?.order.clientOrderId).not.toBe(order);
    await desk.fills('ACME', '12');
    await expect.poll(() => desk.reconciler.differences(), { timeout: 45_000 }).toEqual([]);
    await desk.stop();
  });

  test('is followed by the next process, too', async () => {
    const { desk, order } = await flattening();
    await desk.stop();
    const again = await openDesk({ store: desk.store, clock: desk.clock });
    await again.byHand.reportFill({ clientOrderId: order, quantity: '3', price: '11' });
    await expect.poll(() => again.reconciler.differences(), { timeout: 45_000 }).toEqual([]);
    expect(await again.reconciler.reconcile('depot')).toEqual([]);
    await again.stop();
  });
});

/** The signal of an entry that was reported. */
async function boughtBy(desk: Awaited<ReturnType<typeof openDesk>>, symbol: string, quantity: number) {
  const signal = await desk.alert(buy(symbol, quantity));
  await desk.asked(1);
  await desk.fills(symbol, '10');
  return signal;
}
