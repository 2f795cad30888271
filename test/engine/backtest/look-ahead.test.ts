import { describe, expect, test } from 'vitest';
import BollingerReversion from '../../../config.example/demo/strategies/bollinger_reversion.ts';
import MomentumRotation from '../../../config.example/demo/strategies/momentum_rotation.ts';
import SmaCross from '../../../config.example/demo/strategies/sma_cross.ts';
import type { StrategyClass } from '../../../engine/backtest/index.ts';
import { checkLookAhead } from '../../../engine/backtest/look-ahead.ts';
import type { Bars } from '../../../engine/market/bars.ts';
import { barsOf } from './bars.ts';
import * as cheats from './cheats.ts';
import * as honest from './honest.ts';

/** Prices that wave, with a small second wave so that no two days are alike. */
function wave(symbol: string, from: number, to: number, shift = 0): Bars {
  const days = Array.from({ length: to - from }, (_, index) => from + index);
  const at = (day: number) =>
    100 + 15 * Math.sin((day + shift) / 9) + 3 * Math.sin((day + shift) * 1.7) + day / 20;
  const prices = days.map((day) => {
    const [open, close] = [at(day - 0.3), at(day)];
    return [open, Math.max(open, close) + 1, Math.min(open, close) - 1, close] as const;
  });
  return barsOf(symbol, prices, days);
}
const bars = [wave('AA', 0, 300)];
const portfolio = [
  wave('AA', 0, 300),
  wave('BB', 0, 300, 5),
  wave('LATE', 180, 300, 11),
  wave('GONE', 0, 120, 3),
];

const check = (Strategy: StrategyClass, of: readonly Bars[] = bars) => checkLookAhead({ Strategy, bars: of });

describe('a strategy that looks ahead is found out', () => {
  test.each([
    [cheats.Shifted, 'tomorrow'],
    [cheats.Centred, 'centred'],
    [cheats.ByMaximum, 'relative'],
    [cheats.ByMean, 'score'],
    [cheats.EarlyWeek, 'week'],
  ])('%o by its indicator', (Strategy, name) => {
    const finding = check(Strategy).findings.find(({ kind }) => kind === 'indicator');
    expect(finding?.name).toBe(name);
    expect(finding?.found).not.toBe(finding?.expected);
    expect(finding?.bar).toBeLessThanOrEqual(finding?.cutBar ?? -1);
    expect(finding?.time).toBe(bars[0]?.time[finding?.bar ?? -1]);
    expect(finding?.explanation).toMatch(/ when the data ends with bar \d+: it uses later bars\.$/);
  });

  test.each([
    [cheats.Smuggler],
    [cheats.MemoryReader],
    [cheats.FutureStop],
    [cheats.KnowsTheEnd],
  ])('%o by its orders', (Strategy) => {
    const { findings } = check(Strategy);
    expect(findings.map(({ kind }) => kind)).toEqual(['order']);
    expect(findings[0]?.name).toBe('AA');
    expect(findings[0]?.explanation).toMatch(
      /^On bar \d+ \(2024-\d\d-\d\d\) it decides .* the decision uses later bars\.$/,
    );
  });

  test('a period that was fitted to the whole history', () => {
    const finding = check(cheats.Fitted).findings.find(({ kind }) => kind === 'indicator');
    expect(finding?.explanation).toMatch(/which indicators it makes depends on later bars/);
  });

  test('one that fails without the bars to come', () => {
    const finding = check(cheats.Stumbler).findings.find(({ kind }) => kind === 'failure');
    expect(finding?.explanation).toMatch(
      /^On data that ends with bar \d+ \(.*\) it fails, though it does not with the bars after it: /,
    );
  });

  test('one symbol of many', () => {
    class OneOfMany extends honest.Rebalance {
      override init() {
        super.init();
        this.indicator(
          (close: Float64Array) => close.map((_, i) => close[i + 3] ?? Number.NaN),
          this.data.of('BB').close,
          { name: 'peek at BB' },
        );
      }
    }
    expect(check(OneOfMany, portfolio).findings.map(({ name }) => name)).toEqual(['peek at BB']);
  });

  test('the bar named is the first that can be told apart', () => {
    const finding = check(cheats.ByMaximum).findings.find(({ kind }) => kind === 'indicator');
    expect(finding?.bar).toBe(0);
    const shifted = check(cheats.Shifted).findings.find(({ kind }) => kind === 'indicator');
    expect(shifted?.bar).toBe(shifted?.cutBar);
    expect(shifted?.expected).toBeNaN();
  });
});

