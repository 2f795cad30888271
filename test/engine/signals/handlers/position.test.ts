import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, zero } from '../../../../engine/money.ts';
import type { BookView, Decision } from '../../../../engine/signals/handler.ts';
import { position } from '../../../../engine/signals/handlers/position.ts';
import type { AccountOptions, Listing } from './account.ts';
import { Account } from './account.ts';

/** Buys at 101, sells at 99, and costs nothing. */
const btc: Listing = {
  ...{ name: 'BTCUSDT', symbol: 'BTC/USDT', asset: 'BTC' },
  ...{ bid: '99', ask: '101', step: '0.01', tick: '0.1' },
};

/** 10,000 of its own, of which a trade may lose 1 %: 100. */
function openAccount(more: Partial<AccountOptions> = {}): Account {
  return new Account({
    ...{ listings: [btc], capital: '10000', home: 'funding', wallet: 'margin', maximumLossPercent: '1' },
    ...more,
  });
}

const long = { action: 'entry', side: 'long', symbol: 'BINANCE:BTCUSDT', stop: 91 };
const short = { action: 'entry', side: 'short', symbol: 'BTCUSDT', stop: 109 };
const exit = { action: 'exit', symbol: 'BTCUSDT' };
const margin = { short: 'borrow' };

function decide(
  account: Account,
  payload: object,
  { settings = {}, view = {} }: { settings?: object; view?: Partial<BookView> } = {},
): Decision {
  return position.withSettings(settings).read(payload).decide(account.view(view), account.market());
}

function stepsOf(decision: Decision) {
  if ('steps' in decision) return decision.steps;
  throw new Error(JSON.stringify(decision));
}

/** An account that made this entry, and what was decided. */
function opened(payload: object, settings: object = {}, more: Partial<AccountOptions> = {}) {
  const account = openAccount(more);
  const decision = decide(account, payload, { settings });
  account.carryOut(stepsOf(decision));
  return { account, decision };
}

