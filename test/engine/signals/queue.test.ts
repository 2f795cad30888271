import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { tempStore } from '../../support/temp-store.ts';
import type { Trading } from '../../support/trading.ts';
import { brokerWith, buildTrading, bytesOf, demoBook, openTrading } from '../../support/trading.ts';

const buy = (quantity: number | string, symbol = 'ACME') => ({ action: 'buy', symbol, quantity });

/** Sends one alert and waits for its end; returns the signal and what chat heard last. */
async function trade(desk: Trading, payload: Record<string, unknown>, book = 'demo') {
  const { signal } = await desk.send(payload, book);
  await desk.queue.idle();
  return { signal: await desk.inbox.signal(signal), heard: (await desk.told()).at(-1) };
}

describe('an alert', () => {
  test('becomes a fill, and chat hears that it came, then what it traded and what the book has now', async () => {
    const desk = await openTrading({ paper: { fee: '0.0001' } });
    const { signal } = await desk.send({ action: 'buy', symbol: 'SP500', quantity: 3 });
    await desk.queue.idle();
    const about = { signal, book: 'demo', summary: 'buy 3 SP500' };
    expect(await desk.told()).toEqual([
      { type: 'signal.received', ...about },
      {
        type: 'signal.done',
        ...about,
        account: 'paper',
        fills: [
          {
            id: expect.stringMatching(/^fill:paper:oc-[0-9a-f]{32}-1$/),
            symbol: 'SP500',
            side: 'buy',
            quantity: '3',
            price: '2874.56',
            fee: '0.862368',
            feeCurrency: 'USD',
            currency: 'USD',
          },
        ],
        capital: { cash: '1375.457632', equity: '9999.137632', currency: 'USD' },
      },
    ]);
    await desk.stop();
  });

  test('of all the equity is cut down when the price rises between the decision and the order', async () => {
    const prices = new FixedPrices({ ACME: '10' });
    const desk = await openTrading({
      prices,
      line: (paper) =>
        brokerWith(paper, {
          quote: async (symbol) => {
            const quote = await paper.quote(symbol);
            prices.set('ACME', '12'); // after the decision's question, before the executor's
            return quote;
          },
        }),
    });
    const { heard } = await trade(desk, { action: 'buy', symbol: 'ACME', percent: 100 });
    expect(heard).toMatchObject({ type: 'signal.done', fills: [{ quantity: '833.333333', price: '12' }] });
    const { cash } = await desk.books.show('demo');
    expect(cash, 'the book must not spend more than it has').toBe('0.000004');
    await desk.stop();
  });

  test('that is refused says why, and trades nothing', async () => {
    const desk = await openTrading();
    const { signal, heard } = await trade(desk, { action: 'sell', symbol: 'ACME' });
    const reason = 'The book "demo" holds no ACME to sell.';
    expect(signal).toMatchObject({ state: 'refused', reason });
    expect(heard).toMatchObject({ type: 'signal.refused', reason, summary: 'sell all ACME' });
    expect(await desk.executor.orders({ limit: 10 })).toEqual([]);
    await desk.stop();
  });

  test('for an unknown symbol is refused with the words of the source', async () => {
    const desk = await openTrading();
    const { signal } = await trade(desk, buy(1, 'ACMME'));
    expect(signal).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('There is no symbol "ACMME"'),
    });
    await desk.stop();
  });

  test('that the broker rejects has failed, with the reason of the broker', async () => {
    const desk = await openTrading({ paper: { balances: { USD: '50' } } });
    const { signal, heard } = await trade(desk, buy(10));
    expect(signal).toMatchObject({ state: 'failed', reason: 'would cost 100.00 USD but holds 50.00 USD' });
    expect(heard).toMatchObject({ type: 'signal.failed' });
    expect(await desk.books.show('demo')).toMatchObject({ cash: '10000', positions: [] });
    await desk.stop();
  });
});

describe('while trading is suspended', () => {
  test('an entry is refused, an exit goes on', async () => {
    const desk = await openTrading();
    await trade(desk, buy(5));
    await desk.books.suspend({ scope: 'entries', book: 'demo', by: 'ann', reason: 'news' });
    expect((await trade(desk, buy(1))).signal).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('by ann'),
    });
    expect((await trade(desk, { action: 'sell', symbol: 'ACME' })).signal).toMatchObject({ state: 'done' });
    await desk.stop();
  });

  test('in all, an exit is refused too', async () => {
    const desk = await openTrading();
    await trade(desk, buy(5));
    await desk.books.suspend({ scope: 'all', book: null, by: 'ann', reason: 'news' });
    expect((await trade(desk, { action: 'sell', symbol: 'ACME' })).signal).toMatchObject({
      state: 'refused',
    });
    await desk.stop();
  });
});

