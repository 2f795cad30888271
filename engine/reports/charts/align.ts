/** Bars of one symbol laid on the time axis of a run: a bar that the symbol does not have is NaN in every column. */
import { at, type PriceColumns } from './reduce.ts';
import type { ChartedBars } from './request.ts';

/** Columns as long as `time`. Both times ascend; bars at times that are not on the axis are left out. */
export function alignBars(time: Float64Array, bars: ChartedBars): PriceColumns {
  if (sameTimes(time, bars.time)) return bars;
  const column = () => new Float64Array(time.length).fill(Number.NaN);
  const aligned = { open: column(), high: column(), low: column(), close: column(), volume: column() };
  let bar = 0;
  for (let index = 0; index < time.length; index++) {
    const wanted = at(time, index);
    while (bar < bars.time.length && at(bars.time, bar) < wanted) bar++;
    if (at(bars.time, bar) !== wanted) continue;
    aligned.open[index] = at(bars.open, bar);
    aligned.high[index] = at(bars.high, bar);
    aligned.low[index] = at(bars.low, bar);
    aligned.close[index] = at(bars.close, bar);
    aligned.volume[index] = at(bars.volume, bar);
  }
  return aligned;
}

/** All times of all symbols, ascending and each once. */
export function unionOfTimes(bars: readonly { readonly time: Float64Array }[]): Float64Array {
  const [first, ...others] = bars;
  if (first === undefined) return new Float64Array(0);
  if (others.every(({ time }) => sameTimes(first.time, time))) return first.time;
  const all = new Set<number>();
  for (const { time } of bars) for (const each of time) all.add(each);
  return Float64Array.from(all).sort();
}

function sameTimes(one: Float64Array, other: Float64Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
