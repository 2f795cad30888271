/** What cannot be right is refused with words, or told beside the figures: never a silent number. */
import { describe, expect, test } from 'vitest';
import { Backtest, type OrderRequest, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import type { Bars } from '../../../engine/market/bars.ts';
import { barsOf } from './bars.ts';

/** Buys on bar 20 and sells on bar 30. */
class Buyer extends Strategy<typeof Buyer.params> {
  static params = { period: 5 };
  average!: Series;

  init() {
    this.average = this.indicator(sma, this.data.close, this.params.period);
  }

  next() {
    if (this.data.bar === 20) this.buy({ size: 1 });
    if (this.data.bar === 30) this.position.close();
  }
}

const orders = (request: object) =>
  class extends Strategy {
    init() {}
    next() {
      this.buy(request as OrderRequest);
    }
  };

const bars = (): Bars =>
  barsOf(
    'AA',
    Array.from({ length: 60 }, (_, day) => 50 + 10 * Math.sin(day / 9)),
  );

const edited = (edit: (bars: Bars) => void): Bars => {
  const own = structuredClone(bars());
  edit(own);
  return own;
};

describe('bars that cannot be traded are refused', () => {
  test.each<[string, (bars: Bars) => void, string]>([
    [
      'a gap in the prices',
      ({ close }) => close.fill(Number.NaN, 7, 8),
      'AA has a close of NaN on 2024-01-08',
    ],
    ['a price of zero', ({ low }) => low.fill(0, 7, 8), 'AA has a low of 0 on 2024-01-08'],
    ['a negative price', ({ open }) => open.fill(-3, 7, 8), 'AA has a open of -3'],
    ['no end of a price', ({ high }) => high.fill(Number.POSITIVE_INFINITY, 7, 8), 'high of Infinity'],
    ['times twice', ({ time }) => time.copyWithin(7, 6, 7), 'bars out of order or twice, at 2024-01-07'],
    ['times out of order', ({ time }) => time.copyWithin(7, 9, 10), 'AA has bars out of order or twice'],
    ['no time', ({ time }) => time.fill(Number.NaN, 7, 8), 'AA has a bar without a time, at index 7'],
  ])('%s', (_, edit, message) => {
    expect(() => new Backtest(edited(edit), Buyer)).toThrow(message);
  });

  test('none at all', () => {
    expect(() => new Backtest(barsOf('AA', []), Buyer)).toThrow('AA has no bars.');
    expect(() => new Backtest([], Buyer)).toThrow('A backtest needs the bars of at least one symbol.');
  });
});

describe('bars that are odd are traded, with a warning', () => {
  test('a high below the close', () => {
    const { warnings, statistics } = new Backtest(
      edited(({ high }) => high.fill(1, 7, 9)),
      Buyer,
    ).run();
    expect(warnings).toEqual([
      'AA has 2 bars whose prices are not all between low and high, first on 2024-01-08: what fills on them may be at prices that there never were.',
    ]);
    expect(statistics.trades).toBe(1);
  });

  test('too few for an indicator, which others would not wait for', () => {
    const { warnings } = new Backtest(bars(), Buyer).run({ period: 100 });
    expect(warnings).toEqual([
      'No bar of 60 has a value of sma(close, 100): the bars are too few for it. What is compared with it never happens.',
    ]);
  });
});

describe('orders that cannot be are refused', () => {
  test.each<[object, string]>([
    [{ size: 1.5 }, "An order's size is a whole number of units or a share below 1, not 1.5."],
    [{ size: 0 }, 'not 0.'],
    [{ size: Number.NaN }, 'not NaN.'],
    [{ sl: 1000 }, 'To buy AA needs stop loss < price < take profit, but has stop loss 1000'],
    [{ tp: 1 }, 'take profit 1.'],
    [{ limit: -1 }, 'limit must be a price above zero, not -1.'],
    [{ stop: Number.NaN }, 'stop must be a price above zero, not NaN.'],
    [{ symbol: 'ZZ' }, 'This backtest has no symbol "ZZ". It has AA.'],
    [{ stopLoss: 40 }, 'An order has no "stopLoss".'],
    [{ sice: 1 }, 'An order has no "sice". Did you mean size?'],
  ])('%o', (request, message) => {
    expect(() => new Backtest(bars(), orders(request)).run()).toThrow(message);
  });
});

test('what is no strategy is refused', () => {
  expect(() => new Backtest(bars(), {} as typeof Buyer)).toThrow('needs a class that extends Strategy');
});
