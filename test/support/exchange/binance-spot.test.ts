/** The Binance of our tests, through the real ccxt: spot orders, balances, fees. */
import ccxt from 'ccxt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import { pointCcxt } from './point-ccxt.ts';

let clock: ManualClock;
let binance: TestBinance;
let exchange: InstanceType<typeof ccxt.binance>;

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  binance = await startBinance({ clock });
  exchange = new ccxt.binance({ ...binance.keys, enableRateLimit: false });
  exchange.options['fetchMarkets'] = { types: ['spot'] };
  await pointCcxt(exchange, binance);
  binance.deposit('spot', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000', { spread: '0' });
});
afterEach(() => binance.close());

test('ccxt loads the markets with their rules', async () => {
  const markets = await exchange.loadMarkets();

  expect(Object.keys(markets).sort()).toEqual(['ADA/USDT', 'BNB/USDT', 'BTC/USDT', 'ETH/USDT', 'NEO/USDT']);
  const rules = markets['BTC/USDT'];
  expect(rules?.precision).toMatchObject({ amount: 0.00001, price: 0.01 });
  expect(rules?.limits.cost?.min).toBe(5);
  expect(rules?.margin).toBe(true);
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
  expect(binance.balances('spot')['USDT']?.free).toBe('900');
});
