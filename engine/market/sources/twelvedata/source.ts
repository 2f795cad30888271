/**
 * Twelve Data (twelvedata.com/docs): stocks, funds, currencies and coins. At most 5,000 bars come in an answer, the newest of
 * what was asked for, so that a long history is read from its end backwards. Bars within the day are not adjusted.
 */
import { z } from 'zod';
import { decimal, decimalText } from '../../../money.ts';
import type { Interval } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { type Answer, Rest, type Verdict } from '../remote/rest.ts';
import type { Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import type { TwelveDataSettings } from './settings.ts';

const home = 'https://api.twelvedata.com';
const barsPerAnswer = 5_000;
const dayMs = 86_400_000;

const lengths: Readonly<Partial<Record<Interval, string>>> = {
  '1m': '1min',
  '5m': '5min',
  '15m': '15min',
  '30m': '30min',
  '1h': '1h',
  '4h': '4h',
  '1d': '1day',
};

/** By ISO 10383; the segments of an exchange keep its days. */
const calendars: Readonly<Record<string, string>> = {
  ...{ XNAS: 'XNAS', XNGS: 'XNAS', XNMS: 'XNAS', XNCM: 'XNAS' },
  ...{ XNYS: 'XNYS', ARCX: 'XNYS', XASE: 'XNYS', BATS: 'XNYS', IEXG: 'XNYS', OTCM: 'XNYS' },
  ...{ XLON: 'XLON', XETR: 'XETR', XHKG: 'XHKG', XJPX: 'XTKS', XTKS: 'XTKS', XSHG: 'XSHG', XSHE: 'XSHE' },
};

const figure = z
  .string()
  .refine((text) => text.trim() !== '' && Number.isFinite(Number(text)), 'is not a number')
  .transform(Number);
const series = z.object({
  meta: z.object({
    symbol: z.string(),
    type: z.string().optional(),
    exchange: z.string().optional(),
    mic_code: z.string().optional(),
    exchange_timezone: z.string().optional(),
  }),
  values: z.array(
    z.object({
      datetime: z.string().regex(/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/, 'is not a date'),
      ...{ open: figure, high: figure, low: figure, close: figure },
      volume: figure.optional(),
    }),
  ),
});
const quote = z.object({
  symbol: z.string(),
  exchange: z.string().optional(),
  mic_code: z.string().optional(),
  currency: z.string().optional(),
  timestamp: z.number(),
  last_quote_at: z.number().optional(),
  close: z.string().regex(/^-?\d+(\.\d+)?$/, 'is not a price'),
});
const listed = z.object({
  data: z.array(
    z.object({
      symbol: z.string(),
      instrument_name: z.string(),
      exchange_timezone: z.string().optional(),
      mic_code: z.string().optional(),
      currency: z.string().optional(),
    }),
  ),
});
const failure = z.object({ status: z.literal('error'), code: z.number(), message: z.string() });

export function twelveDataSource(
  name: string,
  settings: TwelveDataSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const { apiKey, requestsPerMinute, requestsPerDay, proxy, gateway, timeoutSeconds } = settings;
  const rest = new Rest({
    ...{ name, proxy, gateway, timeoutSeconds, clock, log, network, verdict },
    vendor: 'Twelve Data',
    headers: { authorization: `apikey ${apiKey}` },
    secrets: [apiKey],
    limits: [
      { requests: requestsPerMinute, perMs: 60_000 },
      { requests: requestsPerDay, perMs: 86_400_000 },
    ],
  });

  async function history(question: HistoryQuestion): Promise<History> {
    const { symbol, from, interval, adjusted, signal } = question;
    const rows: Row[] = [];
    let market: Market | undefined;
    for (let to: number | undefined = question.to; to !== undefined; ) {
      const query = {
        symbol,
        interval: lengths[interval],
        outputsize: barsPerAnswer,
        start_date: from === undefined ? undefined : momentOf(from, interval),
        // Whether the day itself is included is not said: a day more does no harm.
        end_date: momentOf(interval === '1d' ? to + dayMs : to, interval),
        timezone: 'UTC',
        order: 'desc',
        adjust: adjusted ? 'all' : 'none',
      };
      const page = await pageOf(query, rows.length > 0, signal);
      if (!page) break;
      market ??= marketOf(page.meta);
      const times = page.values.map(({ datetime }) => timeOf(datetime));
      rows.push(...page.values.map((row, index) => ({ ...row, time: times[index] ?? Number.NaN })));
      const oldest = Math.min(...times);
      // Fewer than fit: there are no older ones.
      to = page.values.length < barsPerAnswer ? undefined : oldest - 1000;
    }
    if (!market) throw rest.refusal('no-data', 'there is nothing in this range.');
    return { rows, market };
  }

  /** Undefined for a further page when there is nothing before the one that was read. */
  async function pageOf(
    query: Record<string, string | number | undefined>,
    further: boolean,
    signal: AbortSignal | undefined,
  ) {
    try {
      return await rest.get(`${home}/time_series`, query, series, signal);
    } catch (error) {
      const isOver = error instanceof Error && 'kind' in error && error.kind === 'no-data';
      if (further && isOver) return undefined;
      throw error;
    }
  }

  async function last(symbol: string): Promise<LastPrice> {
    const newest = await rest.get(`${home}/quote`, { symbol }, quote);
    return {
      symbol,
      price: decimalText(decimal(newest.close)),
      // A pair of currencies has none of its own: it is priced in its second.
      currency: newest.currency ?? symbol.split('/')[1] ?? '',
      at: new Date((newest.last_quote_at ?? newest.timestamp) * 1000),
    };
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const { data } = await rest.get(`${home}/symbol_search`, { symbol: query, outputsize: 50 }, listed);
    const found = new Map<string, SymbolInfo>();
    for (const { symbol, instrument_name: title, currency = '' } of data) {
      // The same symbol at several exchanges: the first is the one that is meant without an exchange.
      if (!found.has(symbol)) found.set(symbol, { symbol, name: title, currency });
    }
    return [...found.values()];
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '4h', '1d'],
    priceForMs: 60_000,
    spelled: (symbol) => symbol.trim().toUpperCase(),
    ...{ history, search, last },
    async market(symbol) {
      const [from, to] = [clock.now().getTime() - 10 * dayMs, clock.now().getTime()];
      const question = { symbol, from, to, interval: '1d', adjusted: false, signal: undefined } as const;
      return (await history(question)).market;
    },
  };
  return remoteSource(vendor, { name, timezone: 'America/New_York', clock, log });
}

