/** What `desk.yaml` says of a source of the type `alpaca`. */
import { z } from 'zod';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

export const alpacaSettings = z.strictObject({
  type: z.literal('alpaca'),
  apiKey: secret,
  secret,
  /** Whether the keys are those of a paper account. */
  paper: z.boolean().default(true),
  /** `iex` is one exchange, and free; `sip` is all of them. */
  feed: z.enum(['iex', 'sip', 'delayed_sip']).default('iex'),
  requestsPerMinute: requestsPerMinute(200),
  ...networkSettings,
});

export type AlpacaSettings = z.infer<typeof alpacaSettings>;
