/** Which bars are over for good, and may be kept. */
import { type Bars, barLengthMs } from '../bars.ts';
import { wallClockOf } from '../wall-clock.ts';

/** Intervals of which bars are kept. Weeks and months are put together from days, and the newest is always unfinished. */
export const keptIntervals = ['1m', '5m', '15m', '30m', '1h', '4h', '1d'] as const;
export type KeptInterval = (typeof keptIntervals)[number];

/** Vendors go on correcting a bar for some minutes. */
const settleMs = 15 * 60_000;

/**
 * How many of the bars, from the first on, are over. A daily bar is when its date is past where the market is: vendors go on
 * correcting the day's figures after the close.
 */
export function finalBars(time: Float64Array, interval: KeptInterval, timezone: string, now: Date): number {
  const newest = interval === '1d' ? wallClockOf(now.getTime(), timezone) : now.getTime() - settleMs;
  let count = time.length;
  while (count > 0 && (time[count - 1] ?? 0) + barLengthMs[interval] > newest) count -= 1;
  return count;
}

export function isKept(interval: Bars['interval']): interval is KeptInterval {
  return (keptIntervals as readonly string[]).includes(interval);
}
