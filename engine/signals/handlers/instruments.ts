/** What the handlers ask of an instrument: what it is called, what a broker takes, and what of a position is only a leftover. */
import type { Instrument } from '../../brokers/broker.ts';
import { priceTickAt } from '../../brokers/price-tick.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../../money.ts';
import type { BookView, SymbolView } from '../handler.ts';

/**
 * What the positions of a book call a symbol. While the broker is away nobody knows for sure; then it is what the book
 * holds or owes that the symbol can mean: `BTC` for `BTCUSDT` in a book of USDT.
 */
export function assetOf(symbol: string, { instrument }: SymbolView, book: BookView): string {
  if (instrument) return instrument.asset;
  const withoutCurrency = symbol.endsWith(book.currency)
    ? symbol.slice(0, -book.currency.length).replace(/[/_-]$/, '')
    : symbol;
  const known = [symbol, withoutCurrency].find((asset) => book.positions.has(asset) || book.debts.has(asset));
  return known ?? symbol;
}

/** Why an order of this quantity would not be taken; `undefined` when it would, as far as its size goes. */
export function belowMinimum(
  quantity: Decimal,
  price: Decimal | undefined,
  instrument: Instrument,
): string | undefined {
  const { symbol, currency, rules } = instrument;
  if (quantity.lte(zero) || quantity.lt(decimal(rules.minimumQuantity))) {
    return `${decimalText(quantity)} ${symbol} is below the smallest order of ${largerOf(rules.minimumQuantity, rules.quantityStep)}.`;
  }
  if (!price) return undefined;
  const notional = quantity.times(price);
  if (notional.gte(decimal(rules.minimumNotional))) return undefined;
  return (
    `${decimalText(quantity)} ${symbol} is worth ${amountText(notional, currency)}, ` +
    `below the smallest order of ${rules.minimumNotional} ${currency}.`
  );
}

/** Too little to be traded, such as what a fee left over: it does not count as a position. */
export function isLeftover(quantity: Decimal, { instrument, quote }: SymbolView): boolean {
  if (quantity.eq(zero)) return true;
  if (!instrument) return false;
  const tradable = onStep(quantity.abs(), instrument);
  return belowMinimum(tradable, quote && decimal(quote.last), instrument) !== undefined;
}

export function onStep(quantity: Decimal, { rules }: Instrument): Decimal {
  return truncateToStep(quantity, decimal(rules.quantityStep));
}

/** A price that the broker takes. Unchanged while its tick is not known. */
export function toTick(price: Decimal, rounding: 'up' | 'down', instrument: Instrument | undefined): Decimal {
  if (!instrument) return price;
  const tick = priceTickAt(instrument.rules, price);
  if (tick.lte(zero)) return price;
  return price
    .div(tick)
    .round(0, rounding === 'up' ? 3 : 0)
    .times(tick);
}

export function noPrice(symbol: string, { why }: SymbolView): { readonly refused: string } {
  return { refused: why ?? `There is no price for ${symbol} just now.` };
}

/** `1,234.50 USDT`; what rounds to nothing keeps its digits. */
export function amountText(value: Decimal, currency: string): string {
  const digits = value.abs().gte(decimal('0.01')) || value.eq(zero) ? value.toFixed(2) : decimalText(value);
  return `${groupThousands(digits)} ${currency}`;
}

function largerOf(one: string, other: string): string {
  return decimal(one).gt(decimal(other)) ? one : other;
}
