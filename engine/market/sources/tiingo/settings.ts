/** What `desk.yaml` says of a source of the type `tiingo`. */
import { z } from 'zod';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

export const tiingoSettings = z.strictObject({
  type: z.literal('tiingo'),
  apiKey: secret,
  requestsPerMinute: requestsPerMinute(60),
  /** 50 on the free plan. */
  requestsPerHour: z.number().positive().max(1_000_000).default(50),
  ...networkSettings,
});

export type TiingoSettings = z.infer<typeof tiingoSettings>;
