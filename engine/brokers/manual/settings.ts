/** What `desk.yaml` says of a broker at which a person trades. */
import { z } from 'zod';
import { instrumentRules, notNegative, rate } from '../account/settings.ts';

export const manualSettings = z.strictObject({
  type: z.literal('manual'),
  /** Name of the source in `desk.yaml` that tells what things are worth. */
  source: z.string(),
  /** What the account holds when the desk begins with it: currencies and coins. */
  balances: z.record(z.string(), notNegative),
  /** The same of shares, by symbol. */
  positions: z.record(z.string(), notNegative).default({}),
  /** Rate of the notional to expect as a fee; what is booked is what is reported. */
  fee: rate.default('0'),
  /** Whether what is not held may be sold. */
  short: z.boolean().default(false),
  ...instrumentRules,
});

export type ManualSettings = z.infer<typeof manualSettings>;
