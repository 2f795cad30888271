/** Which bar is the newest that the vendor will not change any more, because its time is over. */
import { barLengthMs, type Interval } from '../../bars.ts';
import type { Calendar } from '../../calendars/calendar.ts';
import { calendar } from '../../calendars/index.ts';
import { wallClockOf } from '../../wall-clock.ts';
import type { Market } from '../source.ts';

const dayMs = barLengthMs['1d'];

const calendars = new Map<string, Calendar>();

/** The start of the newest bar that is over; of a day midnight UTC of its date. @param now milliseconds UTC */
export function newestFinished(interval: Interval, market: Market, now: number): number {
  const length = barLengthMs[interval];
  if (length < dayMs) return now - length;
  // Of an unknown exchange a day is over when it is over there.
  if (market.calendar === null) return sessionOf(now, market.timezone) - dayMs;
  return Date.parse(`${calendarOf(market.calendar).lastClosed(new Date(now)).day}T00:00:00Z`);
}

/** The date on the wall of a market at an instant, as midnight UTC: the time of its daily bar. */
export function sessionOf(instant: number, timezone: string): number {
  return Math.floor(wallClockOf(instant, timezone) / dayMs) * dayMs;
}

function calendarOf(name: string): Calendar {
  const found = calendars.get(name) ?? calendar(name);
  calendars.set(name, found);
  return found;
}
