/** The Kraken of our tests, through the real ccxt. */
import ccxt from 'ccxt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { answerStatus, loseReply } from './faults.ts';
import { startKraken, type TestKraken } from './kraken/index.ts';
import { pointCcxt } from './point-ccxt.ts';

type CcxtKraken = InstanceType<typeof ccxt.kraken>;

let clock: ManualClock;
let kraken: TestKraken;
let exchange: CcxtKraken;

async function pointed(keys: TestKraken['keys']): Promise<CcxtKraken> {
  const client = new ccxt.kraken({ ...keys, enableRateLimit: false });
  await pointCcxt(client, kraken);
  return client;
}

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  kraken = await startKraken({ clock });
  exchange = await pointed(kraken.keys);
  kraken.deposit('spot', 'USD', '1000');
  kraken.book('BTC/USD').price('50000', { spread: '0' });
});
afterEach(() => kraken.close());

const uuid = 'd15708c1-dbb6-465d-b77d-47258319cc90';
const buy = (price: number, clientOrderId: string) =>
  exchange.createOrder('BTC/USD', 'limit', 'buy', 0.01, price, { clientOrderId });

test('ccxt loads the markets with their rules, and knows BTC by its name', async () => {
  const markets = await exchange.loadMarkets();

  expect(Object.keys(markets).sort()).toEqual(['ADA/USD', 'BTC/USD', 'ETH/USD']);
  expect(markets['BTC/USD']).toMatchObject({
    id: 'XXBTZUSD',
    taker: 0.0026,
    precision: { amount: 1e-8, price: 0.1 },
    limits: { amount: { min: 0.00005 }, cost: { min: 0.5 } },
  });
});

test('a market order is filled, but only a question tells; its fee is in the quote currency', async () => {
  const sent = await exchange.createOrder('BTC/USD', 'market', 'buy', 0.01, undefined, {
    clientOrderId: uuid,
  });
  expect(sent.filled).toBeUndefined();

  const order = await exchange.fetchOrder(String(sent.id));

  expect(order).toMatchObject({ status: 'closed', filled: 0.01, average: 50_000, clientOrderId: uuid });
  expect(order.fee).toMatchObject({ cost: '1.30000000', currency: 'USD' });
  expect(await exchange.fetchMyTrades('BTC/USD')).toMatchObject([
    { order: sent.id, amount: 0.01, price: 50_000, fee: { cost: 1.3, currency: 'USD' } },
  ]);
  expect((await exchange.fetchBalance())['USD']).toMatchObject({ free: 498.7, used: 0 });
  expect(kraken.balances('spot')).toMatchObject({ BTC: { free: '0.01' }, USD: { free: '498.7' } });
});

test('an order is found by our id among the open ones, and when it is none among the closed', async () => {
  const sent = await buy(49_000, uuid);
  const params = { clientOrderId: uuid };
  expect(await exchange.fetchOpenOrders('BTC/USD', undefined, undefined, params)).toMatchObject([
    { id: sent.id, status: 'open', price: 49_000, amount: 0.01, filled: 0 },
  ]);
  expect((await exchange.fetchBalance())['USD']).toMatchObject({ used: 491.274 });

  await exchange.cancelOrder('', 'BTC/USD', params);

  expect(await exchange.fetchOpenOrders('BTC/USD', undefined, undefined, params)).toEqual([]);
  expect(await exchange.fetchClosedOrders('BTC/USD', undefined, undefined, params)).toMatchObject([
    { id: sent.id, status: 'canceled', clientOrderId: uuid },
  ]);
  expect(kraken.balances('spot')).toMatchObject({ USD: { free: '1000', locked: '0' } });
});

test('an order is filled in part as others come', async () => {
  const sent = await buy(49_000, 'free-text');
  const book = kraken.book('BTC/USD');
  book.set({});
  book.sells('0.004', '49000');

  expect(await exchange.fetchOrder(String(sent.id))).toMatchObject({ status: 'open', filled: 0.004 });
  expect(kraken.openOrders()).toMatchObject([{ filled: '0.004' }]);
});

