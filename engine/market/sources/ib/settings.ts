/** What `desk.yaml` says of a source of the type `ib`. */
import { z } from 'zod';
import { timezone } from '../settings.ts';

export const ibSourceSettings = z.strictObject({
  type: z.literal('ib'),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.number().int().min(1).max(65_535),
  /** Another one than the broker's: no two connections may use the same one. */
  clientId: z.number().int().min(1).max(999_999).default(18),
  /** Of the sessions of shares of which TWS says none. */
  timezone: timezone.default('America/New_York'),
  /** Where there is no subscription to real-time prices: those of 15 minutes ago. */
  delayedPrices: z.boolean().default(false),
  /** How long TWS may take to answer; for bars six times as long. */
  timeoutSeconds: z.number().positive().max(120).default(10),
});

export type IbSourceSettings = z.infer<typeof ibSourceSettings>;
