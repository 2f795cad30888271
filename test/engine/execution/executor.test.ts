import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Books } from '../../../engine/bank/books.ts';
import { Outbox } from '../../../engine/events.ts';
import { Executor } from '../../../engine/execution/executor.ts';
import type { Intent } from '../../../engine/execution/order.ts';
import { clientOrderId } from '../../../engine/execution/order.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import { Interrupted } from '../../../engine/execution/patience.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { ScriptedBroker } from '../../support/scripted-broker.ts';
import { tempStore } from '../../support/temp-store.ts';
import { demoBook, noSleep } from '../../support/trading.ts';

interface Options {
  readonly store?: Store;
  readonly clock?: ManualClock;
  readonly broker?: ScriptedBroker;
  readonly sleep?: Sleep;
}

/** An executor on a scripted broker, which is connected and fills what it gets at once. */
async function open(options: Options = {}) {
  const { store = await tempStore(), clock = new ManualClock(), sleep = noSleep } = options;
  const broker = options.broker ?? new ScriptedBroker();
  if (!options.broker) broker.fillsAtOnce = true;
  const outbox = await Outbox.open(store, clock);
  const books = await Books.open({
    store,
    clock,
    log: silentLog,
    outbox,
    settings: [{ ...demoBook, broker: 'scripted' }],
    lastPrice: async () => ({ price: '10', currency: 'USD' }),
  });
  const brokers = new Map([['scripted', broker]]);
  const executor = await Executor.open({ store, clock, log: silentLog, outbox, books, brokers, sleep });
  if (broker.status().state !== 'ready') await broker.connect();
  await executor.start();
  const told = async () => (await outbox.after(0, 100)).map(({ event }) => event);
  return { store, clock, broker, books, executor, told };
}

const intent = (more: Partial<Intent> = {}): Intent => ({
  key: { source: 'test', book: 'demo', leg: 'a', sequence: 1 },
  symbol: 'ACME',
  side: 'buy',
  quantity: '5',
  terms: { type: 'market' },
  purpose: 'entry',
  askedAt: '2020-04-17T14:30:00.000Z',
  ...more,
});
const id = clientOrderId(intent().key);

describe('one intent is one order', () => {
  test('its id follows from its key alone, and fits every broker', () => {
    expect(clientOrderId(intent({ quantity: '7', side: 'sell' }).key)).toBe(id);
    expect(id).toMatch(/^[a-zA-Z0-9-]{1,36}$/);
    const key = intent().key;
    const others = [
      { ...key, source: 'testd', book: 'emo' },
      { ...key, leg: 'b' },
      { ...key, sequence: 2 },
    ];
    expect(new Set([key, ...others].map(clientOrderId)).size).toBe(4);
  });

  test('asked for again, then or later, it is answered with the first outcome', async () => {
    const store = await tempStore();
    const first = await open({ store });
    const done = await first.executor.execute(intent());
    expect(done).toMatchObject({ state: 'filled', filled: '5' });
    expect(await first.executor.execute(intent({ quantity: '9' }))).toEqual(done);
    const later = await open({ store, broker: first.broker });
    expect(await later.executor.execute(intent())).toEqual(done);
    expect(first.broker.arrived).toHaveLength(1);
  });

  test('asked for many times at once, it is sent once', async () => {
    const { executor, broker } = await open();
    const orders = await Promise.all(Array.from({ length: 10 }, () => executor.execute(intent())));
    expect(new Set(orders.map(({ state }) => state))).toEqual(new Set(['filled']));
    expect(broker.arrived).toHaveLength(1);
  });

  test('two executors on one store send it once', async () => {
    const store = await tempStore();
    const one = await open({ store });
    const other = await open({ store, broker: one.broker });
    await Promise.all([one.executor.execute(intent()), other.executor.execute(intent())]);
    expect(one.broker.arrived).toHaveLength(1);
  });
});