test('an inactive book takes no entry, and its exit works', async () => {
  const desk = await openTrading();
  await trade(desk, buy(5));
  await desk.books.setActive('demo', false);
  expect((await trade(desk, buy(1))).signal).toMatchObject({ state: 'refused' });
  expect((await trade(desk, { action: 'sell', symbol: 'ACME' })).signal).toMatchObject({ state: 'done' });
  await desk.stop();
});

test('after a long absence an entry has expired, and an exit is still made', async () => {
  const store = await tempStore();
  const clock = new ManualClock();
  const before = await openTrading({ store, clock });
  await trade(before, buy(5));
  await before.stop();
  const asleep = await buildTrading({ store, clock });
  for (const payload of [buy(1), { action: 'sell', symbol: 'ACME' }]) {
    await asleep.inbox.receive({ book: 'demo', payload, raw: bytesOf(payload), from: 'a test' });
  }
  clock.advance(121_000);
  const desk = await openTrading({ store, clock });
  await desk.queue.idle();
  const signals = await desk.inbox.signals({ limit: 2 });
  expect(signals.map(({ state, reason }) => ({ state, reason }))).toEqual([
    { state: 'done', reason: null },
    { state: 'expired', reason: 'The entry was 121 s old when its turn came; the book allows 120 s.' },
  ]);
  expect(await desk.told()).toContainEqual(
    expect.objectContaining({ type: 'signal.refused', summary: 'buy 1 ACME' }),
  );
  await desk.stop();
});

describe('the queue', () => {
  test("trades a book's signals in the order of their arrival, also when they come at once", async () => {
    const desk = await openTrading({
      line: (paper) =>
        brokerWith(paper, {
          // The earlier an order is, the slower: if they did not wait for each other, the last would be first.
          submit: async (order) => {
            for (let turn = Number(order.quantity); turn < 30; turn++) await new Promise(setImmediate);
            return paper.submit(order);
          },
        }),
    });
    const quantities = Array.from({ length: 12 }, (_, index) => String(index + 1));
    await Promise.all(quantities.map((quantity) => desk.send(buy(quantity))));
    await desk.queue.idle();
    const fills = await desk.paper.fillsSince(new Date(0));
    expect(fills.map(({ quantity }) => quantity)).toEqual(quantities);
    await desk.stop();
  });

  test('does not keep one book waiting for another', async () => {
    const other = bookSettings.parse({ ...demoBook, name: 'other' });
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const desk = await openTrading({
      books: [demoBook, other],
      line: (paper) =>
        brokerWith(paper, {
          submit: async (order) => {
            if (order.quantity === '1') await held;
            return paper.submit(order);
          },
        }),
    });
    const slow = await desk.send(buy(1), 'demo');
    const quick = await desk.send(buy(2), 'other');
    await expect.poll(async () => (await desk.inbox.signal(quick.signal))?.state).toBe('done');
    expect((await desk.inbox.signal(slow.signal))?.state).toBe('working');
    letGo();
    await desk.queue.idle();
    expect((await desk.inbox.signal(slow.signal))?.state).toBe('done');
    await desk.stop();
  });

  test('tells of a signal that was stored by a process which died before it could tell, and trades it', async () => {
    const store = await tempStore();
    const first = await buildTrading({ store });
    const lost = new StoreError('died before telling');
    first.outbox.publish = () => Promise.reject(lost);
    const payload = buy(1);
    const sent = first.inbox.receive({ book: 'demo', payload, raw: bytesOf(payload), from: 'a test' });
    await expect(sent).rejects.toBe(lost);
    const desk = await openTrading({ store });
    await desk.queue.idle();
    expect((await desk.told()).map(({ type }) => type)).toEqual(['signal.received', 'signal.done']);
    await desk.stop();
  });

  test('ends a signal over which the desk itself stumbles, and goes on with the next', async () => {
    const desk = await openTrading();
    const stumble = desk.books.show.bind(desk.books);
    desk.books.show = () => Promise.reject(new Error('a fault of ours'));
    expect((await trade(desk, buy(1))).signal).toMatchObject({
      state: 'failed',
      reason: 'A fault of the desk: a fault of ours',
    });
    desk.books.show = stumble;
    expect((await trade(desk, buy(2))).signal).toMatchObject({ state: 'done' });
    await desk.stop();
  });

  test('stops after what is in hand; the rest is traded by the next process', async () => {
    const store = await tempStore();
    const first = await openTrading({ store });
    for (const quantity of [1, 2, 3]) await first.send(buy(quantity));
    await first.stop();
    const desk = await openTrading({ store });
    await desk.queue.idle();
    const fills = await desk.paper.fillsSince(new Date(0));
    expect(fills.map(({ quantity }) => quantity)).toEqual(['1', '2', '3']);
    await desk.stop();
  });
});
