/** Questions that a strategy asks about the newest values of its series. */
import { Series, type Values } from './series.ts';

/** Whether the first was below the second one bar ago, and is above it now. A number stands for a level. */
export function crossover(first: Values | number, second: Values | number): boolean {
  if (first instanceof Series && second instanceof Series) return first.crossesOver(second);
  // Where there is no value it is NaN, which is neither above nor below anything.
  return valueAt(first, -1) > valueAt(second, -1) && valueAt(first, -2) < valueAt(second, -2);
}

/** Whether one has crossed the other on the newest bar, in whichever direction. */
export function cross(first: Values | number, second: Values | number): boolean {
  return crossover(first, second) || crossover(second, first);
}

/** Bars since the condition was last true, 0 for the newest bar; `never` where it has not been. */
export function barsSince(condition: ArrayLike<boolean>, never = Number.POSITIVE_INFINITY): number {
  for (let back = 0; back < condition.length; back++) {
    if (condition[condition.length - 1 - back]) return back;
  }
  return never;
}

/**
 * With `share`: the value below which that share of all values lies, interpolated between neighbours (type 7 of
 * Hyndman and Fan, 1996). Without: the share of the earlier values that lie below the newest; NaN for a single one.
 */
export function quantile(values: Values, share?: number): number {
  const all = Array.from({ length: values.length }, (_, index) => values.at(index) ?? Number.NaN);
  if (share === undefined) {
    const newest = all.at(-1) ?? Number.NaN;
    const earlier = all.slice(0, -1);
    return earlier.filter((value) => value < newest).length / earlier.length;
  }
  const sorted = all.sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

function valueAt(values: Values | number, index: number): number {
  return typeof values === 'number' ? values : (values.at(index) ?? Number.NaN);
}
