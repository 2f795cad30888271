/** Daily bars put together to weekly or monthly ones. */
import type { Bars } from './bars.ts';

const dayMs = 86_400_000;

/**
 * Weeks begin on Monday, months on the 1st; a bar's time is the first session in it. Open is the first, close the
 * last, volume the sum; an extra column gives its last value. The newest bar may be unfinished.
 */
export function resampleDaily(bars: Bars, interval: '1w' | '1mo'): Bars {
  const starts = firstIndexes(bars.time, interval === '1w' ? weekOf : monthOf);
  const count = starts.length;
  const column = (pick: (from: number, to: number) => number) => {
    const out = new Float64Array(count);
    for (let bin = 0; bin < count; bin++) {
      out[bin] = pick(starts[bin] ?? 0, starts[bin + 1] ?? bars.time.length);
    }
    return out;
  };
  const first = (values: Float64Array) => column((from) => values[from] ?? Number.NaN);
  const last = (values: Float64Array) => column((_, to) => values[to - 1] ?? Number.NaN);
  const fold = (values: Float64Array, join: (a: number, b: number) => number) =>
    column((from, to) => values.subarray(from, to).reduce(join));
  return {
    symbol: bars.symbol,
    interval,
    time: first(bars.time),
    open: first(bars.open),
    high: fold(bars.high, (a, b) => Math.max(a, b)),
    low: fold(bars.low, (a, b) => Math.min(a, b)),
    close: last(bars.close),
    volume: fold(bars.volume, (a, b) => a + b),
    extra: Object.fromEntries(Object.entries(bars.extra).map(([name, values]) => [name, last(values)])),
  };
}

function firstIndexes(times: Float64Array, binOf: (time: number) => number): number[] {
  const starts: number[] = [];
  let previous = Number.NaN;
  times.forEach((time, index) => {
    const bin = binOf(time);
    if (bin !== previous) starts.push(index);
    previous = bin;
  });
  return starts;
}

/** Weeks since Monday 1969-12-29: 1970-01-01 was a Thursday. */
function weekOf(time: number): number {
  return Math.floor((Math.floor(time / dayMs) + 3) / 7);
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
