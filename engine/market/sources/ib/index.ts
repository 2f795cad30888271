/** Interactive Brokers' bars and prices, over TWS or IB Gateway: `type: ib` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { timezone } from '../settings.ts';

export const ib = defineSource({
  type: 'ib',
  settings: z.strictObject({
    type: z.literal('ib'),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(1).max(65_535),
    /** Another one than the broker's: no two connections may use the same one. */
    clientId: z.number().int().min(1).max(999_999).default(18),
    /** Of the sessions of its shares. */
    timezone: timezone.default('America/New_York'),
    /** Where there is no subscription to real-time prices: those of 15 minutes ago. */
    delayedPrices: z.boolean().default(false),
    /** How long TWS may take to answer. */
    timeoutSeconds: z.number().positive().max(120).default(10),
  }),
  async create(name, settings, { clock, log }) {
    const { ibSource } = await import('./source.ts');
    return ibSource({ ...settings, name, clock, log });
  },
});
