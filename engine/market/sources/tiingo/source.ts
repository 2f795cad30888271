/**
 * Tiingo (tiingo.com/documentation): days of US stocks, funds and ETFs as they were traded and adjusted by the rules of
 * CRSP, and bars within the day from IEX, which are as they were traded only.
 */
import { z } from 'zod';
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Interval } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { type Answer, Rest, type Verdict } from '../remote/rest.ts';
import type { Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Source, SymbolInfo } from '../source.ts';
import type { TiingoSettings } from './settings.ts';

const home = 'https://api.tiingo.com';
const dayMs = 86_400_000;
const market = { exchange: 'US', timezone: 'America/New_York', calendar: 'XNYS' } as const;

const frequencies: Readonly<Partial<Record<Interval, string>>> = {
  '1m': '1min',
  '5m': '5min',
  '15m': '15min',
  '30m': '30min',
  '1h': '1hour',
};
/** As many as fit into one answer, of which 2,000 bars are certain: a session has 390 minutes. */
const daysPerAnswer: Readonly<Partial<Record<Interval, number>>> = {
  '1m': 5,
  '5m': 25,
  '15m': 75,
  '30m': 150,
  '1h': 280,
};

const price = z.number().nullable();
const days = z.array(
  z.object({
    date: z.iso.datetime({ offset: true }),
    ...{ open: price, high: price, low: price, close: price, volume: price },
    ...{ adjOpen: price, adjHigh: price, adjLow: price, adjClose: price, adjVolume: price },
  }),
);
const minutes = z.array(
  z.object({
    date: z.iso.datetime({ offset: true }),
    ...{ open: price, high: price, low: price, close: price },
    volume: price.optional(),
  }),
);
const quotes = z.array(
  z.object({
    ticker: z.string(),
    timestamp: z.iso.datetime({ offset: true }),
    last: price.optional(),
    tngoLast: price.optional(),
  }),
);
const found = z.array(z.object({ ticker: z.string().nullable(), name: z.string().nullish() }));

export function tiingoSource(
  name: string,
  settings: TiingoSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const { apiKey, requestsPerMinute, requestsPerHour, proxy, gateway, timeoutSeconds } = settings;
  const rest = new Rest({
    ...{ name, proxy, gateway, timeoutSeconds, clock, log, network, verdict },
    vendor: 'Tiingo',
    headers: { authorization: `Token ${apiKey}` },
    secrets: [apiKey],
    limits: [
      { requests: requestsPerMinute, perMs: 60_000 },
      { requests: requestsPerHour, perMs: 3_600_000 },
    ],
  });

  async function history(question: HistoryQuestion): Promise<History> {
    const rows = question.interval === '1d' ? await daily(question) : await within(question);
    return { rows, market };
  }

  async function daily({ symbol, from, to, adjusted, signal }: HistoryQuestion): Promise<Row[]> {
    const query = { startDate: dateOf(from ?? Date.UTC(1950, 0, 1)), endDate: dateOf(to), format: 'json' };
    const answer = await rest.get(`${home}/tiingo/daily/${pathOf(symbol)}/prices`, query, days, signal);
    return answer.map((row) => ({
      time: midnightOf(row.date),
      open: adjusted ? row.adjOpen : row.open,
      high: adjusted ? row.adjHigh : row.high,
      low: adjusted ? row.adjLow : row.low,
      close: adjusted ? row.adjClose : row.close,
      volume: adjusted ? row.adjVolume : row.volume,
    }));
  }

  async function within({ symbol, from = 0, to, interval, signal }: HistoryQuestion): Promise<Row[]> {
    const rows: Row[] = [];
    const step = (daysPerAnswer[interval] ?? 1) * dayMs;
    // Its dates are whole days, both inclusive.
    for (let begin = from; begin <= to; begin += step) {
      const query = {
        startDate: dateOf(begin),
        endDate: dateOf(Math.min(begin + step - dayMs, to)),
        resampleFreq: frequencies[interval],
        columns: 'open,high,low,close,volume',
      };
      const answer = await rest.get(`${home}/iex/${pathOf(symbol)}/prices`, query, minutes, signal);
      rows.push(...answer.map((row) => ({ ...row, time: Date.parse(row.date) })));
    }
    return rows;
  }

  async function last(symbol: string): Promise<LastPrice> {
    const [quote] = await rest.get(`${home}/iex/${pathOf(symbol)}`, {}, quotes);
    if (!quote) throw rest.refusal('unknown-symbol', 'there is no quote of it.');
    // IEX's own last trade is told only to those who are registered there; Tiingo's reference price to all.
    const newest = quote.last ?? quote.tngoLast;
    if (newest === null || newest === undefined)
      throw rest.refusal('no-data', `there is no price of ${symbol}.`);
    return {
      symbol,
      price: decimalText(decimalOfNumber(newest)),
      currency: 'USD',
      at: new Date(quote.timestamp),
    };
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const answer = await rest.get(`${home}/tiingo/utilities/search`, { query, limit: 50 }, found);
    return answer.flatMap(({ ticker, name: title }) =>
      ticker === null ? [] : [{ symbol: ticker.toUpperCase(), name: title ?? ticker, currency: 'USD' }],
    );
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '1d'],
    priceForMs: 15_000,
    // Classes of shares are written with a hyphen: BRK-B.
    spelled: (symbol) => symbol.trim().toUpperCase().replace('.', '-'),
    ...{ history, search, last },
    market: async () => market,
  };
  return remoteSource(vendor, { name, timezone: market.timezone, clock, log });
}

function verdict({ status, json, text }: Answer): Verdict | undefined {
  const { detail } = (typeof json === 'object' && json !== null ? json : {}) as { readonly detail?: unknown };
  const said = typeof detail === 'string' ? detail : text;
  // Some refusals come with the status of a success, or of another fault.
  if (/run over your .* allocation|request limit/i.test(said)) return { kind: 'rate-limit', text: said };
  if (/invalid token|supply a token/i.test(said)) return { kind: 'bad-key', text: said };
  if (status === 404 || /ticker .* not found/i.test(said)) return { kind: 'unknown-symbol', text: said };
  return undefined;
}

function pathOf(symbol: string): string {
  return encodeURIComponent(symbol.toLowerCase());
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function midnightOf(date: string): number {
  return Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
}