/** A failure says its code in the answer, whatever its HTTP status is. */
function verdict({ json }: Answer): Verdict | undefined {
  const { data: failed } = failure.safeParse(json);
  if (!failed) return undefined;
  const { code, message: text } = failed;
  if (code === 401) return { kind: 'bad-key', text };
  if (code === 403) return { kind: 'not-in-plan', text };
  if (code === 404) return { kind: 'unknown-symbol', text };
  if (code === 429) return { kind: 'rate-limit', text };
  if (code >= 500) return { kind: 'fault', text };
  if (/no data is available/i.test(text)) return { kind: 'no-data', text };
  return { kind: /symbol/i.test(text) ? 'unknown-symbol' : 'refused', text };
}

function marketOf(meta: z.infer<typeof series>['meta']): Market {
  const { mic_code: mic, exchange = mic ?? meta.type ?? '', exchange_timezone: zone, type = '' } = meta;
  if (mic !== undefined) return { exchange, timezone: zone ?? 'UTC', calendar: calendars[mic] ?? null };
  const calendar = /digital|crypto/i.test(type) ? '24/7' : /currency/i.test(type) ? '24/5' : null;
  return { exchange, timezone: zone ?? 'UTC', calendar };
}

function momentOf(time: number, interval: Interval): string {
  const text = new Date(time).toISOString();
  return interval === '1d' ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ');
}

function timeOf(datetime: string): number {
  const [day, time = '00:00:00'] = datetime.split(' ');
  return Date.parse(`${day}T${time}Z`);
}