test('a stop waits for its price', async () => {
  kraken.deposit('spot', 'BTC', '1');
  const params = { stopLossPrice: 48_000 };
  const sent = await exchange.createOrder('BTC/USD', 'market', 'sell', 0.01, undefined, params);
  expect(await exchange.fetchOrder(String(sent.id))).toMatchObject({ status: 'open', stopLossPrice: 48_000 });

  kraken.book('BTC/USD').price('47900', { spread: '0' });

  expect(await exchange.fetchOrder(String(sent.id))).toMatchObject({ status: 'closed', average: 47_900 });
});

test.each<[string, (client: CcxtKraken) => Promise<unknown>, string, string]>([
  [
    'an order that cannot be paid',
    (client) => client.createOrder('BTC/USD', 'market', 'buy', 1),
    'EOrder:Insufficient funds',
    'InsufficientFunds',
  ],
  [
    'an order that is too small',
    (client) => client.createOrder('BTC/USD', 'market', 'buy', 0.00001),
    'EOrder:Order minimum not met',
    'InvalidOrder',
  ],
  [
    'a client id of a foreign form',
    (client) =>
      client.createOrder('BTC/USD', 'market', 'buy', 0.01, undefined, { clientOrderId: 'x'.repeat(19) }),
    'EGeneral:Invalid arguments:cl_ord_id',
    'ExchangeError',
  ],
  [
    'a cancel of what is not there',
    (client) => client.cancelOrder('OLOCAL-KRAKN-000077', 'BTC/USD'),
    'EOrder:Unknown order',
    'OrderNotFound',
  ],
  [
    'a question for what is not there',
    (client) => client.fetchOrder('OLOCAL-KRAKN-000077'),
    'EOrder:Invalid order',
    'InvalidOrder',
  ],
  [
    'a pair that is none',
    (client) => client['publicGetTicker']({ pair: 'XXXYYY' }) as Promise<unknown>,
    'EQuery:Unknown asset pair',
    'ExchangeError',
  ],
])('%s is refused with status 200', async (_, act, words, kind) => {
  const thrown = await act(exchange).then(
    () => undefined,
    (error: Error) => error,
  );

  expect(thrown?.constructor.name).toBe(kind);
  expect(exchange.last_http_response).toContain(words);
  expect(kraken.orders()).toEqual([]);
});

test('a client id is refused while its order is open, and taken when it is not', async () => {
  await buy(49_000, uuid);
  await expect(buy(49_000, uuid)).rejects.toThrow(/cl_ord_id not unique/);
  await exchange.cancelOrder('', 'BTC/USD', { clientOrderId: uuid });
  await buy(49_000, uuid);

  expect(kraken.orders().map(({ status }) => status)).toEqual(['CANCELED', 'NEW']);
});

test('a wrong secret, a revoked key and an old nonce are refused', async () => {
  const stranger = await pointed({ ...kraken.keys, secret: Buffer.from('wrong').toString('base64') });
  await expect(stranger.fetchBalance()).rejects.toThrow(/EAPI:Invalid signature/);
  await exchange.fetchBalance();
  const now = clock.now().getTime();
  exchange.milliseconds = () => now - 1;
  await expect(exchange.fetchBalance()).rejects.toBeInstanceOf(ccxt.InvalidNonce);
  kraken.revokesKey();
  await expect(exchange.fetchBalance()).rejects.toBeInstanceOf(ccxt.AuthenticationError);
});

test('has the same faults as the other dialects', async () => {
  await exchange.loadMarkets();
  kraken.faults.next('AddOrder', loseReply);
  kraken.faults.next('AddOrder', answerStatus(520));

  await expect(buy(49_000, uuid)).rejects.toBeInstanceOf(ccxt.NetworkError);
  await expect(buy(49_000, 'second')).rejects.toBeInstanceOf(ccxt.ExchangeNotAvailable);

  expect(kraken.orders().map(({ clientOrderId }) => clientOrderId)).toEqual([uuid]);
});

test('prices come with the best of both sides', async () => {
  kraken.book('BTC/USD').price('51000');

  expect(await exchange.fetchTicker('BTC/USD')).toMatchObject({ bid: 50_999.9, ask: 51_000.1, last: 51_000 });
  expect((await exchange.fetchOrderBook('BTC/USD')).bids[0]?.[0]).toBe(50_999.9);
  expect(Object.keys(await exchange.fetchTickers(['BTC/USD']))).toEqual(['BTC/USD']);
});
