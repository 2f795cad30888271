/** Bars as columns: one `Float64Array` per figure, so that a backtest walks them without allocating. */

/** `1m 5m 15m 30m 1h 4h 1d 1w 1mo` */
export const intervals = ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo'] as const;
export type Interval = (typeof intervals)[number];

const dayMs = 86_400_000;

/** How long a bar is at most, by the calendar. */
export const barLengthMs: Readonly<Record<Interval, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': dayMs,
  '1w': 7 * dayMs,
  '1mo': 31 * dayMs,
};

export interface Bars {
  readonly symbol: string;
  readonly interval: Interval;
  /** Start of each bar, milliseconds since 1970 in UTC, strictly ascending. A daily bar's is midnight UTC of its session's date. */
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** NaN where the source has none. */
  readonly volume: Float64Array;
  /** Further columns of the source by name, as long as `time`. */
  readonly extra: Readonly<Record<string, Float64Array>>;
}

/** The bars from index `from` up to, not including, `to`, as views on the same memory. */
export function sliceBars(bars: Bars, from: number, to: number): Bars {
  const cut = (column: Float64Array) => column.subarray(from, to);
  return {
    ...bars,
    time: cut(bars.time),
    open: cut(bars.open),
    high: cut(bars.high),
    low: cut(bars.low),
    close: cut(bars.close),
    volume: cut(bars.volume),
    extra: Object.fromEntries(Object.entries(bars.extra).map(([name, column]) => [name, cut(column)])),
  };
}
