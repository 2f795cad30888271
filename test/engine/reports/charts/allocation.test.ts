import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Trade } from '../../../../engine/backtest/result.ts';
import { alignBars, unionOfTimes } from '../../../../engine/reports/charts/align.ts';
import { allocationOf, largestShares } from '../../../../engine/reports/charts/allocation.ts';
import { backtestRequest, type ChartedRun } from '../../../../engine/reports/charts/request.ts';
import { sampleBars, sampleRun, sampleTrade } from '../sample-run.ts';

function chartedRun(trades: Trade[], openTrades: Trade[], symbols: string[], count: number): ChartedRun {
  const bars = symbols.map((symbol, seed) => sampleBars({ symbol, count, seed }));
  const request = backtestRequest(sampleRun(bars, { overrides: { trades, openTrades } }), bars);
  if (request.kind !== 'backtest') throw new Error('not a backtest');
  return request.run;
}

const flat = (price: number, count: number) => new Float64Array(count).fill(price);

describe('allocation', () => {
  it('a position counts from its entry bar until the bar before its exit, an open one to the end', () => {
    const run = chartedRun(
      [sampleTrade({ symbol: 'A', size: 10, entryBar: 1, exitBar: 3 })],
      [sampleTrade({ symbol: 'B', size: -5, entryBar: 4, exitBar: null, exitPrice: null })],
      ['A', 'B'],
      6,
    );
    const { percent } = allocationOf(run.trades, [flat(100, 6), flat(200, 6)], flat(10_000, 6), 400);
    expect([...(percent[0] ?? [])]).toEqual([0, 10, 10, 0, 0, 0]);
    expect([...(percent[1] ?? [])]).toEqual([0, 0, 0, 0, -10, -10]);
  });

  it('a symbol without a bar keeps its last close', () => {
    const run = chartedRun(
      [],
      [sampleTrade({ symbol: 'A', size: 10, entryBar: 0, exitBar: null })],
      ['A', 'B'],
      3,
    );
    const close = Float64Array.of(100, Number.NaN, 120);
    const { percent } = allocationOf(run.trades, [close, flat(1, 3)], flat(1000, 3), 400);
    expect([...(percent[0] ?? [])]).toEqual([100, 100, 120]);
  });

  it('fewer samples show the same shares at their bars', () => {
    const trade = sampleTrade({ symbol: 'A', size: 10, entryBar: 0, exitBar: 90 });
    const run = chartedRun([trade], [], ['A', 'B'], 100);
    const close = Float64Array.from({ length: 100 }, (_, bar) => 100 + bar);
    const all = allocationOf(run.trades, [close], flat(10_000, 100), 400);
    const few = allocationOf(run.trades, [close], flat(10_000, 100), 7);
    expect(few.bars).toHaveLength(7);
    few.bars.forEach((bar, index) => {
      expect(few.percent[0]?.[index]).toBe(all.percent[0]?.[bar]);
    });
  });

  it('a bankrupt desk has no shares, and trades beyond the data do no harm', () => {
    const beyond = sampleTrade({ symbol: 'A', entryBar: 500, exitBar: 600 });
    const stranger = sampleTrade({ symbol: 'Z', entryBar: 0, exitBar: 2 });
    const run = chartedRun([beyond, stranger], [], ['A', 'B'], 3);
    const { percent } = allocationOf(run.trades, [flat(1, 3)], flat(0, 3), 400);
    expect([...(percent[0] ?? [])]).toEqual([0, 0, 0]);
  });

  it('the symbols that weigh most are shown, in the order of the run', () => {
    const shares = [1, -30, 5, 20].map((share) => flat(share, 2));
    expect(largestShares({ bars: [0, 1], percent: shares }, 2)).toEqual([1, 3]);
    expect(largestShares({ bars: [0, 1], percent: shares }, 10)).toEqual([0, 1, 2, 3]);
  });
});

describe('bars of one symbol on the time axis of a run', () => {
  it('a bar that the symbol does not have is empty, and one beyond the axis is left out', () => {
    const bars = sampleBars({ count: 6 });
    const time = Float64Array.of(
      -1,
      bars.time[1] ?? 0,
      bars.time[2] ?? 0,
      (bars.time[2] ?? 0) + 5,
      bars.time[5] ?? 0,
    );
    const aligned = alignBars(time, bars);
    expect([...aligned.close]).toEqual([Number.NaN, bars.close[1], bars.close[2], Number.NaN, bars.close[5]]);
  });

  it('bars on the axis already are taken as they are', () => {
    const bars = sampleBars({ count: 6 });
    expect(alignBars(bars.time, bars).close).toBe(bars.close);
  });

  it('the times of several symbols are joined, each once and in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }), { maxLength: 4 }),
        (all) => {
          const bars = all.map((times) => ({
            ...sampleBars({ count: times.length }),
            time: Float64Array.from(times).sort(),
          }));
          const expected = [...new Set(all.flat())].sort((one, other) => one - other);
          expect([...unionOfTimes(bars)]).toEqual(expected);
        },
      ),
    );
  });
});
