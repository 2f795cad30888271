/**
 * When Interactive Brokers restarts its servers: every night, and longer at the weekend. Then a broken connection is no news, and
 * no order is sent into it.
 */
import { instantOf, wallClockOf } from '../../market/wall-clock.ts';

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const minuteMs = 60_000;
const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;

/** From minute to minute of a week that begins on Sunday; the end may be in the week after. */
interface Window {
  readonly from: number;
  readonly to: number;
}

export class QuietTimes {
  readonly #windows: readonly Window[];
  readonly #zone: string;

  /**
   * @param texts such as `23:45-00:45` for every day, or `Fri 23:00-Sat 03:00`
   * @throws RangeError for what is no such text
   */
  constructor(texts: readonly string[], zone: string) {
    this.#windows = texts.flatMap(windowsOf);
    this.#zone = zone;
  }

  /** Until when it is quiet, or undefined when it is not. */
  until(now: Date): Date | undefined {
    const wall = wallClockOf(now.getTime(), this.#zone);
    const minute = minuteOfWeek(wall);
    const ends = this.#windows.flatMap(({ from, to }) =>
      [minute, minute + weekMinutes].flatMap((at) => (at >= from && at < to ? [to - at] : [])),
    );
    if (ends.length === 0) return undefined;
    const wallEnd = Math.floor(wall / minuteMs) * minuteMs + Math.max(...ends) * minuteMs;
    return new Date(instantOf(wallEnd, this.#zone));
  }
}

function windowsOf(text: string): Window[] {
  const found = /^(?:([a-z]{3}) +)?(\d\d?):(\d\d) *- *(?:([a-z]{3}) +)?(\d\d?):(\d\d)$/i.exec(text.trim());
  const wrong = new RangeError(`"${text}" is no time of day such as "23:45-00:45" or "Fri 23:00-Sat 03:00"`);
  if (!found) throw wrong;
  const [, fromDay, fromHour, fromMinute, toDay, toHour, toMinute] = found;
  const timeOf = (hour: string | undefined, minute: string | undefined) => {
    if (Number(hour) > 24 || Number(minute) > 59) throw wrong;
    return Number(hour) * 60 + Number(minute);
  };
  const [from, to] = [timeOf(fromHour, fromMinute), timeOf(toHour, toMinute)];
  if (fromDay === undefined) {
    if (toDay !== undefined) throw wrong;
    return days.map((_, day) => windowFrom(day * dayMinutes + from, day * dayMinutes + to, dayMinutes));
  }
  const [first, last] = [dayOf(fromDay), dayOf(toDay ?? fromDay)];
  if (first < 0 || last < 0) throw wrong;
  return [windowFrom(first * dayMinutes + from, last * dayMinutes + to, weekMinutes)];
}

/** What ends before it begins goes over midnight, or over Saturday. */
function windowFrom(from: number, to: number, period: number): Window {
  return { from, to: to > from ? to : to + period };
}

function dayOf(name: string): number {
  return days.indexOf(name.toLowerCase() as (typeof days)[number]);
}

function minuteOfWeek(wall: number): number {
  const at = new Date(wall);
  return at.getUTCDay() * dayMinutes + at.getUTCHours() * 60 + at.getUTCMinutes();
}