describe('an entry', () => {
  test('buys what loses the largest loss at the stop', () => {
    const { account, decision } = opened(long); // 100 / (101 - 91)
    expect(account.net('BTC').toFixed()).toBe('10');
    expect(decision).toMatchObject({ purpose: 'entry', notional: decimal('1010') });
    expect(decision).not.toHaveProperty('warning');
    expect(account.moved.map(({ amount }) => amount.toFixed())).toEqual(['1010']);
  });

  test('leaves the stop at the broker for what was really bought', () => {
    expect(stepsOf(opened(long).decision).at(-1)).toEqual({
      ...{
        kind: 'order',
        leg: 'protection',
        symbol: 'BTC/USDT',
        side: 'sell',
        wallet: 'margin',
        resting: true,
      },
      quantity: { is: 'bought', leg: 'entry' },
      terms: { type: 'stop', stopPrice: '91' },
    });
  });

  test('leaves stop and take profit as one order, cut to the tick towards less risk', () => {
    const { decision } = opened({ ...long, stop: 90.94, take_profit: 119.96 });
    expect(stepsOf(decision).at(-1)).toMatchObject({
      terms: { type: 'oco', limitPrice: '120', stopPrice: '91' },
    });
  });

  test('leaves at the broker no more than the book wants', () => {
    const kinds = (rest: string) =>
      stepsOf(opened({ ...long, take_profit: 120 }, { rest }).decision).map((step) =>
        'terms' in step ? step.terms?.type : step.kind,
      );
    expect(kinds('stop')).toEqual(['transfer', 'order', 'stop']);
    expect(kinds('none')).toEqual(['transfer', 'order']);
  });

  test('is sized by the price of the signal where that is farther from the stop', () => {
    expect(
      opened({ ...long, price: 111 })
        .account.net('BTC')
        .toFixed(),
    ).toBe('5');
    expect(
      opened({ ...long, price: 95 })
        .account.net('BTC')
        .toFixed(),
    ).toBe('10');
  });

  test('takes its risk from the signal, else the handler, and never beyond the book', () => {
    expect(
      opened({ ...long, risk: 0.5 }, { risk: 0.1 })
        .account.net('BTC')
        .toFixed(),
    ).toBe('5');
    expect(opened(long, { risk: 0.1 }).account.net('BTC').toFixed()).toBe('1');
    const { account, decision } = opened({ ...long, risk: 3 });
    expect(account.net('BTC').toFixed()).toBe('10');
    expect(decision).toMatchObject({ warning: "The risk of 3 % was cut to the book's 1 %." });
  });

  test('is cut to what the book can put in, and says so with the figures', () => {
    const { account, decision } = opened(
      { ...long, stop: 100.5 },
      {},
      { listings: [{ ...btc, feeRate: '0.001' }] },
    );
    expect(account.net('BTC').toFixed()).toBe('98.91'); // 10000 / (101 x 1.001)
    expect(decision).toMatchObject({
      warning:
        'A loss of 100.00 USDT at a stop 0.5 away is 200 BTCUSDT, and the book can put in 10,000.00 USDT: it was cut to 98.91.',
    });
    expect(account.cash.gte(zero)).toBe(true);
  });

  test('is lent what its own money does not reach, within the pool', () => {
    const { account } = opened({ ...long, stop: 100.5 }, {}, { pool: '5000' });
    expect(account.lent.gt(decimal('4900'))).toBe(true);
    account.carryOut(stepsOf(decide(account, exit)));
    expect(account.lent.toFixed()).toBe('0');
  });

  test('below the smallest entry of the book is refused with the figures', () => {
    expect(decide(openAccount({ minimumEntry: '2000' }), long)).toEqual({
      refused:
        'A loss of 100.00 USDT at a stop 10 away is 10 BTCUSDT, and the book can put in 10,000.00 USDT: ' +
        "an entry of 1,010.00 USDT is below the book's smallest of 2,000.00 USDT.",
    });
  });

  test('below the smallest order of the exchange is refused with the figures', () => {
    const account = openAccount({ listings: [{ ...btc, minimumNotional: '5000' }] });
    expect(decide(account, long)).toEqual({
      refused: expect.stringContaining(
        '10 BTC/USDT is worth 1,010.00 USDT, below the smallest order of 5000 USDT',
      ),
    });
  });

  test.each([
    ['whose price is its stop', { price: 91 }, 'are both 91'],
    ['whose stop is above', { price: 100, stop: 105 }, 'must be below its price'],
    ['whose stop was passed meanwhile', { stop: 102 }, 'is at 101 now, already beyond the stop 102'],
    ['whose take profit is none', { take_profit: 100 }, 'is no profit: BTCUSDT is at 101'],
    ['that is short where that is not allowed', { side: 'short' }, 'does not sell short'],
    ['of another symbol', { symbol: 'ETHUSDT' }, 'There is no price for ETHUSDT'],
  ])('%s is refused', (_, change, reason) => {
    expect(decide(openAccount(), { ...long, ...change })).toEqual({
      refused: expect.stringContaining(reason),
    });
  });

  test('in a book that says nowhere what it may lose is refused', () => {
    expect(decide(openAccount({ maximumLossPercent: null }), long)).toEqual({
      refused: expect.stringContaining('maximumLossPercent'),
    });
  });
});

