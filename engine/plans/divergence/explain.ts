/**
 * Why a book is worth something else than its simulation, as a sum.
 *
 * Each order trades q units at p and pays c in the simulation, and Q units at P with fees F in the book; at the close m it
 * has brought q(m - p) - c and Q(m - P) - F. The difference of the two is exactly
 *
 *     Q(p - P)  slippage  +  (Q - q)(m - p)  size  -  (F - c)  fees
 *
 * and all of it is `missed` where the book traded nothing, and `notSimulated` where the simulation did. What the difference
 * of the two equities has beyond these is the rest: trades by hand, interest and dividends, other prices at the close.
 */
import { decimalOfNumber } from '../../money.ts';
import type { Leg } from './legs.ts';
import { sumOfBooked, sumOfSimulated, toNumber } from './orders.ts';

/** Parts of a difference, in money; negative where the book has less by it. */
export interface Explanation {
  readonly slippage: number;
  readonly fees: number;
  readonly size: number;
  readonly missed: number;
  readonly notSimulated: number;
  readonly rest: number;
}

/** Days of both, with what they earned since the first of them. Milliseconds UTC; money in the book's currency. */
export interface Curves {
  /** Midnight UTC of each day. */
  readonly day: Float64Array;
  readonly simulated: Float64Array;
  /** As if it had begun with as much as the simulation; money that came or went aside. */
  readonly book: Float64Array;
  /** Book less simulation. */
  readonly difference: Float64Array;
}

export interface Prices {
  /** Close of a symbol at the end of a day, in the prices of the simulation; undefined where it is not known. */
  readonly closeOn: (symbol: string, day: number) => number | undefined;
  /** As in `OrderView`. */
  readonly adjustment: (leg: Leg) => number;
}

const dayMs = 86_400_000;

export function curvesOf(
  simulation: { readonly time: Float64Array; readonly equity: Float64Array },
  {
    from,
    to,
    earnedBy,
  }: { readonly from: number; readonly to: number; readonly earnedBy: (day: number) => number },
): Curves {
  const last = new Map<number, number>();
  simulation.time.forEach((time, bar) => {
    last.set(Math.floor(time / dayMs) * dayMs, simulation.equity[bar] ?? Number.NaN);
  });
  const all = [...last];
  // Both begin with what they had before the first day.
  const begin = Math.max(0, all.findIndex(([day]) => day >= from) - 1);
  const shown = all.slice(begin).filter(([day]) => day <= to);
  const [[firstDay, start] = [0, 0]] = shown;
  const before = earnedBy(firstDay);
  const day = Float64Array.from(shown, ([each]) => each);
  const simulated = Float64Array.from(shown, ([, equity]) => equity);
  const book = day.map((each) => start + earnedBy(each) - before);
  return { day, simulated, book, difference: book.map((value, index) => value - (simulated[index] ?? 0)) };
}

/**
 * Standard deviation of the difference of daily returns, of a sample, for a year, in percent (Grinold and Kahn, "Active
 * Portfolio Management": tracking error); null with less than two returns. A year has 365 days where weekends are traded, else 252.
 */
export function trackingErrorPercent({ day, simulated, book }: Curves): number | null {
  const differences: number[] = [];
  for (let index = 1; index < day.length; index++) {
    const change = (curve: Float64Array) => (curve[index] ?? 0) / (curve[index - 1] ?? 0) - 1;
    const difference = change(book) - change(simulated);
    if (Number.isFinite(difference)) differences.push(difference);
  }
  if (differences.length < 2) return null;
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const daysAYear = day.some((each) => [0, 6].includes(new Date(each).getUTCDay())) ? 365 : 252;
  return 100 * Math.sqrt((squares / (differences.length - 1)) * daysAYear);
}

/** Of the difference that arose between the first and the last day of the curves. */
export function explain(curves: Curves, legs: readonly Leg[], prices: Prices): Explanation {
  const { day, difference } = curves;
  const [first = 0, last = 0] = [day[0], day.at(-1)];
  const [before, after] = [partsUntil(first, legs, prices), partsUntil(last, legs, prices)];
  const slippage = after.slippage - before.slippage;
  const fees = after.fees - before.fees;
  const size = after.size - before.size;
  const missed = after.missed - before.missed;
  const notSimulated = after.notSimulated - before.notSimulated;
  const total = difference.at(-1) ?? 0;
  const rest = total - slippage - fees - size - missed - notSimulated;
  return { slippage, fees, size, missed, notSimulated, rest };
}

/** Of all that was traded until the end of a day, at its closes. */
function partsUntil(day: number, legs: readonly Leg[], prices: Prices): Omit<Explanation, 'rest'> {
  const parts = { slippage: 0, fees: 0, size: 0, missed: 0, notSimulated: 0 };
  const isPast = (at: string) => Date.parse(at) < day + dayMs;
  for (const leg of legs) {
    const simulated = sumOfSimulated(leg.simulated.filter(({ filledAt }) => isPast(filledAt)));
    const booked = sumOfBooked(leg.booked.filter(({ at }) => isPast(at)));
    // In the units and prices of today's history.
    const units = toNumber(booked.units.times(decimalOfNumber(prices.adjustment(leg))));
    const value = toNumber(booked.value);
    const fees = toNumber(booked.fees);
    const close = prices.closeOn(leg.symbol, day);
    if (units === 0 && simulated.units === 0) continue;
    if (simulated.units === 0) {
      parts.notSimulated += units * (close ?? value / units) - value - fees;
    } else if (units === 0) {
      const gain = simulated.units * ((close ?? simulated.price) - simulated.price);
      parts.missed -= gain - simulated.commission;
    } else {
      parts.slippage += units * simulated.price - value;
      parts.size += (units - simulated.units) * ((close ?? simulated.price) - simulated.price);
      parts.fees -= fees - simulated.commission;
    }
  }
  return parts;
}
