/** The Binance of our tests refuses what Binance refuses, in the words from which ccxt makes its errors. */
import ccxt from 'ccxt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import { type CcxtBinance, pointedBinance } from './pointed-binance.ts';

let clock: ManualClock;
let binance: TestBinance;
let exchange: CcxtBinance;

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  binance = await startBinance({
    clock,
    weightLimit: 6000,
    symbols: {
      'BTC/USDT': { maximumMarketQuantity: '5', percentPrice: { down: '0.2', up: '5' } },
      'ETH/USDT': { crossMargin: false, orderTypes: ['LIMIT', 'MARKET'] },
    },
  });
  exchange = await pointedBinance(binance);
  await exchange.loadMarkets();
  binance.deposit('spot', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000', { spread: '0' });
});
afterEach(() => binance.close());

/** As the client sends it, with nothing that ccxt would put right before. */
function send(order: Readonly<Record<string, string | number>>): Promise<unknown> {
  return exchange['privatePostOrder']({ symbol: 'BTCUSDT', side: 'BUY', ...order });
}

async function refusal(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
  }
  throw new Error('it was not refused');
}

const market = { type: 'MARKET', quantity: '0.001' };
const limit = { type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000' };

describe('an order is refused', () => {
  test.each([
    ['of a symbol that is not listed', { ...market, symbol: 'XXXUSDT' }, -1121, 'BadSymbol'],
    ['of an unknown side', { ...market, side: 'HOLD' }, -1117, 'BadRequest'],
    ['of an unknown type', { ...market, type: 'MAYBE' }, -1116, 'BadRequest'],
    ['with an unknown time in force', { ...limit, timeInForce: 'GTW' }, -1115, 'BadRequest'],
    ['without quantity', { type: 'MARKET' }, -1102, 'BadRequest'],
    ['without price', { type: 'LIMIT', timeInForce: 'GTC', quantity: '1' }, -1102, 'BadRequest'],
    ['with a price that is not needed', { ...market, price: '50000' }, -1106, 'BadRequest'],
    ['with a quantity and a cost', { ...market, quoteOrderQty: '50' }, -1106, 'BadRequest'],
    ['with a parameter that nobody knows', { ...market, colour: 'red' }, -1104, 'BadRequest'],
    ['with an empty parameter', { ...market, quantity: '' }, -1105, 'BadRequest'],
    ['with a quantity that is no number', { ...market, quantity: '1e-3' }, -1100, 'BadRequest'],
    ['with nine decimals', { ...market, quantity: '0.001000001' }, -1111, 'BadRequest'],
    ['with a client id of foreign letters', { ...market, newClientOrderId: 'größe' }, -1100, 'BadRequest'],
    ['with a client id too long', { ...market, newClientOrderId: 'x'.repeat(37) }, -1100, 'BadRequest'],
    ['of less than a step', { ...market, quantity: '0.000001' }, 'LOT_SIZE', 'InvalidOrder'],
    ['between two steps', { ...market, quantity: '0.001005' }, 'LOT_SIZE', 'InvalidOrder'],
    ['too large for a market order', { ...market, quantity: '5.1' }, 'MARKET_LOT_SIZE', 'InvalidOrder'],
    ['between two ticks', { ...limit, price: '50000.001' }, 'PRICE_FILTER', 'InvalidOrder'],
    ['of too little value', { ...market, quantity: '0.00009' }, 'NOTIONAL', 'BadRequest'],
    ['of too little cost', { type: 'MARKET', quoteOrderQty: '4.99' }, 'NOTIONAL', 'BadRequest'],
    ['far from the market', { ...limit, price: '5000' }, 'PERCENT_PRICE_BY_SIDE', 'InvalidOrder'],
    ['that cannot be paid', { ...market, quantity: '0.03' }, -2010, 'InsufficientFunds'],
    ['that sells what is not there', { ...market, side: 'SELL' }, -2010, 'InsufficientFunds'],
    [
      'to make a price that would take',
      { type: 'LIMIT_MAKER', quantity: '0.001', price: '50000' },
      -2010,
      'OrderImmediatelyFillable',
    ],
    [
      'to stop where the market is beyond already',
      { type: 'STOP_LOSS', quantity: '0.001', stopPrice: '49000' },
      -2010,
      'OrderImmediatelyFillable',
    ],
    [
      'of a type that the symbol does not have',
      { symbol: 'ETHUSDT', type: 'STOP_LOSS', quantity: '1', stopPrice: '3000' },
      -1013,
      'BadRequest',
    ],
  ])('%s', async (_, order, code, kind) => {
    const error = await refusal(send(order));

    expect(exchange.last_http_response).toContain(
      typeof code === 'number' ? `"code":${code},` : `Filter failure: ${code}`,
    );
    expect(error.constructor.name).toBe(kind);
    expect(binance.orders()).toEqual([]);
    expect(binance.balances('spot')).toMatchObject({ USDT: { free: '1000', locked: '0' } });
  });

  test('of a client id under which an order is open, and of no other', async () => {
    await send({ ...limit, price: '49000', newClientOrderId: 'once' });

    const error = await refusal(send({ ...limit, price: '49000', newClientOrderId: 'once' }));

    expect(error).toBeInstanceOf(ccxt.InvalidOrder);
    expect(error.message).toContain('"code":-2010,"msg":"Duplicate order sent."');
    expect(binance.orders()).toHaveLength(1);
  });

  test('while the market is closed', async () => {
    binance.book('BTC/USDT').halt();
    expect(await refusal(send(market))).toBeInstanceOf(ccxt.MarketClosed);
    binance.book('BTC/USDT').resume();
    await send(market);
  });
});

describe('an order that is not there', () => {
  test('is not found', async () => {
    const error = await refusal(
      exchange.fetchOrder(undefined as never, 'BTC/USDT', { clientOrderId: 'nobody' }),
    );
    expect(error).toBeInstanceOf(ccxt.OrderNotFound);
    expect(error.message).toContain('-2013');
  });

  test('cannot be cancelled, nor one that is filled', async () => {
    const error = await refusal(exchange.cancelOrder('77', 'BTC/USDT'));
    expect(error).toBeInstanceOf(ccxt.OrderNotFound);
    expect(error.message).toContain('-2011');
    const filled = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001);
    expect((await refusal(exchange.cancelOrder(String(filled.id), 'BTC/USDT'))).message).toContain('-2011');
  });

  test('must be asked for by an id', async () => {
    expect((await refusal(exchange['privateGetOrder']({ symbol: 'BTCUSDT' }))).message).toContain('-1102');
  });
});

