/** Amounts as people read them in chat: thousands apart, a sign where it says gain or loss. */
import { type Decimal, decimal, decimalText, groupThousands, Money, zero } from '../engine/money.ts';

/** `1,234.50 USD` from decimal text; without a currency the digits alone. */
export function moneyText(amount: string, currency: string): string {
  return new Money(decimal(amount), currency).format().trim();
}

/** The same with a plus for a gain; a loss has its minus. */
export function signedMoneyText(amount: string, currency: string): string {
  return `${decimal(amount).gt(zero) ? '+' : ''}${moneyText(amount, currency)}`;
}

/**
 * `9,982.75 USD`, `0.0123 BTC`, `1,250 JPY`: in the places in which the currency is usually told, and in more where those
 * would leave a digit or none of it. So the smallest fee does not read as nothing.
 * @param leastPlaces it has at least so many
 */
export function amountText(amount: string, currency: string, leastPlaces = 0): string {
  const value = decimal(amount);
  const usual = placesOf(currency, value);
  const [least, most] = [Math.max(usual.least, leastPlaces), Math.max(usual.most, leastPlaces)];
  const isSmall = !value.eq(zero) && value.e < 1 - most;
  const [whole = '', fraction = ''] = value.toFixed(isSmall ? 2 - value.e : most).split('.');
  const told = fraction.slice(0, least) + fraction.slice(least).replace(/0+$/, '');
  return `${groupThousands(told === '' ? whole : `${whole}.${told}`)} ${currency}`;
}

/**
 * Of money by ISO 4217, of coins that are worth a dollar or a euro like these; of other coins eight digits in all, as
 * exchanges tell them, without the zeros at their end.
 */
function placesOf(currency: string, { e }: Decimal): { readonly least: number; readonly most: number } {
  if (isoCurrencies.has(currency)) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    const { maximumFractionDigits: places = 2 } = format.resolvedOptions();
    return { least: places, most: places };
  }
  return { least: 2, most: /USD|EUR/.test(currency) ? 2 : Math.max(2, 7 - Math.max(e, 0)) };
}

const isoCurrencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Every digit of it: for amounts that somebody confirms. `0.00105 BTC` */
export function exactText(amount: string, currency: string): string {
  return `${groupThousands(decimalText(decimal(amount)))} ${currency}`;
}
