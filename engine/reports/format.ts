/** Figures as people read them: two decimals, thousands apart, durations in days, dates in words. */
import { groupThousands } from '../money.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `1,234.50`; `n/a` where there is no number, `∞` where there is no end. */
export function numberText(value: number, places = 2): string {
  if (Number.isNaN(value)) return 'n/a';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const digits = groupThousands(value.toFixed(places));
  return isZeroText(digits) ? digits.replace('-', '') : digits;
}

/** A value that is in percent already: `12.34%`. */
export function percentText(value: number, places = 2): string {
  return Number.isFinite(value) ? `${numberText(value, places)}%` : numberText(value);
}

/** With its sign, as a result is told: `+12.34%`. */
export function signedPercentText(value: number, places = 2): string {
  const text = percentText(value, places);
  return value > 0 && !isZeroText(text) ? `+${text}` : text;
}

/** Milliseconds as `512 days`, `1 day 6 h`, `5 h 30 min`, `12 min` or `30 s`: two units at most, whole days from ten on. */
export function durationText(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return numberText(durationMs);
  if (durationMs < 0) return `-${durationText(-durationMs)}`;
  if (durationMs >= 10 * day) return days(Math.round(durationMs / day));
  if (durationMs >= day) return twoUnits(durationMs, day, days, hour, (count) => `${count} h`);
  if (durationMs >= hour) {
    return twoUnits(
      durationMs,
      hour,
      (count) => `${count} h`,
      minute,
      (count) => `${count} min`,
    );
  }
  if (durationMs >= minute) return `${Math.round(durationMs / minute)} min`;
  return durationMs === 0 ? days(0) : `${Math.round(durationMs / second)} s`;
}

/** `3 Jan 2000`, in UTC. */
export function dateText(timeMs: number): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return 'n/a';
  return `${date.getUTCDate()} ${monthNames[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `14:30`, in UTC. */
export function clockText(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? 'n/a' : date.toISOString().slice(-13, -8);
}

/** `3 Jan 2000 – 17 Apr 2020` from the first to the last time; within one day with the time of day. */
export function periodText(time: Float64Array): string {
  const start = time[0] ?? Number.NaN;
  const end = time[time.length - 1] ?? Number.NaN;
  if (dateText(start) !== dateText(end)) return `${dateText(start)} – ${dateText(end)}`;
  return start === end || Number.isNaN(start)
    ? dateText(start)
    : `${dateText(start)}, ${clockText(start)} – ${clockText(end)}`;
}

export const monthNames = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/** Whether all bars stand for whole sessions: a daily, weekly or monthly bar starts at midnight UTC. */
export function areDates(time: ArrayLike<number>): boolean {
  for (let bar = 0; bar < time.length; bar++) {
    if ((time[bar] ?? 0) % day !== 0) return false;
  }
  return true;
}

function days(count: number): string {
  return `${groupThousands(String(count))} ${count === 1 ? 'day' : 'days'}`;
}

function twoUnits(
  durationMs: number,
  large: number,
  largeText: (count: number) => string,
  small: number,
  smallText: (count: number) => string,
): string {
  const inSmall = Math.round(durationMs / small);
  const perLarge = large / small;
  const rest = inSmall % perLarge;
  const whole = largeText(Math.floor(inSmall / perLarge));
  return rest === 0 ? whole : `${whole} ${smallText(rest)}`;
}

function isZeroText(text: string): boolean {
  return !/[1-9]/.test(text);
}
