/** Stretches of bars of one series put together, and cut apart by year or month. */
import { type Bars, sliceBars } from '../bars.ts';

/** Bars of one series, each stretch after the one before it. An extra column that a stretch lacks is NaN there. */
export function joinBars(
  { symbol, interval }: Pick<Bars, 'symbol' | 'interval'>,
  stretches: readonly Bars[],
): Bars {
  const names = [...new Set(stretches.flatMap(({ extra }) => Object.keys(extra)))];
  const column = (pick: (bars: Bars) => Float64Array) => concatenated(stretches.map(pick));
  return {
    symbol,
    interval,
    time: column(({ time }) => time),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume),
    extra: Object.fromEntries(
      names.map((name) => [
        name,
        column(({ extra, time }) => extra[name] ?? new Float64Array(time.length).fill(Number.NaN)),
      ]),
    ),
  };
}

/** The stretches by period: a year, `2026`, or of bars within a day a month, `2026-11`. */
export function byPeriod(bars: Bars): Map<string, Bars> {
  const periods = new Map<string, Bars>();
  let from = 0;
  for (let index = 1; index <= bars.time.length; index++) {
    const period = periodOf(bars.time[from] ?? Number.NaN, bars);
    if (index < bars.time.length && periodOf(bars.time[index] ?? Number.NaN, bars) === period) continue;
    periods.set(period, sliceBars(bars, from, index));
    from = index;
  }
  return periods;
}

export function periodOf(time: number, { interval }: Pick<Bars, 'interval'>): string {
  return new Date(time).toISOString().slice(0, interval === '1d' ? 4 : 7);
}

/** Index of the first bar at or after an instant. */
export function indexAt(time: Float64Array, instant: number): number {
  const index = time.findIndex((each) => each >= instant);
  return index < 0 ? time.length : index;
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}
