/** What is checked before an order leaves the house: pure, so that the same rules can be asked beforehand. */
import type { Purpose } from '../bank/books.ts';
import type {
  Capabilities,
  Instrument,
  InstrumentRules,
  OrderTerms,
  Quote,
  Side,
} from '../brokers/broker.ts';
import { priceTickAt } from '../brokers/price-tick.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../money.ts';

export interface OrderCheck {
  readonly book: { readonly name: string; readonly currency: string };
  readonly broker: { readonly name: string; readonly capabilities: Capabilities };
  readonly instrument: Instrument;
  /** Undefined when there is no price just now. */
  readonly quote: Quote | undefined;
  /** What the book has of its currency in the order's wallet, and of the asset: borrowed coins can be sold too. */
  readonly cash: Decimal;
  readonly held: Decimal;
  /** What the book's other open purchases will take of that cash. */
  readonly promised: Decimal;
  readonly side: Side;
  readonly quantity: Decimal;
  /** The most that a purchase may cost, where it is bounded by money. */
  readonly budget: Decimal | undefined;
  readonly terms: OrderTerms;
  readonly purpose: Purpose;
}

/** An order as it may be sent. */
export interface CheckedOrder {
  readonly quantity: Decimal;
  /** With prices on the instrument's tick. */
  readonly terms: OrderTerms;
  /** What it is worth in the instrument's currency; undefined where there is no price. */
  readonly notional: Decimal | undefined;
  /** What an entry that buys will take of the book's money, its fee included; undefined of others, and without a price. */
  readonly cost?: Decimal;
}

export interface Refusal {
  readonly refusal: string;
  /** There is too little of it to be traded at all: no later try mends that. */
  readonly tooSmall?: true;
}

/** What a market purchase would take from a book, its fee included. */
export function costOfBuying(quantity: Decimal, quote: Quote, { feeRate }: Instrument): Decimal {
  return costAt(decimal(quote.ask), quantity, feeRate);
}

/** The largest quantity on the instrument's step that this much money buys, its fee included. */
export function quantityFor(money: Decimal, quote: Quote, instrument: Instrument): Decimal {
  return quantityAt(decimal(quote.ask), money, instrument);
}

/** The price at which an order is expected to trade, as far as it can be known. */
export function expectedPrice(terms: OrderTerms, side: Side, quote: Quote | undefined): Decimal | undefined {
  switch (terms.type) {
    case 'market':
      return quote && decimal(side === 'buy' ? quote.ask : quote.bid);
    case 'stop':
      return decimal(terms.stopPrice);
    case 'limit':
    case 'stop_limit':
      return decimal(terms.limitPrice);
    case 'oco': {
      // Whichever trades: a purchase may cost the dearer, a sale may bring the cheaper.
      const [limit, stop] = [decimal(terms.limitPrice), decimal(terms.stopPrice)];
      return (side === 'buy') === limit.gt(stop) ? limit : stop;
    }
    default:
      return terms satisfies never;
  }
}

/**
 * The prices on the instrument's tick, on the side that is safe for the trader: a limit is never worse than it was asked
 * for, and a stop is met no later.
 */
export function termsOnTick(terms: OrderTerms, side: Side, rules: InstrumentRules): OrderTerms {
  const onTick = (text: string) => {
    const price = decimal(text);
    return decimalText(towards(side, price, priceTickAt(rules, price)));
  };
  switch (terms.type) {
    case 'market':
      return terms;
    case 'limit':
      return { type: 'limit', limitPrice: onTick(terms.limitPrice) };
    case 'stop':
      return { type: 'stop', stopPrice: onTick(terms.stopPrice) };
    case 'stop_limit':
    case 'oco':
      return { type: terms.type, limitPrice: onTick(terms.limitPrice), stopPrice: onTick(terms.stopPrice) };
    default:
      return terms satisfies never;
  }
}

