/** Tiingo: `type: tiingo` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

const tiingoSettings = z.strictObject({
  type: z.literal('tiingo'),
  apiKey: secret,
  requestsPerMinute: requestsPerMinute(60),
  /** 50 on the free plan. */
  requestsPerHour: z.number().positive().max(1_000_000).default(50),
  ...networkSettings,
});

export type TiingoSettings = z.infer<typeof tiingoSettings>;

export const tiingo = defineSource({
  type: 'tiingo',
  settings: tiingoSettings,
  async create(name, settings, surroundings) {
    const { tiingoSource } = await import('./source.ts');
    return tiingoSource(name, settings, surroundings);
  },
});
