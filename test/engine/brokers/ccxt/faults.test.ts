/** What the ccxt broker makes of an exchange, a line, a clock and keys that fail, through the real ccxt at a local Binance. */
import { expect, test, vi } from 'vitest';
import type { BrokerFill, BrokerOrder, OrderRequest } from '../../../../engine/brokers/broker.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import type { Fault } from '../../../support/exchange/faults.ts';
import {
  answerPage,
  answerStatus,
  cutReply,
  loseReply,
  loseRequest,
  neverReply,
  refuse,
  throttle,
} from '../../../support/exchange/faults.ts';
import type { BinanceAccountOptions } from './ccxt-account.ts';
import { binanceAccount } from './ccxt-account.ts';

const patience = { timeout: 30_000, interval: 20 };
const newOrder = 'POST /api/v3/order';

async function trader(options: BinanceAccountOptions = {}) {
  const account = await binanceAccount(options);
  account.binance.deposit('spot', 'USDT', '10000');
  account.binance.book('BTC/USDT').price('50000');
  await account.broker.connect();
  return account;
}

function buy(clientOrderId: string, terms: OrderRequest['terms'] = { type: 'market' }): OrderRequest {
  return { clientOrderId, symbol: 'BTC/USDT', side: 'buy', quantity: '0.01', terms };
}

const resting = { type: 'limit', limitPrice: '45000' } as const;

test.each<[string, Fault]>([
  ['the reply is lost', loseReply],
  ['the reply breaks off', cutReply],
  ['a front server gives 502, and the order was taken', answerStatus(502, 'acts')],
  ['a front server gives 503', answerStatus(503)],
  ['a page comes with status 200, and the order was taken', answerPage('acts')],
  ['a page comes with status 200', answerPage()],
  ['the exchange does not know itself what became of it', refuse(400, -1007, 'Timeout waiting for response')],
  ['the request is lost', loseRequest],
])('an order of which %s is unknown, and is never sent a second time by itself', async (_, fault) => {
  const { binance, broker } = await trader();
  binance.faults.next(newOrder, fault);

  expect(await broker.submit(buy('once'))).toMatchObject({ outcome: 'unknown' });

  expect(binance.requests().filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('an order whose reply never comes is unknown after the time limit, and is found', async () => {
  const { binance, broker } = await trader({ settings: { timeoutSeconds: 0.3 } });
  binance.faults.next(newOrder, neverReply);

  expect(await broker.submit(buy('silent'))).toMatchObject({ outcome: 'unknown' });

  expect(await broker.findOrder('silent', 'BTC/USDT')).toMatchObject({ state: 'filled' });
});

test('an order that may still arrive is not called absent, and later it is', async () => {
  const { binance, broker } = await trader();
  binance.faults.next(newOrder, loseRequest);
  await broker.submit(buy('late'));

  await expect(broker.findOrder('late', 'BTC/USDT')).rejects.toThrow(/may still arrive/);

  await expect
    .poll(() => broker.findOrder('late', 'BTC/USDT').catch(() => 'not yet'), patience)
    .toBeUndefined();
  expect(await broker.submit(buy('late')), 'now it may go out again').toMatchObject({ outcome: 'accepted' });
  expect(binance.orders()).toHaveLength(1);
});

test('a lost order that is sent again is answered with what became of it', async () => {
  const { binance, broker } = await trader();
  binance.faults.next(newOrder, loseReply);
  await broker.submit(buy('again'));

  expect(await broker.submit(buy('again'))).toMatchObject({ outcome: 'accepted' });

  expect(binance.orders()).toHaveLength(1);
});

test('a duplicate id is looked up: the order under it may be this one', async () => {
  const { binance, broker } = await trader();
  // As if something on the way had sent it twice: what comes back is the refusal of the second.
  binance.faults.next(newOrder, { acts: 2 });

  expect(await broker.submit(buy('twice', resting))).toMatchObject({ outcome: 'accepted' });

  expect(binance.openOrders()).toHaveLength(1);
});

test.each([
  429, 418,
] as const)('after a %i nothing is asked until its time, and the order then goes out', async (status) => {
  const { binance, broker } = await trader();
  binance.faults.next(newOrder, throttle(1, status));

  const outcome = await broker.submit(buy('limited'));
  expect(outcome).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('too many') });
  const asked = binance.requests().length;
  expect(broker.status()).toMatchObject({ state: 'connecting', why: expect.stringMatching(/until .* UTC/) });
  expect(await broker.findOrder('limited', 'BTC/USDT'), 'it was refused unread').toBeUndefined();
  await expect(broker.balances()).rejects.toThrow(/too many/);
  expect(binance.requests()).toHaveLength(asked);

  await expect.poll(() => broker.status().state, patience).toBe('ready');
  expect(await broker.submit(buy('limited'))).toMatchObject({ outcome: 'accepted' });
  expect(binance.orders()).toHaveLength(1);
});

test('a clock that is off by seconds is set by the exchange, also when it jumps between two orders', async () => {
  let offMs = 7000;
  const { binance, broker } = await trader({ clock: { now: () => new Date(Date.now() + offMs) } });
  expect(broker.status().state).toBe('ready');
  expect(await broker.submit(buy('ahead'))).toMatchObject({ outcome: 'accepted' });

  offMs = -8000;
  expect(await broker.submit(buy('behind'))).toMatchObject({ outcome: 'accepted' });

  expect(binance.orders().map(({ clientOrderId }) => clientOrderId)).toEqual(['ahead', 'behind']);
});

test('keys that are not accepted need a person, and it says so', async () => {
  const { binance, broker } = await binanceAccount();
  binance.revokesKey();
  await broker.connect();
  expect(broker.status()).toMatchObject({ state: 'needs-login', why: expect.stringContaining('keys') });
});

test('keys that may read but not trade are no trouble of the line: the order is rejected, and says it', async () => {
  const { binance, broker } = await trader();
  binance.faults.next(newOrder, refuse(401, -2015, 'Invalid API-key, IP, or permissions for action.'));

  expect(await broker.submit(buy('read-only'))).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('permissions'),
  });

  expect(broker.status().state).toBe('ready');
});

