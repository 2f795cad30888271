import { describe, expect, test } from 'vitest';
import {
  atr,
  bollinger,
  ema,
  highest,
  lowest,
  roc,
  rsi,
  sma,
  stddev,
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

  test.each(each)('%s of too few values is undefined, not wrong', (_name, compute) => {
    expectColumn(compute(column(7, 3)), [_, _]);
    expectColumn(compute(column()), []);
  });
});

test('a long series does not drift from the mean of its last values', () => {
  const values = Float64Array.from(
    { length: 200_000 },
    (_value, i) => (i % 2 === 0 ? 1e9 : 0.1) + (i % 7) / 10,
  );
  const last = values.slice(-10).reduce((a, b) => a + b, 0) / 10;
  expect(sma(values, 10).at(-1)).toBeCloseTo(last, 6);
});

test('a period that is no whole number is refused in words', () => {
  expect(() => sma(column(1), 0)).toThrow('sma needs a whole period of at least 1, not 0.');
  expect(() => rsi(column(1), 2.5)).toThrow('rsi needs a whole period of at least 2, not 2.5.');
});
