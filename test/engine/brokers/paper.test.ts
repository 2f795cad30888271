import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { brokerSettings, createBroker } from '../../../engine/brokers/index.ts';
import type { Clock } from '../../../engine/clock.ts';
import { systemClock } from '../../../engine/clock.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { brokerSuite } from '../../support/suites/broker-suite.ts';
import { tempStore } from '../../support/temp-store.ts';
import { WatchedStore } from '../../support/watched-store.ts';

interface Around {
  readonly store?: Store;
  readonly prices?: FixedPrices;
  readonly clock?: Clock;
}

async function paper(
  settings: Record<string, unknown> = {},
  { store, prices = new FixedPrices({ SP500: '100' }), clock = new ManualClock() }: Around = {},
) {
  const kept = store ?? (await tempStore());
  const broker = await createBroker(
    'paper',
    brokerSettings.parse({ type: 'paper', source: 'fixed', balances: { USD: '10000' }, ...settings }),
    {
      store: kept,
      clock,
      log: silentLog,
      outbox: await Outbox.open(kept, clock),
      prices: () => prices,
    },
  );
  onTestFinished(() => broker.disconnect());
  return broker;
}

const market = { type: 'market' } as const;
const buy = (clientOrderId: string, quantity: string) =>
  ({ clientOrderId, symbol: 'SP500', side: 'buy', quantity, terms: market }) as const;
const sell = (clientOrderId: string, quantity: string) =>
  ({ ...buy(clientOrderId, quantity), side: 'sell' }) as const;

for (const settings of [{}, { slippage: 0.001, fee: 0.002, priceTick: 0.01 }, { short: true }]) {
  brokerSuite(`paper with ${JSON.stringify(settings)}`, async () => {
    const store = await tempStore();
    const prices = new FixedPrices({ SP500: '100' });
    return {
      broker: await paper(settings, { store, prices }),
      symbol: 'SP500',
      lot: '1',
      spellings: ['SP500', 'CBOE:SP500'],
      restart: () => paper(settings, { store, prices }),
      movePrice: async (price) => prices.set('SP500', price),
    };
  });
}

brokerSuite('paper whose source is asked for prices, on an order that takes time to arrive', async () => {
  const around = {
    store: await tempStore(),
    prices: new FixedPrices({ SP500: '100' }, 'USD', { streams: false }),
    clock: systemClock,
  };
  const settings = { latencyMs: 5, pollSeconds: 0.02 };
  return {
    broker: await paper(settings, around),
    symbol: 'SP500',
    lot: '1',
    spellings: [],
    restart: () => paper(settings, around),
    movePrice: async (price) => around.prices.set('SP500', price),
  };
});

/** Like a crypto exchange: coins, steps, fees in what is bought, wallets and loans. */
const likeAnExchange = {
  balances: { USDT: '10000' },
  wallets: ['spot', 'cross'],
  fee: '0.001',
  feeIn: 'bought',
  quantityStep: '0.00001',
  priceTick: '0.01',
  minimumNotional: '5',
  volumeShare: '1',
  margin: { wallets: ['cross'], interest: '0.0024', noLender: ['DOGE'] },
};

brokerSuite('paper like a crypto exchange', async () => {
  const clock = new ManualClock();
  let replies: 'come' | 'one is lost' | 'never come' = 'come';
  const store = new WatchedStore(await tempStore(), async (moment, call) => {
    if (replies === 'never come') throw new StoreError('the disk is away');
    if (replies === 'one is lost' && moment === 'after' && call === 'account_entries.insert') {
      replies = 'come';
      throw new StoreError('the reply was lost');
    }
  });
  const prices = new FixedPrices({ 'BTC/USDT': '20000', 'DOGE/USDT': '0.1' }, 'USDT');
  const around = { store, prices, clock };
  return {
    broker: await paper(likeAnExchange, around),
    symbol: 'BTC/USDT',
    lot: '0.002',
    spellings: ['BTC/USDT', 'BTCUSDT', 'BINANCE:BTCUSDT', 'btcusdt'],
    restart: () => paper(likeAnExchange, around),
    movePrice: async (price) => prices.set('BTC/USDT', price),
    tradePart: async (price, quantity) => prices.set('BTC/USDT', price, quantity),
    loseNextReply: () => {
      replies = 'one is lost';
    },
    outage: {
      begin: () => {
        replies = 'never come';
      },
      end: () => {
        replies = 'come';
      },
    },
    margin: {
      wallet: 'cross',
      collateral: { asset: 'USDT', amount: '1000' },
      loan: { asset: 'BTC', amount: '0.004' },
      withoutLender: 'DOGE',
      passHours: async (hours) => clock.advance(hours * 3_600_000),
    },
  };
});

