/** The same symbol at two sources: which bars only one of them has, and by how much each column differs. */
import type { Bars } from './bars.ts';

export const comparedColumns = ['open', 'high', 'low', 'close', 'volume'] as const;
export type ComparedColumn = (typeof comparedColumns)[number];

/** The figures of a bar at one source. */
export type BarFigures = Readonly<Record<ComparedColumn, number>>;

export interface BarDifference {
  /** Milliseconds UTC. */
  readonly time: number;
  readonly one: BarFigures;
  readonly other: BarFigures;
  /** By how much the other is above the one, in percent (100 above nothing); NaN where one of them has no figure. */
  readonly percent: BarFigures;
  /** The largest of its four prices, without its sign. */
  readonly worstPrice: number;
}

export interface ColumnDifference {
  readonly column: ComparedColumn;
  /** Bars in which both have a figure. */
  readonly compared: number;
  /** Of them, those with another one. */
  readonly differing: number;
  /** Of all that are compared, without their signs, in percent; NaN without any. */
  readonly meanPercent: number;
  /** With its sign, in percent, and when it was; 0 and null where none differs. */
  readonly largestPercent: number;
  readonly largestAt: number | null;
}

export interface BarsComparison {
  /** The stretch that both cover, milliseconds UTC; null where there is none. */
  readonly overlap: { readonly from: number; readonly to: number } | null;
  /** Bars at the same time within it. */
  readonly common: number;
  /** Times within the overlap that only one of them has, oldest first. */
  readonly onlyOne: readonly number[];
  readonly onlyOther: readonly number[];
  readonly columns: readonly ColumnDifference[];
  /** Bars of which any figure differs, those with the largest difference in price first. */
  readonly differences: readonly BarDifference[];
}

/** Figures this near are the same: sources round. */
const samePercent = 0.0001;

export function compareBars(one: Bars, other: Bars): BarsComparison {
  const from = Math.max(one.time[0] ?? Number.NaN, other.time[0] ?? Number.NaN);
  const to = Math.min(one.time.at(-1) ?? Number.NaN, other.time.at(-1) ?? Number.NaN);
  if (!(from <= to)) {
    return { overlap: null, common: 0, onlyOne: [], onlyOther: [], columns: [], differences: [] };
  }
  const ones = figuresWithin(one, from, to);
  const others = figuresWithin(other, from, to);
  const bars: BarDifference[] = [];
  for (const [time, ours] of ones) {
    const theirs = others.get(time);
    if (theirs) bars.push(differenceOf(time, ours, theirs));
  }
  return {
    overlap: { from, to },
    common: bars.length,
    onlyOne: [...ones.keys()].filter((time) => !others.has(time)),
    onlyOther: [...others.keys()].filter((time) => !ones.has(time)),
    columns: comparedColumns.map((column) => columnOf(column, bars)),
    differences: bars
      .filter(({ percent }) => comparedColumns.some((column) => differs(percent[column])))
      .sort((a, b) => b.worstPrice - a.worstPrice || a.time - b.time),
  };
}

function figuresWithin(bars: Bars, from: number, to: number): Map<number, BarFigures> {
  const within = new Map<number, BarFigures>();
  bars.time.forEach((time, index) => {
    if (time >= from && time <= to)
      within.set(
        time,
        figures((column) => bars[column][index] ?? Number.NaN),
      );
  });
  return within;
}

function differenceOf(time: number, one: BarFigures, other: BarFigures): BarDifference {
  const percent = figures((column) => percentAbove(one[column], other[column]));
  const prices = [percent.open, percent.high, percent.low, percent.close].map(Math.abs);
  return {
    time,
    one,
    other,
    percent,
    worstPrice: Math.max(...prices.filter((price) => !Number.isNaN(price)), 0),
  };
}

function columnOf(column: ComparedColumn, bars: readonly BarDifference[]): ColumnDifference {
  let compared = 0;
  let differing = 0;
  let sum = 0;
  let largestPercent = 0;
  let largestAt: number | null = null;
  for (const { time, percent } of bars) {
    const difference = percent[column];
    if (Number.isNaN(difference)) continue;
    compared += 1;
    sum += Math.abs(difference);
    if (!differs(difference)) continue;
    differing += 1;
    if (Math.abs(difference) > Math.abs(largestPercent)) [largestPercent, largestAt] = [difference, time];
  }
  return { column, compared, differing, meanPercent: sum / compared, largestPercent, largestAt };
}

function percentAbove(one: number, other: number): number {
  if (one === other) return 0;
  return one === 0 ? 100 * Math.sign(other) : (other / one - 1) * 100;
}

function differs(percent: number): boolean {
  return Math.abs(percent) > samePercent;
}

function figures(of: (column: ComparedColumn) => number): BarFigures {
  return { open: of('open'), high: of('high'), low: of('low'), close: of('close'), volume: of('volume') };
}
