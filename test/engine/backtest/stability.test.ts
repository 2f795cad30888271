import { describe, expect, test } from 'vitest';
import { atr, ema, macd, obv, rsi, Strategy, sma } from '../../../engine/backtest/index.ts';
import { checkStability } from '../../../engine/backtest/stability.ts';
import { barsOf } from './bars.ts';
import * as honest from './honest.ts';

const prices = Array.from(
  { length: 800 },
  (_, day) => 100 + 10 * Math.sin(day / 7) + 2 * Math.sin(day * 1.3),
);
const bars = [
  barsOf(
    'AA',
    prices.map((price) => [price, price + 1, price - 1, price] as const),
  ),
];

class Mixed extends Strategy {
  init() {
    const { high, low, close, volume } = this.data;
    this.indicator(sma, close, 50);
    this.indicator(ema, close, 20);
    this.indicator(rsi, close, 14);
    this.indicator(atr, high, low, close, 14);
    this.indicator(macd, close, 12, 26, 9);
    this.indicator(obv, close, volume);
  }
  next() {
    throw new Error('decisions are of no interest here');
  }
}

const report = checkStability({ Strategy: Mixed, bars });
const lineOf = (name: string) => {
  const found = report.lines.find((line) => line.name === name);
  if (found === undefined) throw new Error(`no line ${name} among ${report.lines.map((line) => line.name)}`);
  return found;
};
const needs = (name: string) => lineOf(name).stableFrom.map((stable) => stable.bars);

describe('how much history an indicator needs', () => {
  test('one that forgets needs its period, whatever the tolerance', () => {
    const [rough, exact] = needs('sma(close, 50)');
    expect(rough).toBe(exact);
    // Histories grow by steps of 15 %, so that is how far above the truth it may lie.
    expect(exact).toBeGreaterThanOrEqual(50);
    expect(exact).toBeLessThanOrEqual(58);
  });

  test('one that remembers needs as many bars as its weights take to fade', () => {
    const [rough, exact] = needs('ema(close, 20)');
    // (19 / 21) ** n of a distance of about a tenth is below 1e-6 after some 115 bars, plus the 20 of its start.
    expect(rough).toBeGreaterThan(20);
    expect(exact).toBeGreaterThan(100);
    expect(exact).toBeLessThan(165);
    expect(needs('rsi(close, 14)')[1]).toBeGreaterThan(needs('rsi(close, 14)')[0] ?? 0);
    expect(needs('atr(high, low, close, 14)')[1]).not.toBeNull();
  });

  test('one that counts from the first bar is never stable', () => {
    expect(needs('obv(close, volume)')).toEqual([null, null]);
    expect(report.lines[0]?.name).toBe('obv(close, volume)');
    expect(report.stableFrom.map((stable) => stable.bars)).toEqual([null, null]);
  });

  test('the difference is that of the newest value with a shorter history', () => {
    const { value, differences } = lineOf('ema(close, 20)');
    const [short] = differences.filter((each) => each.difference !== null);
    const history = short?.bars ?? 0;
    const alone = ema(Float64Array.from(prices.slice(-history)), 20).at(-1) ?? Number.NaN;
    expect(short?.difference).toBeCloseTo(Math.abs(alone - value) / value, 12);
    expect(differences.find((each) => each.bars < 20)?.difference).toBeNull();
  });
});

test('a plan can take the bars that all of its indicators need', () => {
  const { stableFrom, lines } = checkStability({
    Strategy: honest.RsiLevels,
    bars,
    tolerances: [1e-2, 1e-4],
  });
  expect(lines.map(({ name }) => name)).toEqual(['rsi(close, 14)']);
  expect(stableFrom).toEqual(lines[0]?.stableFrom);
});

test('in a portfolio the history of every symbol begins at the same time', () => {
  const portfolio = [
    ...bars,
    barsOf(
      'LATE',
      prices.slice(0, 100),
      prices.slice(0, 100).map((_, index) => 700 + index),
    ),
    barsOf('GONE', prices.slice(0, 90)),
  ];
  const { lines } = checkStability({ Strategy: honest.Rebalance, bars: portfolio });
  expect(lines).toHaveLength(3);
  for (const { stableFrom } of lines) expect(stableFrom[0]?.bars).toBeLessThan(10);
});

test('a tolerance that is none is refused', () => {
  expect(() => checkStability({ Strategy: honest.RsiLevels, bars, tolerances: [0] })).toThrow(
    'A tolerance lies between 0 and 1, not at 0.',
  );
});
