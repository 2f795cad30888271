/** Yahoo Finance: `type: yahoo` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { networkSettings, requestsPerMinute } from '../remote/settings.ts';
import { timezone } from '../settings.ts';

const yahooSettings = z.strictObject({
  type: z.literal('yahoo'),
  /** Of the markets that are mostly asked for; each symbol's bars are in its own. */
  timezone: timezone.default('America/New_York'),
  requestsPerMinute: requestsPerMinute(60),
  ...networkSettings,
});

export type YahooSettings = z.infer<typeof yahooSettings>;

export const yahoo = defineSource({
  type: 'yahoo',
  settings: yahooSettings,
  async create(name, settings, surroundings) {
    const { yahooSource } = await import('./source.ts');
    return yahooSource(name, settings, surroundings);
  },
});
