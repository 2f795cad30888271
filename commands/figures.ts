/** Amounts as people read them in chat: thousands apart, a sign where it says gain or loss. */
import { decimal, decimalText, groupThousands, Money, zero } from '../engine/money.ts';

/** `1,234.50 USD` from decimal text; without a currency the digits alone. */
export function moneyText(amount: string, currency: string): string {
  return new Money(decimal(amount), currency).format().trim();
}

/** The same with a plus for a gain; a loss has its minus. */
export function signedMoneyText(amount: string, currency: string): string {
  return `${decimal(amount).gt(zero) ? '+' : ''}${moneyText(amount, currency)}`;
}

/** Every digit of it: for amounts that somebody confirms. `0.00105 BTC` */
export function exactText(amount: string, currency: string): string {
  return `${groupThousands(decimalText(decimal(amount)))} ${currency}`;
}
