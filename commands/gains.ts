/** Gains and losses that can be told apart by colour, by sign and by shape; prices as traders read them. */
import { decimal, decimalText, groupThousands, zero } from '../engine/money.ts';

/** `🟢 +12.30 USD`, `🔴 -12.30 USD`, `⚪ 0.00 USD`. */
export function gainText(amount: string, currency: string): string {
  const digits = decimal(amount).toFixed(2);
  const isNothing = !/[1-9]/.test(digits);
  const mark = isNothing ? '⚪' : digits.startsWith('-') ? '🔴' : '🟢';
  const sign = isNothing || digits.startsWith('-') ? '' : '+';
  const shown = isNothing ? digits.replace('-', '') : digits;
  return `${mark} ${sign}${groupThousands(shown)} ${currency}`.trim();
}

/** `+4.02%` of what it cost; empty where it cost nothing. */
export function gainPercentText(gain: string, cost: string): string {
  const base = decimal(cost).abs();
  if (base.eq(zero)) return '';
  const percent = decimal(gain).times(decimal('100')).div(base).toFixed(2);
  return `${decimal(percent).gt(zero) ? '+' : ''}${percent}%`;
}

/** With as many digits as say something: `2,874.56`, `9.5012`, `0.00001234`. */
export function priceText(price: string): string {
  const value = decimal(price);
  const size = value.abs();
  if (size.eq(zero)) return '0';
  let places = size.gte(decimal('100')) ? 2 : 4;
  for (let limit = decimal('1'); size.lt(limit) && places < 18; limit = limit.div(decimal('10'))) places += 1;
  const shown = value.toFixed(places).replace(/(\.\d\d\d*?)0+$/, '$1');
  return groupThousands(size.lt(decimal('1')) ? shown.replace(/0+$/, '').replace(/\.$/, '') : shown);
}

/** Every digit of a quantity, without the zeros behind it. */
export function quantityText(quantity: string): string {
  return groupThousands(decimalText(decimal(quantity)));
}
