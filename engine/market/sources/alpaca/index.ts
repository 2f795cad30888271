/** Alpaca's market data: `type: alpaca` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

const alpacaSettings = z.strictObject({
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

export const alpaca = defineSource({
  type: 'alpaca',
  settings: alpacaSettings,
  async create(name, settings, surroundings) {
    const { alpacaSource } = await import('./source.ts');
    return alpacaSource(name, settings, surroundings);
  },
});
