/** Signals that cannot end at once: their operation is stuck, they came too early, or an entry follows their exit. */
import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { Broker } from '../../../engine/brokers/broker.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import { systemSleep } from '../../../engine/execution/patience.ts';
import { FixedPrices } from '../../support/prices.ts';
import type { Trading } from '../../support/trading.ts';
import { brokerWith, demoBook, openTrading } from '../../support/trading.ts';

const buy = (symbol: string, quantity = 5) => ({ action: 'buy', symbol, quantity });
const sell = (symbol: string) => ({ action: 'sell', symbol });

/** Waits a hundredth of what is asked: a stuck operation is tried again soon, but not without end at once. */
const quickly: Sleep = (ms, signal) => systemSleep(ms / 100, signal);

async function ended(desk: Trading, payload: Record<string, unknown>) {
  const { signal } = await desk.send(payload);
  await expect
    .poll(async () => (await desk.inbox.signal(signal))?.endedAt ?? null, { timeout: 45_000 })
    .not.toBeNull();
  return desk.inbox.signal(signal);
}

/** Sent, and stuck. */
async function stuckOf(desk: Trading, payload: Record<string, unknown>): Promise<string> {
  const { signal } = await desk.send(payload);
  await expect.poll(async () => (await desk.operations.stuckOf('demo')).length, { timeout: 45_000 }).toBe(1);
  return signal;
}

describe('while an exit is stuck', () => {
  const market = { closed: false };
  const openDesk = async () => {
    market.closed = false;
    const line = (paper: Broker): Broker =>
      brokerWith(paper, {
        submit: async (order) =>
          market.closed && order.symbol === 'ACME'
            ? { outcome: 'rejected', reason: 'the market of ACME is closed' }
            : paper.submit(order),
      });
    const desk = await openTrading({ line, sleep: quickly });
    await ended(desk, buy('ACME'));
    await ended(desk, { action: 'buy', symbol: 'SP500', quantity: 1 });
    market.closed = true;
    return { desk, signal: await stuckOf(desk, sell('ACME')) };
  };

  test('chat knows, and an exit of something else goes on', async () => {
    const { desk, signal } = await openDesk();
    await expect
      .poll(() => desk.told(), { timeout: 45_000 })
      .toContainEqual(
        expect.objectContaining({ type: 'operation.stuck', reason: 'the market of ACME is closed' }),
      );
    expect(await ended(desk, sell('SP500'))).toMatchObject({ state: 'done' });
    expect(await desk.inbox.signal(signal), 'it stays in hand').toMatchObject({ state: 'working' });
    await desk.stop();
  });

  test('an entry is refused, with the reason', async () => {
    const { desk } = await openDesk();
    expect(await ended(desk, buy('SP500', 2))).toMatchObject({
      state: 'refused',
      reason: 'The book "demo" takes no entry while "sell all ACME" is stuck: the market of ACME is closed',
    });
    await desk.stop();
  });

  test('a second exit of the same is no second sale', async () => {
    const { desk, signal } = await openDesk();
    const second = await desk.send({ ...sell('ACME'), id: 'second' });
    market.closed = false;
    const states = async () =>
      Promise.all([signal, second.signal].map(async (id) => (await desk.inbox.signal(id))?.state));
    await expect
      .poll(async () => (await states()).filter((state) => state === 'done'), { timeout: 45_000 })
      .toHaveLength(1);
    await expect.poll(async () => (await states()).includes('working'), { timeout: 45_000 }).toBe(false);
    const fills = await desk.paper.fillsSince(new Date(0));
    expect(fills.filter(({ side, symbol }) => side === 'sell' && symbol === 'ACME')).toHaveLength(1);
    await desk.stop();
  });

  test('a restart takes it up again, and its end is told', async () => {
    const { desk, signal } = await openDesk();
    await desk.stop();
    market.closed = false;
    const again = await openTrading({ store: desk.store, clock: desk.clock, sleep: quickly });
    await expect
      .poll(async () => (await again.told()).at(-1), { timeout: 45_000 })
      .toMatchObject({ type: 'signal.done', summary: 'sell all ACME' });
    expect(await again.inbox.signal(signal)).toMatchObject({ state: 'done' });
    await again.stop();
  });
});

test('an exit that finds nothing to leave waits, while it is not known whether the entry was filled', async () => {
  const line = { isDeaf: true };
  const desk = await openTrading({
    sleep: quickly,
    line: (paper) =>
      brokerWith(paper, {
        submit: async (order) => {
          const outcome = await paper.submit(order);
          return line.isDeaf ? { outcome: 'unknown', reason: 'timeout' } : outcome;
        },
        findOrder: async (id, symbol) => {
          if (line.isDeaf) throw new Error('connection reset');
          return paper.findOrder(id, symbol);
        },
        subscribe: () => () => undefined,
      }),
  });
  const entry = await stuckOf(desk, buy('ACME'));
  const exit = await desk.send(sell('ACME'));
  await desk.queue.idle();
  expect(await desk.inbox.signal(exit.signal)).toMatchObject({ state: 'received' });
  line.isDeaf = false;
  await expect
    .poll(async () => (await desk.inbox.signal(exit.signal))?.state, { timeout: 45_000 })
    .toBe('done');
  expect(await desk.inbox.signal(entry)).toMatchObject({ state: 'done' });
  expect(await desk.books.show('demo')).toMatchObject({ positions: [] });
  await desk.stop();
});

describe('a signal of the handler "position"', () => {
  const book = bookSettings.parse({
    ...demoBook,
    maximumLossPercent: '1',
    handler: { name: 'position', settings: { rest: 'none', short: 'broker', reversal: true } },
  });
  const openDesk = () =>
    openTrading({ books: [book], paper: { short: true }, prices: new FixedPrices({ ACME: '10' }) });
  const entry = (side: string, stop: number) => ({ action: 'entry', side, symbol: 'ACME', stop });

  test('that comes too early lets others go first, and is then decided again', async () => {
    const desk = await openDesk();
    const exit = await desk.send({ action: 'exit', symbol: 'ACME' });
    const after = await desk.send(entry('long', 9));
    await desk.queue.idle();
    expect(await desk.inbox.signal(after.signal)).toMatchObject({ state: 'done' });
    expect(await desk.inbox.signal(exit.signal)).toMatchObject({ state: 'done' });
    expect(await desk.books.show('demo')).toMatchObject({ positions: [] });
    await desk.stop();
  });

  test('that is always too early is refused in the end', async () => {
    const desk = await openDesk();
    expect(await ended(desk, { action: 'exit', symbol: 'ACME' })).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('has no position in ACME to leave'),
    });
    await desk.stop();
  });

  test('that turns a position round leaves it and enters on the other side, told as one', async () => {
    const desk = await openDesk();
    await ended(desk, entry('long', 9));
    const { signal } = await desk.send(entry('short', 11));
    await desk.queue.idle();
    expect(await desk.inbox.signal(signal)).toMatchObject({ state: 'done', reason: null });
    expect((await desk.told()).at(-1)).toMatchObject({
      type: 'signal.done',
      fills: [{ side: 'sell' }, { side: 'sell' }],
    });
    const { positions } = await desk.books.show('demo');
    expect(positions).toEqual([expect.objectContaining({ quantity: expect.stringMatching(/^-/) })]);
    await desk.stop();
  });
});