describe('a short', () => {
  test('puts in its collateral, borrows, sells, and is guarded by a purchase', () => {
    const { account, decision } = opened({ ...short, take_profit: 80 }, margin); // 100 / (109 - 99)
    expect(account.net('BTC').toFixed()).toBe('-10');
    expect(account.owes('BTC').toFixed()).toBe('10');
    expect(account.moved.map(({ amount }) => amount.toFixed())).toEqual(['990']);
    expect(stepsOf(decision)).toMatchObject([
      { kind: 'transfer', from: 'funding', to: 'margin' },
      { kind: 'borrow', asset: 'BTC', amount: '10' },
      { kind: 'order', side: 'sell', quantity: { is: 'borrowed', leg: 'borrow' } },
      {
        kind: 'order',
        side: 'buy',
        resting: true,
        netOfFee: true,
        terms: { type: 'oco', limitPrice: '80', stopPrice: '109' },
      },
    ]);
  });

  test('puts in less where the margin of the broker carries the rest', () => {
    const { account } = opened(short, { ...margin, collateralPercent: 50 });
    expect(account.moved.map(({ amount }) => amount.toFixed())).toEqual(['495']);
  });

  test('is cut to the collateral that there is', () => {
    const { account } = opened({ ...short, stop: 99.1 }, margin);
    expect(account.net('BTC').toFixed()).toBe('-101.01'); // 10000 / 99
  });

  test('is bought back with interest and the fee in the coin, repaid, and its money brought home', () => {
    const listings = [{ ...btc, feeRate: '0.001' }];
    const { account } = opened(short, margin, { listings, feeIn: 'asset' });
    account.addDebt('BTC', decimal('0.005'));
    const decision = decide(account, exit, { settings: margin });
    expect(decision).toMatchObject({ purpose: 'exit' });
    account.carryOut(stepsOf(decision));
    expect(account.owes('BTC').toFixed()).toBe('0');
    expect(account.net('BTC').gte(zero)).toBe(true);
    expect(account.has('margin', 'USDT').toFixed()).toBe('0');
  });

  test('leaves in part, and what covers the rest stays where it is', () => {
    const { account } = opened(short, margin);
    const decision = decide(account, { ...exit, percent: 40, stop: 105 }, { settings: margin });
    expect(stepsOf(decision).map(({ leg }) => leg)).toEqual([
      'cancel',
      'exit',
      'exit-repay',
      'protection',
      'settle',
    ]);
    account.carryOut(stepsOf(decision));
    expect(account.owes('BTC').toFixed()).toBe('6');
    expect(account.resting).toMatchObject([
      { quantity: { is: 'owed' }, terms: { type: 'stop', stopPrice: '105' } },
    ]);
  });

  test('that its stop bought back is only repaid', () => {
    const { account } = opened(short, margin);
    account.add('margin', 'BTC', decimal('10'));
    for (const percent of [undefined, 50]) {
      const steps = stepsOf(decide(account, percent ? { ...exit, percent } : exit, { settings: margin }));
      expect(steps.map(({ kind }) => kind)).toEqual(['cancel', 'repay', 'transfer', 'settle']);
    }
  });

  test("of a share is the broker's own", () => {
    const settings = { short: 'broker' };
    const { account } = opened(short, settings, { short: true });
    expect(account.net('BTC').toFixed()).toBe('-10');
    const decision = decide(account, exit, { settings });
    expect(stepsOf(decision).map(({ kind }) => kind)).toEqual(['cancel', 'order', 'transfer', 'settle']);
    account.carryOut(stepsOf(decision));
    expect(account.net('BTC').toFixed()).toBe('0');
  });
});

describe('a further entry', () => {
  const again = (view: Partial<BookView>, pyramiding?: object) =>
    decide(opened(long).account, long, { settings: pyramiding ? { pyramiding } : {}, view });
  const entries = new Map([['BTC', 1]]);

  test('on the same side is refused where nothing else was said', () => {
    expect(again({ entries })).toEqual({ refused: 'The book "test" is long in BTCUSDT already.' });
  });

  test('is made up to the number that is allowed', () => {
    expect(again({ entries }, { entries: 2 })).toMatchObject({ purpose: 'entry' });
    expect(again({ entries: new Map([['BTC', 2]]) }, { entries: 2 })).toEqual({
      refused: 'The position in BTCUSDT has 2 of 2 entries already.',
    });
  });

  test('is made only in profit where that is wanted', () => {
    const at = (average: string) =>
      again(
        { entries, averagePrices: new Map([['BTC', decimal(average)]]) },
        { entries: 2, onlyInProfit: true },
      );
    expect(at('98')).toMatchObject({ purpose: 'entry' });
    expect(at('99')).toEqual({
      refused: 'The position in BTCUSDT is not in profit: it is at 99, and cost 99 on average.',
    });
  });

  test('is refused where it is not known what came before', () => {
    expect(again({}, { entries: 2 })).toEqual({
      refused: expect.stringContaining('not known how many entries'),
    });
    expect(again({ entries }, { entries: 2, onlyInProfit: true })).toEqual({
      refused: expect.stringContaining('not known what the position in BTCUSDT cost'),
    });
  });

  test('is not kept out by a leftover', () => {
    const account = openAccount();
    account.add('margin', 'BTC', decimal('0.009'));
    expect(decide(account, long)).toMatchObject({ purpose: 'entry' });
  });
});

describe('an entry on the other side', () => {
  test('waits for the exit', () => {
    expect(decide(opened(long).account, short, { settings: margin })).toEqual({
      again: 'The book "test" is still long in BTCUSDT.',
      afterSeconds: 5,
    });
  });

  test('ends the position first where the book reverses, and is then decided again', () => {
    const settings = { ...margin, reversal: true };
    const { account } = opened(long, settings);
    const decision = decide(account, short, { settings });
    expect(decision).toMatchObject({ purpose: 'exit', thenAgain: true });
    account.carryOut(stepsOf(decision));
    expect(account.net('BTC').toFixed()).toBe('0');
    const next = decide(account, short, { settings });
    expect(next).toMatchObject({ purpose: 'entry' });
    expect(next).not.toHaveProperty('thenAgain');
    account.carryOut(stepsOf(next));
    expect(account.net('BTC').lt(zero)).toBe(true);
  });
});

