/** What an account that the desk keeps itself asks of an order before it takes it: pure, and in words for people. */
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../../money.ts';
import type { Capabilities, Instrument, OrderRequest, OrderTerms, Side } from '../broker.ts';
import type { Account } from './account.ts';
import type { PlacedOrder } from './entry.ts';
import { isShare } from './entry.ts';

export interface OrderToCheck {
  readonly request: OrderRequest;
  readonly wallet: string;
  readonly wallets: readonly string[];
  readonly instrument: Instrument;
  readonly orderTypes: Capabilities['orderTypes'];
  readonly brackets?: Capabilities['brackets'];
  /** What a market order would trade at now; undefined when that is not known. */
  readonly marketPrice: Decimal | undefined;
}

/** Why an order breaks a rule, whatever the account holds. A number that is none is a breach as well. */
export function breachOf(check: OrderToCheck): string | undefined {
  try {
    return ruleBreach(check);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

function ruleBreach(check: OrderToCheck): string | undefined {
  const { request, wallet, wallets, instrument, orderTypes } = check;
  const { quantity: text, terms, side, exit } = request;
  const { symbol, currency, rules } = instrument;
  if (!wallets.includes(wallet)) return `has no wallet "${wallet}"; there is ${wallets.join(', ')}`;
  if (!orderTypes.includes(terms.type)) return `takes ${orderTypes.join(', ')} orders, not ${terms.type}`;
  if ('auction' in terms && terms.auction !== undefined) {
    return `takes no market orders for the ${terms.auction} of a session`;
  }
  if (exit && !check.brackets) return 'takes no exit together with its entry';
  const quantity = decimal(text);
  if (quantity.lte(zero)) return `the quantity must be above 0, not ${text}`;
  if (!isOnStep(quantity, rules.quantityStep)) {
    return `the quantity ${text} is not a multiple of ${rules.quantityStep}`;
  }
  if (quantity.lt(decimal(rules.minimumQuantity))) {
    return `the quantity ${text} is below the minimum of ${rules.minimumQuantity}`;
  }
  for (const [name, price] of pricesOf(terms)) {
    if (decimal(price).lte(zero)) return `the ${name} must be above 0, not ${price}`;
    if (!isOnStep(decimal(price), rules.priceTick)) {
      return `the ${name} ${price} is not a multiple of ${rules.priceTick}`;
    }
  }
  const sides = wrongSides(side, terms);
  if (sides !== undefined) return sides;
  const price = lowestPrice(terms, check.marketPrice);
  if (price?.times(quantity).lt(decimal(rules.minimumNotional))) {
    return `${text} ${symbol} at ${decimalText(price)} is below the minimum of ${rules.minimumNotional} ${currency}`;
  }
  return undefined;
}

/** What each unit of an order holds back while it is open. */
export function reserveOf({
  side,
  terms,
  instrument,
  marketPrice,
  feeInCurrency,
  mayGoShort,
}: {
  readonly side: Side;
  readonly terms: OrderTerms;
  readonly instrument: Instrument;
  readonly marketPrice: Decimal | undefined;
  /** The rate that is paid in the instrument's currency. */
  readonly feeInCurrency: Decimal;
  readonly mayGoShort: boolean;
}): PlacedOrder['reserve'] {
  if (side === 'sell') {
    return mayGoShort && isShare(instrument) ? null : { asset: instrument.asset, perUnit: '1' };
  }
  const price = highestPrice(terms, marketPrice);
  if (!price) return null;
  const perUnit = price.times(decimal('1').plus(feeInCurrency));
  return { asset: instrument.currency, perUnit: decimalText(perUnit) };
}

/** Why the account cannot pay for an order, or has not got what it would sell. */
export function shortage(
  account: Account,
  order: PlacedOrder,
  /** What of its proceeds must be free beside them when it sells short. */
  {
    shortCollateral,
    marketPrice,
  }: { readonly shortCollateral: Decimal; readonly marketPrice: Decimal | undefined },
): string | undefined {
  const { wallet, asset, currency, symbol, side, reserve } = order;
  const quantity = decimal(order.quantity);
  if (side === 'sell' && reserve === null) {
    const held = account.total(wallet, asset);
    const opened = quantity.minus(held.gt(zero) ? held : zero);
    const needed = opened.times(marketPrice ?? zero).times(shortCollateral);
    const free = account.free(wallet, currency);
    if (opened.lte(zero) || needed.lte(free)) return undefined;
    return `would need ${amount(needed, currency)} as collateral but has ${amount(free, currency)}`;
  }
  if (reserve === null) return undefined;
  const free = account.free(wallet, reserve.asset);
  const needed = quantity.times(decimal(reserve.perUnit));
  const released = side === 'buy' ? account.releasedByCovering(wallet, asset, quantity) : zero;
  if (needed.lte(free.plus(released))) return undefined;
  return side === 'buy'
    ? `would cost ${amount(needed, currency)} but holds ${amount(free.plus(released), currency)}`
    : `would sell ${order.quantity} ${symbol} but holds ${decimalText(free)}`;
}

export function pricesOf(terms: OrderTerms): readonly (readonly [name: string, price: string])[] {
  switch (terms.type) {
    case 'market':
      return [];
    case 'limit':
      return [['limit price', terms.limitPrice]];
    case 'stop':
      return [['stop price', terms.stopPrice]];
    case 'stop_limit':
    case 'oco':
      return [
        ['limit price', terms.limitPrice],
        ['stop price', terms.stopPrice],
      ];
    default:
      return terms satisfies never;
  }
}

/** A take profit lies on the other side of the market than the stop loss. */
function wrongSides(side: Side, terms: OrderTerms): string | undefined {
  if (terms.type !== 'oco') return undefined;
  const [limit, stop] = [decimal(terms.limitPrice), decimal(terms.stopPrice)];
  if (side === 'sell' ? limit.gt(stop) : limit.lt(stop)) return undefined;
  return `an oco order to ${side} needs its limit price ${side === 'sell' ? 'above' : 'below'} its stop price`;
}

function lowestPrice(terms: OrderTerms, marketPrice: Decimal | undefined): Decimal | undefined {
  const prices = pricesOf(terms).map(([, price]) => decimal(price));
  return prices.length === 0 ? marketPrice : prices.reduce((a, b) => (b.lt(a) ? b : a));
}

/** A purchase at a limit never costs more than that; one with a stop may. */
function highestPrice(terms: OrderTerms, marketPrice: Decimal | undefined): Decimal | undefined {
  if (terms.type === 'stop_limit') return decimal(terms.limitPrice);
  const prices = pricesOf(terms).map(([, price]) => decimal(price));
  return prices.length === 0 ? marketPrice : prices.reduce((a, b) => (b.gt(a) ? b : a));
}

function isOnStep(value: Decimal, step: string): boolean {
  return truncateToStep(value, decimal(step)).eq(value);
}

function amount(value: Decimal, currency: string): string {
  return `${groupThousands(value.toFixed(2))} ${currency}`;
}
