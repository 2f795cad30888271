/** How much a trade may lose, and how far away its stop is: what positions and pairs are sized by. */
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { BookView } from '../handler.ts';

const hundred = decimal('100');

export function percentOf(share: Decimal, whole: Decimal): Decimal {
  return whole.times(share).div(hundred);
}

/**
 * The most that a trade may lose, in the book's currency: `wanted` percent of its capital, and never more than the book
 * allows.
 */
export function maximumLoss(
  book: BookView,
  wanted: string | undefined,
): { readonly loss: Decimal; readonly warning?: string } | { readonly refused: string } {
  const { name, capital, maximumLossPercent: allowed } = book;
  const asked = wanted === undefined ? undefined : decimal(wanted);
  const percent = asked && allowed ? (asked.lt(allowed) ? asked : allowed) : (asked ?? allowed);
  if (!percent) {
    return {
      refused: `How much may it lose? Give the book "${name}" a maximumLossPercent, its handler a risk, or the signal one.`,
    };
  }
  const loss = percentOf(percent, capital);
  if (loss.lte(zero)) return { refused: `The book "${name}" has no capital of its own left to risk.` };
  if (!asked || percent.eq(asked)) return { loss };
  return {
    loss,
    warning: `The risk of ${decimalText(asked)} % was cut to the book's ${decimalText(percent)} %.`,
  };
}

/**
 * How far the stop is from the entry, on the losing side: from the price that the sender saw or from the market's, the
 * farther of the two, so that neither makes the loss larger than it may be. Prices may be negative: a spread's can be.
 */
export function stopDistance(entry: {
  readonly side: 'long' | 'short';
  /** For people: what is traded. */
  readonly name: string;
  readonly stop: Decimal;
  /** What the sender saw, where it says so. */
  readonly price: Decimal | undefined;
  /** What an entry would get now. */
  readonly market: Decimal;
}): { readonly distance: Decimal } | { readonly refused: string } {
  const { side, name, stop, price, market } = entry;
  const lossFrom = (from: Decimal) => (side === 'long' ? from.minus(stop) : stop.minus(from));
  const rightSide = side === 'long' ? 'below' : 'above';
  const words = (at: Decimal) => decimalText(at.round(12));
  if (price?.eq(stop)) {
    return {
      refused: `The price and the stop of ${name} are both ${words(stop)}: no size follows from that.`,
    };
  }
  if (price && lossFrom(price).lt(zero)) {
    return {
      refused: `The stop of a ${side} must be ${rightSide} its price, but for ${name} they are ${words(stop)} and ${words(price)}.`,
    };
  }
  if (lossFrom(market).lte(zero)) {
    return { refused: `${name} is at ${words(market)} now, already beyond the stop ${words(stop)}.` };
  }
  const seen = lossFrom(price ?? market);
  const real = lossFrom(market);
  return { distance: seen.gt(real) ? seen : real };
}
