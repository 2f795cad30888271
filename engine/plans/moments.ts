/**
 * The moments at which a plan runs: its times of day on the trading days of its market, as instants.
 *
 * On a day on which the market closes early, a time of an `on close` plan that lies between the early and the usual close
 * comes as much earlier as the market closes; one of a `regular hours` plan falls away. All other times stay: orders for
 * the next open can be decided at any hour.
 */
import type { Calendar, Session } from '../market/calendars/calendar.ts';
import { instantOf, wallClockOf } from '../market/wall-clock.ts';
import type { PlanSettings } from './plan.ts';
import { parseRunTimes, type RunTime, runTimeText } from './run-times.ts';

export interface Moment {
  /** The trading day, where the market is: `2026-11-20`. */
  readonly session: string;
  /** As the plan names it: `16:30`. */
  readonly time: string;
  readonly at: Date;
}

const dayMs = 86_400_000;
/** No market rests longer than this. */
const farthestDays = 40;

/** The moments after an instant, soonest first; none for a plan that runs by hand only. */
export function momentsAfter(
  plan: PlanSettings,
  calendar: Calendar | undefined,
  after: Date,
  limit: number,
): readonly Moment[] {
  return momentsFrom(plan, calendar, after, (found) => found.length >= limit).slice(0, limit);
}

/** The moments after one instant and up to another, that one included. */
export function momentsBetween(
  plan: PlanSettings,
  calendar: Calendar | undefined,
  after: Date,
  until: Date,
): readonly Moment[] {
  return momentsFrom(plan, calendar, after, (_, day) => day > until.getTime() + dayMs).filter(
    ({ at }) => at <= until,
  );
}

function momentsFrom(
  plan: PlanSettings,
  calendar: Calendar | undefined,
  after: Date,
  isEnough: (found: readonly Moment[], dayMs: number) => boolean,
): readonly Moment[] {
  const zone = plan.schedule?.timezone ?? calendar?.zone;
  if (!plan.schedule || zone === undefined) return [];
  const times = parseRunTimes(plan.schedule.times);
  const found: Moment[] = [];
  const first = Math.floor(wallClockOf(after.getTime(), zone) / dayMs) * dayMs - dayMs;
  let last = first + farthestDays * dayMs;
  for (let midnight = first; midnight <= last && !isEnough(found, midnight); midnight += dayMs) {
    const session = new Date(midnight).toISOString().slice(0, 10);
    const trading = calendar?.session(session);
    if (calendar && !trading) continue;
    last = midnight + farthestDays * dayMs;
    const ofDay = times.flatMap((time): Moment[] => {
      const at = instant(time, { plan, calendar, trading, midnight, zone });
      return at === undefined || at <= after.getTime()
        ? []
        : [{ session, time: runTimeText(time), at: new Date(at) }];
    });
    found.push(...ofDay.sort((a, b) => a.at.getTime() - b.at.getTime()));
  }
  return found;
}

interface Day {
  readonly plan: PlanSettings;
  readonly calendar: Calendar | undefined;
  readonly trading: Session | undefined;
  /** Of its date, as if it were UTC. */
  readonly midnight: number;
  readonly zone: string;
}

function instant(
  { of, seconds }: RunTime,
  { plan, calendar, trading, midnight, zone }: Day,
): number | undefined {
  if (of !== 'clock') return trading && trading[of].getTime() + seconds * 1000;
  const at = instantOf(midnight + seconds * 1000, zone);
  if (!calendar || !trading?.early) return at;
  const earlier = usualClose(calendar, trading) - trading.close.getTime();
  const isCutOff = at >= trading.close.getTime() && at <= trading.close.getTime() + earlier;
  if (!isCutOff) return at;
  switch (plan.entry) {
    case 'on close':
      return at - earlier;
    case 'regular hours':
      return undefined;
    case 'on open':
      return at;
    default:
      return plan.entry satisfies never;
  }
}

/** When a session would close if it were as long as others. */
function usualClose(calendar: Calendar, { day }: Session): number {
  let other = calendar.previousSession(day);
  while (other.early) other = calendar.previousSession(other.day);
  const clock = wallClockOf(other.close.getTime(), calendar.zone);
  const apart = Date.parse(`${day}T00:00:00Z`) - Date.parse(`${other.day}T00:00:00Z`);
  return instantOf(clock + apart, calendar.zone);
}
