/** What `desk.yaml` says of a source of the type `twelvedata`. */
import { z } from 'zod';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

export const twelveDataSettings = z.strictObject({
  type: z.literal('twelvedata'),
  apiKey: secret,
  /** 8 on the free plan. */
  requestsPerMinute: requestsPerMinute(8),
  /** 800 on the free plan. */
  requestsPerDay: z.number().positive().max(10_000_000).default(800),
  ...networkSettings,
});

export type TwelveDataSettings = z.infer<typeof twelveDataSettings>;
