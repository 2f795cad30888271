/** What is checked before an order leaves the house: pure, so that the same rules can be asked beforehand. */
import type { Purpose } from '../bank/books.ts';
import type { Capabilities, Instrument, OrderTerms, Quote, Side } from '../brokers/broker.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../money.ts';

export interface OrderCheck {
  readonly book: { readonly name: string; readonly currency: string };
  readonly broker: { readonly name: string; readonly capabilities: Capabilities };
  readonly instrument: Instrument;
  /** Undefined when there is no price just now. */
  readonly quote: Quote | undefined;
  /** What the book has of its currency, and of the instrument. */
  readonly cash: Decimal;
  readonly held: Decimal;
  readonly side: Side;
  readonly quantity: Decimal;
  /** The most that a purchase may cost, where it is bounded by money. */
  readonly budget: Decimal | undefined;
  readonly terms: OrderTerms;
  readonly purpose: Purpose;
}

/** What a market purchase would take from a book, its fee included. */
export function costOfBuying(quantity: Decimal, quote: Quote, { feeRate }: Instrument): Decimal {
  return quantity.times(decimal(quote.ask)).times(decimal('1').plus(decimal(feeRate)));
}

/** The largest quantity on the instrument's step that this much money buys, its fee included. */
export function quantityFor(money: Decimal, quote: Quote, instrument: Instrument): Decimal {
  const costOfOne = costOfBuying(decimal('1'), quote, instrument);
  if (costOfOne.lte(zero) || money.lte(zero)) return zero;
  return truncateToStep(money.div(costOfOne), decimal(instrument.rules.quantityStep));
}

/** The quantity as it may be sent, or why it may not be. */
export function checkOrder(check: OrderCheck): { readonly quantity: Decimal } | { readonly refusal: string } {
  const { book, broker, instrument, quote, side, terms } = check;
  const { symbol, currency, rules } = instrument;
  const refuse = (refusal: string) => ({ refusal });
  if (!broker.capabilities.orderTypes.includes(terms.type)) {
    return refuse(`${broker.name} does not take ${terms.type} orders.`);
  }
  if (currency !== book.currency) {
    return refuse(`${symbol} trades in ${currency}, but the book "${book.name}" is in ${book.currency}.`);
  }
  const quantity = truncateToStep(wantedWithinBudget(check), decimal(rules.quantityStep));
  if (quantity.lt(decimal(rules.minimumQuantity)) || quantity.lte(zero)) {
    return refuse(
      `${decimalText(check.quantity)} ${symbol} is below the smallest order of ${rules.minimumQuantity} at ${broker.name}.`,
    );
  }
  const wouldHold = side === 'buy' ? check.held.plus(quantity) : check.held.minus(quantity);
  if (side === 'sell' && wouldHold.lt(zero) && !broker.capabilities.short) {
    return refuse(
      `It would sell ${decimalText(quantity)} ${symbol}, but the book "${book.name}" holds ${decimalText(check.held)}.`,
    );
  }
  if (!quote) return { quantity };
  const notional = quantity.times(decimal(side === 'buy' ? quote.ask : quote.bid));
  if (notional.lt(decimal(rules.minimumNotional))) {
    return refuse(
      `${decimalText(quantity)} ${symbol} is worth ${amount(notional, currency)}, below the smallest order of ` +
        `${rules.minimumNotional} ${currency} at ${broker.name}.`,
    );
  }
  // An exit is never kept back for money: it ends a risk, and the broker has the last word.
  if (side === 'buy' && check.purpose === 'entry') {
    const cost = costOfBuying(quantity, quote, instrument);
    if (cost.gt(check.cash)) {
      return refuse(
        `${decimalText(quantity)} ${symbol} would cost ${amount(cost, currency)} with its fee, ` +
          `but the book "${book.name}" has ${amount(check.cash, currency)}.`,
      );
    }
  }
  return { quantity };
}

function wantedWithinBudget({ quantity, budget, cash, quote, instrument, side }: OrderCheck): Decimal {
  if (!budget || !quote || side === 'sell') return quantity;
  const affordable = quantityFor(budget.lt(cash) ? budget : cash, quote, instrument);
  return affordable.lt(quantity) ? affordable : quantity;
}

function amount(value: Decimal, currency: string): string {
  return `${groupThousands(value.toFixed(2))} ${currency}`;
}
