/** Fields that the signals and settings of several handlers have: how a sender may write them, and what is read over. */
import { z } from 'zod';
import { decimal, decimalOfNumber, decimalText, zero } from '../../money.ts';

/** A positive number as a sender writes it: `3`, `"3"`, `"0.5"`. Decimal text. */
export const positiveNumber = z.union([z.number(), z.string()]).transform((value, context) => {
  const text = plainDigits(value);
  if (text !== undefined && decimal(text).gt(zero)) return text;
  context.issues.push({
    code: 'custom',
    message: 'must be a positive number such as 3 or "0.5"',
    input: value,
  });
  return z.NEVER;
});

/** A number that may be zero or negative, such as the price of a spread. Decimal text. */
export const anyNumber = z.union([z.number(), z.string()]).transform((value, context) => {
  const text = plainDigits(value);
  if (text !== undefined) return text;
  context.issues.push({ code: 'custom', message: 'must be a number such as 3 or "-0.5"', input: value });
  return z.NEVER;
});

export const percent = positiveNumber.refine(
  (text) => decimal(text).lte(decimal('100')),
  'must be at most 100',
);

/** `BINANCE:BTCUSDT`, as TradingView names a chart, is `BTCUSDT` here. */
export const symbolText = z
  .string()
  .trim()
  .max(64)
  .transform((text) => text.slice(text.lastIndexOf(':') + 1))
  .refine((text) => text !== '', 'must name a symbol');

/** One of a few words, in whatever case a sender writes it. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(words, `must be ${words.join(' or ')}`));
}

/** What senders add for people, for the record, or for the desk's door: read over, and without any effect here. */
export const notes = Object.fromEntries(
  [
    ...['id', 'nonce', 'time', 'timenow', 'tag', 'comment', 'key', 'book', 'exchange', 'interval'],
    ...['open', 'high', 'low', 'close', 'volume', 'currency'],
  ].map((name) => [name, z.unknown().optional()]),
);

/** Plain digits only: `1e999999` and `1,000` are somebody's mistake. */
function plainDigits(value: number | string): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  const text = typeof value === 'number' ? decimalText(decimalOfNumber(value)) : value.trim();
  return /^-?\d{1,15}(\.\d{1,18})?$/.test(text) ? decimalText(decimal(text)) : undefined;
}
