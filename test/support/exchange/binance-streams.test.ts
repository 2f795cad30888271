/** The Binance of our tests, through the real ccxt pro: orders, fills, balances and prices as they happen. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import { type CcxtBinance, pointedBinance } from './pointed-binance.ts';

let clock: ManualClock;
let binance: TestBinance;
let exchange: CcxtBinance;
/** All that came over websockets. */
let frames: object[];

/** Generous: the machine is busy, and ccxt waits before it connects again. */
const eventually = <T>(what: () => T | Promise<T>) => expect.poll(what, { timeout: 45_000 });

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  binance = await startBinance({ clock });
  exchange = await pointedBinance(binance);
  await exchange.loadMarkets();
  frames = [];
  const handle = exchange.handleMessage.bind(exchange);
  exchange.handleMessage = (client, message) => {
    frames.push(message);
    handle(client, message);
  };
  binance.deposit('spot', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000', { spread: '0' });
});
afterEach(async () => {
  await exchange.close();
  await binance.close();
});

/** Every order event, as ccxt tells it, until the stream ends. */
function listen(
  params: object = {},
  symbol?: string,
): { readonly seen: string[]; readonly ended: Promise<Error> } {
  const seen: string[] = [];
  const ended = (async () => {
    for (;;) {
      try {
        for (const order of await exchange.watchOrders(symbol, undefined, undefined, params)) {
          seen.push(`${order.clientOrderId} ${order.status} ${order.filled}`);
        }
      } catch (thrown) {
        return thrown as Error;
      }
    }
  })();
  return { seen, ended };
}

const subscribed = (wallet: 'spot' | 'cross' | 'isolated:BTCUSDT') =>
  eventually(() => binance.streams.subscribers(wallet)).toBe(1);

const buy = (clientOrderId: string, params: object = {}) =>
  exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.004, 49_000, { ...params, clientOrderId });

describe('the events of an account', () => {
  test('tell of an order from its birth to its end', async () => {
    const { seen } = listen();
    await subscribed('spot');

    await buy('a');
    binance.book('BTC/USDT').set({});
    binance.book('BTC/USDT').sells('0.001', '49000');
    await eventually(() => seen).toEqual(['a open 0', 'a open 0.001']);
    await exchange.cancelOrder('', 'BTC/USDT', { clientOrderId: 'a' });

    await eventually(() => seen).toEqual(['a open 0', 'a open 0.001', 'a canceled 0.001']);
  });

  test('tell of each fill with its fee', async () => {
    const fills = exchange.watchMyTrades('BTC/USDT');
    await subscribed('spot');

    await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { clientOrderId: 'm' });

    expect(await fills).toMatchObject([
      {
        id: String(binance.trades()[0]?.id),
        amount: 0.01,
        price: 50_000,
        fee: { cost: 0.00001, currency: 'BTC' },
      },
    ]);
  });

  test('tell of balances: after an order, a deposit, a transfer', async () => {
    const balance = exchange.watchBalance();
    await subscribed('spot');
    await buy('a');
    expect((await balance)['USDT']).toMatchObject({ free: 804, used: 196 });

    const next = exchange.watchBalance();
    binance.deposit('spot', 'USDT', '50');
    expect((await next)['USDT']).toMatchObject({ free: 854 });
  });

  test.each([
    ['cross', 'cross', { type: 'margin' }],
    ['isolated', 'isolated:BTCUSDT', { type: 'margin', marginMode: 'isolated' }],
  ] as const)('tell of %s margin alone to who asks for that', async (marginMode, wallet, params) => {
    binance.deposit(wallet, 'USDT', '1000');
    const { seen } = listen(params, 'BTC/USDT');
    await subscribed(wallet);

    await buy('in-spot');
    await buy('in-margin', { marginMode });

    await eventually(() => seen).toEqual(['in-margin open 0']);
    expect(binance.streams.subscribers('spot')).toBe(0);
  });

  test('are refused to a wrong secret', async () => {
    const other = await pointedBinance(binance, { ...binance.keys, secret: 'wrong' });
    await expect(other.watchOrders()).rejects.toThrow(/-1022/);
    await other.close();
  });

  test('come doubled, late and not at all when they are told to', async () => {
    listen();
    await subscribed('spot');
    const reportOf = (clientOrderId: string) => (event: object) => 'c' in event && event.c === clientOrderId;
    binance.streams.next('outboundAccountPosition', 'drop');
    binance.streams.next(reportOf('a'), 'double');
    binance.streams.next(reportOf('b'), 'drop');
    binance.streams.next(reportOf('c'), 'late');
    binance.streams.next(reportOf('d'), 20);

    for (const id of ['a', 'b', 'c', 'd']) await buy(id);

    const heard = () =>
      frames.flatMap((frame) => {
        const { event } = frame as { event?: { e: string; c?: string } };
        return event === undefined ? [] : [event.c ?? 'balances'];
      });
    await eventually(heard).toEqual(['a', 'a', 'balances', 'balances', 'c', 'balances', 'd']);
  });

  test('that are kept late come when nothing follows and they are asked for', async () => {
    const { seen } = listen();
    await subscribed('spot');
    binance.streams.onEvent = () => 'late';
    await buy('a');

    binance.streams.deliverLate();

    await eventually(() => seen).toEqual(['a open 0']);
  });

  test('may be faulted by a seed', async () => {
    const { seen } = listen();
    await subscribed('spot');
    binance.streams.onEvent = ({ c }) => (c === 'a' ? 'drop' : undefined);

    for (const id of ['a', 'b']) await buy(id);

    await eventually(() => seen).toEqual(['b open 0']);
  });

  test('end when the subscription runs out: the connection stays, and says that it was terminated', async () => {
    listen();
    await subscribed('spot');

    binance.streams.expire();

    await eventually(() => binance.streams.subscribers('spot')).toBe(0);
    expect(binance.streams.connections).toBe(1);
    // ccxt drops its subscription, so that the next call makes a new one.
    await eventually(async () => {
      void exchange.watchOrders().catch(() => undefined);
      return binance.streams.subscribers('spot');
    }).toBe(1);
  });

  test('of margin end when the token runs out by the clock', async () => {
    binance.deposit('cross', 'USDT', '1000');
    const { seen } = listen({ type: 'margin' });
    await subscribed('cross');

    clock.advance(24 * 3_600_000);
    await buy('a', { marginMode: 'cross' });

    await eventually(() => binance.streams.subscribers('cross')).toBe(0);
    expect(seen).toEqual([]);
  });
});