/** The order as it may be sent, or why it may not be. */
export function checkOrder(check: OrderCheck): CheckedOrder | Refusal {
  const { book, broker, instrument, quote, side } = check;
  const { symbol, currency, rules } = instrument;
  const refuse = (refusal: string): Refusal => ({ refusal });
  if (!broker.capabilities.orderTypes.includes(check.terms.type)) {
    return refuse(`${broker.name} does not take ${check.terms.type} orders.`);
  }
  if ('auction' in check.terms && check.terms.auction !== undefined) {
    const { auction } = check.terms;
    if (!broker.capabilities.auctions?.includes(auction)) {
      return refuse(`${broker.name} takes no market orders for the ${auction} of a session.`);
    }
  }
  if (currency !== book.currency) {
    return refuse(`${symbol} trades in ${currency}, but the book "${book.name}" is in ${book.currency}.`);
  }
  const terms = termsOnTick(check.terms, side, rules);
  const wrongPrices = pricesRefusal(terms, side, symbol);
  if (wrongPrices !== undefined) return refuse(wrongPrices);
  const price = expectedPrice(terms, side, quote);
  const quantity = truncateToStep(wantedWithinBudget(check, price), decimal(rules.quantityStep));
  if (quantity.lt(decimal(rules.minimumQuantity)) || quantity.lte(zero)) {
    return {
      refusal: `${decimalText(check.quantity)} ${symbol} is below the smallest order of ${rules.minimumQuantity} at ${broker.name}.`,
      tooSmall: true,
    };
  }
  if (side === 'sell' && quantity.gt(check.held) && !broker.capabilities.short) {
    return refuse(
      `It would sell ${decimalText(quantity)} ${symbol}, but the book "${book.name}" holds ${decimalText(check.held)}.`,
    );
  }
  if (!price) return { quantity, terms, notional: undefined };
  const notional = quantity.times(price);
  if (notional.lt(decimal(rules.minimumNotional))) {
    return {
      refusal:
        `${decimalText(quantity)} ${symbol} is worth ${amount(notional, currency)}, below the smallest order of ` +
        `${rules.minimumNotional} ${currency} at ${broker.name}.`,
      tooSmall: true,
    };
  }
  // An exit is never kept back for money: it ends a risk, and the broker has the last word.
  if (side !== 'buy' || check.purpose !== 'entry') return { quantity, terms, notional };
  const cost = costAt(price, quantity, instrument.feeRate);
  if (cost.lte(freeCash(check))) return { quantity, terms, notional, cost };
  const kept = check.promised.gt(zero)
    ? `, of which its open orders will take ${amount(check.promised, currency)}`
    : '';
  return refuse(
    `${decimalText(quantity)} ${symbol} would cost ${amount(cost, currency)} with its fee, ` +
      `but the book "${book.name}" has ${amount(check.cash, currency)}${kept}.`,
  );
}

function pricesRefusal(terms: OrderTerms, side: Side, symbol: string): string | undefined {
  const limit = 'limitPrice' in terms ? [terms.limitPrice] : [];
  const stop = 'stopPrice' in terms ? [terms.stopPrice] : [];
  if ([...limit, ...stop].some((price) => decimal(price).lte(zero))) {
    return `A price of the ${terms.type} order for ${symbol} is not above 0 on its tick.`;
  }
  if (terms.type !== 'oco') return undefined;
  const profitAboveStop = decimal(terms.limitPrice).gt(decimal(terms.stopPrice));
  if (profitAboveStop === (side === 'sell')) return undefined;
  const where = side === 'sell' ? 'above' : 'below';
  return `The take profit of ${terms.limitPrice} must be ${where} the stop of ${terms.stopPrice} to ${side} ${symbol}.`;
}

function freeCash({ cash, promised }: OrderCheck): Decimal {
  return cash.minus(promised);
}

function wantedWithinBudget(check: OrderCheck, price: Decimal | undefined): Decimal {
  const { quantity, budget, instrument, side } = check;
  if (!budget || !price || side === 'sell') return quantity;
  const free = freeCash(check);
  const affordable = quantityAt(price, budget.lt(free) ? budget : free, instrument);
  return affordable.lt(quantity) ? affordable : quantity;
}

function costAt(price: Decimal, quantity: Decimal, feeRate: string): Decimal {
  return quantity.times(price).times(decimal('1').plus(decimal(feeRate)));
}

function quantityAt(price: Decimal, money: Decimal, { feeRate, rules }: Instrument): Decimal {
  const costOfOne = costAt(price, decimal('1'), feeRate);
  if (costOfOne.lte(zero) || money.lte(zero)) return zero;
  return truncateToStep(money.div(costOfOne), decimal(rules.quantityStep));
}

/** On the tick: a buyer's price down, a seller's up. */
function towards(side: Side, price: Decimal, tick: Decimal): Decimal {
  const below = truncateToStep(price, tick);
  return side === 'sell' && below.lt(price) ? below.plus(tick) : below;
}

function amount(value: Decimal, currency: string): string {
  return `${groupThousands(value.toFixed(2))} ${currency}`;
}