test('keys that are withdrawn later are noticed, although ccxt calls it too many requests then', async () => {
  const { binance, broker } = await trader();
  binance.revokesKey();

  expect(await broker.submit(buy('revoked'))).toMatchObject({ outcome: 'unknown' });

  await expect.poll(() => broker.status().state, patience).toBe('needs-login');
  expect(binance.orders()).toEqual([]);
});

test('an exchange that goes away is down with a reason, and ready again when it is back; a fill meanwhile is told', async () => {
  const { binance, broker } = await trader({ settings: { pollSeconds: 0.2 } });
  const heard: BrokerFill[] = [];
  broker.subscribe({ onFill: (fill) => heard.push(fill) });
  await broker.submit(buy('resting', resting));

  binance.goesAway();
  await expect.poll(() => broker.status().state, patience).toBe('down');
  expect(broker.status().why).toMatch(/cannot be reached/);
  binance.book('BTC/USDT').price('44000');
  expect(await broker.resolve('BTCUSDT'), 'an exit must not wait for it').toMatchObject({
    symbol: 'BTC/USDT',
  });
  binance.comesBack();

  await expect.poll(() => broker.status().state, patience).toBe('ready');
  await expect.poll(() => heard.map(({ clientOrderId }) => clientOrderId), patience).toEqual(['resting']);
});

test('events that are dropped, doubled or late change nothing: every fill is told once', async () => {
  const { binance, broker } = await trader({ settings: { pollSeconds: 0.2 } });
  const fills: BrokerFill[] = [];
  const orders: BrokerOrder[] = [];
  broker.subscribe({ onFill: (fill) => fills.push(fill), onOrder: (order) => orders.push(order) });
  await expect.poll(() => binance.streams.subscribers('spot'), patience).toBe(1);
  for (const fault of ['late', 'double', 'drop', 'double', 'late'] as const) {
    binance.streams.next('executionReport', fault);
  }
  await broker.submit(buy('parts', resting));
  binance.book('BTC/USDT').set({ bids: [], asks: [['50000', '1']] });
  for (const part of ['0.004', '0.001', '0.005']) binance.book('BTC/USDT').sells(part, '45000');

  await expect.poll(() => orders.at(-1)?.state, patience).toBe('filled');

  expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
  expect(sum(fills.map(({ quantity }) => quantity))).toBe('0.01');
});

