import { describe, expect, test } from 'vitest';
import { decimal } from '../../../../engine/money.ts';
import type { BookView, Decision, MarketView } from '../../../../engine/signals/handler.ts';
import { order } from '../../../../engine/signals/handlers/order.ts';

const book = (more: Partial<{ cash: string; equity: string; held: string }> = {}): BookView => ({
  name: 'demo',
  currency: 'USD',
  cash: decimal(more.cash ?? '10000'),
  equity: decimal(more.equity ?? '10000'),
  free: decimal(more.cash ?? '10000'),
  capital: decimal(more.equity ?? '10000'),
  available: decimal(more.cash ?? '10000'),
  minimumEntry: decimal('0'),
  maximumLossPercent: null,
  home: 'account',
  wallet: 'account',
  debts: new Map(),
  averagePrices: new Map(),
  entries: new Map(),
  positions: new Map(more.held === undefined ? [] : [['SP500', decimal(more.held)]]),
});

/** Buys at 101, sells at 99, costs 1 % of what is traded, and can be had in hundredths. */
const market: MarketView = new Map([
  [
    'SP500',
    {
      instrument: {
        symbol: 'SP500',
        asset: 'SP500',
        currency: 'USD',
        rules: { quantityStep: '0.01', priceTick: '0.01', minimumQuantity: '0.01', minimumNotional: '0' },
        feeRate: '0.01',
      },
      quote: { symbol: 'SP500', bid: '99', ask: '101', last: '100', currency: 'USD', at: new Date(0) },
    },
  ],
]);

function decide(
  payload: Record<string, unknown>,
  { view = book(), settings = {}, at = market }: { view?: BookView; settings?: object; at?: MarketView } = {},
): Decision {
  return order
    .withSettings(settings)
    .read({ symbol: 'SP500', ...payload })
    .decide(view, at);
}

const step = ({
  purpose,
  quantity,
  ...more
}: {
  purpose: string;
  quantity: string;
  side: string;
  budget?: string;
}) => ({
  purpose,
  steps: [
    {
      ...{ kind: 'order', leg: 'order', symbol: 'SP500' },
      quantity: { is: 'fixed', amount: quantity },
      ...more,
    },
  ],
});

describe('a purchase', () => {
  test('by quantity is that quantity, written as a number or as text', () => {
    for (const quantity of [3, '3', ' 3.0 ']) {
      expect(decide({ action: 'buy', quantity })).toMatchObject(
        step({ side: 'buy', quantity: '3', purpose: 'entry' }),
      );
    }
  });

  test('by cost is what this money buys at the ask, its fee included', () => {
    // 1000 / (101 x 1.01) = 9.8029...
    expect(decide({ action: 'buy', cost: '1000' })).toMatchObject(
      step({ side: 'buy', quantity: '9.8', budget: '1000', purpose: 'entry' }),
    );
  });

  test('by percent is that part of the equity', () => {
    // 25 % of 20000 = 5000; 5000 / 102.01 = 49.0147...
    expect(decide({ action: 'buy', percent: 25 }, { view: book({ equity: '20000' }) })).toMatchObject(
      step({ side: 'buy', quantity: '49.01', budget: '5000', purpose: 'entry' }),
    );
  });

  test('of all the equity leaves no debt', () => {
    const decision = decide({ action: 'buy', percent: 100 });
    expect(decision).toMatchObject(
      step({ side: 'buy', quantity: '98.02', budget: '10000', purpose: 'entry' }),
    );
  });

  test('without a size takes the size of the book', () => {
    expect(decide({ action: 'buy' }, { settings: { size: { percent: 1 } } })).toMatchObject(
      step({ side: 'buy', quantity: '0.98', budget: '100', purpose: 'entry' }),
    );
  });

  test('that the book cannot pay is refused with the figures', () => {
    expect(decide({ action: 'buy', quantity: 100 })).toEqual({
      refused: '100 SP500 would cost 10,201.00 USD with its fee, but the book "demo" has 10,000.00 USD.',
    });
  });

  test('too small for one step is refused with the figures', () => {
    expect(decide({ action: 'buy', cost: 1 })).toEqual({
      refused: '1.00 USD buys less than 0.01 SP500, of which one costs 102.01 USD.',
    });
  });

  test('without a price is refused, with the reason why there is none', () => {
    const at: MarketView = new Map([['SP500', { why: 'There is no price for SP500: the source is away' }]]);
    expect(decide({ action: 'buy', quantity: 1 }, { at })).toEqual({
      refused: 'There is no price for SP500: the source is away',
    });
  });
});