describe('an exit', () => {
  test('cancels what rests, sells what is held, and brings the money home', () => {
    const { account } = opened(long);
    const decision = decide(account, exit);
    expect(stepsOf(decision)).toMatchObject([
      { kind: 'cancel', symbol: 'BTC/USDT' },
      { kind: 'order', side: 'sell', quantity: { is: 'held', asset: 'BTC' } },
      { kind: 'transfer', from: 'margin', to: 'funding', asFarAsPossible: true },
      { kind: 'settle' },
    ]);
    account.carryOut(stepsOf(decision));
    expect(account.has('margin', 'USDT').toFixed()).toBe('0');
    expect(account.resting).toEqual([]);
  });

  test('works while the source of prices is away', () => {
    const { account } = opened(short, margin);
    const read = position.withSettings(margin).read(exit);
    expect(stepsOf(read.decide(account.view(), new Map()))).toMatchObject([
      { kind: 'cancel', symbol: 'BTCUSDT' },
      { side: 'buy', quantity: { is: 'owed', asset: 'BTC' } },
      { kind: 'repay', asset: 'BTC' },
      { kind: 'transfer' },
      { kind: 'settle' },
    ]);
  });

  test('in part says that the rest is left without its stop, or leaves another one', () => {
    const { account } = opened(long);
    const decision = decide(account, { ...exit, percent: 25 });
    expect(decision).toMatchObject({
      warning: 'What rested at the broker for BTCUSDT was cancelled: the rest has no stop there.',
    });
    const guarded = decide(account, { ...exit, percent: 25, stop: 95 });
    expect(guarded).not.toHaveProperty('warning');
    account.carryOut(stepsOf(guarded));
    expect(account.net('BTC').toFixed()).toBe('7.5');
    expect(account.resting).toMatchObject([
      { quantity: { is: 'held', asset: 'BTC' }, terms: { type: 'stop', stopPrice: '95' } },
    ]);
  });

  test('of a part too small to trade is refused', () => {
    expect(decide(opened(long).account, { ...exit, percent: 0.05 })).toEqual({
      refused: '0.05 % of the position cannot be traded: 0 BTC/USDT is below the smallest order of 0.01.',
    });
  });

  test('of the other side is refused, and without a position waits for its entry', () => {
    expect(decide(opened(long).account, { ...exit, side: 'short' })).toEqual({
      refused: 'It would leave a short in BTCUSDT, but the book "test" is long.',
    });
    expect(decide(openAccount(), exit)).toEqual({
      again: 'The book "test" has no position in BTCUSDT to leave.',
      afterSeconds: 5,
    });
  });
});

describe('a payload or a setting that cannot be read', () => {
  test.each([
    [{ ...long, stop: undefined }, 'stop: is missing'],
    [{ ...long, side: undefined }, 'side: is missing'],
    [{ ...long, side: 'up' }, 'side: must be long or short'],
    [{ ...long, stopp: 1 }, 'stopp'],
    [{ ...long, quantity: 1 }, 'quantity'],
    [{ ...long, percent: 10 }, 'percent is for exits'],
    [{ ...exit, stop: 90 }, 'give percent, below 100'],
    [{ ...exit, risk: 1 }, 'price and risk are for entries'],
    [{ action: 'exit' }, 'symbol: is missing'],
  ])('%j', (payload, message) => {
    const defined = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
    expect(() => position.withSettings({}).read(defined)).toThrow(message);
  });

  test.each([
    [{ short: 'yes' }],
    [{ collateralPercent: 10 }],
    [{ pyramiding: { entries: 0 } }],
    [{ stop: 5 }],
  ])('%j', (settings) => {
    expect(() => position.withSettings(settings)).toThrow('The settings of the handler "position" are wrong');
  });

  test('is told in a few words otherwise', () => {
    const words = (payload: object) => position.withSettings({}).read(payload).summary;
    expect(words({ ...long, tag: 'breakout', close: 100 })).toBe('enter long BTCUSDT, stop 91');
    expect(words({ ...exit, percent: '50' })).toBe('exit 50 % of BTCUSDT');
    expect(words({ ...exit, percent: 100, side: 'LONG' })).toBe('exit long BTCUSDT');
  });
});

