/** What a book's open purchases will still take of its money. Nothing else may be bought with it. */
import type { Decimal } from '../money.ts';
import { decimal, zero } from '../money.ts';
import type { Order } from './order.ts';

/** In the book's currency, with fees, by what the orders were expected to cost when they were sent. */
export function promisedBy(open: readonly Order[]): Decimal {
  return open.reduce((sum, { cost, quantity, filled }) => {
    if (!cost || decimal(quantity).lte(zero)) return sum;
    const left = decimal(quantity).minus(decimal(filled));
    return sum.plus(decimal(cost).times(left).div(decimal(quantity)));
  }, zero);
}
