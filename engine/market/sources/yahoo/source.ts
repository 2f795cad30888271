/**
 * Yahoo's charts, which its own pages draw: `/v8/finance/chart`. Yahoo promises nothing about them. Its prices are adjusted
 * for splits already; what was traded is found by undoing the splits that came after a bar.
 */
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Interval } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { sessionOf } from '../remote/finished.ts';
import { type Answer, Rest, type Verdict } from '../remote/rest.ts';
import { adjustedRow, type Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import { calendarOf, majorCurrency } from './markets.ts';
import type { YahooSettings } from './settings.ts';
import { type Chart, chartAnswer, type Meta, searchAnswer } from './shapes.ts';

const charts = 'https://query1.finance.yahoo.com/v8/finance/chart';
const searchPage = 'https://query1.finance.yahoo.com/v1/finance/search';
const dayMs = 86_400_000;
/** Before the oldest bar there is. */
const firstDay = Date.UTC(1900, 0, 1);

const granularities: Readonly<Partial<Record<Interval, string>>> = {
  '1m': '1m',
  '5m': '5m',
  '15m': '15m',
  '30m': '30m',
  '1h': '60m',
  '1d': '1d',
};
/** Asked for more, Yahoo refuses. The last day of each is left away: it counts from the second of the question. */
const reachDays = { '1m': 29, '5m': 59, '15m': 59, '30m': 59, '1h': 729 } as const;
/** Of minutes only so many days come in one answer. */
const daysPerAnswer: Readonly<Partial<Record<Interval, number>>> = { '1m': 7 };

export function yahooSource(
  name: string,
  settings: YahooSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const { requestsPerMinute, timezone, proxy, gateway, timeoutSeconds } = settings;
  const rest = new Rest({
    ...{ name, proxy, gateway, timeoutSeconds, clock, log, network, verdict },
    vendor: 'Yahoo',
    // Without a browser's name every question is answered with 429.
    headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' },
    secrets: [],
    limits: [{ requests: requestsPerMinute, perMs: 60_000 }],
  });
  const now = () => clock.now().getTime();

  async function chart(
    symbol: string,
    range: Readonly<Record<string, string | number>>,
    signal?: AbortSignal,
  ): Promise<Chart> {
    const query = { ...range, events: 'div,splits', includePrePost: 'false' };
    const address = `${charts}/${encodeURIComponent(symbol)}`;
    const { chart: answer } = await rest.get(address, query, chartAnswer, signal);
    const [found] = answer.result ?? [];
    if (found) return found;
    throw rest.refusal('fault', 'Yahoo sent neither a chart nor an error.');
  }

  /** Of the newest session, however long ago it was. */
  const newestChart = (symbol: string) => chart(symbol, { range: '1d', interval: '1d' });

  /** In as many answers as it takes, the oldest first. */
  async function charted(question: HistoryQuestion): Promise<Chart[]> {
    const { symbol, interval, adjusted, signal } = question;
    // A day's bar has the time of its opening, which may lie on the day before in UTC.
    const margin = interval === '1d' ? dayMs : 0;
    const from = Math.max(firstDay, (question.from ?? firstDay) - margin);
    // All later splits are needed to undo them. The end is exclusive.
    const to = (adjusted ? question.to : Math.max(question.to, now())) + margin + 1000;
    const step = (daysPerAnswer[interval] ?? Number.POSITIVE_INFINITY) * dayMs;
    const found: Chart[] = [];
    let refused: unknown;
    for (let begin = from; begin < to; begin += step) {
      try {
        const range = {
          period1: Math.floor(begin / 1000),
          period2: Math.floor(Math.min(begin + step, to) / 1000),
          interval: granularities[interval] ?? interval,
        };
        found.push(await chart(symbol, range, signal));
      } catch (error) {
        if (!isNoData(error)) throw error;
        refused = error; // a stretch of holidays
      }
    }
    if (found.length > 0) return found;
    throw refused ?? rest.refusal('no-data', 'there is nothing in this range.');
  }

  async function history(question: HistoryQuestion): Promise<History> {
    const found = await charted(question);
    const newest = found.at(-1);
    if (!newest) throw rest.refusal('no-data', 'there is nothing in this range.');
    const market = marketOf(newest.meta);
    const daily = question.interval === '1d';
    const rows = found.flatMap((each) => rowsOf(each, { adjusted: question.adjusted, daily }));
    const session = openSession(newest.meta, now());
    if (!daily) return { rows, market };
    return { rows: withLiveQuote(rows, newest.meta), market, unfinished: session };
  }

  async function last(symbol: string): Promise<LastPrice> {
    const { meta } = await newestChart(symbol);
    const { regularMarketPrice: price, regularMarketTime: at, currency } = meta;
    if (price === undefined || at === undefined || !currency) {
      throw rest.refusal('no-data', `Yahoo has no price of ${symbol}.`);
    }
    const major = majorCurrency(currency);
    return {
      symbol: meta.symbol,
      price: decimalText(decimalOfNumber(price).div(decimalOfNumber(major.per))),
      currency: major.currency,
      at: new Date(at * 1000),
    };
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const { quotes } = await rest.get(
      searchPage,
      { q: query, quotesCount: 20, newsCount: 0, enableFuzzyQuery: 'true' },
      searchAnswer,
    );
    return quotes.flatMap(({ symbol, longname, shortname }) =>
      symbol === undefined ? [] : [{ symbol, name: longname ?? shortname ?? symbol, currency: '' }],
    );
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '1d'],
    reachDays,
    priceForMs: 5_000,
    spelled: (symbol) => symbol.trim().toUpperCase(),
    history,
    search,
    last,
    async market(symbol) {
      const { meta } = await newestChart(symbol);
      return marketOf(meta);
    },
  };
  return remoteSource(vendor, { name, timezone, clock, log });
}