describe('before anything is sent', () => {
  test.each([
    ['0.44', 'below the smallest order of 0.5'],
    ['0.7', 'worth 7.00 USD, below the smallest order of 8 USD'],
    ['1000.1', 'would cost 10,001.00 USD with its fee, but the book "demo" has 10,000.00 USD'],
  ])('a purchase of %s is rejected: %s', async (quantity, reason) => {
    const { executor, broker } = await open();
    expect(await executor.execute(intent({ quantity }))).toMatchObject({
      state: 'rejected',
      reason: expect.stringContaining(reason),
    });
    expect(broker.arrived).toEqual([]);
  });

  test('a quantity is cut down to the step, never up', async () => {
    const { executor, broker } = await open();
    const order = await executor.execute(intent({ quantity: '1.99' }));
    expect(order).toMatchObject({ requested: '1.99', quantity: '1.9', filled: '1.9', state: 'filled' });
    expect(broker.arrived[0]?.quantity).toBe('1.9');
  });

  test('a purchase with a budget is cut down to it', async () => {
    const { executor } = await open();
    expect(await executor.execute(intent({ quantity: '50', budget: '123' }))).toMatchObject({
      quantity: '12.3',
    });
  });

  test('what the book does not hold is not sold, though another book at the same broker may hold it', async () => {
    const { executor, broker } = await open();
    const order = await executor.execute(intent({ side: 'sell', purpose: 'exit', quantity: '2' }));
    expect(order).toMatchObject({
      state: 'rejected',
      reason: 'It would sell 2 ACME, but the book "demo" holds 0.',
    });
    expect(broker.arrived).toEqual([]);
  });

  test('an instrument in another currency than the book is refused', async () => {
    const { executor } = await open();
    expect(await executor.execute(intent({ symbol: 'EUROPE' }))).toMatchObject({
      state: 'rejected',
      reason: 'EUROPE trades in EUR, but the book "demo" is in USD.',
    });
  });

  test('a kind of order that the broker does not take is refused', async () => {
    const { executor } = await open();
    const limit = intent({ terms: { type: 'limit', limitPrice: '9' } });
    expect(await executor.execute(limit)).toMatchObject({
      state: 'rejected',
      reason: expect.stringMatching(/limit/),
    });
  });

  test('a book that does not exist is an error, not an order', async () => {
    const { executor } = await open();
    const nobody = intent({ key: { ...intent().key, book: 'nobody' } });
    await expect(executor.execute(nobody)).rejects.toThrow('There is no book "nobody"');
    expect(await executor.orders({ limit: 1 })).toEqual([]);
  });
});

describe('when the reply is lost', () => {
  test('the order is found at the broker, and not sent again', async () => {
    const { executor, broker, books } = await open();
    broker.next = 'reply lost';
    expect(await executor.execute(intent())).toMatchObject({ state: 'filled', sends: 1 });
    expect(broker.arrived).toHaveLength(1);
    expect(await books.show('demo')).toMatchObject({ cash: '9950' });
  });

  test('and the broker gives no certainty, an order that never arrived stays unknown, chat hears it, nothing is resent', async () => {
    const { executor, broker, told } = await open();
    broker.next = 'request lost';
    const order = await executor.execute(intent());
    expect(order).toMatchObject({ state: 'unknown', reason: 'scripted does not know the order' });
    expect(await executor.execute(intent())).toMatchObject({ state: 'unknown' });
    expect(broker.arrived).toEqual([]);
    expect(broker.questions, 'it asks a bounded number of times').toBeLessThan(20);
    const event = { type: 'order.unknown', order: id, book: 'demo', account: 'scripted' };
    expect(await told()).toEqual([expect.objectContaining(event)]);
    expect(await executor.countUnknown()).toBe(1);
  });

  test('and the broker has proved in time that it never arrived, it is sent again under the same id', async () => {
    const clock = new ManualClock();
    const waiting: Sleep = async (ms) => clock.advance(ms);
    const { executor, broker } = await open({ clock, sleep: waiting });
    broker.capabilities = { ...broker.capabilities, absenceIsFinalAfterSeconds: 5 };
    broker.next = 'request lost';
    const sentAt = clock.now().getTime();
    expect(await executor.execute(intent())).toMatchObject({ state: 'filled', sends: 2 });
    expect(clock.now().getTime() - sentAt, 'not before it is proved').toBeGreaterThanOrEqual(5000);
    expect(broker.arrived.map(({ clientOrderId: sent }) => sent)).toEqual([id]);
  });

  test('and it is proved that it never arrived, but the entry is stale by then, it has expired', async () => {
    const clock = new ManualClock();
    const { executor, broker } = await open({ clock, sleep: async () => clock.advance(60_000) });
    broker.capabilities = { ...broker.capabilities, absenceIsFinalAfterSeconds: 120 };
    broker.next = 'request lost';
    expect(await executor.execute(intent())).toMatchObject({ state: 'expired' });
    expect(broker.arrived).toEqual([]);
  });

  test('while the broker cannot be asked, it is unknown; once the broker is back, it is found', async () => {
    const { executor, broker, told } = await open();
    broker.next = 'reply lost';
    broker.deaf = new Error('connection reset');
    expect(await executor.execute(intent())).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('connection reset'),
    });
    expect((await told()).map(({ type }) => type)).toEqual(['order.unknown']);
    broker.deaf = undefined;
    broker.become('down');
    broker.become('ready');
    await expect.poll(async () => (await executor.order(id))?.state).toBe('filled');
    expect(broker.arrived).toHaveLength(1);
  });
});

