/** What `desk.yaml` says of a source of the type `yahoo`. */
import { z } from 'zod';
import { networkSettings, requestsPerMinute } from '../remote/settings.ts';
import { timezone } from '../settings.ts';

export const yahooSettings = z.strictObject({
  type: z.literal('yahoo'),
  /** Of the markets that are mostly asked for; each symbol's bars are in its own. */
  timezone: timezone.default('America/New_York'),
  requestsPerMinute: requestsPerMinute(60),
  ...networkSettings,
});

export type YahooSettings = z.infer<typeof yahooSettings>;
