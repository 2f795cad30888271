/** Whether a bar's time is over, so that the vendor will not change it any more. */
import type { Interval } from '../../bars.ts';
import { wallClockOf } from '../../wall-clock.ts';
import type { Market } from '../source.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

const lengthMs: Readonly<Partial<Record<Interval, number>>> = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': 60 * minuteMs,
  '4h': 240 * minuteMs,
};

/**
 * Minutes after midnight at which the closing auction is over on a usual day. On a day that closes early, a bar is taken for
 * finished later than it is, which does no harm.
 */
const closes: Readonly<Record<string, number>> = {
  XNYS: 16 * 60,
  XNAS: 16 * 60,
  XLON: 16 * 60 + 35,
  XETR: 17 * 60 + 35,
  XHKG: 16 * 60 + 10,
  XTKS: 15 * 60 + 30,
  XSHG: 15 * 60,
  XSHE: 15 * 60,
};

/** @param start of the bar; of a daily one midnight UTC of its session's date. @param now milliseconds UTC */
export function isFinished(
  start: number,
  { interval, market, now }: { readonly interval: Interval; readonly market: Market; readonly now: number },
): boolean {
  const length = lengthMs[interval];
  if (length !== undefined) return start + length <= now;
  const { calendar, timezone } = market;
  const closeMs = minuteMs * ((calendar === null ? undefined : closes[calendar]) ?? 24 * 60);
  return start + closeMs <= wallClockOf(now, timezone);
}

/** The date on the wall of a market at an instant, as midnight UTC: the time of its daily bar. */
export function sessionOf(instant: number, timezone: string): number {
  return Math.floor(wallClockOf(instant, timezone) / dayMs) * dayMs;
}
