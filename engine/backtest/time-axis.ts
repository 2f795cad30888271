/**
 * What statistics need of the times of the bars alone: it is the same for every run over them, and found once.
 *
 * Loops over all bars stand in functions that answer a number, as in `statistics.ts`.
 */

export const dayMs = 86_400_000;

export class TimeAxis {
  /**
   * Start of each bar, milliseconds UTC. Bars at 0, 1, 2, ... stand for bars that have no times: durations are then
   * in bars, and what is annual is undefined.
   */
  readonly time: Float64Array;
  readonly hasTimes: boolean;
  /** The unit that durations are rounded up to, in milliseconds; 0 for bars that have no times. */
  readonly resolution: number;
  /** How many periods (days, weeks, months or years, whatever the bars are) make a year. */
  readonly perYear: number;
  /** The last bar of each period. */
  readonly periodEnds: Int32Array;

  constructor(time: Float64Array) {
    this.time = time;
    this.hasTimes = !isCounter(time);
    this.resolution = this.hasTimes ? resolutionOf(time) : 0;
    const { endOf, perYear } = periodOf(time);
    this.perYear = perYear;
    this.periodEnds = this.hasTimes ? endsOf(time, endOf) : new Int32Array();
  }
}

/** 0, 1, 2, ...: not times but a count. */
function isCounter(time: Float64Array): boolean {
  return time[0] === 0 && time.at(-1) === time.length - 1;
}

/** The largest of day, hour, minute and second of which all times are multiples; durations are told in it. */
function resolutionOf(time: Float64Array): number {
  return [dayMs, 3_600_000, 60_000, 1000].find((unit) => areMultiples(time, unit)) ?? 1;
}

/** Not by the remainder: for numbers beyond 2^31 that is many times slower. */
function areMultiples(time: Float64Array, unit: number): boolean {
  for (let i = 0; i < time.length; i++) {
    const at = time[i] as number;
    if (Math.floor(at / unit) * unit !== at) return false;
  }
  return true;
}

interface Period {
  /** The time at which the period ends that a time lies in. */
  readonly endOf: (time: number) => number;
  readonly perYear: number;
}

/** How long a period is, and how many make a year; from the median of the last 99 steps, in whole days. */
function periodOf(time: Float64Array): Period {
  const recent = Array.from(time.subarray(-100));
  const steps = recent.slice(1).map((at, index) => at - (recent[index] ?? Number.NaN));
  const days = Math.floor(median(steps) / dayMs);
  if (days === 7) return { endOf: endOfWeek, perYear: 52 };
  if (days === 31) return { endOf: endOfMonth, perYear: 12 };
  if (days === 365) return { endOf: endOfYear, perYear: 1 };
  return { endOf: endOfDay, perYear: weekendShare(time) > (2 / 7) * 0.6 ? 365 : 252 };
}

function endsOf(time: Float64Array, endOf: Period['endOf']): Int32Array {
  const ends: number[] = [];
  for (let bar = 0; bar < time.length; bar++) {
    bar = lastBefore(time, bar, endOf(time[bar] as number));
    ends.push(bar);
  }
  return Int32Array.from(ends);
}

/** Share of the bars that lie on a Saturday or Sunday. */
function weekendShare(time: Float64Array): number {
  let weekend = 0;
  for (let bar = 0; bar < time.length; bar++) {
    const first = bar;
    bar = lastBefore(time, bar, endOfDay(time[bar] as number)); // bars of one day are counted together
    if (isWeekend(time[bar] as number)) weekend += bar + 1 - first;
  }
  return weekend / time.length;
}

/** The last bar, from this one on, that begins before a time. */
function lastBefore(time: Float64Array, from: number, end: number): number {
  let bar = from;
  while (bar + 1 < time.length && (time[bar + 1] as number) < end) bar++;
  return bar;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function endOfDay(time: number): number {
  return (Math.floor(time / dayMs) + 1) * dayMs;
}

/** 1970-01-01 was a Thursday. */
function isWeekend(time: number): boolean {
  const weekday = (((Math.floor(time / dayMs) + 3) % 7) + 7) % 7;
  return weekday > 4;
}

/** Weeks end on Sunday. */
function endOfWeek(time: number): number {
  const week = Math.floor((Math.floor(time / dayMs) + 3) / 7);
  return ((week + 1) * 7 - 3) * dayMs;
}

function endOfMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function endOfYear(time: number): number {
  return Date.UTC(new Date(time).getUTCFullYear() + 1, 0, 1);
}
