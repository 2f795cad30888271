/** The Binance of our tests, through the real ccxt: spot orders, fills, balances and fees. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import { type CcxtBinance, pointedBinance } from './pointed-binance.ts';

let clock: ManualClock;
let binance: TestBinance;
let exchange: CcxtBinance;

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  binance = await startBinance({ clock });
  exchange = await pointedBinance(binance);
  binance.deposit('spot', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000', { spread: '0' });
});
afterEach(() => binance.close());

const free = (asset: string) => binance.balances('spot')[asset]?.free;
const locked = (asset: string) => binance.balances('spot')[asset]?.locked;

test('ccxt loads the markets with their rules', async () => {
  const markets = await exchange.loadMarkets();

  expect(Object.keys(markets).sort()).toEqual(['ADA/USDT', 'BNB/USDT', 'BTC/USDT', 'ETH/USDT', 'NEO/USDT']);
  const rules = markets['BTC/USDT'];
  expect(rules?.precision).toMatchObject({ amount: 0.00001, price: 0.01 });
  expect(rules?.limits.cost?.min).toBe(5);
  expect(rules?.margin).toBe(true);
  expect(exchange.currencies['ADA']).toMatchObject({ precision: 1e-8, active: true });
});

test('ccxt loads futures too when nothing keeps it from that, and finds none', async () => {
  delete exchange.options['fetchMarkets'];

  await expect(exchange.loadMarkets()).resolves.toHaveProperty('BTC/USDT');
});

test('a market order is filled at once, with the fee in what it bought', async () => {
  const order = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, {
    clientOrderId: 'mine-1',
  });

  expect(order).toMatchObject({ status: 'closed', clientOrderId: 'mine-1', filled: 0.01, cost: 500 });
  expect(order.fee).toMatchObject({ cost: 0.00001, currency: 'BTC' });
  expect(binance.balances('spot')).toEqual({
    BTC: { free: '0.00999', locked: '0', borrowed: '0', interest: '0' },
    USDT: { free: '500', locked: '0', borrowed: '0', interest: '0' },
  });
  const balance = await exchange.fetchBalance();
  expect(balance['BTC']).toEqual({ free: 0.00999, used: 0, total: 0.00999 });
});

test('a market order by cost buys whole steps and leaves the rest', async () => {
  const order = await exchange.createMarketBuyOrderWithCost('BTC/USDT', 100.3);

  expect(order.filled).toBe(0.002);
  expect(order.cost).toBe(100);
  expect(free('USDT')).toBe('900');
});

test('a market order that empties the book is filled in part and expires', async () => {
  binance.book('BTC/USDT').set({
    asks: [
      ['50000', '0.004'],
      ['50010', '0.001'],
    ],
  });

  const order = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);

  expect(order).toMatchObject({ status: 'expired', amount: 0.01, filled: 0.005, cost: 250.01 });
  expect(binance.trades().map(({ price, quantity }) => [price, quantity])).toEqual([
    ['50000', '0.004'],
    ['50010', '0.001'],
  ]);
  expect(locked('USDT')).toBe('0');
});

test('a limit order rests with its money locked, is filled part by part at its own price, and ends', async () => {
  const book = binance.book('BTC/USDT');
  const params = { clientOrderId: 'resting-1' };
  const order = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 49_000, params);
  expect(order.status).toBe('open');
  expect([free('USDT'), locked('USDT')]).toEqual(['510', '490']);

  book.set({});
  book.sells('0.004', '48000');
  const part = await exchange.fetchOrder(undefined as never, 'BTC/USDT', params);
  expect(part).toMatchObject({ id: order.id, status: 'open', filled: 0.004, remaining: 0.006, cost: 196 });
  expect(await exchange.fetchOpenOrders('BTC/USDT')).toHaveLength(1);
  exchange.options['fetchOpenOrders'] = { warnWithoutSymbol: false };
  expect(await exchange.fetchOpenOrders()).toHaveLength(1);

  book.sells('1', '48000');
  expect(await exchange.fetchOrder(String(order.id), 'BTC/USDT')).toMatchObject({
    status: 'closed',
    filled: 0.01,
  });
  expect(await exchange.fetchOpenOrders('BTC/USDT')).toEqual([]);
  expect(binance.balances('spot')).toMatchObject({
    BTC: { free: '0.00999' },
    USDT: { free: '510', locked: '0' },
  });
  const trades = await exchange.fetchMyTrades('BTC/USDT');
  expect(trades.map(({ amount, price, takerOrMaker }) => [amount, price, takerOrMaker])).toEqual([
    [0.004, 49_000, 'maker'],
    [0.006, 49_000, 'maker'],
  ]);
  // What others had left of their order rests.
  expect(book.asks).toEqual([['48000', '0.994']]);
});

test('orders of one price are filled in the order in which they came', async () => {
  const book = binance.book('BTC/USDT');
  book.set({});
  for (const id of ['first', 'second']) {
    await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.005, 49_000, { clientOrderId: id });
  }
  await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.005, 49_100, { clientOrderId: 'better' });

  book.sells('0.012', '49000');

  expect(binance.trades().map(({ clientOrderId, quantity }) => [clientOrderId, quantity])).toEqual([
    ['better', '0.005'],
    ['first', '0.005'],
    ['second', '0.002'],
  ]);
});

test('a limit order better than the market is filled at the price of the market', async () => {
  await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 51_000);

  expect(free('USDT')).toBe('500');
  expect(locked('USDT')).toBe('0');
});

test('a cancelled order gives its money back and is known as cancelled; the reply has the id of the cancel', async () => {
  const params = { clientOrderId: 'gone-1' };
  const order = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 49_000, params);

  const cancelled = await exchange.cancelOrder(String(order.id), 'BTC/USDT');

  expect(cancelled.clientOrderId).not.toBe('gone-1');
  expect((cancelled.info as { origClientOrderId: string }).origClientOrderId).toBe('gone-1');
  expect(free('USDT')).toBe('1000');
  expect(await exchange.fetchOrder(undefined as never, 'BTC/USDT', params)).toMatchObject({
    status: 'canceled',
    clientOrderId: 'gone-1',
  });
  await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 49_000, params);
  await exchange.cancelAllOrders('BTC/USDT');
  expect(binance.openOrders()).toEqual([]);
});

test('a client id may come again when its order is no longer open, and then names the later order', async () => {
  const params = { clientOrderId: 'twice' };
  const first = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001, undefined, params);
  const second = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.002, undefined, params);

  expect(second.id).not.toBe(first.id);
  expect(await exchange.fetchOrder(undefined as never, 'BTC/USDT', params)).toMatchObject({ id: second.id });
});

test('immediate-or-cancel takes what is there; fill-or-kill takes nothing when it is not all there', async () => {
  binance.book('BTC/USDT').set({ asks: [['50000', '0.004']] });

  const killed = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000, { timeInForce: 'FOK' });
  expect(killed).toMatchObject({ status: 'expired', filled: 0 });
  const part = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000, { timeInForce: 'IOC' });
  expect(part).toMatchObject({ status: 'expired', filled: 0.004 });
  expect(locked('USDT')).toBe('0');
});

test('a stop waits for its price, and then sells', async () => {
  const book = binance.book('BTC/USDT');
  await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);
  const stop = { stopLossPrice: 48_000 };
  const limit = await exchange.createOrder('BTC/USDT', 'limit', 'sell', 0.004, 47_900, stop);
  const market = await exchange.createOrder('BTC/USDT', 'market', 'sell', 0.004, undefined, stop);
  expect(locked('BTC')).toBe('0.008');

  book.price('48500');
  expect(binance.openOrders()).toHaveLength(2);
  book.price('48000', { spread: '0' });

  expect(await exchange.fetchOrder(String(limit.id), 'BTC/USDT')).toMatchObject({
    status: 'closed',
    average: 48_000,
  });
  expect(await exchange.fetchOrder(String(market.id), 'BTC/USDT')).toMatchObject({ status: 'closed' });
  expect(locked('BTC')).toBe('0');
});

test('a stop that buys at the market and cannot pay what it costs by then expires', async () => {
  const book = binance.book('BTC/USDT');
  const stop = { stopLossPrice: 51_000 };
  const order = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.019, undefined, stop);

  book.price('60000');

  expect(await exchange.fetchOrder(String(order.id), 'BTC/USDT')).toMatchObject({
    status: 'expired',
    filled: 0,
  });
  expect(free('USDT')).toBe('1000');
});

test('an order that would trade with another of ours ends the other', async () => {
  binance.book('BTC/USDT').set({});
  const resting = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 49_000);
  binance.deposit('spot', 'BTC', '1');

  await exchange.createOrder('BTC/USDT', 'limit', 'sell', 0.01, 48_000);

  expect(binance.orders().find(({ id }) => String(id) === resting.id)?.status).toBe('EXPIRED_IN_MATCH');
  expect(binance.trades()).toEqual([]);
});

test('fees in BNB are taken from the BNB, at a discount', async () => {
  binance.setFees({ paidIn: 'bnb' });
  binance.book('BNB/USDT').price('500');
  binance.deposit('spot', 'BNB', '1');

  const order = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);

  expect(order.fee).toMatchObject({ currency: 'BNB', cost: 0.00075 });
  expect(free('BTC')).toBe('0.01');
  expect(free('BNB')).toBe('0.99925');
});

test('when BNB runs out midway, one order has fees in two currencies and ccxt gives none', async () => {
  binance.setFees({ paidIn: 'bnb' });
  binance.book('BNB/USDT').price('500');
  binance.deposit('spot', 'BNB', '0.0005');
  binance.book('BTC/USDT').set({
    asks: [
      ['50000', '0.005'],
      ['50000', '0.005'],
    ],
  });

  const order = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);

  expect(order.fee).toBeUndefined();
  expect(order.trades.map(({ fee }) => [fee?.currency, fee?.cost])).toEqual([
    ['BNB', 0.000375],
    ['BTC', 0.000005],
  ]);
  const trades = await exchange.fetchMyTrades('BTC/USDT');
  expect(trades.map(({ fee }) => fee?.currency)).toEqual(['BNB', 'BTC']);
});

test('fees in the quote currency come on top of what a purchase costs', async () => {
  binance.setFees({ paidIn: 'quote', taker: '0.002' });

  const bought = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);
  expect(bought.fee).toMatchObject({ currency: 'USDT', cost: 1 });
  expect(free('USDT')).toBe('499');
  await exchange.createOrder('BTC/USDT', 'market', 'sell', 0.01);
  expect(free('USDT')).toBe('998');
  await expect(exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01996, 50_000)).rejects.toThrow(
    /insufficient balance/,
  );
});

test('prices can be asked for one by one, together, as a book, as trades and as bars', async () => {
  binance.book('ETH/USDT').set({ bids: [['2999.99', '3']], asks: [['3000.01', '4']] });
  clock.advance(60_000);
  binance.book('BTC/USDT').price('51000');

  expect(await exchange.fetchTicker('BTC/USDT')).toMatchObject({
    last: 51_000,
    bid: 50_999.99,
    ask: 51_000.01,
    open: 50_000,
    high: 51_000,
  });
  const tickers = await exchange.fetchTickers(['BTC/USDT', 'ETH/USDT']);
  expect(tickers['ETH/USDT']).toMatchObject({ bid: 2999.99, bidVolume: 3, ask: 3000.01, last: 3000 });
  expect((await exchange.fetchBidsAsks(['ETH/USDT']))['ETH/USDT']).toMatchObject({ ask: 3000.01 });
  expect((await exchange.fetchLastPrices())['BTC/USDT']?.price).toBe(51_000);
  expect((await exchange.fetchOrderBook('ETH/USDT')).asks).toEqual([[3000.01, 4]]);
  expect((await exchange.fetchTrades('BTC/USDT')).map(({ price }) => price)).toEqual([50_000, 51_000]);
  expect(await exchange.fetchOHLCV('BTC/USDT', '1m')).toEqual([
    [Date.parse('2024-11-29T09:48:00Z'), 50_000, 50_000, 50_000, 50_000, 0.00001],
    [Date.parse('2024-11-29T09:49:00Z'), 51_000, 51_000, 51_000, 51_000, 0.00001],
  ]);
});

test('bars that a test gives come in pages of at most 1000', async () => {
  const day = 86_400_000;
  const first = Date.parse('2021-01-01T00:00:00Z');
  binance.setBars(
    'BTC/USDT',
    '1d',
    Array.from({ length: 1200 }, (_, index) => [first + index * day, '1', '3', '1', '2', '10']),
  );

  const page = await exchange.fetchOHLCV('BTC/USDT', '1d', first, 1500);
  expect(page).toHaveLength(1000);
  const all = await exchange.fetchOHLCV('BTC/USDT', '1d', first, 1200, { paginate: true });
  expect(all.map(([at]) => at)).toEqual(Array.from({ length: 1200 }, (_, index) => first + index * day));
});

test('trades and orders are found from a moment on, and by page', async () => {
  for (let count = 0; count < 3; count += 1) {
    clock.advance(1000);
    await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001);
  }
  const last = clock.now().getTime();

  expect(await exchange.fetchMyTrades('BTC/USDT', last)).toHaveLength(1);
  expect(await exchange.fetchMyTrades('BTC/USDT', last - 1000)).toHaveLength(2);
  const [firstTrade] = await exchange.fetchMyTrades('BTC/USDT', last - 10_000, 1);
  expect(firstTrade?.timestamp).toBe(last - 2000);
  expect(await exchange.fetchOrders('BTC/USDT', last)).toHaveLength(1);
  expect(await exchange.fetchMyTrades('BTC/USDT', undefined, undefined, { orderId: '2' })).toHaveLength(1);
});

test('ids of orders and trades are counted symbol by symbol, as at Binance', async () => {
  binance.book('ETH/USDT').price('3000');

  const btc = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001);
  const eth = await exchange.createOrder('ETH/USDT', 'market', 'buy', 0.01);

  expect(eth.id).toBe(btc.id);
  expect(eth.trades[0]?.id).toBe(btc.trades[0]?.id);
});
