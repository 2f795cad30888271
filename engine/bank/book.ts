/** A book: a named pot of capital with its own profit and loss, its broker and one source of decisions. */
import { z } from 'zod';
import { decimal, zero } from '../money.ts';

/** A positive amount as decimal text; YAML may write it as a number. */
export const positiveDecimalText = z
  .union([z.string(), z.number().transform(String)])
  .refine(isPositiveDecimal, 'must be a positive decimal number such as "10000" or "0.5"');

export const bookName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter');

/** What `books/<name>.yaml` holds. */
export const bookSettings = z.strictObject({
  name: bookName,
  description: z.string().default(''),
  /** In which its capital and profit are counted. */
  currency: z.string().regex(/^[A-Z0-9]{2,10}$/, 'must be a currency code such as USD or USDT'),
  /** Allocated when the book is first seen; later changes come from trading, deposits and withdrawals. */
  capital: positiveDecimalText,
  /** Name of a broker in `desk.yaml`. */
  broker: z.string(),
  /** What turns its signals into operations. A book without one is traded by plans. */
  handler: z
    .strictObject({ name: z.string(), settings: z.record(z.string(), z.unknown()).default({}) })
    .optional(),
  /** What a sender of alerts must know. Without it the book takes no alerts. */
  key: z.string().min(8, 'must have at least 8 characters').optional(),
  /** A signal that asks for an entry and is older than this when its turn comes is refused. */
  staleAfterSeconds: z.number().positive().default(120),
  active: z.boolean().default(true),
});

export type BookSettings = z.infer<typeof bookSettings>;

function isPositiveDecimal(text: string): boolean {
  try {
    return decimal(text).gt(zero);
  } catch {
    return false;
  }
}
