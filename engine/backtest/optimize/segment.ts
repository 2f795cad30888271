/** A stretch of the bars that a run is over, and what is different for it. */
import { type Bars, sliceBars } from '../../market/bars.ts';
import type { BacktestOptions } from '../options.ts';

export interface Segment {
  /** Milliseconds UTC of the first bar. */
  readonly from: number;
  /** Milliseconds UTC; this bar is the first that is not in it. */
  readonly to: number;
  /** Instead of the backtest's own. */
  readonly options: Pick<BacktestOptions, 'cash' | 'tradeStart' | 'finalizeTrades'>;
}

/** The bars of a segment, without a copy. A symbol that has none in it, not being listed yet, is left out. */
export function cutBars(all: readonly Bars[], { from, to }: Segment): Bars[] {
  return all
    .map((bars) => sliceBars(bars, firstAtOrAfter(bars.time, from), firstAtOrAfter(bars.time, to)))
    .filter(({ time }) => time.length > 0);
}

/** Index of the first time that is not before `wanted`; the length where there is none. */
export function firstAtOrAfter(times: Float64Array, wanted: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
