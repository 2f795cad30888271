/**
 * Eight invented stocks with invented prices: weekdays from 2015-01-02 on, the same bar for the same date for ever.
 * Only integers are used (cents, parts per million, and mulberry32 by Tommy Ettinger, public domain), so that no
 * machine can round differently. The prices mean nothing; they only move about as stocks do.
 */
import type { Bars } from '../../bars.ts';
import type { SymbolInfo } from '../source.ts';

const dayMs = 86_400_000;
const firstDay = Date.UTC(2015, 0, 2);
const million = 1_000_000;

interface Stock {
  readonly symbol: string;
  readonly name: string;
  readonly firstCents: number;
  /** Share of the market's move that the stock follows, in thousandths. */
  readonly betaPerMille: number;
  /** Its own daily volatility and drift, in parts per million. */
  readonly ownVolatility: number;
  readonly drift: number;
  readonly seed: number;
}

const stocks: readonly Stock[] = [
  stock('AMBR', 'Amberlight Optics', 4_210, 1_100, 13_000, 330, 101),
  stock('BRKW', 'Brackwater Utilities', 6_350, 450, 7_000, 90, 202),
  stock('CLVR', 'Cloverfield Foods', 3_120, 600, 8_500, 150, 303),
  stock('DRFT', 'Driftwood Shipping', 1_875, 1_300, 18_000, 200, 404),
  stock('ELMO', 'Elmoor Robotics', 2_640, 1_400, 20_000, 480, 505),
  stock('FJRD', 'Fjordline Energy', 5_480, 900, 14_500, 60, 606),
  stock('GRNT', 'Granite & Vale Bank', 7_790, 1_050, 9_500, 120, 707),
  stock('HLYX', 'Helyx Therapeutics', 1_460, 1_000, 24_000, 650, 808),
];

const marketSeed = 2_015;
const marketVolatility = 9_000;

export const universe: readonly SymbolInfo[] = stocks.map(({ symbol, name }) => ({
  symbol,
  name,
  currency: 'USD',
}));

/** Daily bars of one of the invented stocks, up to and including the session of `lastDay` (midnight UTC). */
export function inventedBars(symbol: string, lastDay: number): Bars {
  const found = stocks.find((candidate) => candidate.symbol === symbol);
  if (found === undefined) throw new RangeError(`${symbol} is none of the invented stocks`);
  const days = weekdays(lastDay);
  const count = days.length;
  const open = new Float64Array(count);
  const high = new Float64Array(count);
  const low = new Float64Array(count);
  const close = new Float64Array(count);
  const volume = new Float64Array(count);
  let previousCents = found.firstCents;
  for (const [index, day] of days.entries()) {
    const dayNumber = day / dayMs;
    const calm = calmness(dayNumber);
    const market = Math.trunc((bell(marketSeed, dayNumber) * marketVolatility * calm) / (million * 100));
    const own = Math.trunc((bell(found.seed, dayNumber) * found.ownVolatility) / million);
    const move = Math.trunc((market * found.betaPerMille) / 1000) + own + found.drift;
    const gap = Math.trunc((bell(found.seed + 1, dayNumber) * found.ownVolatility) / (3 * million));
    const openCents = moved(previousCents, gap);
    const closeCents = moved(previousCents, move);
    const reach = found.ownVolatility + marketVolatility;
    const above = Math.trunc(random(found.seed + 2, dayNumber) % reach);
    const below = Math.trunc(random(found.seed + 3, dayNumber) % reach);
    open[index] = openCents / 100;
    close[index] = closeCents / 100;
    high[index] = Math.max(openCents, closeCents, moved(Math.max(openCents, closeCents), above >> 1)) / 100;
    low[index] = Math.min(openCents, closeCents, moved(Math.min(openCents, closeCents), -(below >> 1))) / 100;
    volume[index] = 200_000 + (random(found.seed + 4, dayNumber) % 900_000) + Math.abs(move) * 20;
    previousCents = closeCents;
  }
  return { symbol, interval: '1d', time: Float64Array.from(days), open, high, low, close, volume, extra: {} };
}

function stock(
  symbol: string,
  name: string,
  firstCents: number,
  betaPerMille: number,
  ownVolatility: number,
  drift: number,
  seed: number,
): Stock {
  return { symbol, name, firstCents, betaPerMille, ownVolatility, drift, seed: seed * 1_000 };
}

function weekdays(lastDay: number): number[] {
  const days: number[] = [];
  for (let day = firstDay; day <= lastDay; day += dayMs) {
    const weekday = new Date(day).getUTCDay();
    if (weekday !== 0 && weekday !== 6) days.push(day);
  }
  return days;
}

/** Quiet and nervous times: a percentage between 60 and 220 that holds for 40 days. */
function calmness(dayNumber: number): number {
  const draw = random(marketSeed + 1, Math.floor(dayNumber / 40)) % 100;
  if (draw < 60) return 60;
  return draw < 90 ? 100 : 220;
}

/** Price after a move of so many parts per million, at least one cent. */
function moved(cents: number, partsPerMillion: number): number {
  return Math.max(1, cents + Math.trunc((cents * partsPerMillion) / million));
}

/** About normal with a deviation of one million: twelve dice of a million each, less their mean (Irwin-Hall). */
function bell(seed: number, dayNumber: number): number {
  let sum = 0;
  for (let die = 0; die < 12; die++) sum += random(seed * 16 + die, dayNumber) % million;
  return sum - 6 * million;
}

/** A whole number below 2^32 that belongs to this seed and number: one step of mulberry32. */
function random(seed: number, index: number): number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) + 0x6d2b79f5;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return (state ^ (state >>> 14)) >>> 0;
}
