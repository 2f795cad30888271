import { describe, expect, test } from 'vitest';
import {
  adx,
  atr,
  bollinger,
  cci,
  donchian,
  ema,
  highest,
  keltner,
  linearRegression,
  lowest,
  macd,
  momentum,
  obv,
  roc,
  rollingVwap,
  rsi,
  sma,
  stddev,
  stochastic,
  stochasticFast,
  supertrend,
  vwap,
  wma,
} from '../../../engine/indicators/index.ts';

const column = (...values: number[]) => Float64Array.from(values);
const _ = Number.NaN;

/** All values at once, NaN included, to twelve digits. */
function expectColumn(actual: Float64Array, expected: readonly number[]) {
  expect(Array.from(actual, (value) => Number(value.toFixed(12)))).toEqual(
    expected.map((value) => Number(value.toFixed(12))),
  );
}

describe('values worked out by hand', () => {
  test('sma is the mean of the last values', () => {
    expectColumn(sma(column(1, 2, 6, 4, 5), 3), [_, _, 3, 4, 5]);
    expectColumn(sma(column(3, 1), 1), [3, 1]);
  });

  test('ema begins as a mean and then weighs the newest by 2 / (n + 1)', () => {
    // mean(1, 2, 6) = 3; 3 + (4 - 3) / 2 = 3.5; 3.5 + (5 - 3.5) / 2 = 4.25
    expectColumn(ema(column(1, 2, 6, 4, 5), 3), [_, _, 3, 3.5, 4.25]);
  });

  test('stddev divides by n, as TA-Lib does', () => {
    // mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, / 8 = 4
    expectColumn(stddev(column(2, 4, 4, 4, 5, 5, 7, 9), 8), [_, _, _, _, _, _, _, 2]);
  });

  test('bollinger lies so many deviations about the mean', () => {
    const { upper, middle, lower } = bollinger(column(1, 3, 5), 2, 3);
    expectColumn(middle, [_, 2, 4]);
    expectColumn(upper, [_, 5, 7]);
    expectColumn(lower, [_, -1, 1]);
  });

  test('rsi compares averaged gains with averaged losses', () => {
    // Changes +2, -1, +3. First: gains 2/2, losses 1/2: 100 * 1 / 1.5. Then gains (1 + 3) / 2, losses .5 / 2.
    expectColumn(rsi(column(10, 12, 11, 14), 2), [_, _, 200 / 3, 200 / 2.25]);
    expectColumn(rsi(column(5, 5, 5, 5), 2), [_, _, 0, 0]);
  });

  test('roc is in percent', () => {
    expectColumn(roc(column(10, 20, 15), 1), [_, 100, -25]);
  });

  test('atr counts gaps, and is smoothed as Wilder did', () => {
    // True ranges: max(2, 3, 1) = 3; max(3, 0, 3) = 3; max(1, 5, 4) = 5. Mean of two 3; (3 + 5) / 2 = 4.
    const high = column(11, 13, 13, 16);
    const low = column(9, 11, 10, 15);
    const close = column(10, 13, 11, 15);
    expectColumn(atr(high, low, close, 2), [_, _, 3, 4]);
  });

  test('highest and lowest look back over the newest value too', () => {
    const values = column(3, 1, 4, 1, 5, 2, 2);
    expectColumn(highest(values, 3), [_, _, 4, 4, 5, 5, 5]);
    expectColumn(lowest(values, 3), [_, _, 1, 1, 1, 1, 2]);
  });
});

