/** Twelve Data: `type: twelvedata` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings, requestsPerMinute, secret } from '../remote/settings.ts';

const twelveDataSettings = z.strictObject({
  type: z.literal('twelvedata'),
  apiKey: secret,
  /** 8 on the free plan. */
  requestsPerMinute: requestsPerMinute(8),
  /** 800 on the free plan. */
  requestsPerDay: z.number().positive().max(10_000_000).default(800),
  ...networkSettings,
});

export type TwelveDataSettings = z.infer<typeof twelveDataSettings>;

export const twelvedata = defineSource({
  type: 'twelvedata',
  settings: twelveDataSettings,
  async create(name, settings, surroundings) {
    const { twelveDataSource } = await import('./source.ts');
    return twelveDataSource(name, settings, surroundings);
  },
});
