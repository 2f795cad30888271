/** A plan: a strategy, a universe, a data source, a schedule and a book. Run daily; its new orders go to the broker. */
import { z } from 'zod';
import { bookName } from '../bank/book.ts';
import { intervals } from '../market/bars.ts';

const dateText = z
  .union([z.string(), z.date().transform((date) => date.toISOString().slice(0, 10))])
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
    'must be a date such as 2020-01-31',
  );

/** What `plans/<name>.yaml` holds. */
export const planSettings = z.strictObject({
  name: bookName,
  description: z.string().default(''),
  /** File name in `strategies/` without its ending. */
  strategy: z.string(),
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
  /** Rate of the traded value, in the backtest. */
  commission: z.number().min(0).lt(0.1).default(0),
  schedule: z
    .strictObject({
      /** Times of day in the zone of its market: `09:35`, or with seconds. */
      times: z
        .array(
          z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, 'must be a time of day such as "09:35"'),
        )
        .min(1),
      /** IANA zone of its market. */
      timezone: z.string().refine(isTimezone, 'must be a time zone such as America/New_York'),
    })
    .optional(),
  enabled: z.boolean().default(true),
});

export type PlanSettings = z.infer<typeof planSettings>;

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
