/** Where an axis is marked and what the mark says: round values, and the beginnings of days, months and years. */
import { groupThousands } from '../../money.ts';
import { clockText, dateText, monthNames } from '../format.ts';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Round values in [min, max], about `target` of them: multiples of 1, 2, 2.5 or 5 times a power of ten. */
export function linearTicks(min: number, max: number, target: number): number[] {
  const span = max - min;
  if (!(span > 0) || !Number.isFinite(span)) return Number.isFinite(min) ? [min] : [];
  const rough = span / Math.max(1, target);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // A step that is lost in the rounding of so large a value, or in that of so small a one.
  if (!(step > 0) || !Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return [min];
  // Ten significant digits: enough to tell steps apart, and 0.1 * 3 is 0.3 again.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(10)),
  );
}

/**
 * Round values for a logarithmic axis, at least `apart` powers of ten from each other. Where that leaves fewer than two
 * in [min, max], as a linear axis would have them.
 */
export function logarithmicTicks(min: number, max: number, apart: number): number[] {
  if (!(min > 0) || !(max > min)) return linearTicks(min, max, 2);
  const ladder = ladders.find(({ closest }) => closest >= apart);
  const ticks = ladder === undefined ? sparseDecades(min, max, apart) : ladderTicks(ladder.factors, min, max);
  return ticks.length >= 2 ? ticks : linearTicks(min, max, 2);
}

/** Labels that all have the decimals which the finest of them needs, from ten millions on in M, B or T. */
export function valueLabels(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs), 0);
  const unit = largest >= 1e7 ? unitOf(largest) : plain;
  const scaled = values.map((value) => value / unit.size);
  const places = Math.max(0, ...scaled.map(decimalsOf));
  return scaled.map((value) => minus(`${groupThousands(value.toFixed(places))}${unit.letter}`));
}

/** Labels of a logarithmic axis, where each is a world of its own: `0.01`, `1,000`, `10M`. */
export function logarithmicLabels(values: readonly number[]): string[] {
  return values.map((value) =>
    value >= 1e6 ? compactText(value) : minus(groupThousands(value.toFixed(decimalsOf(value)))),
  );
}

/** Short for what need not be exact: `950`, `12.5K`, `3.4M`, `1.2B`. */
export function compactText(value: number): string {
  const unit = Math.abs(value) >= 1000 ? unitOf(Math.abs(value)) : plain;
  const scaled = value / unit.size;
  const places = Math.abs(scaled) >= 100 ? 0 : 1;
  return minus(`${groupThousands(String(Number(scaled.toFixed(places))))}${unit.letter}`);
}

/** A gain or a loss in three digits, with its sign, which says without any colour which it was. */
export function signedCompactText(value: number): string {
  const text = compactText(Number(value.toPrecision(3)));
  return value > 0 ? `+${text}` : text;
}

/** A price or an amount beside a mark: four significant digits at least, thousands apart, from ten millions on in M, B or T. */
export function valueText(value: number): string {
  if (Math.abs(value) >= 1e7) {
    const unit = unitOf(Math.abs(value));
    const scaled = value / unit.size;
    return minus(`${scaled.toFixed(Math.abs(scaled) >= 100 ? 1 : 2)}${unit.letter}`);
  }
  const magnitude = value === 0 ? 2 : Math.floor(Math.log10(Math.abs(value)));
  const places = magnitude >= 3 ? 0 : Math.min(10, Math.max(2, 3 - magnitude));
  return minus(groupThousands(value.toFixed(places)));
}

/** The typographic minus sign is as wide as a digit and can be seen on a phone. */
export function minus(text: string): string {
  return text.replaceAll('-', '−');
}

/**
 * Marks for bars at these times, at bar indices: a bar is marked when it is the first of a year, month, week, day or
 * hour, by the finest unit that gives at most `most` marks. Closed markets leave no gap, since bars stand side by
 * side. Of two marks nearer than `apart` bars the one of the greater unit stays.
 */
