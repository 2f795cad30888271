/**
 * How much of a book's money works, and how much is free: by what was paid, without asking for any price.
 *
 * Free is cash in the home wallet that no open position and no loan of the broker needs. A short position needs what its
 * sale brought, and as much again unless long positions stand behind it; money in other wallets counts towards that first.
 */
import type { Decimal } from '../money.ts';
import { notNegative, zero } from '../money.ts';
import type { Holdings } from './position.ts';
import { amountIn, amountOf } from './sums.ts';

/** In the book's currency. */
export interface MoneyInUse {
  /** What the book owns of itself: deposits and closed profit, less fees and interest. */
  readonly capital: Decimal;
  /** What it owes to the bank. */
  readonly lent: Decimal;
  /** Cash in the home wallet that is not in use; what the bank lent is in it. */
  readonly free: Decimal;
  /** Of its capital and of what was lent. */
  readonly inUse: Decimal;
  /** What it may enter with or give away: what is free, less what it owes to the bank. */
  readonly available: Decimal;
}

export function moneyInUse(
  { cash, positions, wallets, debts, lent: loans }: Holdings,
  { currency, home }: { readonly currency: string; readonly home: string },
): MoneyInUse {
  let long = zero;
  let short = zero;
  for (const { cost, quantity } of positions.values()) {
    if (quantity.gt(zero)) long = long.plus(cost);
    else short = short.minus(cost);
  }
  const lent = loans.get(currency) ?? zero;
  const worth = (cash.get(currency) ?? zero).plus(long).minus(short);
  const atHome = amountIn(wallets, home, currency);
  const elsewhere = amountOf(wallets, currency).minus(atHome);
  const needed = short.plus(notNegative(short.minus(long))).plus(debts.get(currency) ?? zero);
  const free = notNegative(atHome.minus(notNegative(needed.minus(elsewhere))));
  return {
    capital: worth.minus(lent),
    lent,
    free,
    inUse: notNegative(worth.minus(free)),
    available: notNegative(free.minus(lent)),
  };
}
