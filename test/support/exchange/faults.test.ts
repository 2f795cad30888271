/** What goes wrong on the way to the local Binance, and what ccxt makes of it: did the exchange act, or not? */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import {
  answerPage,
  answerStatus,
  cutReply,
  type Fault,
  loseReply,
  loseRequest,
  neverArrive,
  neverReply,
  refuse,
  replay,
  throttle,
} from './faults.ts';
import { type CcxtBinance, pointedBinance } from './pointed-binance.ts';

let binance: TestBinance;
let exchange: CcxtBinance;

beforeEach(async () => {
  binance = await startBinance({ clock: new ManualClock('2024-11-29T09:48:26.000Z') });
  exchange = await pointedBinance(binance);
  await exchange.loadMarkets();
  binance.deposit('spot', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000');
});
afterEach(() => binance.close());

const buy = () =>
  exchange.createOrder('BTC/USDT', 'market', 'buy', 0.001, undefined, { clientOrderId: 'mine' });

async function thrownBy(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    return (thrown as Error).constructor.name;
  }
  return 'nothing';
}

test.each<[string, Fault, string, number]>([
  ['a lost request', loseRequest, 'NetworkError', 0],
  ['a lost reply', loseReply, 'NetworkError', 1],
  // Not an error of ccxt's at all.
  ['a reply that is cut off', cutReply, 'SocketError', 1],
  ['502 before it acted', answerStatus(502), 'ExchangeNotAvailable', 0],
  ['502 after it acted', answerStatus(502, 'acts'), 'ExchangeNotAvailable', 1],
  ['500 after it acted', answerStatus(500, 'acts'), 'ExchangeNotAvailable', 1],
  ['503 before it acted', answerStatus(503), 'ExchangeNotAvailable', 0],
  ['429', throttle(3), 'DDoSProtection', 0],
  ['418', throttle(120, 418), 'DDoSProtection', 0],
  ['a refusal of its own', refuse(400, -1001, 'Internal error.'), 'OperationFailed', 0],
  ['a status that is not known', refuse(503, -1007, 'Send status unknown.'), 'RequestTimeout', 0],
])('%s', async (_, fault, error, orders) => {
  binance.faults.next('POST /api/v3/order', fault);

  expect(await thrownBy(buy())).toBe(error);
  expect(binance.orders()).toHaveLength(orders);
  expect(binance.faults.pending).toBe(0);
  // The next one is well again.
  const found = await thrownBy(
    exchange.fetchOrder(undefined as never, 'BTC/USDT', { clientOrderId: 'mine' }),
  );
  expect(found).toBe(orders === 0 ? 'OrderNotFound' : 'nothing');
});

test.each<[string, Fault, number]>([
  ['a page that is no JSON, before it acted', answerPage(), 0],
  ['a page that is no JSON, after it acted', answerPage('acts'), 1],
])('%s: ccxt fails in some way', async (_, fault, orders) => {
  binance.faults.next('POST /api/v3/order', fault);

  expect(await thrownBy(buy())).not.toBe('nothing');
  expect(binance.orders()).toHaveLength(orders);
});

test.each<[string, Fault, number]>([
  ['no answer, though it acted', neverReply, 1],
  ['no answer, and it never arrived', neverArrive, 0],
])('%s: the client gives up by its own time limit', async (_, fault, orders) => {
  binance.faults.next('POST /api/v3/order', fault);
  exchange.timeout = 50;

  expect(await thrownBy(buy())).toBe('RequestTimeout');
  expect(binance.orders()).toHaveLength(orders);
});

test('a request that arrives twice buys twice, when its order does not stay open', async () => {
  binance.faults.next('POST /api/v3/order', replay);

  await buy();

  expect(binance.orders().map(({ clientOrderId }) => clientOrderId)).toEqual(['mine', 'mine']);
});

test('a request that arrives twice is refused the second time while its order is open', async () => {
  binance.faults.next('POST /api/v3/order', replay);

  const resting = exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.001, 49_000);

  await expect(resting).rejects.toThrow(/Duplicate order sent/);
  expect(binance.openOrders()).toHaveLength(1);
});

test('a request may wait before the exchange acts, and a reply after it has', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  binance.faults.next('POST /api/v3/order', { waitBefore: gate });
  binance.faults.next('POST /api/v3/order', { waitAfter: gate });

  const first = buy();
  await expect.poll(() => binance.requests().filter(({ method }) => method === 'POST')).toHaveLength(1);
  const second = buy();
  await expect.poll(() => binance.orders()).toHaveLength(1);
  open();

  await Promise.all([first, second]);
  expect(binance.orders()).toHaveLength(2);
});

describe('faults are chosen', () => {
  test('by part of the request line, by an expression, by a question; each is used once', async () => {
    binance.faults.next('GET /api/v3/account', loseReply);
    binance.faults.next(/ticker/, loseReply, 2);
    binance.faults.next(({ parameters }) => parameters['symbol'] === 'ETHUSDT', loseReply);

    expect(await thrownBy(exchange.fetchTicker('ETH/USDT'))).toBe('NetworkError');
    expect(await thrownBy(exchange.fetchTicker('BTC/USDT'))).toBe('NetworkError');
    expect(await thrownBy(exchange.fetchTicker('BTC/USDT'))).toBe('nothing');
    expect(await thrownBy(exchange.fetchBalance())).toBe('NetworkError');
    expect(await thrownBy(exchange.fetchOpenOrders('ETH/USDT'))).toBe('NetworkError');
    expect(binance.faults.pending).toBe(0);
  });

  test('for every request until it is enough', async () => {
    const enough = binance.faults.always('/api/v3/', answerStatus(503));
    expect(await thrownBy(exchange.fetchBalance())).toBe('ExchangeNotAvailable');
    expect(await thrownBy(buy())).toBe('ExchangeNotAvailable');
    enough();
    await buy();
  });

  test('by a seed, which sees each request with its number', async () => {
    const seen: string[] = [];
    binance.onRequest = ({ number, method, path }) => {
      seen.push(`${method} ${path}`);
      return number % 2 === 0 ? loseRequest : undefined;
    };
    const before = binance.requests().length;

    const results = [];
    for (let count = 0; count < 4; count += 1) results.push(await thrownBy(exchange.fetchBalance()));

    expect(seen).toEqual(Array(4).fill('GET /api/v3/account'));
    const isLost = (index: number) => (before + 1 + index) % 2 === 0;
    expect(results).toEqual([0, 1, 2, 3].map((index) => (isLost(index) ? 'NetworkError' : 'nothing')));
  });
});

test('everything may be away for a while, with all that it has', async () => {
  binance.goesAway();
  expect(await thrownBy(buy())).toBe('NetworkError');
  binance.comesBack();

  await buy();

  expect(binance.orders()).toHaveLength(1);
});
