/**
 * What books were worth, day by day: exact in what was realised, and as far as there are prices in what was open.
 *
 * A day ends at midnight UTC, the last one now. Returns are time-weighted: money that is put in or taken out is neither a
 * gain nor a loss (Global Investment Performance Standards, CFA Institute, "time-weighted return"); what comes in on a day counts as if it had
 * been there from its beginning, since a return on nothing is not defined.
 */
import type { Holdings } from '../bank/position.ts';
import type { Decimal } from '../money.ts';
import { decimalOfNumber, zero } from '../money.ts';
import type { Moment } from './ledger-history.ts';

/** A book at the end of a day. Money in the book's currency. */
export interface EquityDay {
  /** Midnight UTC with which the day begins, milliseconds. */
  readonly day: number;
  readonly deposited: Decimal;
  /** Deposits and closed profit, less fees and interest: exact, without any price. */
  readonly capital: Decimal;
  /** With open positions at the prices of that day, at their cost where there are none. */
  readonly equity: Decimal;
  /** Whether all, some or none of the open positions have a price of that day; `flat` when nothing is open. */
  readonly priced: 'all' | 'some' | 'none' | 'flat';
}

/** The price of a symbol at the end of a day; undefined where it is not known. */
export type PriceOn = (symbol: string, day: number) => number | undefined;

export const dayMs = 86_400_000;

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs) * dayMs;
}

/** From the day of the first posting to that of `nowMs`, each once; empty for a book without any posting. */
export function equityDays(
  history: Iterable<Moment>,
  {
    currency,
    nowMs,
    priceOn,
  }: { readonly currency: string; readonly nowMs: number; readonly priceOn: PriceOn },
): EquityDay[] {
  const days: EquityDay[] = [];
  let latest: { readonly day: number; readonly after: Holdings } | undefined;
  const fill = (until: number) => {
    if (!latest) return;
    for (let { day } = latest; day < until; day += dayMs)
      days.push(endOfDay(latest.after, day, currency, priceOn));
  };
  for (const { line, after } of history) {
    // The clock of a machine may be set back; the ledger's order is what counts.
    const day = Math.max(dayOf(Date.parse(line.at)), latest?.day ?? 0);
    fill(day);
    latest = { day, after };
  }
  fill(Math.max(dayOf(nowMs), latest?.day ?? 0) + dayMs);
  return days;
}

function endOfDay(
  { cash, positions, lent, deposited }: Holdings,
  day: number,
  currency: string,
  priceOn: PriceOn,
): EquityDay {
  const own = (cash.get(currency) ?? zero).minus(lent.get(currency) ?? zero);
  let cost = zero;
  let value = zero;
  let known = 0;
  for (const position of positions.values()) {
    const price = priceOn(position.symbol, day);
    cost = cost.plus(position.cost);
    if (price === undefined || !Number.isFinite(price)) {
      value = value.plus(position.cost);
      continue;
    }
    known += 1;
    value = value.plus(position.quantity.times(decimalOfNumber(price)));
  }
  const priced =
    positions.size === 0 ? 'flat' : known === positions.size ? 'all' : known === 0 ? 'none' : 'some';
  return {
    day,
    deposited: deposited.get(currency) ?? zero,
    capital: own.plus(cost),
    equity: own.plus(value),
    priced,
  };
}

/** Several books of one currency as one, from the first day of any of them. */
export function sumOfDays(books: readonly (readonly EquityDay[])[]): EquityDay[] {
  const sums = new Map<number, EquityDay>();
  for (const days of books) {
    for (const one of days) {
      const other = sums.get(one.day);
      sums.set(
        one.day,
        other
          ? {
              day: one.day,
              deposited: other.deposited.plus(one.deposited),
              capital: other.capital.plus(one.capital),
              equity: other.equity.plus(one.equity),
              priced: pricedTogether(one.priced, other.priced),
            }
          : one,
      );
    }
  }
  return [...sums.values()].sort((one, other) => one.day - other.day);
}

function pricedTogether(one: EquityDay['priced'], other: EquityDay['priced']): EquityDay['priced'] {
  if (one === 'flat') return other;
  if (other === 'flat' || one === other) return one;
  return 'some';
}

/** The return of each day as a fraction; 0 on days without any money. */
export function dailyReturns(days: readonly EquityDay[]): Float64Array {
  let before: EquityDay | undefined;
  return Float64Array.from(days, (today) => {
    const flow = today.deposited.minus(before?.deposited ?? zero);
    const base = (before?.equity ?? zero).plus(flow.gt(zero) ? flow : zero);
    const end = today.equity.minus(flow.gt(zero) ? zero : flow);
    before = today;
    return base.gt(zero) ? toNumber(end.minus(base).div(base)) : 0;
  });
}

/** How far the compounded return stands below its peak, as a fraction, 0 to 1. */
export function drawdownOfReturns(returns: Float64Array): Float64Array {
  let index = 1;
  let peak = 1;
  return returns.map((value) => {
    index *= Math.max(0, 1 + value);
    peak = Math.max(peak, index);
    return 1 - index / peak;
  });
}

export interface MonthlyReturns {
  readonly year: number;
  /** January to December, fractions; null for months without a day. */
  readonly months: readonly (number | null)[];
  /** Of the whole year. */
  readonly total: number;
}

/** The newest year first. */
export function monthlyReturns(days: readonly EquityDay[], returns: Float64Array): MonthlyReturns[] {
  const years = new Map<number, (number | null)[]>();
  days.forEach(({ day }, index) => {
    const date = new Date(day);
    const months = years.get(date.getUTCFullYear()) ?? new Array<number | null>(12).fill(null);
    years.set(date.getUTCFullYear(), months);
    const month = date.getUTCMonth();
    months[month] = (1 + (months[month] ?? 0)) * (1 + (returns[index] ?? 0)) - 1;
  });
  return [...years]
    .sort(([one], [other]) => other - one)
    .map(([year, months]) => ({
      year,
      months,
      total: months.reduce<number>((total, value) => (1 + total) * (1 + (value ?? 0)) - 1, 0),
    }));
}

function toNumber(value: Decimal): number {
  return Number(value.round(15).toFixed());
}