describe('a request is refused', () => {
  test('with a wrong secret', async () => {
    const other = await pointedBinance(binance, { ...binance.keys, secret: 'wrong' });
    const error = await refusal(other.fetchBalance());
    expect(error).toBeInstanceOf(ccxt.AuthenticationError);
    expect(error.message).toContain('-1022');
  });

  test('with a key that looks like none, and with one that is not known', async () => {
    const malformed = await pointedBinance(binance, { ...binance.keys, apiKey: 'x' });
    expect((await refusal(malformed.fetchBalance())).message).toContain('-2014');
    const unknown = await pointedBinance(binance, { ...binance.keys, apiKey: 'somebodyElse0123456789' });
    const error = await refusal(unknown.fetchBalance());
    expect(error).toBeInstanceOf(ccxt.AuthenticationError);
    expect(error.message).toContain('-2015');
  });

  test('with a key that was revoked: which ccxt calls a ban, once it has been accepted before', async () => {
    await exchange.fetchBalance();
    binance.revokesKey();
    const error = await refusal(exchange.fetchBalance());
    expect(error).toBeInstanceOf(ccxt.DDoSProtection);
    expect(error.message).toContain('-2015');
    binance.restoresKey();
    await exchange.fetchBalance();
  });

  test('from a clock that is slow, or fast', async () => {
    const now = clock.now().getTime();
    exchange.milliseconds = () => now - 10_001;
    const slow = await refusal(exchange.fetchBalance());
    expect(slow).toBeInstanceOf(ccxt.InvalidNonce);
    expect(slow.message).toContain('outside of the recvWindow');
    exchange.milliseconds = () => now + 1001;
    expect((await refusal(exchange.fetchBalance())).message).toContain('1000ms ahead');
    exchange.milliseconds = () => now - 9_999;
    await exchange.fetchBalance();
  });

  test('with a window of more than a minute', async () => {
    const error = await refusal(exchange.fetchBalance({ recvWindow: 60_001 }));
    expect(error.message).toContain('-1131');
  });

  test('for bars of an unknown interval, and for trades of more than a day', async () => {
    const bars = exchange['publicGetKlines']({ symbol: 'BTCUSDT', interval: '7m' });
    expect((await refusal(bars)).message).toContain('-1120');
    const trades = exchange['privateGetMyTrades']({ symbol: 'BTCUSDT', startTime: 0, endTime: 86_400_001 });
    expect((await refusal(trades)).message).toContain('-1127');
  });

  test('when too much was asked in a minute: 429 with a time to wait, and 418 for who goes on', async () => {
    const account = () => exchange.fetchBalance();
    let error: Error | undefined;
    for (let asked = 0; error === undefined && asked <= 300; asked += 1) {
      await account().catch((thrown: Error) => {
        error = thrown;
      });
    }
    expect(error).toBeInstanceOf(ccxt.DDoSProtection);
    expect(error?.message).toContain('429');
    expect(exchange.last_response_headers?.['Retry-After']).toBe('34');
    for (let again = 0; again < 5; again += 1) error = await refusal(account());
    expect(error?.message).toContain('418');
    clock.advance(60_000);
    expect((await refusal(account())).message).toContain('IP banned until');
    clock.advance(60_000);
    await account();
  });

  test('at an address that is none', async () => {
    expect(await refusal(exchange['publicGetTickerTradingDay']({ symbol: 'BTCUSDT' }))).toBeInstanceOf(
      ccxt.ExchangeNotAvailable,
    );
  });
});
