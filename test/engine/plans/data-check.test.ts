/** What a change of history is called: an adjustment that everything agrees on, or a correction that somebody must see. */
import { describe, expect, it } from 'vitest';
import type { Bars } from '../../../engine/market/bars.ts';
import { inventedBars } from '../../../engine/market/sources/demo/universe.ts';
import { adjustmentText, changeText, compareBars } from '../../../engine/plans/data-check.ts';

const all = inventedBars('AMBR', Date.UTC(2024, 2, 4));
const before = head(all, all.time.length - 3);

/** The first `count` bars. */
function head(bars: Bars, count: number): Bars {
  return mapped(bars, (column) => column.slice(0, count));
}

function mapped(bars: Bars, change: (column: Float64Array, name: string) => Float64Array): Bars {
  const { time, open, high, low, close, volume } = bars;
  return {
    ...bars,
    time: change(time, 'time'),
    open: change(open, 'open'),
    high: change(high, 'high'),
    low: change(low, 'low'),
    close: change(close, 'close'),
    volume: change(volume, 'volume'),
  };
}

/** Prices before a bar times a factor, rounded as a vendor rounds. */
function adjusted(bars: Bars, bar: number, factor: number, decimals: number): Bars {
  const unit = 10 ** decimals;
  return mapped(bars, (column, name) =>
    name === 'time' || name === 'volume'
      ? column.slice()
      : column.map((price, index) => (index < bar ? Math.round(price * factor * unit) / unit : price)),
  );
}

describe('bars that were seen before', () => {
  it('are the same when only new ones came, and when the newest one was not finished', () => {
    const unfinished = mapped(before, (column, name) => {
      const changed = column.slice();
      if (name === 'close') changed[changed.length - 1] = 1;
      return changed;
    });
    expect(compareBars([unfinished], [all])).toEqual({ adjustments: [], changes: [] });
  });

  it('may be adjusted by one factor, as after a split, and it is said so', () => {
    const split = adjusted(all, all.time.length - 2, 0.25, 4);
    const { adjustments, changes } = compareBars([before], [split]);
    expect(changes).toEqual([]);
    expect(adjustments).toHaveLength(1);
    expect(adjustments.map(adjustmentText)[0]).toMatch(
      /^AMBR: all prices before 2024-02-\d\d are multiplied by 0\.25\d*, as after a split of 4 for 1$/,
    );
  });

  it('may be adjusted for dividends, also several and with prices that are rounded to cents', () => {
    const length = all.time.length;
    const once = adjusted(all, length - 40, 0.9931, 2);
    const twice = adjusted(once, length - 400, 0.991, 2);
    const { adjustments, changes } = compareBars([before], [twice]);
    expect(changes).toEqual([]);
    expect(adjustments.map(({ factor }) => Number(factor.toFixed(3)))).toEqual([0.993, 0.984]);
    expect(adjustments.map(adjustmentText)[0]).toContain('as after a dividend of 0.6');
  });

  it('that were corrected are named, with what they were', () => {
    const corrected = mapped(all, (column, name) => {
      const changed = column.slice();
      if (name === 'close') changed[100] = (changed[100] ?? 0) + 1;
      return changed;
    });
    const { adjustments, changes } = compareBars([before], [corrected]);
    expect(adjustments).toEqual([]);
    expect(changes).toHaveLength(1);
    const [was, is] = [all.close[100], corrected.close[100]];
    expect(changes.map(changeText)[0]).toMatch(
      new RegExp(`^AMBR 2015-\\d\\d-\\d\\d: close was ${was}, is ${is}$`),
    );
  });

  it('are no adjustment when a stretch in the middle changed', () => {
    const middle = mapped(all, (column, name) =>
      name === 'time' || name === 'volume'
        ? column.slice()
        : column.map((price, index) => (index >= 200 && index < 210 ? price * 1.1 : price)),
    );
    expect(compareBars([before], [middle]).changes.length).toBeGreaterThan(0);
  });

  it('that are gone, or were not there, are named too', () => {
    const without = mapped(all, (column) =>
      Float64Array.from([...column].filter((_, index) => index !== 500)),
    );
    expect(compareBars([before], [without]).changes.map(changeText)[0]).toContain('this bar is gone');
    expect(compareBars([head(without, before.time.length - 1)], [all]).changes.map(changeText)[0]).toContain(
      'this bar is new',
    );
  });
});
