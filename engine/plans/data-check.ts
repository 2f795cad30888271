/**
 * Compares the bars of a run with those of the run before it.
 *
 * History changes: a vendor adjusts all prices before a split or dividend by one factor, and now and then corrects a bar.
 * The first leaves every signal where it was and is accepted; the second may change what the strategy would have done, so
 * that the book and the simulation part without anybody having traded.
 *
 * What was the newest bar then is left out, because it may have been unfinished; and volumes are, because vendors correct
 * them for weeks.
 */
import type { Bars } from '../market/bars.ts';
import { dayAt } from '../market/calendars/days.ts';

/** All prices before a day were multiplied by one factor. */
export interface Adjustment {
  readonly symbol: string;
  /** The first day that is as it was: `2024-06-10`. */
  readonly before: string;
  readonly factor: number;
}

export interface BarChange {
  readonly symbol: string;
  /** Start of the bar, milliseconds UTC. */
  readonly time: number;
  readonly column: (typeof priceColumns)[number];
  /** Null where there was, or is, no such bar. */
  readonly was: number | null;
  readonly is: number | null;
}

export interface DataComparison {
  readonly adjustments: readonly Adjustment[];
  /** What no adjustment explains. */
  readonly changes: readonly BarChange[];
}

const priceColumns = ['open', 'high', 'low', 'close'] as const;
/** Beyond this, and what rounding explains, two prices differ. */
const relativeTolerance = 1e-5;
/** Bars by which a factor is estimated, so that the rounding of one of them does not decide. */
const sampleBars = 60;
/** A symbol with more is corrected, not adjusted. */
const mostAdjustments = 8;

/** Symbols that are in one of them only are not compared. */
export function compareBars(earlier: readonly Bars[], now: readonly Bars[]): DataComparison {
  const adjustments: Adjustment[] = [];
  const changes: BarChange[] = [];
  for (const before of earlier) {
    const after = now.find(
      ({ symbol, interval }) => symbol === before.symbol && interval === before.interval,
    );
    if (!after) continue;
    const found = compareSymbol(before, after);
    adjustments.push(...found.adjustments);
    changes.push(...found.changes);
  }
  return { adjustments, changes };
}

/** `AAPL: all prices before 2024-06-10 are multiplied by 0.25, as after a split of 4 for 1`. */
export function adjustmentText({ symbol, before, factor }: Adjustment): string {
  const [many, few] = splitOf(factor) ?? [];
  const why =
    many !== undefined
      ? `as after a split of ${many} for ${few}`
      : factor < 1
        ? `as after a dividend of ${((1 - factor) * 100).toFixed(2)} %`
        : 'upwards';
  return `${symbol}: all prices before ${before} are multiplied by ${Number(factor.toPrecision(6))}, ${why}`;
}

/** `AAPL 2024-06-07: close was 120.5, is 121.25`. */
export function changeText({ symbol, time, column, was, is }: BarChange): string {
  const at = new Date(time).toISOString();
  const when = at.endsWith('T00:00:00.000Z') ? at.slice(0, 10) : `${at.slice(0, 16).replace('T', ' ')} UTC`;
  if (was === null) return `${symbol} ${when}: this bar is new, it was not there before`;
  if (is === null) return `${symbol} ${when}: this bar is gone`;
  return `${symbol} ${when}: ${column} was ${was}, is ${is}`;
}

function compareSymbol(before: Bars, after: Bars): DataComparison {
  const { symbol } = before;
  const pairs: [was: number, is: number][] = [];
  const changes: BarChange[] = [];
  const compared = before.time.length - 1;
  let is = 0;
  for (let was = 0; was < compared; was++) {
    const time = before.time[was] as number;
    for (; is < after.time.length && (after.time[is] as number) < time; is++) {
      if (was > 0) changes.push(appeared(after, is));
    }
    if (after.time[is] === time) pairs.push([was, is++]);
    else changes.push({ symbol, time, column: 'close', was: before.close[was] as number, is: null });
  }
  const { adjustments, unexplained } = explain(before, after, pairs);
  return {
    adjustments,
    changes: [...changes, ...unexplained].sort((a, b) => b.time - a.time),
  };
}

