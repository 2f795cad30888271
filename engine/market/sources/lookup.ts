/** What every source does alike: find the symbols that are asked for, cut the asked range, search by name. */
import { UserError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { type Bars, type Interval, sliceBars } from '../bars.ts';
import { resampleDaily } from '../resample.ts';
import type { BarsRequest, SymbolInfo } from './source.ts';

/**
 * The known spelling of a symbol, whatever its case.
 * @throws UserError with the nearest known symbols
 */
export function canonicalSymbol(wanted: string, known: readonly string[], source: string): string {
  const found =
    known.find((symbol) => symbol === wanted) ??
    known.find((symbol) => symbol.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(wanted, known);
  const some = known.slice(0, 8).join(', ');
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : known.length > 8
        ? `It has ${known.length} symbols, such as ${some}.`
        : `It has ${some === '' ? 'no symbols at all' : some}.`;
  throw new UserError(`Source ${source} has no symbol "${wanted}". ${hint}`);
}

/**
 * Bars in the asked interval: as they are, or daily ones put together to weeks or months.
 * @throws UserError when the interval cannot be had from these bars
 */
export function inInterval(bars: Bars, interval: Interval, source: string): Bars {
  if (bars.interval === interval) return bars;
  if (bars.interval === '1d' && (interval === '1w' || interval === '1mo'))
    return resampleDaily(bars, interval);
  const offered = bars.interval === '1d' ? '1d, 1w and 1mo' : bars.interval;
  throw new UserError(`Source ${source} has no ${interval} bars of ${bars.symbol}, only ${offered}.`);
}

/**
 * The bars from `from` to `to`, both inclusive.
 * @throws UserError when there are none
 */
export function inRange(bars: Bars, { from, to }: Pick<BarsRequest, 'from' | 'to'>, source: string): Bars {
  const first = from === undefined ? 0 : firstAtOrAfter(bars.time, from.getTime());
  const end = to === undefined ? bars.time.length : firstAtOrAfter(bars.time, to.getTime() + 1);
  if (first >= end) {
    const has = `; it has ${dayOf(bars.time[0])} to ${dayOf(bars.time.at(-1))}`;
    throw noBars(bars.symbol, { ...(from && { from }), ...(to && { to }) }, source, has);
  }
  return sliceBars(bars, first, end);
}

/** @param more what it has instead, to end the sentence with */
export function noBars(
  symbol: string,
  { from, to }: Pick<BarsRequest, 'from' | 'to'>,
  source: string,
  more = '',
): UserError {
  const range = from === undefined && to === undefined ? '' : ` ${rangeText(from, to)}`;
  return new UserError(`Source ${source} has no bars of ${symbol}${range}${more}.`);
}

/** Symbols whose symbol or name contains the query: the same symbol first, then those that begin with it. */
export function searchSymbols(all: readonly SymbolInfo[], query: string, limit: number): SymbolInfo[] {
  const wanted = query.trim().toLowerCase();
  const rank = ({ symbol, name }: SymbolInfo): number => {
    const key = symbol.toLowerCase();
    if (key === wanted) return 0;
    if (key.startsWith(wanted)) return 1;
    if (key.includes(wanted)) return 2;
    return name.toLowerCase().includes(wanted) ? 3 : 4;
  };
  return all
    .map((info) => ({ info, rank: wanted === '' ? 0 : rank(info) }))
    .filter((entry) => entry.rank < 4)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map((entry) => entry.info);
}

function firstAtOrAfter(times: Float64Array, wanted: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rangeText(from: Date | undefined, to: Date | undefined): string {
  if (from === undefined) return `up to ${dayOf(to?.getTime())}`;
  return to === undefined
    ? `from ${dayOf(from.getTime())} on`
    : `from ${dayOf(from.getTime())} to ${dayOf(to.getTime())}`;
}

function dayOf(time: number | undefined): string {
  return time === undefined ? '-' : new Date(time).toISOString().slice(0, 10);
}