describe('an honest strategy is not suspected', () => {
  test.each<[StrategyClass, readonly Bars[]]>([
    [SmaCross as unknown as StrategyClass, bars],
    [BollingerReversion as unknown as StrategyClass, bars],
    [MomentumRotation as unknown as StrategyClass, portfolio],
    [honest.RsiLevels, bars],
    [honest.Trailing, bars],
    [honest.ManyIndicators, bars],
    [honest.Rebalance, portfolio],
    [honest.ByWeights, portfolio],
  ])('%o', (Strategy, of) => {
    const { findings, orders, cuts, indicators } = check(Strategy, of);
    expect(findings.map(({ explanation }) => explanation)).toEqual([]);
    expect(orders).toBeGreaterThan(0);
    expect(cuts.length).toBeGreaterThan(20);
    expect(Strategy === honest.Trailing || indicators > 0).toBe(true);
  });

  test.each([
    { finalizeTrades: true },
    { tradeOnClose: true },
    { exclusiveOrders: true },
    { hedging: true },
    { semantics: 'minitrade' as const },
    { commission: 0.002, spread: 0.001, margin: 0.2 },
  ])('whatever the options: %o', (options) => {
    for (const Strategy of [honest.Trailing, honest.RsiLevels]) {
      const { findings } = checkLookAhead({ Strategy, bars, options });
      expect(findings.map(({ explanation }) => explanation)).toEqual([]);
    }
  });
});

test('a strategy that depends on chance is said to, instead of being accused', () => {
  const { findings } = check(cheats.Gambler);
  expect(findings.map(({ kind }) => kind)).toEqual(['notRepeatable']);
  expect(findings[0]?.explanation).toContain('it uses chance, the clock, or something kept');
});

test('it looks around orders and on the last bar but one, and at the same bars for the same seed', () => {
  const { cuts } = check(honest.RsiLevels);
  expect(cuts).toContain(298);
  expect(cuts).toEqual(check(honest.RsiLevels).cuts);
  expect(cuts).not.toEqual(checkLookAhead({ Strategy: honest.RsiLevels, bars, seed: 2 }).cuts);
});

test('too few bars to check is an error, not a clean bill', () => {
  expect(() => check(honest.RsiLevels, [wave('AA', 0, 16)])).toThrow(
    'RsiLevels decides on no bar that others follow: 16 bars are too few to check it.',
  );
  expect(() => checkLookAhead({ Strategy: honest.RsiLevels, bars, samples: 0 })).toThrow(
    'whole number of samples',
  );
});

describe('bars that a strategy prepares itself', () => {
  /** Goes by a column that was computed while preparing. */
  class ByScore extends honest.RsiLevels {
    override init() {
      this.rsi = this.indicator((score: Float64Array) => score, this.data.column('score'), { name: 'score' });
    }
  }
  const withScore = (score: (close: Float64Array) => Float64Array) => (all: readonly Bars[]) =>
    all.map((of) => ({ ...of, extra: { score: score(of.close) } }));
  const prepared = (prepare: (all: readonly Bars[]) => readonly Bars[]) =>
    checkLookAhead({ Strategy: bringing(ByScore, prepare), bars }).findings;

  test('are prepared anew from what is left, so that a column that looks ahead shows', () => {
    const relative = (close: Float64Array) => close.map((value) => (100 * value) / Math.max(...close));
    expect(prepared(withScore(relative)).map(({ name }) => name)).toContain('score');
    expect(prepared(withScore((close) => close))).toEqual([]);
  });

  test('are cut where it brings its own, whatever it was given', () => {
    const own = wave('AA', 0, 300, 4);
    class Peeking extends cheats.Shifted {}
    const findings = checkLookAhead({ Strategy: bringing(Peeking, () => [own]), bars }).findings;
    expect(findings.map(({ name }) => name)).toContain('tomorrow');
  });
});

/** The same strategy with bars of its own. */
function bringing(
  Base: StrategyClass,
  prepareData: (bars: readonly Bars[]) => readonly Bars[],
): StrategyClass {
  return new Proxy(Base, {
    get: (target, name) => (name === 'prepareData' ? prepareData : Reflect.get(target, name)),
  });
}
