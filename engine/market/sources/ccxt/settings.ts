/** What `desk.yaml` says of a source of the type `ccxt`. */
import { z } from 'zod';
import { networkSettings } from '../remote/settings.ts';

export const ccxtSourceSettings = z.strictObject({
  type: z.literal('ccxt'),
  /** As ccxt names it: `binance`, `kraken`, `bybit`. */
  exchange: z
    .string()
    .regex(/^[a-z0-9]+$/, { error: 'must be the name of an exchange as ccxt writes it, such as binance' }),
  /** Handed to ccxt as they are; see ccxt's manual. */
  options: z.record(z.string(), z.unknown()).default({}),
  ...networkSettings,
});

export type CcxtSourceSettings = z.infer<typeof ccxtSourceSettings>;
