/** What Yahoo answers, as far as it is used. */
import { z } from 'zod';

const column = z.array(z.number().nullable()).optional();
const period = z.object({ start: z.number(), end: z.number() });

const meta = z.object({
  currency: z.string().nullish(),
  symbol: z.string(),
  exchangeName: z.string(),
  exchangeTimezoneName: z.string(),
  regularMarketTime: z.number().optional(),
  regularMarketPrice: z.number().optional(),
  regularMarketDayHigh: z.number().optional(),
  regularMarketDayLow: z.number().optional(),
  regularMarketVolume: z.number().optional(),
  currentTradingPeriod: z.object({ regular: period }).optional(),
});
export type Meta = z.infer<typeof meta>;

const chart = z.object({
  meta,
  /** Seconds UTC; missing when there are no bars. */
  timestamp: z.array(z.number()).optional(),
  events: z
    .object({
      splits: z
        .record(z.string(), z.object({ date: z.number(), numerator: z.number(), denominator: z.number() }))
        .optional(),
    })
    .optional(),
  indicators: z.object({
    quote: z.array(z.object({ open: column, high: column, low: column, close: column, volume: column })),
    /** With daily bars only. */
    adjclose: z.array(z.object({ adjclose: column })).optional(),
  }),
});
export type Chart = z.infer<typeof chart>;

export const chartAnswer = z.object({
  chart: z.object({
    result: z.array(chart).nullable(),
    error: z.object({ code: z.string().nullish(), description: z.string().nullish() }).nullish(),
  }),
});

export const searchAnswer = z.object({
  quotes: z.array(
    z.object({
      symbol: z.string().optional(),
      longname: z.string().optional(),
      shortname: z.string().optional(),
    }),
  ),
});
