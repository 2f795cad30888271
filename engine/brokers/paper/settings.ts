/** What `desk.yaml` says of a paper broker. */
import { z } from 'zod';
import { decimal, zero } from '../../money.ts';

const decimalText = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => isDecimal(text), 'must be a decimal number such as "0.01"');

const positive = decimalText.refine(
  (text) => isDecimal(text) && decimal(text).gt(zero),
  'must be greater than 0',
);
const notNegative = decimalText.refine(
  (text) => isDecimal(text) && decimal(text).gte(zero),
  'must not be negative',
);
const rate = notNegative.refine(
  (text) => isDecimal(text) && decimal(text).lt(decimal('1')),
  'is a rate: 0.001 means 0.1 %, and it must be below 1',
);

export const paperSettings = z.strictObject({
  type: z.literal('paper'),
  /** Name of the source in `desk.yaml` at whose last price it fills. */
  source: z.string(),
  /** What the account holds before its first order, by currency. */
  balances: z.record(z.string(), notNegative),
  /** By which rate a fill is worse than the last price: buys above it, sells below it. */
  slippage: rate.default('0'),
  /** Rate of the notional. */
  fee: rate.default('0'),
  /** Whether it sells what it does not hold. No collateral is asked for that. */
  short: z.boolean().default(false),
  quantityStep: positive.default('0.000001'),
  priceTick: positive.default('0.000001'),
  /** The step, where not given. */
  minimumQuantity: positive.optional(),
  minimumNotional: notNegative.default('0'),
});

export type PaperSettings = z.infer<typeof paperSettings>;

function isDecimal(text: string): boolean {
  try {
    decimal(text);
    return true;
  } catch {
    return false;
  }
}