/**
 * From the newest bar back: each is as it was times the factor of its stretch, or begins a stretch with another factor, or
 * is unexplained. A stretch of a single bar, or one whose factor is 1 again, is a correction.
 */
function explain(
  before: Bars,
  after: Bars,
  pairs: readonly (readonly [was: number, is: number])[],
): { adjustments: Adjustment[]; unexplained: BarChange[] } {
  const { symbol } = before;
  const rounding = { was: halfUnit(before), is: halfUnit(after) };
  const fits = (pair: readonly [number, number], factor: number) =>
    priceColumns.every((column) => {
      const was = before[column][pair[0]] as number;
      const is = after[column][pair[1]] as number;
      const tolerance = Math.abs(is) * relativeTolerance + rounding.is + rounding.was * factor;
      return Math.abs(is - was * factor) <= tolerance;
    });
  const ratio = ([was, is]: readonly [number, number]) =>
    (after.close[is] as number) / (before.close[was] as number);

  const adjustments: Adjustment[] = [];
  const unexplained: BarChange[] = [];
  let factor = 1;
  for (let index = pairs.length - 1; index >= 0; index--) {
    const pair = pairs[index] as readonly [number, number];
    if (fits(pair, factor)) continue;
    const older = pairs.slice(Math.max(0, index - sampleBars + 1), index + 1);
    const next = median(older.map(ratio));
    const neighbour = pairs[index - 1];
    const isStretch =
      next > 0 &&
      Number.isFinite(next) &&
      Math.abs(next - 1) > relativeTolerance &&
      fits(pair, next) &&
      (neighbour === undefined || fits(neighbour, next)) &&
      adjustments.length < mostAdjustments;
    if (isStretch) {
      factor = next;
      // Also the newest bar of before, which is not compared, where it fits.
      const isNewest = index === pairs.length - 1;
      const newest: [number, number] = [pair[0] + 1, pair[1] + 1];
      const reaches = isNewest && before.time[newest[0]] === after.time[newest[1]] && fits(newest, next);
      const first = after.time[pair[1] + (reaches ? 2 : 1)] ?? (after.time[pair[1]] as number);
      adjustments.push({ symbol, before: dayAt(first), factor });
    } else {
      unexplained.push(...changesOf(before, after, pair, factor, rounding.is + rounding.was * factor));
    }
  }
  return { adjustments, unexplained };
}

function changesOf(
  before: Bars,
  after: Bars,
  [was, is]: readonly [number, number],
  factor: number,
  rounding: number,
): BarChange[] {
  return priceColumns.flatMap((column) => {
    const [old, now] = [before[column][was] as number, after[column][is] as number];
    if (Math.abs(now - old * factor) <= Math.abs(now) * relativeTolerance + rounding) return [];
    return [{ symbol: before.symbol, time: before.time[was] as number, column, was: old, is: now }];
  });
}

function appeared({ symbol, time, close }: Bars, index: number): BarChange {
  return { symbol, time: time[index] as number, column: 'close', was: null, is: close[index] as number };
}

/** Half of the last decimal place that a vendor gives; 0 where its prices are not rounded. */
function halfUnit({ close }: Bars): number {
  let decimals = 0;
  for (const price of close.slice(-200)) {
    decimals = Math.max(decimals, (String(price).split('.')[1] ?? '').length);
  }
  return decimals > 6 ? 0 : 0.5 * 10 ** -Math.max(decimals, 2);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function splitOf(factor: number): readonly [many: number, few: number] | undefined {
  for (let few = 1; few <= 5; few++) {
    for (let many = 1; many <= 50; many++) {
      if (many !== few && Math.abs(few / many / factor - 1) < 5e-4) return [many, few];
    }
  }
  return undefined;
}
