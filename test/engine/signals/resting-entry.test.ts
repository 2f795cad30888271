/** An entry that waits for its price holds nobody up: neither an exit of its book, nor an order at the market. */
import { expect, test } from 'vitest';
import type { Sleep } from '../../../engine/execution/patience.ts';
import { FixedPrices } from '../../support/prices.ts';
import { tempStore } from '../../support/temp-store.ts';
import { openTrading, type Trading, type TradingOptions } from '../../support/trading.ts';

/** Sleeps that end when the test says so: an order that waits for its price waits for ever. */
function deskThatWaits(more: TradingOptions = {}): Promise<Trading> {
  const asleep: Sleep = (_ms, signal) =>
    new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  const prices = new FixedPrices({ ACME: '10', SP500: '100' });
  return openTrading({ prices, sleep: asleep, ...more });
}

const limit = { action: 'buy', symbol: 'ACME', quantity: 10, type: 'limit', price: 8, open_for: 86_400 };

async function resting(desk: Trading): Promise<void> {
  await expect
    .poll(() => desk.executor.openOrders(), { timeout: 45_000 })
    .toMatchObject([{ state: 'working' }]);
}

async function stateOf({ inbox }: Trading, signal: string): Promise<string | undefined> {
  return (await inbox.signal(signal))?.state;
}

function ends(desk: Trading, { signal }: { readonly signal: string }, state: string): Promise<void> {
  return expect.poll(() => stateOf(desk, signal), { timeout: 45_000 }).toBe(state);
}

async function held({ books }: Trading): Promise<string[]> {
  return (await books.show('demo')).positions.map(({ symbol, quantity }) => `${quantity} ${symbol}`);
}

test('a purchase at the market is made while a limit order of the same symbol waits in front of it', async () => {
  const desk = await deskThatWaits();
  const first = await desk.send({ ...limit, id: 'limit' });
  await resting(desk);
  await ends(desk, await desk.send({ action: 'buy', symbol: 'ACME', quantity: 3, id: 'market' }), 'done');
  expect(await stateOf(desk, first.signal), 'it still waits for its price').toBe('working');
  expect(await held(desk)).toEqual(['3 ACME']);
  await desk.stop();
});

test('an exit is made while an entry in something else waits, which stays as it is', async () => {
  const desk = await deskThatWaits();
  await ends(desk, await desk.send({ action: 'buy', symbol: 'SP500', quantity: 2, id: 'before' }), 'done');
  const first = await desk.send({ ...limit, id: 'limit' });
  await resting(desk);
  await ends(desk, await desk.send({ action: 'sell', symbol: 'SP500', id: 'exit' }), 'done');
  expect(await held(desk)).toEqual([]);
  expect(await stateOf(desk, first.signal)).toBe('working');
  await desk.stop();
});

test('an exit of the same symbol takes back the entry that waits, and sells what is held', async () => {
  const desk = await deskThatWaits();
  await ends(desk, await desk.send({ action: 'buy', symbol: 'ACME', quantity: 2, id: 'before' }), 'done');
  const first = await desk.send({ ...limit, id: 'limit' });
  await resting(desk);
  await ends(desk, await desk.send({ action: 'sell', symbol: 'ACME', id: 'exit' }), 'done');
  await ends(desk, first, 'failed');
  expect(await held(desk)).toEqual([]);
  expect(await desk.executor.openOrders()).toEqual([]);
  await desk.stop();
});

test('an exit that finds nothing to sell yet waits for the entry of its symbol, and is not refused before', async () => {
  const desk = await deskThatWaits();
  const first = await desk.send({ ...limit, id: 'limit' });
  await resting(desk);
  const exit = await desk.send({ action: 'sell', symbol: 'ACME', id: 'exit' });
  await ends(desk, await desk.send({ action: 'buy', symbol: 'SP500', quantity: 1, id: 'after it' }), 'done');
  expect(await stateOf(desk, exit.signal)).toBe('received');
  const [order] = await desk.executor.openOrders();
  await desk.executor.cancel(order?._id ?? '', 'ann');
  await ends(desk, first, 'failed');
  await ends(desk, exit, 'refused');
  await desk.stop();
});

test('the money that an entry waits to spend is not spent by another one', async () => {
  const desk = await deskThatWaits();
  await desk.send({ ...limit, quantity: 1000, id: 'limit' });
  await resting(desk);
  const second = await desk.send({ action: 'buy', symbol: 'SP500', cost: 5000, id: 'too much' });
  await ends(desk, second, 'refused');
  expect((await desk.inbox.signal(second.signal))?.reason).toContain('has 2,000.00 USD');
  await ends(desk, await desk.send({ action: 'buy', symbol: 'SP500', cost: 1900, id: 'fits' }), 'done');
  await desk.stop();
});

test('an entry that waits goes on after a restart, and its signal ends when its price has come', async () => {
  const store = await tempStore();
  const desk = await deskThatWaits({ store });
  const first = await desk.send({ ...limit, id: 'limit' });
  await resting(desk);
  await desk.stop();
  const again = await openTrading({ store, prices: new FixedPrices({ ACME: '8' }) });
  await ends(again, first, 'done');
  expect(await held(again)).toEqual(['10 ACME']);
  await again.stop();
});
