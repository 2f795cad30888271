/** Days of the civil calendar as text, `2026-11-27`, in no time zone: as text they sort as in time; and the rules by which holidays move. */

/** 0 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const dayMs = 86_400_000;
const dayText = /^\d{4}-\d{2}-\d{2}$/;

/** Whether it is a day that exists, written as here. */
export function isDay(text: string): boolean {
  if (!dayText.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && dayAt(time) === text;
}

/** The day of an instant or of a wall clock's reading, both in milliseconds as if they were UTC. */
export function dayAt(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Midnight UTC of the day, in milliseconds: what daily bars have as their time. */
export function midnightOf(day: string): number {
  return Date.parse(day);
}

/** A month outside of 1 to 12, or a day that the month does not have, counts on into the next. */
export function dayOfYear(year: number, month: number, day: number): string {
  return dayAt(Date.UTC(year, month - 1, day));
}

export function plusDays(day: string, count: number): string {
  return dayAt(midnightOf(day) + count * dayMs);
}

/** A day and those after it, `count` in all. */
export function daysFrom(day: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => plusDays(day, index));
}

export function weekdayOf(day: string): Weekday {
  return new Date(midnightOf(day)).getUTCDay() as Weekday;
}

export function isWeekend(day: string): boolean {
  const weekday = weekdayOf(day);
  return weekday === 0 || weekday === 6;
}

/** The third Monday in January is `nth(2026, 1, 1, 3)`. */
export function nth(year: number, month: number, weekday: Weekday, count: number): string {
  const first = dayOfYear(year, month, 1);
  return plusDays(first, ((weekday - weekdayOf(first) + 7) % 7) + 7 * (count - 1));
}

/** The last Monday in May is `last(2026, 5, 1)`. */
export function last(year: number, month: number, weekday: Weekday): string {
  const end = dayOfYear(year, month + 1, 0);
  return plusDays(end, -((weekdayOf(end) - weekday + 7) % 7));
}

/** A day on a weekend is kept on the nearest weekday: Saturday's on Friday, Sunday's on Monday. */
export function nearestWeekday(day: string): string {
  const weekday = weekdayOf(day);
  return plusDays(day, weekday === 6 ? -1 : weekday === 0 ? 1 : 0);
}

/** Days in their order: one that is not free, or already taken, is kept on the next that is neither. */
export function kept(days: readonly string[], isFree: (day: string) => boolean): string[] {
  const taken = new Set<string>();
  for (const wanted of days) {
    let day = wanted;
    while (taken.has(day) || !isFree(day)) day = plusDays(day, 1);
    taken.add(day);
  }
  return [...taken];
}

/** The last day on or before it that fulfils a condition. */
export function backTo(day: string, condition: (day: string) => boolean): string {
  let found = day;
  while (!condition(found)) found = plusDays(found, -1);
  return found;
}

/** Easter Sunday of the Gregorian calendar: the anonymous algorithm of Nature, 20 April 1876 (J. Meeus, Astronomical Algorithms, ch. 8). */
export function easter(year: number): string {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const l = (32 + 2 * e + 2 * i - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return dayOfYear(year, Math.floor(sum / 31), (sum % 31) + 1);
}
