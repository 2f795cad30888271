/**
 * EODHD (eodhd.com/financial-apis): days of stocks all over the world, with an adjusted close beside them, and bars within
 * the day some hours after it. Symbols carry their exchange: `AAPL.US`, `VOD.LSE`, `BTC-USD.CC`.
 */
import { z } from 'zod';
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Interval } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { type Answer, Rest, type Verdict } from '../remote/rest.ts';
import { adjustedRow, type Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import type { EodhdSettings } from './settings.ts';

const home = 'https://eodhd.com/api';
const dayMs = 86_400_000;
/** EODHD's own limits for one answer. */
const daysPerAnswer: Readonly<Partial<Record<Interval, number>>> = { '1m': 119, '5m': 599, '1h': 7199 };

const markets: Readonly<Record<string, readonly [timezone: string, calendar: string]>> = {
  US: ['America/New_York', 'XNYS'],
  LSE: ['Europe/London', 'XLON'],
  XETRA: ['Europe/Berlin', 'XETR'],
  HK: ['Asia/Hong_Kong', 'XHKG'],
  TSE: ['Asia/Tokyo', 'XTKS'],
  SHG: ['Asia/Shanghai', 'XSHG'],
  SHE: ['Asia/Shanghai', 'XSHE'],
  CC: ['UTC', '24/7'],
  FOREX: ['UTC', '24/5'],
};

const price = z.number().nullable();
const days = z.array(
  z.object({
    date: z.iso.date(),
    ...{ open: price, high: price, low: price, close: price, adjusted_close: price, volume: price },
  }),
);
const minutes = z.array(
  z.object({
    timestamp: z.number(),
    ...{ open: price, high: price, low: price, close: price, volume: price },
  }),
);
/** What is not known is the text NA. */
const known = z.union([z.number(), z.literal('NA')]);
const quote = z.object({ code: z.string(), timestamp: known, close: known });
const listed = z.array(
  z.object({ Code: z.string(), Exchange: z.string(), Name: z.string(), Currency: z.string().nullish() }),
);

export function eodhdSource(
  name: string,
  settings: EodhdSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const { apiKey, exchange, currency, requestsPerMinute, proxy, gateway, timeoutSeconds } = settings;
  const rest = new Rest({
    ...{ name, proxy, gateway, timeoutSeconds, clock, log, network, verdict },
    vendor: 'EODHD',
    query: { api_token: apiKey, fmt: 'json' },
    secrets: [apiKey],
    limits: [{ requests: requestsPerMinute, perMs: 60_000 }],
  });
  /** Currencies that a search has told. */
  const currencies = new Map<string, string>();

  const codeOf = (symbol: string) => (symbol.includes('.') ? symbol : `${symbol}.${exchange}`);

  function marketOf(symbol: string): Market {
    const place = codeOf(symbol).split('.').at(-1) ?? exchange;
    const [timezone, calendar] = markets[place] ?? ['UTC', null];
    return { exchange: place, timezone, calendar };
  }

  async function history(question: HistoryQuestion): Promise<History> {
    const rows = question.interval === '1d' ? await daily(question) : await within(question);
    return { rows, market: marketOf(question.symbol) };
  }

  async function daily({ symbol, from, to, adjusted, signal }: HistoryQuestion): Promise<Row[]> {
    const query = {
      from: from === undefined ? undefined : dateOf(from),
      to: dateOf(to),
      period: 'd',
      order: 'a',
    };
    const answer = await rest.get(`${home}/eod/${encodeURIComponent(codeOf(symbol))}`, query, days, signal);
    return answer.map(({ date, adjusted_close: adjustedClose, ...prices }) => {
      const row = { ...prices, time: Date.parse(`${date}T00:00:00Z`) };
      return adjusted ? adjustedRow(row, adjustedClose) : row;
    });
  }

  async function within({ symbol, from = 0, to, interval, signal }: HistoryQuestion): Promise<Row[]> {
    const rows: Row[] = [];
    const step = (daysPerAnswer[interval] ?? 1) * dayMs;
    for (let begin = from; begin <= to; begin += step) {
      const query = {
        from: Math.floor(begin / 1000),
        to: Math.floor(Math.min(begin + step, to) / 1000),
        interval,
      };
      const path = `${home}/intraday/${encodeURIComponent(codeOf(symbol))}`;
      const answer = await rest.get(path, query, minutes, signal);
      rows.push(...answer.map(({ timestamp, ...prices }) => ({ ...prices, time: timestamp * 1000 })));
    }
    return rows;
  }

  async function last(symbol: string): Promise<LastPrice> {
    const code = codeOf(symbol);
    const { timestamp, close } = await rest.get(`${home}/real-time/${encodeURIComponent(code)}`, {}, quote);
    if (timestamp === 'NA' || close === 'NA')
      throw rest.refusal('unknown-symbol', 'there is no price of it.');
    if (!code.endsWith(`.${exchange}`) && !currencies.has(code)) await search(code.replace(/\.[^.]*$/, ''));
    return {
      symbol,
      price: decimalText(decimalOfNumber(close)),
      currency: currencies.get(code) ?? currency,
      at: new Date(timestamp * 1000),
    };
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const path = `${home}/search/${encodeURIComponent(query.replace(/\.[^.]*$/, ''))}`;
    const answer = await rest.get(path, { limit: 50 }, listed);
    return answer.map(({ Code, Exchange, Name, Currency }) => {
      if (Currency) currencies.set(`${Code}.${Exchange}`, Currency);
      const symbol = Exchange === exchange ? Code : `${Code}.${Exchange}`;
      return { symbol, name: Name, currency: Currency ?? '' };
    });
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '1h', '1d'],
    priceForMs: 30_000,
    spelled: (symbol) => {
      const upper = symbol.trim().toUpperCase();
      return upper.endsWith(`.${exchange}`) ? upper.slice(0, -exchange.length - 1) : upper;
    },
    ...{ history, search, last },
    market: async (symbol) => {
      await last(symbol); // whether there is such a symbol
      return marketOf(symbol);
    },
  };
  return remoteSource(vendor, { name, timezone: marketOf('-').timezone, clock, log });
}

function verdict({ status, text }: Answer): Verdict | undefined {
  if (status === 401) return { kind: 'bad-key', text };
  if (status === 403 && /forbidden/i.test(text) && /token|key/i.test(text)) return { kind: 'bad-key', text };
  if (status === 402) return { kind: 'rate-limit', text };
  if (status === 404) return { kind: 'unknown-symbol', text };
  return undefined;
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
