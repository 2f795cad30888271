/** What `desk.yaml` says of a source of the type `eodhd`. */
import { z } from 'zod';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';
import { currency } from '../settings.ts';

export const eodhdSettings = z.strictObject({
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