describe('a sale', () => {
  const view = book({ held: '4.5' });

  test('without a size sells the whole position, also when there is no price', () => {
    expect(decide({ action: 'sell' }, { view, at: new Map() })).toMatchObject(
      step({ side: 'sell', quantity: '4.5', purpose: 'exit' }),
    );
  });

  test('ignores the default size, which is for purchases', () => {
    expect(decide({ action: 'sell' }, { view, settings: { size: { quantity: 1 } } })).toMatchObject(
      step({ side: 'sell', quantity: '4.5', purpose: 'exit' }),
    );
  });

  test('by percent is that part of the position', () => {
    expect(decide({ action: 'sell', percent: '50' }, { view })).toMatchObject(
      step({ side: 'sell', quantity: '2.25', purpose: 'exit' }),
    );
  });

  test('by cost is what brings this money at the bid', () => {
    expect(decide({ action: 'sell', cost: 200 }, { view })).toMatchObject(
      step({ side: 'sell', quantity: '2.02', purpose: 'exit' }),
    );
  });

  test('of more than is held is refused', () => {
    expect(decide({ action: 'sell', quantity: 5 }, { view })).toEqual({
      refused: 'It would sell 5 SP500, but the book "demo" holds 4.5.',
    });
  });

  test('of what is not held is refused', () => {
    expect(decide({ action: 'sell' })).toEqual({ refused: 'The book "demo" holds no SP500 to sell.' });
  });
});

describe('the symbol', () => {
  const summary = (payload: object, settings = {}) => order.withSettings(settings).read(payload).summary;

  test('may be called ticker, and loses the exchange that TradingView puts before it', () => {
    expect(summary({ action: 'buy', ticker: 'SP:SP500', quantity: 1 })).toBe('buy 1 SP500');
    expect(summary({ action: 'SELL', symbol: 'BINANCE:BTCUSDT' })).toBe('sell all BTCUSDT');
  });

  test('may be left out where the book has one', () => {
    expect(summary({ action: 'buy', cost: 8 }, { symbol: 'SP500' })).toBe('buy for 8 SP500');
  });

  test('that the book does not trade is refused', () => {
    expect(decide({ action: 'buy', quantity: 1 }, { settings: { symbols: ['ACME', 'X:BETA'] } })).toEqual({
      refused: 'The book "demo" does not trade SP500, only ACME, BETA.',
    });
  });
});

describe('a payload that cannot be read is answered with every field that is wrong', () => {
  const reading =
    (payload: object, settings = {}) =>
    () =>
      order.withSettings(settings).read(payload);
  const good = { action: 'buy', symbol: 'SP500', quantity: 1 };

  test.each([
    [{ ...good, action: 'hold' }, 'action: must be buy or sell'],
    [{ ...good, quantity: undefined }, 'quantity, cost or percent is missing'],
    [{ ...good, cost: 5 }, 'only one of quantity, cost and percent'],
    [{ ...good, symbol: undefined }, 'symbol: is missing'],
    [{ ...good, symbol: 'NYSE:' }, 'symbol: must name a symbol'],
    [{ ...good, quantity: 0 }, 'quantity: must be a positive number'],
    [{ ...good, quantity: '-1' }, 'quantity: must be a positive number'],
    [{ ...good, quantity: '1,000' }, 'quantity: must be a positive number'],
    [{ ...good, quantity: '1e400000' }, 'quantity: must be a positive number'],
    [{ ...good, quantity: Number.NaN }, 'quantity'],
    [{ ...good, quantity: undefined, percent: 101 }, 'percent: must be at most 100'],
    // Read over, a mistyped size would sell everything, and an unknown stop would leave the risk open.
    [{ action: 'sell', symbol: 'SP500', quantitty: 1 }, 'quantitty'],
    [{ ...good, stop: 90 }, 'stop'],
  ])('%j', (payload, message) => {
    const defined = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
    expect(reading(defined)).toThrow(message);
  });

  test.each([
    [{ size: { percent: 10, cost: 5 } }],
    [{ size: {} }],
    [{ symbls: ['A'] }],
    [{ symbols: [] }],
  ])('so are the settings of a book: %j', (settings) => {
    expect(() => order.withSettings(settings)).toThrow('The settings of the handler "order" are wrong');
  });

  test('what senders add for the record is read over', () => {
    const notes = { id: 'x', time: '2020-04-17', tag: 'sma', key: 'secret', close: 2874.56, volume: 1 };
    expect(reading({ ...good, ...notes })().summary).toBe('buy 1 SP500');
  });
});
