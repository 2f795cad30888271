/** What is odd about the bars of a symbol: gaps, prices that jump or cannot be, volume that is missing. */
import { type Bars, barLengthMs } from './bars.ts';

export interface Gap {
  /** Last bar before and first bar after it, milliseconds UTC. */
  readonly after: number;
  readonly before: number;
  /** Bars that one would expect between them. */
  readonly missing: number;
}

export interface Jump {
  readonly time: number;
  /** From the close before, in percent. */
  readonly percent: number;
}

export interface Inspection {
  readonly bars: number;
  readonly first: number;
  readonly last: number;
  /** Two expected bars or more that are not there, the longest first. */
  readonly gaps: readonly Gap[];
  /** Days on which the symbol usually trades and which have no bar, one at a time: holidays look like that. */
  readonly singleDays: number;
  /** Bars with a volume of zero; null where the source has no volume at all. */
  readonly zeroVolumes: number | null;
  /** Bars whose open or close lies outside of their low and high: their times, oldest first. */
  readonly outside: readonly number[];
  /** Moves from close to close of more than ten usual ones, the largest first. */
  readonly jumps: readonly Jump[];
  /** The longest stretch of bars with the very same close. */
  readonly longestFlat: number;
}

const dayMs = 86_400_000;
/** Beyond this many usual moves a move is worth a look. */
const oddMoves = 10;
/** A weekday belongs to the symbol's week when it has at least this share of the bars of the fullest one. */
const tradedShare = 0.2;

/** @throws RangeError without bars */
export function inspectBars(bars: Bars): Inspection {
  const { time, open, high, low, close, volume } = bars;
  const first = time[0];
  const last = time.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('there are no bars to inspect');
  const gaps = gapsOf(bars);
  const hasVolume = volume.some((value) => !Number.isNaN(value));
  const value = (column: Float64Array, index: number) => column[index] ?? Number.NaN;
  const outside = Array.from(time).filter((_, index) => {
    const [lowest, highest] = [value(low, index), value(high, index)];
    const within = (price: number) => price >= lowest && price <= highest;
    return !within(value(open, index)) || !within(value(close, index));
  });
  return {
    bars: time.length,
    first,
    last,
    gaps: gaps
      .filter(({ missing }) => missing > 1)
      .sort((a, b) => b.missing - a.missing || a.after - b.after),
    singleDays: bars.interval === '1d' ? gaps.filter(({ missing }) => missing === 1).length : 0,
    zeroVolumes: hasVolume ? volume.filter((each) => each === 0).length : null,
    outside,
    jumps: jumpsOf(bars),
    longestFlat: longestFlat(close),
  };
}

function gapsOf(bars: Bars): Gap[] {
  if (bars.interval === '1d') return gapsOfDays(bars.time);
  const step = barLengthMs[bars.interval];
  const slow = bars.interval === '1w' || bars.interval === '1mo';
  const usual = slow ? new Set<number>() : usualBreaks(bars.time, step);
  return between(bars.time, (before, after) => {
    if (slow) return Math.round((after - before) / step) - 1;
    const isBreak = usual.has(before % dayMs) && after - before <= 4 * dayMs;
    return isBreak ? 0 : Math.round((after - before) / step) - 1;
  });
}

/** Counted on the weekdays on which the symbol trades: a share has none on Sundays, a coin has. */
function gapsOfDays(time: Float64Array): Gap[] {
  const perWeekday = [0, 0, 0, 0, 0, 0, 0];
  const weekday = (moment: number) => new Date(moment).getUTCDay();
  for (const moment of time) perWeekday[weekday(moment)] = (perWeekday[weekday(moment)] ?? 0) + 1;
  const fullest = Math.max(...perWeekday);
  const traded = perWeekday.map((count) => count >= tradedShare * fullest);
  return between(time, (before, after) => {
    let missing = 0;
    for (let day = before + dayMs; day < after; day += dayMs) if (traded[weekday(day)]) missing++;
    return missing;
  });
}

/** Times of day at which the session ends more often than it goes on. */
function usualBreaks(time: Float64Array, step: number): Set<number> {
  const counts = new Map<number, { breaks: number; all: number }>();
  for (let index = 1; index < time.length; index++) {
    const [before = 0, after = 0] = [time[index - 1], time[index]];
    const count = counts.get(before % dayMs) ?? { breaks: 0, all: 0 };
    count.all += 1;
    if (after - before > step) count.breaks += 1;
    counts.set(before % dayMs, count);
  }
  return new Set(
    [...counts].filter(([, { breaks, all }]) => breaks > 1 && breaks * 2 > all).map(([clock]) => clock),
  );
}

function between(time: Float64Array, missingBetween: (before: number, after: number) => number): Gap[] {
  const gaps: Gap[] = [];
  for (let index = 1; index < time.length; index++) {
    const [after = 0, before = 0] = [time[index - 1], time[index]];
    const missing = missingBetween(after, before);
    if (missing > 0) gaps.push({ after, before, missing });
  }
  return gaps;
}

/** Against the median of all moves, which a few wrong prices cannot shift. */
function jumpsOf({ time, close }: Bars): Jump[] {
  const moves: Jump[] = [];
  for (let index = 1; index < close.length; index++) {
    const [before = Number.NaN, now = Number.NaN] = [close[index - 1], close[index]];
    moves.push({ time: time[index] ?? Number.NaN, percent: (now / before - 1) * 100 });
  }
  const sizes = moves.map(({ percent }) => Math.abs(percent)).sort((a, b) => a - b);
  const usual = sizes[sizes.length >> 1] ?? 0;
  return moves
    .filter(({ percent }) => usual > 0 && Math.abs(percent) > oddMoves * usual)
    .sort((a, b) => Math.abs(b.percent) - Math.abs(a.percent));
}

function longestFlat(close: Float64Array): number {
  let longest = close.length > 0 ? 1 : 0;
  let length = 1;
  for (let index = 1; index < close.length; index++) {
    length = close[index] === close[index - 1] ? length + 1 : 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
