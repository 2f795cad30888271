/** The same symbol at two sources: which bars only one of them has, and where their closes differ most. */
import type { Bars } from './bars.ts';

export interface PriceDifference {
  /** Milliseconds UTC. */
  readonly time: number;
  readonly one: number;
  readonly other: number;
  /** By how much the other is above the one, in percent. */
  readonly percent: number;
}

export interface BarsComparison {
  /** The stretch that both cover, milliseconds UTC; null where there is none. */
  readonly overlap: { readonly from: number; readonly to: number } | null;
  /** Bars at the same time within it. */
  readonly common: number;
  /** Times within the overlap that only one of them has, oldest first. */
  readonly onlyOne: readonly number[];
  readonly onlyOther: readonly number[];
  /** Closes that are not the same, the largest difference first. */
  readonly differences: readonly PriceDifference[];
  /** Of all common bars, in percent; NaN without any. */
  readonly meanDifferencePercent: number;
}

/** Closes this near are the same: sources round. */
const samePercent = 0.0001;

export function compareBars(one: Bars, other: Bars): BarsComparison {
  const from = Math.max(one.time[0] ?? Number.NaN, other.time[0] ?? Number.NaN);
  const to = Math.min(one.time.at(-1) ?? Number.NaN, other.time.at(-1) ?? Number.NaN);
  if (!(from <= to)) {
    return {
      overlap: null,
      common: 0,
      onlyOne: [],
      onlyOther: [],
      differences: [],
      meanDifferencePercent: Number.NaN,
    };
  }
  const closes = closesWithin(one, from, to);
  const others = closesWithin(other, from, to);
  const differences: PriceDifference[] = [];
  let sum = 0;
  let common = 0;
  for (const [time, close] of closes) {
    const theirs = others.get(time);
    if (theirs === undefined) continue;
    const percent = (theirs / close - 1) * 100;
    common += 1;
    sum += Math.abs(percent);
    if (Math.abs(percent) > samePercent) differences.push({ time, one: close, other: theirs, percent });
  }
  return {
    overlap: { from, to },
    common,
    onlyOne: [...closes.keys()].filter((time) => !others.has(time)),
    onlyOther: [...others.keys()].filter((time) => !closes.has(time)),
    differences: differences.sort((a, b) => Math.abs(b.percent) - Math.abs(a.percent)),
    meanDifferencePercent: sum / common,
  };
}

function closesWithin({ time, close }: Bars, from: number, to: number): Map<number, number> {
  const within = new Map<number, number>();
  time.forEach((moment, index) => {
    if (moment >= from && moment <= to) within.set(moment, close[index] ?? Number.NaN);
  });
  return within;
}
