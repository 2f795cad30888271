/** A book: a named pot of capital with its own profit and loss, its broker and one source of decisions. */
import { z } from 'zod';
import { decimal, zero } from '../money.ts';

/** A positive amount as decimal text; YAML may write it as a number. */
export const positiveDecimalText = z
  .union([z.string(), z.number().transform(String)])
  .refine(isPositiveDecimal, 'must be a positive decimal number such as "10000" or "0.5"');

/** A percentage above 0 and up to 100 as decimal text. */
const percentText = positiveDecimalText.refine(
  (text) => isPositiveDecimal(text) && decimal(text).lte(decimal('100')),
  'is a percentage: it must be at most 100',
);

/** An amount from 0 on as decimal text. */
const decimalText = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => text.trim() === '0' || isPositiveDecimal(text), 'must be a decimal number from 0 on');

/** Money in the currency of the book. The limits of the desk count all books of one currency together. */
export const tradingLimits = z.strictObject({
  /** The notional of one order. */
  order: positiveDecimalText.optional(),
  /** The notional of a day's entries, from midnight UTC. */
  notionalPerDay: positiveDecimalText.optional(),
  openPositions: z.number().int().positive().optional(),
  /** Realised and open loss of a day. */
  lossPerDay: positiveDecimalText.optional(),
  ordersPerMinute: z.number().int().positive().optional(),
});

export type TradingLimits = z.infer<typeof tradingLimits>;

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
  /** The wallet of the broker in which its money rests, such as `funding`. */
  home: z.string().default('account'),
  /** The wallet in which it trades; `home` where not given. Money is moved there for a trade and back after it. */
  wallet: z.string().optional(),
  /** What the bank may lend it for a trade beyond its own capital. Not counted when a risk is sized. */
  pool: decimalText.default('0'),
  /** With less than this it does not enter. */
  minimumEntry: decimalText.default('0'),
  /** The most that a trade may lose, in percent of the book's capital; handlers that size by risk need it. */
  maximumLossPercent: percentText.optional(),
  /** An entry that is worth more than this waits until a person approves it; 0: every entry. */
  approveAbove: decimalText.optional(),
  /** How many different people must approve it. */
  approvePersons: z.number().int().min(1).max(2).default(1),
  /** What nobody has approved by then expires. */
  approveWithinSeconds: z.number().positive().default(600),
  /** Beyond one of these no entry is made, and chat hears of it; exits go on. */
  limits: tradingLimits.prefault({}),
  /** Told in chat when no signal came for this long. */
  expectSignalEverySeconds: z.number().positive().optional(),
  /** What turns its signals into operations. A book without one is traded by plans. */
  handler: z
    .strictObject({ name: z.string(), settings: z.record(z.string(), z.unknown()).default({}) })
    .optional(),
  /** The strategy and instance under which alerts in Mirage's format mean this book. */
  mirage: z
    .strictObject({
      strategy: z.string().min(1, 'must name the strategy, such as crypto-pair-trading'),
      instance: z.string().min(1, 'must name the instance, such as default'),
    })
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