describe('an order that the broker works on', () => {
  const working = async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    expect(await desk.executor.execute(intent())).toMatchObject({ state: 'working' });
    return desk;
  };
  const state = async ({ executor }: { executor: Executor }) => (await executor.order(id))?.state;

  test('is filled bit by bit, and the book follows', async () => {
    const desk = await working();
    desk.broker.tell(desk.broker.fill(id, 'f1', '2'));
    await expect.poll(() => state(desk)).toBe('partly_filled');
    expect(await desk.books.show('demo')).toMatchObject({ cash: '9980', positions: [{ quantity: '2' }] });
    desk.broker.tell(desk.broker.fill(id, 'f2', '3'));
    await expect.poll(() => state(desk)).toBe('filled');
    expect(await desk.books.show('demo')).toMatchObject({ cash: '9950', positions: [{ quantity: '5' }] });
  });

  test('that is cancelled there keeps what was filled', async () => {
    const desk = await working();
    desk.broker.fill(id, 'f1', '2');
    desk.broker.tellOrder(desk.broker.end(id, 'cancelled', 'no liquidity'));
    await expect.poll(() => state(desk)).toBe('cancelled');
    expect(await desk.executor.order(id)).toMatchObject({ filled: '2', reason: 'no liquidity' });
    expect(await desk.books.show('demo')).toMatchObject({ cash: '9980' });
  });

  test('whose fills come doubled, late and in any order is booked the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 8 }), async (order) => {
        const desk = await working();
        const fills = [
          desk.broker.fill(id, 'f1', '1'),
          desk.broker.fill(id, 'f2', '1.5'),
          desk.broker.fill(id, 'f3', '2.5'),
        ];
        for (const index of [...order, 0, 1, 2]) {
          const fill = fills[index];
          if (fill) desk.broker.tell(fill);
        }
        await expect.poll(() => state(desk), { interval: 5 }).toBe('filled');
        await desk.executor.stop();
        expect(await desk.executor.fillsOf(id)).toHaveLength(3);
        expect(await desk.books.show('demo')).toMatchObject({ cash: '9950', positions: [{ quantity: '5' }] });
        expect(await desk.books.audit()).toMatchObject({ postings: 4, wrongBooks: [] });
      }),
      { numRuns: 25 },
    );
  });

  test('is caught up with at the next start', async () => {
    const { store, broker, executor } = await working();
    await executor.stop();
    broker.fill(id, 'f1', '5');
    const again = await open({ store, broker });
    expect(await state(again)).toBe('filled');
    expect(await again.books.show('demo')).toMatchObject({ cash: '9950' });
  });

  test('a fill of somebody else at the same account is none of ours', async () => {
    const desk = await working();
    const fill = desk.broker.fill(id, 'f1', '5');
    desk.broker.tell({ ...fill, id: 'foreign', clientOrderId: null });
    desk.broker.tell({ ...fill, id: 'other-desk', clientOrderId: 'oc-other' });
    await desk.executor.stop();
    expect(await desk.executor.fillsOf(id)).toEqual([]);
  });
});

test('a rejection of the broker is the end, with its reason', async () => {
  const { executor, broker } = await open();
  broker.next = { rejected: 'market closed' };
  expect(await executor.execute(intent())).toMatchObject({
    state: 'rejected',
    reason: 'market closed',
    filled: '0',
  });
});

describe('while the broker is away', () => {
  const away = async (more: Options = {}) => {
    const broker = new ScriptedBroker();
    broker.fillsAtOnce = true;
    const desk = await open({ ...more, broker });
    broker.become('needs-login');
    return desk;
  };
  /** Something to leave. */
  const held = {
    cause: 'fill:x',
    book: 'demo',
    broker: 'scripted',
    wallet: 'account',
    symbol: 'ACME',
    asset: 'ACME',
    side: 'buy',
    quantity: '5',
  } as const;
  const paid = { price: '10', currency: 'USD', fee: '0', feeCurrency: 'USD' };
  const exit = intent({ side: 'sell', purpose: 'exit' });

  test('chat hears of it, and why', async () => {
    const { told } = await away();
    await expect.poll(told).toContainEqual({
      type: 'broker.down',
      broker: 'scripted',
      reason: 'the test says so',
    });
  });

  test('an entry waits until it is stale, and expires', async () => {
    const clock = new ManualClock();
    const { executor, broker } = await away({ clock, sleep: async (ms) => clock.advance(ms) });
    expect(await executor.execute(intent())).toMatchObject({
      state: 'expired',
      reason: 'The entry waited longer than 120 s. scripted is needs-login: the test says so',
    });
    expect(broker.arrived).toEqual([]);
  });

  test('an exit waits for as long as it takes', async () => {
    const clock = new ManualClock();
    let waits = 0;
    const desk = await away({
      clock,
      sleep: async (ms) => {
        clock.advance(ms);
        if (++waits === 500) desk.broker.become('ready');
      },
    });
    await desk.books.postFill({ ...held, ...paid });
    expect(await desk.executor.execute(exit)).toMatchObject({ state: 'filled' });
    expect(waits).toBeGreaterThanOrEqual(500);
  });

  test('stopping the desk ends the waiting; the exit is made after the next start', async () => {
    const store = await tempStore();
    const first = await away({ store });
    await first.books.postFill({ ...held, ...paid });
    const waiting = first.executor.execute(exit);
    const ended = expect(waiting).rejects.toBeInstanceOf(Interrupted);
    await first.executor.stop();
    await ended;
    first.broker.become('ready');
    const { executor } = await open({ store, broker: first.broker });
    expect(await executor.order(id)).toMatchObject({ state: 'filled' });
  });
});
