/** What `desk.yaml` says of every account that the desk keeps itself. */
import { z } from 'zod';
import { decimal, zero } from '../../money.ts';

const decimalText = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => isDecimal(text), 'must be a decimal number such as "0.01"');

export const positive = decimalText.refine(
  (text) => isDecimal(text) && decimal(text).gt(zero),
  'must be greater than 0',
);
export const notNegative = decimalText.refine(
  (text) => isDecimal(text) && decimal(text).gte(zero),
  'must not be negative',
);
export const rate = notNegative.refine(
  (text) => isDecimal(text) && decimal(text).lt(decimal('1')),
  'is a rate: 0.001 means 0.1 %, and it must be below 1',
);

export const walletName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter');

/** What an order must obey; the same for every instrument of the account. */
export const instrumentRules = {
  quantityStep: positive.default('0.000001'),
  priceTick: positive.default('0.000001'),
  /** The step, where not given. */
  minimumQuantity: positive.optional(),
  minimumNotional: notNegative.default('0'),
};

function isDecimal(text: string): boolean {
  try {
    decimal(text);
    return true;
  } catch {
    return false;
  }
}
