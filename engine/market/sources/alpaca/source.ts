/** Alpaca's bars of US stocks (docs.alpaca.markets, historical bars), raw or adjusted, from 2016 on. */
import { z } from 'zod';
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Interval } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { sessionOf } from '../remote/finished.ts';
import { type Answer, Rest, type Verdict } from '../remote/rest.ts';
import type { Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import type { AlpacaSettings } from './settings.ts';

const data = 'https://data.alpaca.markets/v2/stocks';
const timezone = 'America/New_York';
const barsPerAnswer = 10_000;
const firstDay = Date.UTC(2016, 0, 1);
/** The end of a question for bars of all exchanges, which are not given to everybody at once. */
const freshMs = 15 * 60_000;

const timeframes: Readonly<Partial<Record<Interval, string>>> = {
  '1m': '1Min',
  '5m': '5Min',
  '15m': '15Min',
  '30m': '30Min',
  '1h': '1Hour',
  '4h': '4Hour',
  '1d': '1Day',
};

const bar = z.object({
  t: z.iso.datetime(),
  ...{ o: z.number(), h: z.number(), l: z.number(), c: z.number(), v: z.number() },
});
const page = z.object({
  bars: z.record(z.string(), z.array(bar)).nullable(),
  next_page_token: z.string().nullable(),
});
const trade = z.object({ symbol: z.string(), trade: z.object({ t: z.iso.datetime(), p: z.number() }) });
const asset = z.object({ symbol: z.string(), name: z.string().nullish(), exchange: z.string() });
const assets = z.array(asset);

export function alpacaSource(
  name: string,
  settings: AlpacaSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const { apiKey, secret, paper, feed, requestsPerMinute, proxy, gateway, timeoutSeconds } = settings;
  const trading = `https://${paper ? 'paper-api' : 'api'}.alpaca.markets/v2`;
  const rest = new Rest({
    ...{ name, proxy, gateway, timeoutSeconds, clock, log, network, verdict },
    vendor: 'Alpaca',
    headers: { 'apca-api-key-id': apiKey, 'apca-api-secret-key': secret },
    secrets: [apiKey, secret],
    limits: [{ requests: requestsPerMinute, perMs: 60_000 }],
  });

  /** An answer without bars does not tell whether there is such a symbol; the list of assets does. */
  async function market(symbol: string): Promise<Market> {
    const { exchange } = await rest.get(`${trading}/assets/${encodeURIComponent(symbol)}`, {}, asset);
    return { exchange, timezone, calendar: exchange === 'NASDAQ' ? 'XNAS' : 'XNYS' };
  }

  async function history(question: HistoryQuestion): Promise<History> {
    const { symbol, from = firstDay, to, interval, adjusted, signal } = question;
    const rows: Row[] = [];
    let token: string | undefined;
    do {
      const query = {
        symbols: symbol,
        timeframe: timeframes[interval],
        start: new Date(from).toISOString(),
        // Days begin at midnight in New York, which is some hours after that of UTC.
        end: new Date(endOf(to + (interval === '1d' ? 12 * 3_600_000 : 0))).toISOString(),
        limit: barsPerAnswer,
        adjustment: adjusted ? 'all' : 'raw',
        feed,
        sort: 'asc',
        page_token: token,
      };
      const answer = await rest.get(`${data}/bars`, query, page, signal);
      for (const { t, o, h, l, c, v } of answer.bars?.[symbol] ?? []) {
        const start = Date.parse(t);
        const time = interval === '1d' ? sessionOf(start, timezone) : start;
        rows.push({ time, open: o, high: h, low: l, close: c, volume: v });
      }
      token = answer.next_page_token ?? undefined;
    } while (token !== undefined);
    return { rows, market: rows.length > 0 ? usMarket : await market(symbol) };
  }

  function endOf(to: number): number {
    const now = clock.now().getTime();
    return Math.min(to, feed === 'sip' ? now - freshMs : now);
  }

  async function last(symbol: string): Promise<LastPrice> {
    const path = `${data}/${encodeURIComponent(symbol)}/trades/latest`;
    const { trade: newest } = await rest.get(path, { feed }, trade);
    return {
      symbol,
      price: decimalText(decimalOfNumber(newest.p)),
      currency: 'USD',
      at: new Date(newest.t),
    };
  }

  async function list(): Promise<readonly SymbolInfo[]> {
    const all = await rest.get(`${trading}/assets`, { status: 'active', asset_class: 'us_equity' }, assets);
    return all.map(({ symbol, name: title }) => ({ symbol, name: title ?? symbol, currency: 'USD' }));
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '4h', '1d'],
    priceForMs: 2_000,
    // Classes of shares are written with a dot: BRK.B.
    spelled: (symbol) => symbol.trim().toUpperCase().replace('-', '.'),
    ...{ history, list, last, market },
    search: () => list(),
  };
  return remoteSource(vendor, { name, timezone, clock, log });
}

const usMarket: Market = { exchange: 'US', timezone, calendar: 'XNYS' };

function verdict({ status, json }: Answer): Verdict | undefined {
  const { message } = (typeof json === 'object' && json !== null ? json : {}) as {
    readonly message?: unknown;
  };
  const said = typeof message === 'string' ? message : '';
  if (status === 403 && !/subscription/i.test(said)) return { kind: 'bad-key', text: said };
  if (status === 400 && /invalid symbol/i.test(said)) return { kind: 'unknown-symbol', text: said };
  return undefined;
}