describe('the paper account', () => {
  test('slippage makes a purchase dearer and a sale cheaper, and the fee is a rate of what was traded', async () => {
    const broker = await paper({ slippage: '0.001', fee: '0.002' });
    await broker.connect();
    await broker.submit(buy('a', '10'));
    await broker.submit(sell('b', '10'));
    const fills = await broker.fillsSince(new Date(0));
    expect(fills.map(({ price, fee }) => ({ price, fee }))).toEqual([
      { price: '100.1', fee: '2.002' },
      { price: '99.9', fee: '1.998' },
    ]);
    expect(await broker.balances()).toMatchObject([{ asset: 'USD', free: '9994' }]);
  });

  test('a price between two ticks is rounded against the trader', async () => {
    const broker = await paper({ priceTick: '0.5' }, { prices: new FixedPrices({ SP500: '100.2' }) });
    expect(await broker.quote('SP500')).toMatchObject({ bid: '100', ask: '100.5', last: '100.2' });
  });

  test('a rejection says what was needed and what is there', async () => {
    const broker = await paper({ fee: '0.01' });
    await broker.connect();
    await broker.submit(buy('a', '50'));
    expect(await broker.submit(buy('b', '50'))).toEqual({
      outcome: 'rejected',
      reason: 'would cost 5,050.00 USD but holds 4,950.00 USD',
    });
    expect(await broker.submit(sell('c', '51'))).toEqual({
      outcome: 'rejected',
      reason: 'would sell 51 SP500 but holds 50',
    });
  });

  test('a rejection stands: the same order sent again later, when it could be filled, is still rejected', async () => {
    const prices = new FixedPrices({ SP500: '100000' });
    const broker = await paper({}, { prices });
    await broker.connect();
    const first = await broker.submit(buy('a', '1'));
    prices.set('SP500', '1');
    expect(await broker.submit(buy('a', '1'))).toEqual(first);
    expect(first.outcome).toBe('rejected');
  });

  test('without a price nothing is traded, and the reason is passed on', async () => {
    const prices = new FixedPrices({ SP500: '100' });
    const broker = await paper({}, { prices });
    await broker.connect();
    prices.fault = new Error('the source is away');
    expect(await broker.submit(buy('a', '1'))).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('the source is away'),
    });
  });

  test('a short sale, where it is allowed, leaves a negative position', async () => {
    const broker = await paper({ short: true });
    await broker.connect();
    await broker.submit(sell('a', '3'));
    expect(await broker.positions()).toMatchObject([{ symbol: 'SP500', quantity: '-3' }]);
    expect(await broker.balances()).toMatchObject([{ asset: 'USD', free: '10300' }]);
  });

  test('a store that fails leaves the fate of an order unknown, not rejected', async () => {
    let failing = false;
    const store = new WatchedStore(await tempStore(), async () => {
      if (failing) throw new StoreError('the disk is full');
    });
    const broker = await paper({}, { store });
    await broker.connect();
    failing = true;
    expect(await broker.submit(buy('a', '1'))).toMatchObject({ outcome: 'unknown' });
  });

  test('two desks on one store cannot spend the same money', async () => {
    const store = await tempStore();
    const [one, other] = [await paper({}, { store }), await paper({}, { store })];
    await one.connect();
    await other.connect();
    const outcomes = await Promise.all([one.submit(buy('a', '60')), other.submit(buy('b', '60'))]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['accepted', 'rejected']);
  });

  test('accounts of different names share nothing', async () => {
    const store = await tempStore();
    const clock = new ManualClock();
    const surroundings = {
      store,
      clock,
      log: silentLog,
      outbox: await Outbox.open(store, clock),
      prices: () => new FixedPrices({ SP500: '100' }),
    };
    const settings = brokerSettings.parse({ type: 'paper', source: 'fixed', balances: { USD: '1000' } });
    const [one, other] = [
      await createBroker('one', settings, surroundings),
      await createBroker('other', settings, surroundings),
    ];
    await one.connect();
    await other.connect();
    await one.submit(buy('a', '1'));
    expect(await other.positions()).toEqual([]);
    expect(await other.findOrder('a', 'SP500')).toBeUndefined();
  });
});

describe('the settings of a broker', () => {
  test('numbers and texts are both taken, and mean the same', () => {
    const [fromNumbers, fromTexts] = [
      { fee: 0.001, balances: { USD: 1000 } },
      { fee: '0.001', balances: { USD: '1000' } },
    ].map((more) => brokerSettings.parse({ type: 'paper', source: 'demo', ...more }));
    expect(fromNumbers?.type).toBe('paper');
    expect(fromTexts?.type).toBe('paper');
  });

  test.each([
    [{ type: 'papier' }, 'type', /Expected 'paper'/],
    [{ type: 'paper', balances: {} }, 'source', /expected string/],
    [{ type: 'paper', source: 'demo', balances: { USD: '-1' } }, 'balances.USD', /must not be negative/],
    [{ type: 'paper', source: 'demo', balances: {}, fee: '1%' }, 'fee', /must be a decimal number/],
    [{ type: 'paper', source: 'demo', balances: {}, slippage: 1.5 }, 'slippage', /below 1/],
    [{ type: 'paper', source: 'demo', balances: {}, feee: 0.1 }, '', /feee/],
  ])('a mistake is named with its place: %j', (settings, path, message) => {
    const { error } = brokerSettings.safeParse(settings);
    expect(error).toBeInstanceOf(z.ZodError);
    const issue = error?.issues.find((candidate) => candidate.path.join('.') === path);
    expect(issue?.message, `an issue at "${path}"`).toMatch(message);
  });
});
