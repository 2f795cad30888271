/** The newest kept bars, fetched again: what the vendor says otherwise by now. */
import type { Bars } from '../bars.ts';

/** A price that was kept one way and is told another. */
export interface Correction {
  /** Of the bar, milliseconds UTC. */
  readonly time: number;
  readonly column: 'open' | 'high' | 'low' | 'close';
  readonly before: number;
  readonly now: number;
}

export interface Overlap {
  /** In order of time. */
  readonly corrections: readonly Correction[];
  /** Times of kept bars that are gone, and of bars that have come in between. */
  readonly gone: readonly number[];
  readonly added: readonly number[];
  /** Where all prices up to a bar are now the same multiple of what they were: that multiple. A split of 2 for 1 is 0.5. */
  readonly factor: number | undefined;
}

const prices = ['open', 'high', 'low', 'close'] as const;
/** Vendors compute adjusted prices anew each time, and round. */
const sameShare = 1e-6;
/** Adjusted prices are often rounded to cents: their ratios are less exact. */
const sameFactor = 1e-3;

/** Compares the kept bars from the first fetched one on; both are of one series, and `fetched` reaches at least as far. */
export function compareOverlap(kept: Bars, fetched: Bars): Overlap {
  const start = fetched.time[0] ?? Number.POSITIVE_INFINITY;
  const end = kept.time.at(-1) ?? Number.NEGATIVE_INFINITY;
  const indexes = new Map<number, number>();
  fetched.time.forEach((time, index) => {
    if (time <= end) indexes.set(time, index);
  });
  const corrections: Correction[] = [];
  const gone: number[] = [];
  const known = new Set<number>();
  kept.time.forEach((time, index) => {
    if (time < start) return;
    known.add(time);
    const now = indexes.get(time);
    if (now === undefined) gone.push(time);
    else corrections.push(...correctionsOf(kept, index, fetched, now));
  });
  const added = [...indexes.keys()].filter((time) => !known.has(time));
  return { corrections, gone, added, factor: factorOf(corrections, [...known]) };
}

function correctionsOf(kept: Bars, index: number, fetched: Bars, fetchedIndex: number): Correction[] {
  return prices.flatMap((column) => {
    const before = kept[column][index] ?? Number.NaN;
    const now = fetched[column][fetchedIndex] ?? Number.NaN;
    const same = Math.abs(now - before) <= sameShare * Math.abs(before);
    return same ? [] : [{ time: kept.time[index] ?? Number.NaN, column, before, now }];
  });
}

/** Only where every price changed, of the first bars and of no later ones: that is an adjustment, and no slip of the vendor. */
function factorOf(corrections: readonly Correction[], times: readonly number[]): number | undefined {
  const [first] = corrections;
  if (first === undefined) return undefined;
  const changed = [...new Set(corrections.map(({ time }) => time))];
  const whole = corrections.length === prices.length * changed.length;
  if (!whole || changed.some((time, index) => times[index] !== time)) return undefined;
  const factor = first.now / first.before;
  const isConstant = corrections.every(
    ({ before, now }) => Math.abs(now / before / factor - 1) <= sameFactor,
  );
  return isConstant && Math.abs(factor - 1) > sameFactor ? factor : undefined;
}
