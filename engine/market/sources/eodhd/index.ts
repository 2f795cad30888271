/** EODHD (EOD Historical Data): `type: eodhd` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';
import { currency } from '../settings.ts';

const eodhdSettings = z.strictObject({
  type: z.literal('eodhd'),
  apiKey: secret,
  /** That of symbols without one: `AAPL` is `AAPL.US`. */
  exchange: z
    .string()
    .regex(/^[A-Z0-9]+$/, 'must be the code of an exchange at EODHD, such as US, LSE or XETRA')
    .default('US'),
  /** Of the prices of that exchange. */
  currency: currency.default('USD'),
  requestsPerMinute: requestsPerMinute(1000),
  ...networkSettings,
});

export type EodhdSettings = z.infer<typeof eodhdSettings>;

export const eodhd = defineSource({
  type: 'eodhd',
  settings: eodhdSettings,
  async create(name, settings, surroundings) {
    const { eodhdSource } = await import('./source.ts');
    return eodhdSource(name, settings, surroundings);
  },
});