test('a stream that falls silent, though it is open, is opened again and hears the next fill', async () => {
  // Only the stream can tell in time: it is not asked for an hour.
  const { binance, broker } = await trader({ settings: { silenceSeconds: 0.6, pollSeconds: 3600 } });
  const heard: BrokerFill[] = [];
  broker.subscribe({ onFill: (fill) => heard.push(fill) });
  await expect.poll(() => binance.streams.subscribers('spot'), patience).toBe(1);
  await broker.submit(buy('resting', resting));
  binance.streams.goSilent();

  await expect.poll(() => binance.streams.subscribers('spot'), patience).toBe(1);
  binance.book('BTC/USDT').price('44000');

  await expect.poll(() => heard.length, patience).toBe(1);
});

test('a stream of margin orders is subscribed again after its connection broke', async () => {
  const { binance } = await trader({ settings: { wallets: ['spot', 'cross', 'isolated:BTC/USDT'] } });
  const all = () =>
    ['spot', 'cross', 'isolated:BTCUSDT'].map((wallet) => binance.streams.subscribers(wallet as 'spot'));
  await expect.poll(all, patience).toEqual([1, 1, 1]);

  binance.streams.disconnect('break');

  await expect.poll(() => binance.streams.connections, patience).toBe(3);
  await expect.poll(all, patience).toEqual([1, 1, 1]);
});

test('fees in two currencies are booked as they were paid, fill by fill', async () => {
  const { binance, broker } = await trader();
  binance.book('BNB/USDT').price('600');
  binance.deposit('spot', 'BNB', '0.0006');
  binance.setFees({ paidIn: 'bnb' });
  binance.book('BTC/USDT').set({
    bids: [['49000', '1']],
    asks: [
      ['50000', '0.008'],
      ['50010', '1'],
    ],
  });
  await broker.submit(buy('fees'));

  const found = await vi.waitFor(async () => {
    const order = await broker.findOrder('fees', 'BTC/USDT');
    expect(order?.state).toBe('filled');
    return order;
  }, patience);

  expect(found?.fills.map(({ feeCurrency }) => feeCurrency)).toEqual(['BNB', 'BTC']);
  const bnb = (await broker.balances()).find(({ asset }) => asset === 'BNB');
  expect(decimalText(decimal('0.0006').minus(decimal(found?.fills[0]?.fee ?? '0')))).toBe(bnb?.free);
});

test('no key, secret or signature is in what is told, logged or thrown', async () => {
  const told: string[] = [];
  const note = (fields: object, message: string) => told.push(JSON.stringify(fields), message);
  const log = { debug: note, info: note, warn: note, error: note };
  const { binance, broker } = await trader({ log });
  broker.subscribe({ onStatus: (status) => told.push(JSON.stringify(status)) });
  binance.goesAway();
  told.push(
    JSON.stringify(await broker.submit(buy('a'))),
    JSON.stringify(await broker.cancel('a', 'BTC/USDT')),
  );
  const questions = [
    () => broker.balances(),
    () => broker.openOrders(),
    () => broker.findOrder('a', 'BTC/USDT'),
  ];
  for (const ask of questions) await ask().catch((error) => told.push(String(error)));
  await expect.poll(() => broker.status().state, patience).toBe('down');
  told.push(JSON.stringify(broker.status()));

  expect(told.join('\n')).not.toMatch(/signature=|timestamp=/);
  for (const secret of Object.values(binance.keys)) expect(told.join('\n')).not.toContain(secret);
  expect(told.length).toBeGreaterThan(5);
});

test('what a derivative is called is refused as one, and a near miss is named', async () => {
  const { broker } = await trader();
  for (const name of ['BTC/USDT:USDT', 'BTCUSDT.P', 'BINANCE:BTCUSDT.P']) {
    await expect(broker.resolve(name)).rejects.toThrow(/derivative/);
  }
  await expect(broker.resolve('BTCUSDTT')).rejects.toThrow(/BTC\/USDT/);
});

function sum(amounts: readonly string[]): string {
  return decimalText(amounts.reduce((total, amount) => total.plus(decimal(amount)), zero));
}