describe('values worked out by hand, of indicators that TA-Lib has not', () => {
  test('keltner lies so many true ranges about the average', () => {
    // Averages of the close over 2: mean(10, 13) = 11.5, and then 2/3 of the way to each close.
    // True ranges of atr's own example above: 3, 3, 5; over 2 bars 3 and then 4.
    const high = column(11, 13, 13, 16);
    const low = column(9, 11, 10, 15);
    const close = column(10, 13, 11, 15);
    const first = 11.5 + (2 / 3) * (11 - 11.5);
    const second = first + (2 / 3) * (15 - first);
    const { upper, middle, lower } = keltner(high, low, close, 2, 1.5, 2);
    expectColumn(middle, [_, 11.5, first, second]);
    expectColumn(upper, [_, _, first + 4.5, second + 6]);
    expectColumn(lower, [_, _, first - 4.5, second - 6]);
  });

  test('vwap weighs typical prices by volume, anew each session', () => {
    // Typical prices 10, 13, 20, 16.
    const high = column(11, 14, 21, 18);
    const low = column(9, 12, 19, 14);
    const close = column(10, 13, 20, 16);
    const volume = column(100, 200, 50, 150);
    const hours = (...each: number[]) => Float64Array.from(each, (hour) => hour * 3_600_000);
    // (1000 + 2600) / 300 = 12; next day 20; (1000 + 2400) / 200 = 17.
    expectColumn(vwap(high, low, close, volume, hours(20, 23, 24, 30)), [10, 12, 20, 17]);
    // A session from 22:00 UTC on: the second bar begins it, and all after it belong to it.
    // (2600 + 1000) / 250 = 14.4; (3600 + 2400) / 400 = 15.
    const from22 = vwap(high, low, close, volume, hours(20, 23, 24, 30), 22 * 3_600_000);
    expectColumn(from22, [10, 13, 14.4, 15]);
    // Over two bars: 12; (2600 + 1000) / 250; (1000 + 2400) / 200.
    expectColumn(rollingVwap(high, low, close, volume, 2), [_, 12, 14.4, 17]);
  });

  test('vwap of what has not traded is undefined', () => {
    const price = column(10, 12, 14);
    expectColumn(vwap(price, price, price, column(0, 5, 0), column(0, 1, 2)), [_, 12, 12]);
    expectColumn(vwap(price, price, price, column(_, _, _), column(0, 1, 2)), [_, _, _]);
    expectColumn(rollingVwap(price, price, price, column(0.3, 0, 0), 2), [_, 10, _]);
  });

  test('supertrend trails the price, and changes sides when a close crosses it', () => {
    // Bars of the range 2 around their close, of which each true range is 2 or the move and 1; ATR over 1 bar, so the
    // range itself, times 1. Bar 1 at 10: range 2, upper 12, begins downward.
    // Bar 2 at 11: range 2, upper 13 does not come nearer than 12. Bar 3 at 14: range 4, upper 18: stays 12, and the
    // close is above: upward, on the lower band 14 - 4 = 10, which is above 9 and 8 before it.
    // Bar 4 at 14: range 2, lower 12. Bar 5 at 13: lower 11, stays 12. Bar 6 at 11: range 3, lower 8: stays 12, and the
    // close is below: downward on the upper band. That was 12 at bar 3, which closed above it, so bar 4 sets it to 16,
    // bar 5 to 15, and bar 6 to 11 + 3 = 14.
    const close = column(10, 10, 11, 14, 14, 13, 11);
    const high = close.map((price) => price + 1);
    const low = close.map((price) => price - 1);
    const { line, direction } = supertrend(high, low, close, 1, 1);
    expectColumn(line, [_, 12, 12, 10, 12, 12, 14]);
    expectColumn(direction, [_, -1, -1, 1, 1, 1, -1]);
  });

  test('the line of a linear regression goes through points on a line', () => {
    const { value, slope, forecast } = linearRegression(column(1, 3, 5, 7, 6), 3);
    // Of 5, 7, 6: slope (6 - 5) / 2, mean 6.
    expectColumn(slope, [_, _, 2, 2, 0.5]);
    expectColumn(value, [_, _, 5, 7, 6.5]);
    expectColumn(forecast, [_, _, 7, 9, 7]);
  });
});

describe('values that are not there', () => {
  const each: readonly [string, (values: Float64Array) => Float64Array, number][] = [
    ['sma', (values) => sma(values, 3), 2],
    ['ema', (values) => ema(values, 3), 2],
    ['stddev', (values) => stddev(values, 3), 2],
    ['rsi', (values) => rsi(values, 3), 3],
    ['atr', (values) => atr(values, values, values, 3), 3],
    ['highest', (values) => highest(values, 3), 2],
    ['lowest', (values) => lowest(values, 3), 2],
    ['roc', (values) => roc(values, 3), 3],
    ['momentum', (values) => momentum(values, 3), 3],
    ['wma', (values) => wma(values, 3), 2],
    ['macd', (values) => macd(values, 1, 2, 2).signal, 2],
    ['adx', (values) => adx(values, values, values, 2).adx, 3],
    ['+DI', (values) => adx(values, values, values, 3).plusDi, 3],
    ['bollinger', (values) => bollinger(values, 3).upper, 2],
    ['keltner', (values) => keltner(values, values, values, 2, 2, 3).lower, 3],
    ['donchian', (values) => donchian(values, values, 3).middle, 2],
    ['stochastic', (values) => stochastic(values, values, values, 2, 2, 2).d, 3],
    ['the fast stochastic', (values) => stochasticFast(values, values, values, 2, 2).k, 2],
    ['cci', (values) => cci(values, values, values, 3), 2],
    ['obv', (values) => obv(values, values), 0],
    ['linearRegression', (values) => linearRegression(values, 3).forecast, 2],
    ['supertrend', (values) => supertrend(values, values, values, 3).line, 3],
    ['rollingVwap', (values) => rollingVwap(values, values, values, values, 3), 2],
  ];

  test.each(
    each,
  )('%s of a symbol that is listed late is what it would be from its listing on', (_name, compute) => {
    const values = column(7, 3, 9, 4, 8, 2);
    const late = column(_, _, _, 7, 3, 9, 4, 8, 2);
    expectColumn(compute(late).subarray(3), Array.from(compute(values)));
  });

  test.each(each)('%s warms up as TA-Lib does', (_name, compute, lookback) => {
    const out = compute(column(7, 3, 9, 4, 8, 2));
    expect(out.findIndex((value) => !Number.isNaN(value))).toBe(lookback);
  });

  const lookingAtTwo = ['roc', 'momentum'];
  test.each(
    each.filter(([name]) => !lookingAtTwo.includes(name)),
  )('%s begins anew after a gap, be it NaN or infinite', (_name, compute) => {
    const values = column(7, 3, 9, 4, 8, 2);
    for (const gap of [_, Number.POSITIVE_INFINITY]) {
      const out = compute(column(5, 6, 4, 7, gap, ...values));
      expectColumn(out.subarray(5), Array.from(compute(values)));
      expect(out[4]).toBeNaN();
    }
  });

  test.each(each)('%s of too few values is undefined, not wrong', (_name, compute, lookback) => {
    const few = column(7, 3).subarray(0, Math.min(2, lookback));
    expectColumn(
      compute(few),
      Array.from(few, () => _),
    );
    expectColumn(compute(column()), []);
  });
});

