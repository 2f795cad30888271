/** What `desk.yaml` says of a broker of the type `ib`. */
import { z } from 'zod';
import { calendarNames } from '../../market/calendars/index.ts';
import { decimal, zero } from '../../money.ts';
import { QuietTimes } from './quiet.ts';

/** Kept as text all the way to the books. */
const rate = z
  .union([z.string(), z.number().transform(String)])
  .refine(isRate, 'is a rate: 0.001 means 0.1 %, and it must be below 1');

const zone = z.string().refine(isZone, 'must be a time zone such as America/New_York');

const quietTime = z
  .string()
  .refine(isQuietTime, 'must be a time such as "23:45-00:45" or "Fri 23:00-Sat 03:00"');

export const ibSettings = z.strictObject({
  type: z.literal('ib'),
  /** Where TWS or IB Gateway runs. */
  host: z.string().min(1).default('127.0.0.1'),
  /** 7496 TWS, 7497 TWS paper, 4001 Gateway, 4002 Gateway paper. */
  port: z.number().int().min(1).max(65_535),
  /** No two programs may use the same one. */
  clientId: z.number().int().min(1).max(999_999).default(17),
  /** Needed where a login has several accounts. */
  account: z.string().min(1).optional(),
  /** Has to be true for an account with real money; a paper account's name begins with D. */
  live: z.boolean().default(false),
  /** Selling what is not held: only a margin account can. */
  short: z.boolean().default(false),
  /** Parts of a share: only where Interactive Brokers allows them to this account over its API. */
  fractional: z.boolean().default(false),
  /** Where there is no subscription to real-time prices: those of 15 minutes ago. */
  delayedPrices: z.boolean().default(false),
  /** The rate to expect as the fee of a market order: to reserve money by. */
  fee: rate.default('0.001'),
  /** The zone in which TWS was started, for times that it sends without one. */
  timezone: zone.default('America/New_York'),
  /** When Interactive Brokers restarts: then nothing is sent, and nobody is alarmed. */
  quiet: z
    .strictObject({
      timezone: zone.default('America/New_York'),
      times: z.array(quietTime).default(['23:40-00:50', 'Fri 22:55-Sat 03:05']),
    })
    .prefault({}),
  /** Out of reach for longer than this while the market is open is an alarm. */
  blindMinutes: z.number().positive().default(10),
  /** Whose hours are market hours. */
  calendar: z
    .string()
    .refine((name) => calendarNames.includes(name), `must be one of ${calendarNames.join(', ')}`)
    .default('XNYS'),
  /**
   * A program and its arguments that starts TWS or Gateway, such as IBC's script: `/broker connect` runs it. Nothing
   * else does.
   */
  launch: z.array(z.string().min(1)).min(1).optional(),
  /** How long a person has to confirm the login on the phone. */
  loginSeconds: z.number().positive().max(1800).default(180),
  /** How long TWS may take to answer. */
  timeoutSeconds: z.number().positive().max(120).default(10),
  /** How often it is asked whether it is there. */
  heartbeatSeconds: z.number().positive().max(300).default(10),
  /** TWS restarts once a day: it is not called down before it was gone for this long. */
  patienceSeconds: z.number().min(0).default(150),
  /**
   * An order that was sent, and that none of TWS's lists showed for this long while it answered, never arrived, or ended
   * without a trade.
   */
  absenceSeconds: z.number().positive().default(120),
});

export type IbSettings = z.infer<typeof ibSettings>;

function isRate(text: string): boolean {
  try {
    const value = decimal(text);
    return value.gte(zero) && value.lt(decimal('1'));
  } catch {
    return false;
  }
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function isQuietTime(text: string): boolean {
  try {
    new QuietTimes([text], 'UTC');
    return true;
  } catch {
    return false;
  }
}