export function timeTicks(time: Float64Array, most: number, apart: number): Tick[] {
  for (const unit of units) {
    const marks = unitMarks(time, unit, most);
    if (marks === null) continue;
    const ticks = thinned(marks, apart).map(({ bar, label }) => ({ value: bar, label }));
    return ticks.length >= 2 ? ticks : endTicks(time);
  }
  return endTicks(time);
}

/** Every name, or every second, fifth, tenth ..., so that they are at least `apart` places from each other. */
export function nameTicks(names: readonly string[], apart: number): Tick[] {
  const every = rungAbove(apart);
  return names.flatMap((label, value) => (value % every === 0 ? [{ value, label }] : []));
}

/** 1, 2, 5, 10, 20, 50 ... */
function rungAbove(distance: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, distance)));
  return power * ([1, 2, 5].find((factor) => factor * power >= distance) ?? 10);
}

interface Mark {
  readonly bar: number;
  readonly label: string;
  /** Begins a greater unit than its neighbours do: a year among months. */
  readonly major: boolean;
}

interface Unit {
  readonly sizeMs: number;
  /** Start of the unit that holds the time. */
  readonly start: (timeMs: number) => number;
  /** Start of the unit behind the one that starts here. */
  readonly next: (startMs: number) => number;
  /** Of a bar, and of the marked bar before it, if there is one. */
  readonly mark: (timeMs: number, beforeMs: number | null) => Omit<Mark, 'bar'>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Weeks start on Monday; 1970 began on a Thursday. */
const mondayMs = 4 * dayMs;

const units: readonly Unit[] = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => clockUnit(minutes * minuteMs)),
  ...[1, 2, 3, 4, 6, 12].map((hours) => clockUnit(hours * hourMs)),
  dayUnit(1),
  dayUnit(2),
  dayUnit(7),
  dayUnit(14),
  ...[1, 2, 3, 6, 12, 24, 60, 120, 240, 600].map(monthUnit),
];

function clockUnit(sizeMs: number): Unit {
  return {
    sizeMs,
    start: (time) => Math.floor(time / sizeMs) * sizeMs,
    next: (start) => start + sizeMs,
    mark: (time, before) => {
      const newDay = time % dayMs === 0 || (before !== null && !sameDay(time, before));
      return { label: newDay ? dayLabel(time) : clockText(time), major: newDay };
    },
  };
}

function dayUnit(days: number): Unit {
  const sizeMs = days * dayMs;
  return {
    sizeMs,
    start: (time) => Math.floor((time - mondayMs) / sizeMs) * sizeMs + mondayMs,
    next: (start) => start + sizeMs,
    mark: (time) => ({ label: dayLabel(time), major: false }),
  };
}

function monthUnit(months: number): Unit {
  return {
    sizeMs: (months * 365.25 * dayMs) / 12,
    start: (time) => monthStart(Math.floor(monthNumber(time) / months) * months),
    next: (start) => monthStart(monthNumber(start) + months),
    mark: (time, before) => {
      const month = monthNumber(time);
      const newYear = before === null ? month % 12 === 0 : yearOf(before) !== yearOf(time);
      const named = newYear || months >= 12;
      return { label: named ? String(yearOf(time)) : (monthNames[month % 12] ?? ''), major: newYear };
    },
  };
}

/** The first bar of every unit; null when these are more than `most`. Jumps from unit to unit, so long data is no matter. */
function unitMarks(time: Float64Array, unit: Unit, most: number): Mark[] | null {
  const marks: Mark[] = [];
  let before: number | null = null;
  let bar = 0;
  while (bar < time.length) {
    const barTime = time[bar] ?? 0;
    const start = unit.start(barTime);
    // The data may begin in the middle of a unit: its first bar is marked only when it is as good as the unit's first.
    if (bar > 0 || barTime - start <= unit.sizeMs * 0.1) {
      if (marks.length === most) return null;
      marks.push({ bar, ...unit.mark(barTime, before) });
    }
    before = barTime;
    bar = firstBarFrom(time, unit.next(start), bar + 1);
  }
  return marks;
}

