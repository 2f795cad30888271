/** A plan: a strategy, a universe, a data source, a schedule and a book. Run daily; its new orders go to the broker. */
import { z } from 'zod';
import { semanticsNames } from '../backtest/semantics.ts';
import { bookName, positiveDecimalText } from '../bank/book.ts';
import { reasonOf } from '../errors.ts';
import { intervals } from '../market/bars.ts';
import { calendarNames } from '../market/calendars/index.ts';
import { parseRunTimes } from './run-times.ts';

const dateText = z
  .union([z.string(), z.date().transform((date) => date.toISOString().slice(0, 10))])
  .pipe(z.iso.date('must be a date such as 2020-01-31'));

/** As one text, whether it was written as one or as a list. */
const runTimes = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((times) => (typeof times === 'string' ? times : times.join(', ')))
  .superRefine((text, context) => {
    try {
      parseRunTimes(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `must be times of day: ${reasonOf(error)}` });
    }
  });

/** When the orders of a plan are meant to trade. */
export const entryTypes = ['on open', 'on close', 'regular hours'] as const;
export type EntryType = (typeof entryTypes)[number];

export const planModes = ['strict', 'incremental'] as const;

/** What `plans/<name>.yaml` holds, and what `/plan create` asks for. */
export const planSettings = z
  .strictObject({
    name: bookName,
    description: z.string().default(''),
    /** File name in `strategies/` without its ending, or a strategy that was sent in through chat. */
    strategy: z.string().regex(/^[\w.-]+$/, 'must be the name of a strategy, without a folder'),
    params: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
    symbols: z.array(z.string()).min(1, 'must name at least one symbol'),
    /** Name of a source in `desk.yaml`. */
    source: z.string(),
    interval: z.enum(intervals).default('1d'),
    /** First day of the data that the strategy sees. */
    backtestStart: dateText,
    /**
     * From this day on its strategy trades, beginning with nothing but cash: the book and the backtest stay in step.
     * Without it the day of the newest bar when the plan runs for the first time.
     */
    tradeStart: dateText.optional(),
    book: bookName,
    /** The sessions of its market: it runs on their days only. Without one it runs every day. */
    calendar: z
      .string()
      .transform((name) => name.toUpperCase())
      .refine((name) => calendarNames.includes(name), `must be one of ${calendarNames.join(', ')}`)
      .optional(),
    /**
     * `on open`: orders trade when the session after the signal opens. `on close`: when the session of the signal
     * closes, and so does the simulation. `regular hours`: at once, while the market is open.
     */
    entry: z.enum(entryTypes).default('on open'),
    /**
     * `strict`: simulated from the trade start each time, and only what is new is sent. `incremental`: from what the
     * book holds and has, with what the strategy stored.
     */
    mode: z.enum(planModes).default('strict'),
    /** With what the simulation begins; the capital of the book's file where not given. */
    cash: z.number().positive().optional(),
    /** Units by symbol that the book holds when the plan begins, for the simulation. */
    holding: z.record(z.string(), z.number().int()).default({}),
    /** Rate of the traded value, in the simulation; or a fixed sum for each order and a rate. */
    commission: z
      .union([z.number().min(0).lt(0.1), z.tuple([z.number().min(0), z.number().min(0).lt(0.1)])])
      .default(0),
    /** What else is asked of the simulated broker. */
    simulation: z
      .strictObject({
        semantics: z.enum(semanticsNames).optional(),
        spread: z.number().min(0).lt(1).optional(),
        margin: z.number().positive().max(1).optional(),
        lotSize: z.number().int().positive().optional(),
        fractional: z.number().positive().max(1).optional(),
        hedging: z.boolean().optional(),
        exclusiveOrders: z.boolean().optional(),
        /** An order that cannot be paid ends the run, and so fails the plan's; else it is dropped. */
        failFast: z.boolean().optional(),
      })
      .prefault({}),
    schedule: z
      .strictObject({
        /** Times of day in the zone of its market: `9:30, 15:59:30, 9:30-16:00/30min, close-2min`. */
        times: runTimes,
        /** IANA zone of its market; that of its calendar where not given. */
        timezone: z.string().refine(isTimezone, 'must be a time zone such as America/New_York').optional(),
      })
      .optional(),
    /** A run that is later than this, after the desk was down, is skipped. */
    graceSeconds: z.number().min(0).default(3600),
    /** How long a run waits for bars that the source does not have yet. */
    barsWithinSeconds: z.number().min(0).default(900),
    /** Beyond one of these an order is not sent. */
    limits: z
      .strictObject({
        /** Money in the currency of the book. */
        notional: positiveDecimalText.optional(),
        shares: positiveDecimalText.optional(),
      })
      .prefault({}),
    /** After so many runs in a row that failed, or whose orders did, the plan stops. */
    stopAfterFailures: z.number().int().positive().default(3),
    enabled: z.boolean().default(true),
  })
  .superRefine(({ calendar, schedule, entry, mode, holding, symbols }, context) => {
    const complain = (path: readonly string[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    if (schedule && calendar === undefined) {
      if (schedule.timezone === undefined)
        complain(['schedule', 'timezone'], 'is missing: without a calendar it is needed');
      if (relatesToSession(schedule.times))
        complain(['schedule', 'times'], 'open and close are those of a session: name a calendar');
    }
    if (entry !== 'on open' && calendar === undefined)
      complain(['calendar'], `is missing: "${entry}" needs the sessions of a market`);
    if (mode === 'incremental' && Object.keys(holding).length > 0)
      complain(['holding'], 'is for strict plans: an incremental one begins with what the book holds');
    for (const symbol of Object.keys(holding)) {
      if (!symbols.includes(symbol)) complain(['holding'], `names ${symbol}, which is not among the symbols`);
    }
  });

export type PlanSettings = z.infer<typeof planSettings>;

function relatesToSession(times: string): boolean {
  try {
    return parseRunTimes(times).some(({ of }) => of !== 'clock');
  } catch {
    return false; // complained about where it stands
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
