import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Books } from '../../../engine/bank/books.ts';
import { Outbox } from '../../../engine/events.ts';
import { Executor } from '../../../engine/execution/executor.ts';
import type { Intent, Order } from '../../../engine/execution/order.ts';
import { clientOrderId } from '../../../engine/execution/order.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import { Interrupted } from '../../../engine/execution/patience.ts';
import { silentLog } from '../../../engine/log.ts';
import { decimal } from '../../../engine/money.ts';
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
  readonly mayEnter?: (order: Order) => Promise<string | undefined>;
  /** Names of the books whose entries a limit counts together; one book of its own where not given. */
  readonly together?: readonly string[];
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
    settings: (options.together ?? ['demo']).map((name) => ({ ...demoBook, name, broker: 'scripted' })),
    lastPrice: async () => ({ price: '10', currency: 'USD' }),
  });
  const brokers = new Map([['scripted', broker]]);
  const executor = await Executor.open({
    ...{ store, clock, log: silentLog, outbox, books, brokers, sleep },
    ...(options.mayEnter && { mayEnter: options.mayEnter }),
    countsTogether: () => options.together !== undefined,
  });
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

  test('what an order at the broker will take of the book is not spent a second time', async () => {
    const broker = new ScriptedBroker();
    broker.capabilities = { ...broker.capabilities, orderTypes: ['market', 'limit'] };
    const { executor } = await open({ broker });
    const leg = (name: string) => ({ ...intent().key, leg: name });
    const limit = { type: 'limit', limitPrice: '9' } as const;
    await executor.execute(intent({ quantity: '1000', terms: limit, resting: true }));
    expect(await executor.promised('demo')).toEqual(decimal('9000'));
    const more = intent({ key: leg('b'), quantity: '101', resting: true });
    expect(await executor.execute(more)).toMatchObject({
      state: 'rejected',
      reason:
        '101 ACME would cost 1,010.00 USD with its fee, but the book "demo" has 10,000.00 USD, of which its open orders will take 9,000.00 USD.',
    });
    const within = intent({ key: leg('c'), quantity: '500', budget: '10000', resting: true });
    expect(await executor.execute(within), 'cut down to what is left').toMatchObject({ quantity: '100' });
  });

  test('of two entries at the same time the second finds what the first one leaves', async () => {
    const { executor, broker } = await open();
    broker.fillsAtOnce = false;
    const keys = ['a', 'b', 'c'].map((leg) => ({ ...intent().key, leg }));
    const orders = await Promise.all(
      keys.map((key) => executor.execute(intent({ key, quantity: '600', resting: true }))),
    );
    expect(orders.map(({ state }) => state).sort()).toEqual(['rejected', 'rejected', 'working']);
    expect(broker.arrived).toHaveLength(1);
  });

  test('of two entries of different books at the same time the second finds what a common limit leaves', async () => {
    const together = ['demo', 'other'];
    let counted: Executor | undefined;
    const mayEnter = async () => {
      const sent = await Promise.all(together.map((book) => counted?.openEntries(book)));
      return sent.flat().length < 1 ? undefined : 'one is enough';
    };
    const { executor, broker } = await open({ mayEnter, together });
    counted = executor;
    broker.fillsAtOnce = false;
    const orders = await Promise.all(
      together.map((book) => executor.execute(intent({ key: { ...intent().key, book }, resting: true }))),
    );
    expect(orders.map(({ state }) => state)).toEqual(['working', 'rejected']);
    expect(await executor.openEntries('demo')).toEqual(['ACME']);
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

  test('chat hears of it, and why, and that it is back; of one that never was away it does not', async () => {
    const { told, broker } = await away();
    const scripted = { broker: 'scripted' };
    const why = { ...scripted, reason: 'the test says so', waiting: 0 };
    await expect.poll(told).toEqual([{ type: 'broker.login', ...why }]);
    broker.become('down');
    await expect.poll(told).toContainEqual({ type: 'broker.down', ...why });
    broker.become('ready');
    broker.become('connecting');
    broker.become('ready');
    await expect.poll(told).toContainEqual({ type: 'broker.back', ...scripted });
    expect((await told()).filter(({ type }) => type === 'broker.back')).toHaveLength(1);
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

describe('an order with a price', () => {
  const priced = async (more: Partial<Intent>) => {
    const broker = new ScriptedBroker();
    broker.capabilities = {
      ...broker.capabilities,
      orderTypes: ['market', 'limit', 'stop', 'stop_limit', 'oco'],
    };
    const desk = await open({ broker });
    return { ...desk, order: await desk.executor.execute(intent(more)) };
  };

  test.each<[string, Intent['side'], Intent['terms'], Intent['terms']]>([
    [
      'a purchase never pays more',
      'buy',
      { type: 'limit', limitPrice: '9.999' },
      { type: 'limit', limitPrice: '9.99' },
    ],
    [
      'a sale never brings less',
      'sell',
      { type: 'limit', limitPrice: '11.001' },
      { type: 'limit', limitPrice: '11.01' },
    ],
    [
      'a stop loss is met no later',
      'sell',
      { type: 'stop', stopPrice: '8.001' },
      { type: 'stop', stopPrice: '8.01' },
    ],
    [
      'a short is covered no later',
      'buy',
      { type: 'stop_limit', stopPrice: '12.009', limitPrice: '12.019' },
      { type: 'stop_limit', stopPrice: '12', limitPrice: '12.01' },
    ],
    [
      'a take profit and its stop go as one order',
      'sell',
      { type: 'oco', stopPrice: '8.001', limitPrice: '12.001' },
      { type: 'oco', stopPrice: '8.01', limitPrice: '12.01' },
    ],
  ])('is sent on the tick, on the safe side: %s', async (_, side, terms, sent) => {
    const broker = new ScriptedBroker();
    broker.capabilities = { ...broker.capabilities, orderTypes: [terms.type], short: true };
    const { executor } = await open({ broker });
    const order = await executor.execute(intent({ side, terms, resting: true }));
    expect(order).toMatchObject({ state: 'working', terms: sent });
    expect(broker.arrived).toEqual([expect.objectContaining({ terms: sent, wallet: 'account' })]);
  });

  test('whose take profit lies on the wrong side of its stop is refused', async () => {
    const { order, broker } = await priced({ terms: { type: 'oco', limitPrice: '12', stopPrice: '8' } });
    expect(order).toMatchObject({
      state: 'rejected',
      reason: 'The take profit of 12 must be below the stop of 8 to buy ACME.',
    });
    expect(broker.arrived).toEqual([]);
  });

  test('is measured by that price, not by the one of the moment', async () => {
    const { order } = await priced({ quantity: '1', terms: { type: 'limit', limitPrice: '7' } });
    expect(order.reason).toContain('1 ACME is worth 7.00 USD, below the smallest order of 8 USD');
  });

  test('is cancelled when its time is over, and keeps what was filled by then', async () => {
    const broker = new ScriptedBroker();
    broker.capabilities = { ...broker.capabilities, orderTypes: ['limit'] };
    const desk = await open({
      broker,
      sleep: async () => void (broker.arrived.length > 0 && fillOnce(broker)),
    });
    const order = await desk.executor.execute(
      intent({ terms: { type: 'limit', limitPrice: '10' }, openForSeconds: 30 }),
    );
    expect(order).toMatchObject({ state: 'cancelled', filled: '2', reason: 'not filled within 30 s' });
    expect(await desk.books.show('demo')).toMatchObject({ cash: '9980' });
  });

  test('that is filled while it is being cancelled is filled', async () => {
    const broker = new ScriptedBroker();
    broker.onCancel = () => void broker.fill(id, 'late', '5');
    const desk = await open({ broker });
    expect(await desk.executor.execute(intent({ openForSeconds: 10 }))).toMatchObject({ state: 'filled' });
  });
});

/** Two of the order, once. */
function fillOnce(broker: ScriptedBroker): void {
  if (!broker.isTouched(id)) broker.fill(id, 'f1', '2');
}

describe('cancelling', () => {
  test('an order that somebody waits for ends the waiting, and says who wanted it', async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    const waiting = desk.executor.execute(intent({ openForSeconds: 1_000_000 }));
    await expect.poll(async () => (await desk.executor.order(id))?.state).toBe('working');
    expect(await desk.executor.cancel(id, 'ann')).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled by ann',
    });
    expect(await waiting).toMatchObject({ state: 'cancelled' });
  });

  test('an exit that waits for its broker keeps it from ever being sent', async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    broker.become('down');
    const waiting = desk.executor.execute(intent({ side: 'sell', purpose: 'exit' }));
    await expect.poll(async () => (await desk.executor.order(id))?.state).toBe('intended');
    expect(await desk.executor.cancel(id, 'ann')).toMatchObject({ state: 'cancelled' });
    await waiting;
    broker.become('ready');
    expect(broker.arrived).toEqual([]);
  });

  test('all of a book reaches each open order, and no other', async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    const keys = ['a', 'b'].map((leg) => ({ ...intent().key, leg }));
    for (const key of keys) await desk.executor.execute(intent({ key, resting: true }));
    const ended = await desk.executor.cancelAll({ book: 'demo' }, 'panic');
    expect(ended.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    expect(await desk.executor.cancelAll({ book: 'other' }, 'panic')).toEqual([]);
    expect(await desk.executor.openOrders()).toEqual([]);
  });

  test('whose answer is lost is asked for again until it is certain', async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    await desk.executor.execute(intent({ resting: true }));
    broker.lostCancels = 3;
    expect(await desk.executor.cancel(id, 'ann')).toMatchObject({ state: 'cancelled' });
  });

  test('is taken up again after a restart', async () => {
    const store = await tempStore();
    const broker = new ScriptedBroker();
    const first = await open({ store, broker });
    await first.executor.execute(intent({ resting: true }));
    broker.lostCancels = Number.POSITIVE_INFINITY;
    expect(await first.executor.cancel(id, 'ann')).toMatchObject({ state: 'working' });
    await first.executor.stop();
    broker.lostCancels = 0;
    const again = await open({ store, broker });
    expect(await again.executor.order(id)).toMatchObject({ state: 'cancelled', reason: 'cancelled by ann' });
  });
});