describe('a million bars', () => {
  /** Prices that walk, with days on which they stand still and a split of a thousand to one in between. */
  const values = new Float64Array(1_000_000);
  let price = 1e5;
  for (let i = 0; i < values.length; i++) {
    if (i === 400_000) price /= 1000;
    if (i % 5000 > 100) price *= 1 + (((i * 7919) % 2003) - 1001) / 1e6;
    values[i] = price;
  }
  const sampled = [
    ...Array.from({ length: 500 }, (_value, i) => 1999 * (i + 1)),
    400_019,
    400_020,
    400_119,
    999_999,
  ];

  const windows: readonly [
    string,
    (period: number) => Float64Array,
    (window: Float64Array) => number,
    number,
  ][] = [
    ['sma', (period) => sma(values, period), meanOf, 1e-14],
    ['stddev', (period) => stddev(values, period), deviationOf, 1e-10],
    [
      'wma',
      (period) => wma(values, period),
      (window) =>
        window.reduce((sum, value, i) => sum + value * (i + 1), 0) /
        ((window.length * (window.length + 1)) / 2),
      1e-12,
    ],
    [
      'the slope of linearRegression',
      (period) => linearRegression(values, period).slope,
      (window) => {
        const mean = meanOf(window);
        const middle = (window.length - 1) / 2;
        const products = window.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0);
        const squares = window.reduce((sum, _value, x) => sum + (x - middle) ** 2, 0);
        return products / squares;
      },
      1e-9,
    ],
  ];

  test.each(
    windows,
  )('%s does not drift from a plain computation of the same window', (_name, rolling, plain, part) => {
    for (const period of [2, 20, 200]) {
      const out = rolling(period);
      let worst = 0;
      for (const bar of sampled) {
        const window = values.subarray(bar - period + 1, bar + 1);
        const expected = plain(window);
        // A window that stands still has a deviation of zero but for the rounding of its mean.
        const least = 1e-12 * meanOf(window);
        worst = Math.max(worst, Math.abs((out[bar] ?? _) - expected) / Math.max(Math.abs(expected), least));
      }
      expect(worst, `period ${period}`).toBeLessThan(part);
    }
  });

  test('a window of equal prices has no deviation at all', () => {
    // Bars 5000 to 5100 stand still.
    expect(stddev(values, 20)[5090]).toBe(0);
  });
});

function meanOf(window: Float64Array): number {
  return window.reduce((sum, value) => sum + value, 0) / window.length;
}

function deviationOf(window: Float64Array): number {
  // From the first value on: the mean of large equal numbers is not always that number.
  const moves = window.map((value) => value - (window[0] ?? 0));
  const mean = meanOf(moves);
  return Math.sqrt(moves.reduce((sum, value) => sum + (value - mean) ** 2, 0) / window.length);
}

describe('what cannot be computed is refused in words', () => {
  const one = column(1);
  test.each([
    [() => sma(one, 0), 'sma needs a whole period of at least 1, not 0.'],
    [() => rsi(one, 2.5), 'rsi needs a whole period of at least 2, not 2.5.'],
    [() => adx(one, one, one, 1), 'adx needs a whole period of at least 2, not 1.'],
    [() => wma(one, Number.NaN), 'wma needs a whole period of at least 1, not NaN.'],
    [() => macd(one, 26, 12), 'macd needs a fast period shorter than the slow one, not 26 and 12.'],
    [() => macd(one, 12, 26, 0), 'macd needs a whole signal period of at least 1, not 0.'],
    [
      () => stochastic(one, one, one, 14, -1),
      'stochastic needs a whole slowing period of at least 1, not -1.',
    ],
    [() => bollinger(one, 20, 0), 'bollinger needs deviations above zero, not 0.'],
    [() => supertrend(one, one, one, 10, _), 'supertrend needs a multiple above zero, not NaN.'],
    [() => obv(one, column()), 'obv needs columns of one length, but was given 1 and 0 values.'],
    [
      () => vwap(one, one, one, one, one, -1),
      'vwap needs a session start of 0 to 86399999 ms after midnight, not -1.',
    ],
  ])('%o', (compute, message) => {
    expect(compute).toThrow(message);
  });
});
