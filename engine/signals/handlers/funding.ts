/** How money comes to a trade and goes back: lent where the book's own does not reach, moved where it trades elsewhere. */
import type { Step } from '../../execution/operation.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { BookView } from '../handler.ts';

/** As fine as any wallet counts money. */
const moneyStep = decimal('0.00000001');

/** As much of an amount as a wallet can count, never more than it is. */
export function countable(amount: Decimal): Decimal {
  return truncateToStep(amount, moneyStep);
}

/** The smallest amount that a wallet can count and that covers this one. */
export function countableFor(amount: Decimal): Decimal {
  const counted = countable(amount);
  return counted.lt(amount) ? counted.plus(moneyStep) : counted;
}

/** Lends what the book's own money does not cover, and moves the amount to where the book trades. */
export function moneyIn({ currency, free, home, wallet }: BookView, amount: Decimal): readonly Step[] {
  const own = free.lt(zero) ? zero : countable(free);
  const lent = amount.minus(own);
  const steps: Step[] = [];
  if (lent.gt(zero)) steps.push({ kind: 'lend', leg: 'lend', amount: decimalText(lent) });
  if (home !== wallet && amount.gt(zero)) {
    steps.push({
      kind: 'transfer',
      leg: 'in',
      asset: currency,
      amount: { is: 'fixed', amount: decimalText(amount) },
      from: home,
      to: wallet,
    });
  }
  return steps;
}

/**
 * Moves what the book has where it trades back home, and closes the books on the trade. What still covers the loans in
 * `remainingDebts` stays where it is.
 */
export function moneyHome(
  { currency, home, wallet }: Pick<BookView, 'currency' | 'home' | 'wallet'>,
  { remainingDebts = false }: { readonly remainingDebts?: boolean } = {},
): readonly Step[] {
  const settle: Step = { kind: 'settle', leg: 'settle' };
  if (home === wallet || remainingDebts) return [settle];
  return [
    {
      kind: 'transfer',
      leg: 'home',
      asset: currency,
      amount: { is: 'held', asset: currency },
      from: wallet,
      to: home,
      asFarAsPossible: true,
    },
    settle,
  ];
}