function verdict({ status, json, text }: Answer): Verdict | undefined {
  if (status === 429 || /^Too Many Requests/.test(text))
    return { kind: 'rate-limit', text: 'Too Many Requests' };
  const error = chartAnswer.safeParse(json).data?.chart.error;
  if (!error) return undefined;
  const said = error.description ?? error.code ?? '';
  if (/Data doesn't exist/i.test(said)) return { kind: 'no-data', text: said };
  if (status === 404 || error.code === 'Not Found') return { kind: 'unknown-symbol', text: said };
  return { kind: status >= 500 ? 'fault' : 'refused', text: said };
}

function isNoData(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'no-data';
}

function marketOf({ exchangeName, exchangeTimezoneName }: Meta): Market {
  const calendar = calendarOf(exchangeName);
  return { exchange: exchangeName, timezone: exchangeTimezoneName, calendar };
}

function rowsOf(
  { meta, timestamp = [], indicators, events }: Chart,
  { adjusted, daily }: { readonly adjusted: boolean; readonly daily: boolean },
): Row[] {
  const [quote] = indicators.quote;
  const closes = indicators.adjclose?.[0]?.adjclose;
  const splits = Object.values(events?.splits ?? {});
  const { per } = majorCurrency(meta.currency ?? '');
  return timestamp.map((seconds, index) => {
    const pick = (column: readonly (number | null)[] | undefined) => column?.[index];
    const time = daily ? sessionOf(seconds * 1000, meta.exchangeTimezoneName) : seconds * 1000;
    const [open, high, low, close] = [quote?.open, quote?.high, quote?.low, quote?.close].map(pick);
    const row = { time, open, high, low, close, volume: pick(quote?.volume) };
    const right = adjusted ? adjustedRow(row, pick(closes)) : splitsUndone(row, seconds, splits);
    return per === 1 ? right : withPrices(right, (price) => price / per);
  });
}

/** @param splits all until today; four new shares for an old one have the numerator 4 */
function splitsUndone(
  row: Row,
  seconds: number,
  splits: readonly { readonly date: number; readonly numerator: number; readonly denominator: number }[],
): Row {
  const factor = splits
    .filter(({ date }) => date > seconds)
    .reduce((product, { numerator, denominator }) => (product * numerator) / denominator, 1);
  if (factor === 1) return row;
  return { ...withPrices(row, (price) => price * factor), volume: row.volume && row.volume / factor };
}

function withPrices(row: Row, change: (price: number) => number): Row {
  const changed = (price: number | null | undefined) => price && change(price);
  const { open, high, low, close } = row;
  return { ...row, open: changed(open), high: changed(high), low: changed(low), close: changed(close) };
}

/** The session whose bar is still being made, as midnight UTC of its date; null while the market is closed. */
function openSession({ currentTradingPeriod, exchangeTimezoneName }: Meta, now: number): number | null {
  const regular = currentTradingPeriod?.regular;
  if (!regular || now >= regular.end * 1000) return null;
  return sessionOf(regular.start * 1000, exchangeTimezoneName);
}

/** Today's bar lags behind the quote that comes with it: the quote's close, high, low and volume are the newer ones. */
function withLiveQuote(rows: readonly Row[], meta: Meta): Row[] {
  const { regularMarketPrice: close, regularMarketTime: at, exchangeTimezoneName } = meta;
  if (close === undefined || at === undefined) return [...rows];
  const { per } = majorCurrency(meta.currency ?? '');
  const today = sessionOf(at * 1000, exchangeTimezoneName);
  const live = (value: number | undefined) => (value === undefined ? undefined : value / per);
  return rows.map((row) => {
    if (row.time !== today) return row;
    const price = close / per;
    const prices = [row.open, row.high, row.low, price].filter((each) => typeof each === 'number');
    return {
      ...row,
      close: price,
      high: live(meta.regularMarketDayHigh) ?? Math.max(...prices),
      low: live(meta.regularMarketDayLow) ?? Math.min(...prices),
      volume: meta.regularMarketVolume ?? row.volume,
    };
  });
}
