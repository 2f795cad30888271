import { describe, expect, test } from 'vitest';
import {
  Backtest,
  type ResampleRule,
  resampleApply,
  type Series,
  SignalStrategy,
  Strategy,
  sma,
  TrailingStrategy,
} from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

const same = (values: Float64Array) => values;
const hourMs = 3_600_000;

describe('an indicator on longer bars', () => {
  // 2024-01-01 was a Monday.
  const days = barsOf(
    'A',
    Array.from({ length: 16 }, (_, day) => day + 1),
  );

  test('is seen from the end of each, and not before', () => {
    const weekly = resampleApply('1w', same)(days.time, days.close);
    // The week ends with Sunday's bar, which is the seventh.
    expect(Array.from(weekly)).toEqual([
      ...Array.from({ length: 6 }, () => Number.NaN),
      ...Array.from({ length: 7 }, () => 7),
      ...Array.from({ length: 3 }, () => 14),
    ]);
  });

  test('of a week without a weekend, from Monday on', () => {
    const open = [0, 1, 2, 3, 4, 7, 8];
    const bars = barsOf(
      'A',
      open.map((day) => day + 1),
      open,
    );
    const weekly = resampleApply('1w', same)(bars.time, bars.close);
    expect(Array.from(weekly)).toEqual([...Array.from({ length: 5 }, () => Number.NaN), 5, 5]);
  });

  test.each([
    ['first', 1],
    ['last', 4],
    ['max', 4],
    ['min', 1],
    ['sum', 10],
    ['mean', 2.5],
  ] as const)('puts its bars together: %s', (aggregate, expected) => {
    const time = Float64Array.from({ length: 5 }, (_, bar) => bar * hourMs);
    const values = Float64Array.of(1, 2, 3, 4, 9);
    expect(resampleApply('4h', same, aggregate)(time, values)[4]).toBe(expected);
  });

  test('never shows what has not happened: cutting the bars changes nothing before the cut', () => {
    const time = Float64Array.from({ length: 24 * 40 }, (_, bar) => Date.UTC(2024, 0, 20) + bar * hourMs);
    const values = time.map((_, bar) => Math.sin(bar));
    for (const rule of ['30m', '4h', '1d', '1w', '1mo'] as const) {
      const whole = resampleApply(rule, same)(time, values);
      for (let cut = 1; cut < time.length; cut += 7) {
        const part = resampleApply(rule, same)(time.subarray(0, cut), values.subarray(0, cut));
        expect(part.at(-1), `${rule}, cut at ${cut}`).toBe(whole[cut - 1]);
      }
    }
  });

  test('works inside a strategy, with the parameters of the indicator', () => {
    class Weekly extends Strategy {
      mean!: Series;
      init() {
        this.mean = this.indicator(resampleApply('1w', sma), this.data.time, this.data.close, 2);
      }
      next() {}
    }
    const { indicators, firstBar } = new Backtest(days, Weekly).run();
    expect(indicators[0]).toMatchObject({ name: 'sma[1w](time, close, 2)' });
    expect(indicators[0]?.lines[0]?.at(-1)).toBe(10.5);
    expect(firstBar).toBe(14);
  });

  test.each(['5h', '7x', '0m'])('%s is no rule', (rule) => {
    expect(() => resampleApply(rule as ResampleRule, same)).toThrow(`Bars cannot be joined to "${rule}"`);
  });
});

describe('a strategy of signals', () => {
  const flat = barsOf('A', [10, 10, 10, 10, 10, 10, 10]);

  test('enters and leaves where the columns say', () => {
    class Signals extends SignalStrategy {
      init() {
        this.setSignal(Float64Array.of(0, 4, 0, 0, -2, 0, 0), Float64Array.of(0, 0, 0, 0.5, 1, 0, 0));
      }
    }
    const { fills, firstBar } = new Backtest(flat, Signals).run();
    expect(firstBar, 'signals are not waited for').toBe(1);
    expect(fills.map(({ bar, units }) => [bar, units])).toEqual([
      [2, 4],
      [4, -2],
      [5, -2],
      [5, -2],
    ]);
  });
});

describe('a trailing stop loss', () => {
  class Trailed extends TrailingStrategy<typeof Trailed.params> {
    static params = { periods: 2, ranges: 1.5 };
    stops: (number | null)[] = [];

    override init() {
      this.setAtrPeriods(this.params.periods);
      this.setTrailingStop(this.params.ranges);
    }

    override next() {
      super.next();
      const trade = this.trades[0];
      this.record('stop', trade?.sl ?? Number.NaN);
      if (this.data.bar === 1) this.buy({ size: 1 });
    }
  }
  const rows = [10, 12, 14, 13, 16, 11].map((close) => [close, close + 1, close - 1, close] as const);

  test('follows the close upwards, never back', () => {
    const { records } = new Backtest(barsOf('A', rows), Trailed).run();
    // True ranges are 3, 3, 2, 4, 6 from the second bar on; means of two 3, 2.5, 3, 5.
    expect(Array.from(records[0]?.lines[0] ?? [])).toEqual([
      ...[Number.NaN, Number.NaN, 14 - 4.5, 9.5, 16 - 4.5, Number.NaN],
    ]);
  });

  test('a distance that is none is refused', () => {
    expect(() => new Backtest(barsOf('A', rows), Trailed).run({ ranges: 0 })).toThrow(
      "A trailing stop's distance is above zero, not 0.",
    );
  });
});
