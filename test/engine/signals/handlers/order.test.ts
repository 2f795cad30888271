import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, zero } from '../../../../engine/money.ts';
import type { BookView, Decision, MarketView } from '../../../../engine/signals/handler.ts';
import { order } from '../../../../engine/signals/handlers/order.ts';
import type { AccountOptions } from './account.ts';
import { Account } from './account.ts';

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

/** One order, and nothing around it: money that rests where it trades. */
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
  const sale = (quantity: object) => ({
    purpose: 'exit',
    steps: [
      { kind: 'cancel', symbol: 'SP500' },
      { kind: 'order', leg: 'order', symbol: 'SP500', side: 'sell', quantity },
      { kind: 'settle' },
    ],
  });
  const fixed = (amount: string) => ({ is: 'fixed', amount });

  test('without a size sells all that is held when its turn comes, also when there is no price', () => {
    expect(decide({ action: 'sell' }, { view, at: new Map() })).toMatchObject(
      sale({ is: 'held', asset: 'SP500' }),
    );
  });

  test('ignores the default size, which is for purchases', () => {
    expect(decide({ action: 'sell' }, { view, settings: { size: { quantity: 1 } } })).toMatchObject(
      sale({ is: 'held', asset: 'SP500' }),
    );
  });

  test('by percent is that part of the position, also when there is no price', () => {
    for (const at of [market, new Map()]) {
      expect(decide({ action: 'sell', percent: '50' }, { view, at })).toMatchObject(sale(fixed('2.25')));
    }
  });

  test('by cost is what brings this money at the bid', () => {
    expect(decide({ action: 'sell', cost: 200 }, { view })).toMatchObject(sale(fixed('2.02')));
  });

  test('of a part may leave a stop for the rest', () => {
    const decision = decide({ action: 'sell', percent: 50, stop_loss: 90 }, { view });
    expect(decision).toHaveProperty('steps.2', {
      kind: 'order',
      leg: 'protection',
      symbol: 'SP500',
      side: 'sell',
      quantity: { is: 'held', asset: 'SP500' },
      terms: { type: 'stop', stopPrice: '90' },
      wallet: 'account',
      resting: true,
    });
  });

  test('at a limit is cut to a tick that is not worse, and counts what it brings there', () => {
    expect(decide({ action: 'sell', cost: 300, type: 'limit', price: '149.991' }, { view })).toMatchObject({
      steps: [{}, { quantity: fixed('2'), terms: { type: 'limit', limitPrice: '150' } }, {}],
    });
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

describe('an order with a price', () => {
  test.each([
    [
      { type: 'limit', price: '95.009' },
      { type: 'limit', limitPrice: '95' },
    ],
    [
      { type: 'stop', stop: '110.001' },
      { type: 'stop', stopPrice: '110.01' },
    ],
    [
      { type: 'STOP_LIMIT', stop: 110, price: 112 },
      { type: 'stop_limit', limitPrice: '112', stopPrice: '110' },
    ],
  ])('%j goes out as %j, on the tick', (fields, terms) => {
    expect(decide({ action: 'buy', quantity: 1, open_for: 3600, ...fields })).toMatchObject({
      steps: [{ terms, openForSeconds: 3600 }],
    });
  });

  test('buys for a cost what this money buys at that price', () => {
    // 1000 / (50 x 1.01) = 19.80...; 1000 / (110 x 1.01) = 9.0009...
    expect(decide({ action: 'buy', cost: 1000, type: 'limit', price: 50 })).toMatchObject({
      steps: [{ quantity: { amount: '19.8' } }],
    });
    expect(decide({ action: 'buy', cost: 1000, type: 'stop', stop: 110 })).toMatchObject({
      steps: [{ quantity: { amount: '9' } }],
    });
  });

  test('needs no quote when it is a limit', () => {
    const instrument = market.get('SP500')?.instrument;
    if (!instrument) throw new Error('the test has an instrument');
    const at = new Map([['SP500', { instrument }]]);
    expect(decide({ action: 'buy', quantity: 1, type: 'limit', price: 50 }, { at })).toHaveProperty('steps');
  });
});

describe('a stop loss and a take profit', () => {
  const guard = (payload: object) => decide({ action: 'buy', quantity: 1, ...payload });

  test('rest as one order for what was really bought', () => {
    expect(guard({ stop_loss: 90, take_profit: 120 })).toHaveProperty('steps.1', {
      kind: 'order',
      leg: 'protection',
      symbol: 'SP500',
      side: 'sell',
      quantity: { is: 'bought', leg: 'order' },
      terms: { type: 'oco', limitPrice: '120', stopPrice: '90' },
      wallet: 'account',
      resting: true,
    });
  });

  test('rest alone where only one is given', () => {
    expect(guard({ stop_loss: 90 })).toHaveProperty('steps.1.terms', { type: 'stop', stopPrice: '90' });
    expect(guard({ take_profit: 120 })).toHaveProperty('steps.1.terms', { type: 'limit', limitPrice: '120' });
  });

  test('on the wrong side of the price are refused', () => {
    expect(guard({ stop_loss: 101 })).toEqual({
      refused: 'The stop loss 101 is not below the price of SP500, 101.',
    });
    expect(guard({ take_profit: 80 })).toEqual({
      refused: 'The take profit 80 is not above the price of SP500, 101.',
    });
  });
});

describe('a short position', () => {
  const view: BookView = { ...book({ held: '-4' }), debts: new Map([['SP500', decimal('4')]]) };

  test('that was borrowed is bought back with its interest and repaid, also when there is no price', () => {
    expect(decide({ action: 'buy', quantity: 4 }, { view, at: new Map() })).toMatchObject({
      purpose: 'exit',
      steps: [
        { kind: 'cancel' },
        { side: 'buy', quantity: { is: 'owed', asset: 'SP500' }, netOfFee: true },
        { kind: 'repay', amount: { is: 'owed', asset: 'SP500' } },
        { kind: 'settle' },
      ],
    });
  });

  test('is repaid in part with what was bought', () => {
    expect(decide({ action: 'buy', quantity: 1 }, { view })).toMatchObject({
      purpose: 'exit',
      steps: [
        { kind: 'cancel' },
        { side: 'buy', quantity: { is: 'fixed', amount: '1' }, netOfFee: true },
        { kind: 'repay', amount: { is: 'bought', leg: 'order' } },
        { kind: 'settle' },
      ],
    });
  });

  test('that was borrowed is not turned into a long one', () => {
    expect(decide({ action: 'buy', quantity: 5 }, { view })).toEqual({
      refused: 'It would buy 5 SP500, but the book "demo" owes 4: buy that back first.',
    });
  });
});

describe('a book whose money rests in another wallet', () => {
  const listing = { name: 'BTCUSDT', symbol: 'BTC/USDT', asset: 'BTC', step: '0.00001', feeRate: '0.001' };
  const exchange = (more: Partial<AccountOptions> = {}) =>
    new Account({
      listings: [{ ...listing, bid: '60000', ask: '60000' }],
      capital: '100',
      home: 'funding',
      wallet: 'spot',
      ...more,
    });
  const run = (account: Account, payload: object, settings: object = {}) => {
    const decision = order.withSettings(settings).read(payload).decide(account.view(), account.market());
    if (!('steps' in decision)) throw new Error(JSON.stringify(decision));
    account.carryOut(decision.steps);
    return decision;
  };

  test("any signal buys bitcoin for 8, and the rest returns home: Mirage's BuyBtc", () => {
    const account = exchange();
    const settings = { action: 'buy', symbol: 'BINANCE:BTCUSDT', size: { cost: 8 } };
    const decision = run(account, {}, settings);
    expect(decision).toMatchObject({ purpose: 'entry' });
    expect(account.moved[0]).toMatchObject({ from: 'funding', to: 'spot' });
    expect(account.moved[0]?.amount.toFixed()).toBe('8');
    expect(account.net('BTC').toFixed()).toBe('0.00013'); // 8 / (60000 x 1.001) = 0.000133...
    expect(account.has('spot', 'USDT').toFixed()).toBe('0');
    expect(account.has('funding', 'USDT').toFixed()).toBe('92.1922'); // 100 - 7.8 x 1.001
  });

  test("BuyBtc in a book with Mirage's example of a smallest entry is refused before anything moves", () => {
    const handler = order.withSettings({ action: 'buy', symbol: 'BTCUSDT', size: { cost: 8 } });
    const account = exchange({ minimumEntry: '10' });
    expect(handler.read({}).decide(account.view(), account.market())).toEqual({
      refused:
        '0.00013 BTCUSDT is worth 7.80 USDT, below the smallest entry of 10.00 USDT of the book "test".',
    });
  });

  test('is lent what its own money does not reach, and gives it back at the exit', () => {
    const account = exchange({ pool: '50' });
    run(account, { action: 'buy', symbol: 'BTCUSDT', cost: 120 });
    expect(account.lent.gt(decimal('19'))).toBe(true);
    run(account, { action: 'sell', symbol: 'BTCUSDT' });
    expect(account.lent.toFixed()).toBe('0');
    expect(account.has('spot', 'USDT').toFixed()).toBe('0');
    expect(account.net('BTC').toFixed()).toBe('0');
  });

  test('below the smallest order of the exchange is refused before anything moves', () => {
    const account = exchange({
      listings: [{ ...listing, bid: '60000', ask: '60000', minimumNotional: '5' }],
    });
    const read = order.withSettings({}).read({ action: 'buy', symbol: 'BTCUSDT', cost: 4 });
    expect(read.decide(account.view(), account.market())).toEqual({
      refused: '0.00006 BTC/USDT is worth 3.60 USDT, below the smallest order of 5 USDT.',
    });
  });

  test('is sold under the name of the alert while the exchange is away', () => {
    const account = exchange();
    run(account, { action: 'buy', symbol: 'BTCUSDT', cost: 60 });
    for (const [symbol, percent] of [
      ['BTCUSDT', 50],
      ['BTC/USDT', 50],
    ] as const) {
      const read = order.withSettings({}).read({ action: 'sell', symbol, percent });
      expect(read.decide(account.view(), new Map())).toMatchObject({
        purpose: 'exit',
        steps: [{ kind: 'cancel' }, { symbol, side: 'sell' }, { kind: 'transfer' }, { kind: 'settle' }],
      });
    }
  });

  test('whatever the prices and sizes, neither spends nor sells more than there is', () => {
    const world = fc.record({
      bid: fc.integer({ min: 1, max: 1_000_000 }),
      spread: fc.integer({ min: 0, max: 1000 }),
      step: fc.constantFrom('1', '0.1', '0.00001'),
      feeRate: fc.constantFrom('0', '0.001', '0.02'),
      capital: fc.integer({ min: 1, max: 100_000 }),
      pool: fc.integer({ min: 0, max: 100_000 }),
      moves: fc.boolean(),
      feeIn: fc.constantFrom('money' as const, 'asset' as const),
      size: fc.oneof(
        fc.record({ quantity: fc.integer({ min: 1, max: 1000 }) }),
        fc.record({ cost: fc.integer({ min: 1, max: 200_000 }) }),
        fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      ),
      part: fc.integer({ min: 1, max: 100 }),
    });
    let bought = 0;
    fc.assert(
      fc.property(world, ({ bid, spread, step, feeRate, capital, pool, moves, feeIn, size, part }) => {
        const prices = { bid: String(bid / 100), ask: String((bid + spread) / 100) };
        const account = new Account({
          listings: [{ ...listing, ...prices, step, feeRate }],
          capital: String(capital),
          pool: String(pool),
          feeIn,
          ...(moves && { home: 'funding', wallet: 'spot' }),
        });
        const decide = (payload: object) =>
          order
            .withSettings({})
            .read({ symbol: 'BTCUSDT', ...payload })
            .decide(account.view(), account.market());
        const purchase = decide({ action: 'buy', ...size });
        expect(JSON.stringify(decide({ action: 'buy', ...size }))).toBe(JSON.stringify(purchase));
        if (!('steps' in purchase)) {
          expect('refused' in purchase && /\d/.test(purchase.refused)).toBe(true);
          return;
        }
        bought += 1;
        const { available } = account.view();
        account.carryOut(purchase.steps); // throws where more is sold, moved or spent than there is
        const [trade] = account.trades;
        if (!trade) throw new Error('a purchase trades');
        expect(trade.value.plus(feeIn === 'money' ? trade.fee : zero).lte(available)).toBe(true);
        if ('cost' in size) {
          const paid = trade.value.plus(trade.fee);
          expect(paid.lte(decimal(String(size.cost)))).toBe(true);
        }
        const held = account.net('BTC');
        const sale = decide({ action: 'sell', percent: part });
        if (!('steps' in sale)) return;
        account.carryOut(sale.steps);
        expect(account.net('BTC').gte(zero)).toBe(true);
        if (account.trades.length > 1) expect(account.net('BTC').lt(held)).toBe(true);
        else expect(held.lt(decimal(step)), 'only less than one step cannot be sold').toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(bought).toBeGreaterThan(30);
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
    [{ ...good, stop: 90 }, 'stop is for the types stop and stop_limit; a stop loss is stop_loss'],
    [{ ...good, price: 90 }, 'price is for the types limit and stop_limit'],
    [{ ...good, type: 'limit' }, 'price: is missing, a limit order needs it'],
    [{ ...good, type: 'stop' }, 'stop: is missing, a stop order needs it'],
    [{ ...good, type: 'trailing' }, 'type: must be market or limit or stop or stop_limit'],
    [{ ...good, open_for: 60 }, 'open_for is not for market orders'],
    [{ ...good, type: 'limit', price: 1, open_for: 9e9 }, 'open_for: must be at most 2592000 seconds'],
    [
      { action: 'sell', symbol: 'SP500', stop_loss: 90 },
      'stop_loss and take_profit of a sale are for what it leaves',
    ],
    [{ symbol: 'SP500', quantity: 1 }, 'action: is missing'],
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
