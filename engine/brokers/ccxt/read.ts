/** What ccxt returns, read once at the edge: from here on it has types, and its numbers are decimal text. */
import { z } from 'zod';
import { decimal, decimalText } from '../../money.ts';

/** Text that is a decimal number, in plain digits. A number comes only where ccxt computed it itself. */
const number = z.union([z.string(), z.number().transform(String)]).transform((text, context) => {
  try {
    return decimalText(decimal(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a decimal number' });
    return z.NEVER;
  }
});
const maybeNumber = number.nullish().transform((text) => text ?? undefined);
const maybeText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const limits = z.object({ min: maybeNumber }).nullish();

export const marketShape = z.object({
  id: z.string(),
  symbol: z.string(),
  base: z.string(),
  quote: z.string(),
  spot: z.boolean().nullish(),
  type: maybeText,
  taker: maybeNumber,
  precision: z.object({ amount: maybeNumber, price: maybeNumber }),
  limits: z.object({ amount: limits, cost: limits }),
  info: z.unknown(),
});
export type ReadMarket = z.infer<typeof marketShape>;

const fee = z.object({ cost: maybeNumber, currency: maybeText }).nullish();

export const tradeShape = z.object({
  id: z.string(),
  order: maybeText,
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  amount: number,
  price: number,
  timestamp: z.number(),
  fee,
  fees: z.array(fee).nullish(),
});
export type ReadTrade = z.infer<typeof tradeShape>;

export const orderShape = z.object({
  id: z.string(),
  clientOrderId: maybeText,
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  status: z.string(),
  amount: number,
  filled: maybeNumber,
  timestamp: z.number().nullish(),
  info: z.unknown(),
});
export type ReadOrder = z.infer<typeof orderShape>;

/** The answer to a new order: some exchanges tell no more than its id. */
export const acceptedShape = z.object({ id: z.string().min(1), status: maybeText });

export const orderNewsShape = z.array(
  z.object({ id: maybeText, clientOrderId: maybeText, symbol: maybeText }),
);

export const tickerShape = z.object({ bid: maybeNumber, ask: maybeNumber, last: maybeNumber });

const level = z.tuple([number, number], z.unknown());
export const bookShape = z.object({ bids: z.array(level), asks: z.array(level) });

const account = z.object({ free: maybeNumber, used: maybeNumber, total: maybeNumber, debt: maybeNumber });
export type ReadAccount = z.infer<typeof account>;

/** By asset. Balances lie beside fields of other kinds, of which there is a fixed list. */
export function readBalances(answer: unknown): ReadonlyMap<string, ReadAccount> {
  const entries = z.record(z.string(), z.unknown()).parse(answer);
  const found = new Map<string, ReadAccount>();
  for (const [asset, value] of Object.entries(entries)) {
    if (besideBalances.has(asset)) continue;
    found.set(asset, account.parse(value));
  }
  return found;
}

const besideBalances = new Set(['info', 'free', 'used', 'total', 'debt', 'timestamp', 'datetime']);
