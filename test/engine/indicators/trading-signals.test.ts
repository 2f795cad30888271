import * as library from 'trading-signals';
import { expect, test } from 'vitest';
import * as ours from '../../../engine/indicators/index.ts';
import * as room from '../../../engine/indicators/trading-signals.ts';

const { fromTradingSignals } = room;
const _ = Number.NaN;
const length = 120;
const close = Float64Array.from({ length }, (_value, i) => 100 + 10 * Math.sin(i / 5) + Math.sin(i * 1.9));
const open = close.map((value, i) => close[i - 1] ?? value);
const high = close.map((value, i) => Math.max(value, open[i] ?? value) + 1);
const low = close.map((value, i) => Math.min(value, open[i] ?? value) - 1);
const volume = close.map((_value, i) => 100 + (i % 9));

const firstOf = (column: Float64Array) => column.findIndex((value) => !Number.isNaN(value));

test('every indicator of the library can be imported from one place', () => {
  expect(Object.keys(room)).toEqual(expect.arrayContaining(Object.keys(library)));
});

test('an indicator of one value becomes one on a column', () => {
  const column = fromTradingSignals(() => new library.RMA(14))(close);
  const streaming = new library.RMA(14);
  for (const [i, value] of close.entries()) {
    const result = streaming.add(value);
    expect(column[i]).toBe(streaming.isStable ? result : _);
  }
  expect(firstOf(column)).toBe(13);
});

test('one of candles takes all five columns', () => {
  const column = fromTradingSignals(() => new library.MFI(10))(open, high, low, close, volume);
  const streaming = new library.MFI(10);
  let last: number | null = null;
  for (const [i, price] of close.entries()) {
    last = streaming.add({
      high: high[i] ?? _,
      low: low[i] ?? _,
      close: price,
      volume: volume[i] ?? _,
    });
  }
  expect(column.at(-1)).toBe(last);
  expect(firstOf(column)).toBe(10);
});

test('one with several lines becomes columns by name, a trend in words becomes a number', () => {
  const aroon = fromTradingSignals(() => new library.Aroon(10))(open, high, low, close, volume);
  expect(aroon.aroonUp.length).toBe(length);
  expect(firstOf(aroon.aroonDown)).toBeGreaterThan(5);

  const { supertrend, trend } = fromTradingSignals(() => new library.SuperTrend())(
    open,
    high,
    low,
    close,
    volume,
  );
  expect([...new Set(trend)].sort()).toEqual([-1, 1, _]);
  for (const [i, direction] of trend.entries()) {
    if (direction === 1) expect(supertrend[i]).toBeLessThan(close[i] ?? 0);
  }
});

test('the lines have their names, even before there is a value', () => {
  const short = close.subarray(0, 2);
  const bands = fromTradingSignals(() => new library.BollingerBands(20))(short);
  expect(Object.keys(bands).sort()).toEqual(['lower', 'middle', 'upper']);
  expect([...bands.upper]).toEqual([_, _]);
  expect([...fromTradingSignals(() => new library.SMA(20))(short)]).toEqual([_, _]);
});

test('a symbol that is listed late is what it would be from its listing on', () => {
  const late = Float64Array.of(_, _, _, ...close);
  const compute = fromTradingSignals(() => new library.KAMA(10));
  expect([...compute(late).subarray(3)]).toEqual([...compute(close)]);
  const gap = Float64Array.of(...close, _, ...close);
  expect([...compute(gap).subarray(length + 1)]).toEqual([...compute(close)]);
});

test('columns that do not belong together are refused in words', () => {
  const candles = fromTradingSignals(() => new library.MFI(10));
  expect(() => candles(open, high, low, close, volume.subarray(1))).toThrow(
    'trading-signals needs columns of one length, but was given 120 and 119 values.',
  );
});

test.each([
  [
    'keltner',
    ours.keltner(high, low, close, 20, 2, 10),
    fromTradingSignals(
      () => new library.KeltnerChannels({ atrInterval: 10, emaInterval: 20, multiplier: 2 }),
    )(open, high, low, close, volume),
  ],
  [
    'donchian',
    ours.donchian(high, low, 10),
    fromTradingSignals(() => new library.DonchianChannels(10))(open, high, low, close, volume),
  ],
] as const)('%s agrees with a second opinion once its beginning has faded', (_name, found, expected) => {
  for (const line of ['upper', 'middle', 'lower'] as const) {
    // The library's averages begin otherwise than TA-Lib's.
    expect(found[line].at(-1)).toBeCloseTo(expected[line].at(-1) ?? _, 2);
  }
});
