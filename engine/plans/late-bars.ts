/**
 * Which bars a plan should have when it runs and does not have yet.
 *
 * A day's bar is due for every symbol. One of minutes is due when it is over, by whatever grid its source cuts the day, and for
 * one symbol at least: in which nobody trades, there is none.
 */
import type { Bars } from '../market/bars.ts';
import { barLengthMs } from '../market/bars.ts';
import type { Calendar } from '../market/calendars/calendar.ts';
import { dayAt } from '../market/calendars/days.ts';
import type { PlanSettings } from './plan.ts';

type Awaiting = Pick<PlanSettings, 'interval' | 'entry' | 'barsWithinSeconds'>;

/** A bar for each session, or a longer one. */
export function isDaily({ interval }: Pick<Awaiting, 'interval'>): boolean {
  return barLengthMs[interval] >= barLengthMs['1d'];
}

/** How long after its moment a run waits for its bars; one of minutes no longer than until its next bar. */
export function patienceMs(plan: Awaiting): number {
  const most = plan.barsWithinSeconds * 1000;
  return isDaily(plan) ? most : Math.min(most, barLengthMs[plan.interval]);
}

/** Undefined when all are there, and where nothing says when they are due. */
export function lateBars(
  bars: readonly Bars[],
  plan: Pick<Awaiting, 'interval' | 'entry'>,
  calendar: Calendar | undefined,
  at: Date,
): string | undefined {
  if (!calendar || barLengthMs[plan.interval] > barLengthMs['1d']) return undefined;
  return isDaily(plan) ? lateDays(bars, plan, calendar, at) : lateMinutes(bars, plan, calendar, at);
}

function lateDays(
  bars: readonly Bars[],
  { entry }: Pick<Awaiting, 'entry'>,
  calendar: Calendar,
  at: Date,
): string | undefined {
  const today = calendar.session(calendar.dayOf(at));
  const isRunning = today !== undefined && today.open <= at && at < today.close;
  const expected = entry === 'on close' && isRunning ? today.day : calendar.lastClosed(at).day;
  const late = bars.filter((each) => dayAt(newestOf(each)) < expected);
  const [first] = late;
  if (!first) return undefined;
  const more = late.length > 1 ? ` and of ${late.length - 1} more` : '';
  return `There is no bar of ${expected} of ${first.symbol} yet${more}: the newest is of ${dayAt(newestOf(first))}.`;
}

function lateMinutes(
  bars: readonly Bars[],
  { interval }: Pick<Awaiting, 'interval'>,
  calendar: Calendar,
  at: Date,
): string | undefined {
  const length = barLengthMs[interval];
  const traded = lastTraded(calendar, at, length).getTime();
  // Of any grid, one bar ends in each stretch of its length.
  if (bars.some((each) => newestOf(each) + 2 * length > traded)) return undefined;
  const newest = new Date(Math.max(...bars.map(newestOf))).toISOString().slice(0, 16).replace('T', ' ');
  return `There is no newer bar of ${interval} yet than that of ${newest} UTC.`;
}

/** The last instant up to which a whole bar can have been traded. */
function lastTraded(calendar: Calendar, at: Date, length: number): Date {
  const session = calendar.session(calendar.dayOf(at));
  if (!session || at >= session.close) return calendar.lastClosed(at).close;
  if (at.getTime() < session.open.getTime() + length) return calendar.previousSession(session.day).close;
  const pause = session.breaks.find(({ from, to }) => from <= at && at.getTime() < to.getTime() + length);
  return pause?.from ?? at;
}

function newestOf({ time }: Bars): number {
  return time.at(-1) ?? 0;
}