describe('a connection', () => {
  test.each(['close', 'break'] as const)('may end (%s), and ccxt takes a new one', async (how) => {
    const first = listen();
    await subscribed('spot');

    binance.streams.disconnect(how);
    expect((await first.ended).constructor.name).toBe('NetworkError');
    await eventually(() => binance.streams.connections).toBe(0);
    const second = listen();
    await subscribed('spot');
    await buy('after');

    await eventually(() => second.seen).toEqual(['after open 0']);
  });

  test('may be half-open: ccxt notices by the missing pong, on its own clock', async () => {
    const quick = { keepAlive: 100, maxPingPongMisses: 1 };
    exchange.streaming = { ...exchange.streaming, ...quick };
    const { ended } = listen();
    await subscribed('spot');

    binance.streams.goSilent();
    await buy('unheard');

    expect((await ended).message).toMatch(/ping-pong keepalive/);
  });

  test('may be impossible for a while', async () => {
    const { ended } = listen();
    await subscribed('spot');
    binance.goesAway();
    await ended;
    await eventually(() => binance.streams.connections).toBe(0);
    await expect(exchange.fetchBalance()).rejects.toThrow(/fetch|socket|ECONNRE|closed/i);

    binance.comesBack();

    await exchange.fetchBalance();
    listen();
    await subscribed('spot');
  });
});

describe('prices', () => {
  test('come as the market moves', async () => {
    expect(await exchange.watchTicker('BTC/USDT')).toMatchObject({ last: 50_000 });
    binance.book('BTC/USDT').price('51000');
    await eventually(
      async () =>
        (await Promise.race([exchange.watchTicker('BTC/USDT'), exchange.tickers['BTC/USDT']]))?.last,
    ).toBe(51_000);
    const best = await exchange.watchBidsAsks(['BTC/USDT']);
    expect(best['BTC/USDT']).toMatchObject({ bid: 50_999.99, ask: 51_000.01 });
  });

  test('come trade by trade', async () => {
    const trades = exchange.watchTrades('BTC/USDT');
    await eventually(() => binance.streams.connections).toBe(1);
    const moving = setInterval(() => binance.book('BTC/USDT').buys('0.002'), 5);

    expect((await trades)[0]).toMatchObject({ symbol: 'BTC/USDT', price: 50_000, amount: 0.002 });
    clearInterval(moving);
  });
});