describe('an order that rests', () => {
  test('is told of when it trades, once, with what the book has then; also when the desk was away', async () => {
    const store = await tempStore();
    const broker = new ScriptedBroker();
    const first = await open({ store, broker });
    expect(await first.executor.execute(intent({ resting: true }))).toMatchObject({ state: 'working' });
    await first.executor.stop();
    broker.fill(id, 'f1', '5');
    const again = await open({ store, broker });
    const told = await again.told();
    expect(told).toEqual([
      expect.objectContaining({
        type: 'order.filled',
        order: id,
        book: 'demo',
        account: 'scripted',
        fills: [expect.objectContaining({ symbol: 'ACME', quantity: '5', price: '10' })],
        capital: { cash: '9950', equity: '10000', currency: 'USD' },
      }),
    ]);
    const later = await open({ store, broker });
    expect(await later.told()).toEqual(told);
  });

  test("and ends without a fill is nobody's news", async () => {
    const broker = new ScriptedBroker();
    const desk = await open({ broker });
    await desk.executor.execute(intent({ resting: true }));
    await desk.executor.cancel(id, 'ann');
    expect(await desk.told()).toEqual([]);
  });
});

describe('what else may stop an entry', () => {
  const noEntries = async () => 'The account differs from the books.';

  test('keeps it from being sent, with its reason and its worth in hand', async () => {
    const seen: (string | null)[] = [];
    const { executor, broker } = await open({
      mayEnter: async ({ quantity, notional }) => {
        seen.push(quantity, notional);
        return noEntries();
      },
    });
    expect(await executor.execute(intent({ quantity: '4.99' }))).toMatchObject({
      state: 'rejected',
      reason: 'The account differs from the books.',
    });
    expect(seen).toEqual(['4.9', '49']);
    expect(broker.arrived).toEqual([]);
  });

  test('never stops an exit', async () => {
    const { executor, books } = await open({ mayEnter: noEntries });
    await books.postFill({
      ...{
        cause: 'fill:x',
        book: 'demo',
        broker: 'scripted',
        wallet: 'account',
        symbol: 'ACME',
        asset: 'ACME',
      },
      ...{ side: 'buy', quantity: '5', price: '10', currency: 'USD', fee: '0', feeCurrency: 'USD' },
    });
    expect(await executor.execute(intent({ side: 'sell', purpose: 'exit' }))).toMatchObject({
      state: 'filled',
    });
  });
});