test('whatever the prices and books, an entry puts in and loses no more than it may, and its exit leaves nothing', () => {
  const world = fc.record({
    bid: fc.integer({ min: 1, max: 10_000_000 }),
    spread: fc.integer({ min: 0, max: 10_000 }),
    step: fc.constantFrom('1', '0.1', '0.001', '0.00000001'),
    feeRate: fc.constantFrom('0', '0.001', '0.02'),
    feeIn: fc.constantFrom('money' as const, 'asset' as const),
    side: fc.constantFrom('long' as const, 'short' as const),
    stopAway: fc.integer({ min: 1, max: 900 }),
    seen: fc.option(fc.integer({ min: 900, max: 1100 })),
    capital: fc.integer({ min: 1, max: 1_000_000 }),
    pool: fc.integer({ min: 0, max: 1_000_000 }),
    risk: fc.constantFrom('0.1', '2', '50', '100'),
    collateralPercent: fc.constantFrom('20', '100', '250'),
    homeIsAway: fc.boolean(),
    part: fc.integer({ min: 1, max: 100 }),
  });
  let entered = 0;
  fc.assert(
    fc.property(world, (given) => {
      const { side, capital, pool, feeRate, feeIn, collateralPercent, homeIsAway } = given;
      const bid = decimal(String(given.bid / 1000));
      const ask = bid.plus(decimal(String(given.spread / 1000)));
      const isLong = side === 'long';
      const market = isLong ? ask : bid;
      const away = market.times(decimal(String(given.stopAway))).div(decimal('1000'));
      const stop = isLong ? market.minus(away) : market.plus(away);
      const account = new Account({
        listings: [{ ...btc, bid: bid.toFixed(), ask: ask.toFixed(), step: given.step, feeRate }],
        capital: String(capital),
        pool: String(pool),
        maximumLossPercent: given.risk,
        feeIn,
        ...(homeIsAway && { home: 'funding', wallet: 'margin' }),
      });
      const handler = position.withSettings({ short: 'borrow', collateralPercent });
      const decideOn = (payload: object) => handler.read(payload).decide(account.view(), account.market());
      const signal = {
        ...{ action: 'entry', symbol: 'BTCUSDT', side, stop: stop.toFixed() },
        ...(given.seen !== null && {
          price: market
            .times(decimal(String(given.seen)))
            .div(decimal('1000'))
            .toFixed(),
        }),
      };
      const decision = decideOn(signal);
      expect(JSON.stringify(decideOn(signal))).toBe(JSON.stringify(decision));
      if (!('steps' in decision)) {
        expect('refused' in decision && /\d/.test(decision.refused)).toBe(true);
        return;
      }
      entered += 1;
      const { available } = account.view();
      account.carryOut(decision.steps); // throws where more is sold, moved or spent than there is
      const [trade] = account.trades;
      if (!trade) throw new Error('an entry trades');
      const putIn = isLong ? trade.value : trade.value.times(decimal(collateralPercent)).div(decimal('100'));
      expect(putIn.lte(available)).toBe(true);
      for (const { amount } of account.moved) expect(amount.lte(available)).toBe(true);
      const mayLose = decimal(String(capital)).times(decimal(given.risk)).div(decimal('100'));
      expect(trade.quantity.times(away).lte(mayLose)).toBe(true);
      expect(account.resting).toHaveLength(1);

      account.add(account.wallet, 'USDT', decimal('100000000000000')); // the price has moved for the better
      const held = account.net('BTC').abs();
      const partly = decideOn({ action: 'exit', symbol: 'BTCUSDT', percent: given.part });
      if ('steps' in partly) {
        account.carryOut(partly.steps);
        expect(account.net('BTC').abs().lt(held)).toBe(true);
      }
      const rest = decideOn({ action: 'exit', symbol: 'BTCUSDT' });
      if ('steps' in rest) account.carryOut(rest.steps);
      // A fee in the coin can leave so little of one step that nothing of it can be traded, nor settled.
      if ('steps' in rest) expect(account.lent.toFixed()).toBe('0');
      expect(
        account
          .net('BTC')
          .abs()
          .lt(decimal(given.step).times(decimal('2'))),
      ).toBe(true);
    }),
    { numRuns: 400 },
  );
  expect(entered).toBeGreaterThan(50);
});
