/** Invented bars, the same in every language: a counter-based generator of whole-number operations and + - * / only. */
import type { Bars, Interval } from '../../engine/market/bars.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** A minute bar each from 2001-01-01 on, around 100, unrounded. */
export function minuteBars(count: number): Bars {
  const first = Date.UTC(2001, 0, 1);
  const time = Float64Array.from({ length: count }, (_, bar) => first + bar * minuteMs);
  return walk('SYNTH', '1m', time, 20_240_607, { start: 100, drift: 0, spread: 0.004, tick: 0 });
}

/** Daily bars on business days from 2010-01-04 on: symbols that share a market's moves, each in a measure of its own. */
export function dailyUniverse(symbols: number, count: number): Bars[] {
  const seed = 20_240_601;
  const time = businessDays(Date.UTC(2010, 0, 4), count);
  const market = Float64Array.from(time, (_, bar) => (draw(seed, bar) - 0.5) * 0.02);
  return Array.from({ length: symbols }, (_, index) => {
    const beta = 0.4 + 0.2 * (index % 5);
    return walk(`S${String(index).padStart(2, '0')}`, '1d', time, seed + 7919 * (index + 1), {
      start: 20 + 13 * (index % 11),
      drift: 0.0001 + 0.00005 * (index % 7),
      spread: 0.02 + 0.004 * (index % 6),
      tick: 0.01,
      market: market.map((move) => beta * move),
    });
  });
}

/** What two generators must agree in before their figures may be compared: sums of open, high, low and close. */
export function checksums({ open, high, low, close }: Bars): number[] {
  return [open, high, low, close].map((column) =>
    column.reduce((sum, price) => sum + Math.floor(price * 1e6), 0),
  );
}

interface Walk {
  readonly start: number;
  readonly drift: number;
  /** Width of a bar's move as a fraction. */
  readonly spread: number;
  /** Prices are rounded to hundredths, or (0) not at all. */
  readonly tick: 0 | 0.01;
  readonly market?: Float64Array;
}

function walk(symbol: string, interval: Interval, time: Float64Array, seed: number, terms: Walk): Bars {
  const { start, drift, spread, tick, market } = terms;
  const rounded = (price: number) => (tick === 0 ? price : Math.floor(price * 100 + 0.5) / 100);
  const column = () => new Float64Array(time.length);
  const [open, high, low, close, volume] = [column(), column(), column(), column(), column()];
  let growth = 1;
  let before = start;
  for (let bar = 0; bar < time.length; bar++) {
    const [u0, u1, u2, u3] = [0, 1, 2, 3].map((nth) => draw(seed, 4 * bar + nth)) as [
      number,
      number,
      number,
      number,
    ];
    const factor =
      market === undefined
        ? 1 + drift + (u0 - 0.5) * spread
        : 1 + drift + (market[bar] as number) + (u0 - 0.5) * spread;
    growth = bar === 0 ? factor : growth * factor;
    const last = start * growth;
    const first = before * (1 + (u1 - 0.5) * spread * 0.4);
    open[bar] = rounded(first);
    close[bar] = rounded(last);
    high[bar] = rounded(Math.max(first, last) * (1 + u2 * spread * 0.3));
    low[bar] = rounded(Math.min(first, last) * (1 - u3 * spread * 0.3));
    volume[bar] = 1000 + Math.floor(u2 * 9000);
    before = last;
  }
  return { symbol, interval, time, open, high, low, close, volume, extra: {} };
}

/** The kth draw of a seed, from 0 to below 1 (mulberry32 on a counter). */
function draw(seed: number, k: number): number {
  const a = ((seed + (k + 1) * 0x6d2b79f5) % 4_294_967_296) >>> 0;
  let mixed = Math.imul(a ^ (a >>> 15), a | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function businessDays(first: number, count: number): Float64Array {
  const days = new Float64Array(count);
  let at = first;
  for (let bar = 0; bar < count; bar++) {
    days[bar] = at;
    const isFriday = new Date(at).getUTCDay() === 5;
    at += isFriday ? 3 * dayMs : dayMs;
  }
  return days;
}
