/** Prices of crypto exchanges through ccxt: `type: ccxt` in `desk.yaml`. No keys are needed. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings } from '../remote/settings.ts';

const ccxtSourceSettings = z.strictObject({
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

export const ccxtPrices = defineSource({
  type: 'ccxt',
  settings: ccxtSourceSettings,
  async create(name, settings, surroundings) {
    const { ccxtSource } = await import('./source.ts');
    return ccxtSource(name, settings, surroundings);
  },
});