function thinned(marks: readonly Mark[], apart: number): Mark[] {
  const kept: Mark[] = [];
  for (const mark of marks) {
    const before = kept.at(-1);
    if (before === undefined || mark.bar - before.bar >= apart) kept.push(mark);
    else if (mark.major && !before.major) kept[kept.length - 1] = mark;
  }
  return kept;
}

/** Too few units to mark: the first and the last bar by their full names. */
function endTicks(time: Float64Array): Tick[] {
  const last = time.length - 1;
  const ends = last > 0 ? [0, last] : [0];
  const withinDay = last > 0 && sameDay(time[0] ?? 0, time[last] ?? 0);
  return ends.flatMap((bar) => {
    const barTime = time[bar];
    if (barTime === undefined) return [];
    const clock = withinDay || barTime % dayMs !== 0 ? ` ${clockText(barTime)}` : '';
    return [{ value: bar, label: `${dateText(barTime)}${clock}` }];
  });
}

function firstBarFrom(time: Float64Array, fromMs: number, searchFrom: number): number {
  let low = searchFrom;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function monthNumber(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function monthStart(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12, 1);
}

function yearOf(timeMs: number): number {
  return new Date(timeMs).getUTCFullYear();
}

function sameDay(timeMs: number, otherMs: number): boolean {
  return Math.floor(timeMs / dayMs) === Math.floor(otherMs / dayMs);
}

/** `3 Jan` */
function dayLabel(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getUTCDate()} ${monthNames[date.getUTCMonth()] ?? ''}`;
}

/** Rungs within one power of ten, and the smallest distance between two of them, in powers of ten. */
const ladders = [
  { factors: [1, 1.5, 2, 3, 4, 5, 6, 8], closest: Math.log10(6 / 5) },
  { factors: [1, 1.5, 2, 3, 5, 7], closest: Math.log10(2 / 1.5) },
  { factors: [1, 2, 3, 5], closest: Math.log10(3 / 2) },
  { factors: [1, 2, 5], closest: Math.log10(2) },
  { factors: [1, 3], closest: Math.log10(3) },
  { factors: [1], closest: 1 },
] as const;

/** Every second, third ... power of ten. */
function sparseDecades(min: number, max: number, apart: number): number[] {
  const every = Math.ceil(apart);
  return ladderTicks([1], min, max).filter((value) => Math.round(Math.log10(value)) % every === 0);
}

/** All values that stand on this ladder, such as 1, 2, 5, 10, 20, 50 ... */
function ladderTicks(ladder: readonly number[], min: number, max: number): number[] {
  const ticks: number[] = [];
  // No double is larger than 10 to the 308.
  for (let power = Math.floor(Math.log10(min)); power <= 308 && 10 ** power <= max; power++) {
    for (const factor of ladder) {
      const value = Number((factor * 10 ** power).toPrecision(10));
      if (value >= min && value <= max) ticks.push(value);
    }
  }
  return ticks;
}

interface NumberUnit {
  readonly size: number;
  readonly letter: string;
}

const plain: NumberUnit = { size: 1, letter: '' };

function unitOf(largest: number): NumberUnit {
  if (largest >= 1e12) return { size: 1e12, letter: 'T' };
  if (largest >= 1e9) return { size: 1e9, letter: 'B' };
  if (largest >= 1e6) return { size: 1e6, letter: 'M' };
  return { size: 1e3, letter: 'K' };
}

/** Decimals that a round value needs, at most ten. */
function decimalsOf(value: number): number {
  for (let places = 0; places < 10; places++) {
    const scaled = value * 10 ** places;
    if (Math.abs(scaled - Math.round(scaled)) <= 1e-9 * Math.max(1, Math.abs(scaled))) return places;
  }
  return 10;
}
