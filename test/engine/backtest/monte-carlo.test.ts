import { describe, expect, test } from 'vitest';
import { Backtest, type BacktestResult, monteCarlo, Strategy } from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

/** One unit, held for a day, every other day. */
class EveryOtherDay extends Strategy {
  init() {}
  next() {
    if (this.position.isOpen) this.position.close();
    else this.buy();
  }
}

const prices = Array.from(
  { length: 120 },
  (_, day) => 100 + 8 * Math.sin(day * 2.3) + 3 * Math.cos(day * 0.7),
);
const result = new Backtest(barsOf('AA', prices), EveryOtherDay, { cash: 100_000 }).run();

test('what was observed is what happened, between closed trades', () => {
  const { returnPct, trades } = monteCarlo(result);
  expect(trades).toBe(result.trades.length);
  expect(trades).toBeGreaterThan(30);
  const closed = result.trades.reduce((sum, { pnl }) => sum + pnl, 0) / 1000;
  expect(returnPct.observed).toBeCloseTo(closed, 6);
});

test('another order changes the drawdown but not the return', () => {
  const { maxDrawdownPct, returnPct } = monteCarlo(result, { method: 'shuffle', runs: 300 });
  expect(returnPct.percentile(0)).toBeCloseTo(returnPct.observed, 8);
  expect(returnPct.percentile(100)).toBeCloseTo(returnPct.observed, 8);
  expect(maxDrawdownPct.percentile(5)).toBeLessThan(maxDrawdownPct.percentile(95));
  expect(maxDrawdownPct.percentile(100)).toBeLessThanOrEqual(0);
});

test('trades drawn with replacement scatter around the return that was', () => {
  const { returnPct } = monteCarlo(result, { runs: 2000, seed: 2 });
  const logs = result.trades.map(({ returnFraction }) => Math.log(1 + returnFraction));
  const mean = logs.reduce((a, b) => a + b) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0));
  // The logarithm of the final factor is a sum of independent draws: about normal, with this deviation.
  const within = (sigmas: number) => 100 * (Math.exp(mean * logs.length + sigmas * deviation) - 1);
  expect(returnPct.percentile(50)).toBeGreaterThan(within(-0.15));
  expect(returnPct.percentile(50)).toBeLessThan(within(0.15));
  expect(returnPct.percentile(2.5)).toBeGreaterThan(within(-2.2));
  expect(returnPct.percentile(2.5)).toBeLessThan(within(-1.7));
});

test('the same seed draws the same, another seed another', () => {
  const draw = (seed: number) => monteCarlo(result, { seed, runs: 50 }).maxDrawdownPct.values;
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('percentiles lie between the runs in proportion', () => {
  const { maxDrawdownPct } = monteCarlo(result, { runs: 5 });
  const [first, second] = maxDrawdownPct.values;
  expect(maxDrawdownPct.percentile(0)).toBe(first);
  expect(maxDrawdownPct.percentile(12.5)).toBeCloseTo(((first ?? 0) + (second ?? 0)) / 2, 12);
  expect(() => maxDrawdownPct.percentile(101)).toThrow('A percentile is from 0 to 100');
});

test('a trade that loses everything leaves nothing for the others', () => {
  const ruined: BacktestResult = {
    ...result,
    equity: result.equity,
    trades: [{ ...(result.trades[0] as BacktestResult['trades'][number]), pnl: -200_000 }, ...result.trades],
  };
  const { returnPct, maxDrawdownPct } = monteCarlo(ruined, { method: 'shuffle', runs: 20 });
  expect(returnPct.percentile(100)).toBe(-100);
  expect(maxDrawdownPct.percentile(100)).toBe(-100);
});

describe('refuses', () => {
  test('a result without trades, and runs that are none', () => {
    expect(() => monteCarlo({ ...result, trades: [] })).toThrow('There is no closed trade');
    expect(() => monteCarlo(result, { runs: 0 })).toThrow('runs is a whole number above zero, not 0.');
    expect(() => monteCarlo(result, { method: 'magic' as 'shuffle' })).toThrow('not magic');
  });
});
