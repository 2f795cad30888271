/** Yahoo's charts: prices adjusted for splits, an adjusted close beside them, nulls, and today's bar that lags. */
import type { Reply } from '../exchange/http.ts';
import { quote, type Stock, stockOf, stocksLike, today } from './stocks.ts';
import { unknownParameter, type VendorDialect } from './vendor.ts';

const second = (iso: string) => Date.parse(iso) / 1000;
const now = second('2026-03-13T15:00:00Z');
const split = second('2026-03-10T13:30:00Z');
const reachDays: Readonly<Record<string, number>> = { '1m': 30, '5m': 60, '15m': 60, '30m': 60, '60m': 730 };

export const yahoo: VendorDialect = {
  type: 'yahoo',
  settings: {},
  answer(request) {
    // Who does not look like a browser is turned away.
    if (!String(request.headers['user-agent']).startsWith('Mozilla/'))
      return { status: 429, body: 'Too Many Requests\r\n' };
    if (request.path === '/v1/finance/search') return searched(request.parameters['q'] ?? '');
    const symbol = /^\/v8\/finance\/chart\/(.+)$/.exec(request.path)?.[1];
    if (symbol === undefined) return failed(404, 'Not Found', 'No such page');
    const known = ['period1', 'period2', 'interval', 'events', 'includePrePost', 'range'];
    const unknown = unknownParameter(request, known);
    if (unknown !== undefined) return failed(400, 'Bad Request', `Unrecognized argument ${unknown}`);
    const stock = stockOf(decodeURIComponent(symbol));
    if (!stock) return failed(404, 'Not Found', 'No data found, symbol may be delisted');
    const { period1, period2, interval = '1d', range } = request.parameters;
    // The newest session alone, whenever it was.
    if (range === '1d' && period1 === undefined) return daily(stock, openingOf('2026-03-12'), now);
    const [from, to] = [Number(period1), Number(period2)];
    if (!Number.isInteger(from) || !Number.isInteger(to)) return failed(400, 'Bad Request', 'Invalid input');
    if (from >= to) return failed(400, 'Bad Request', 'Invalid input - start date cannot be after end date.');
    return interval === '1d' ? daily(stock, from, to) : minutely(stock, from, to, interval);
  },
};

function daily(stock: Stock, from: number, to: number): Reply {
  const rows = [
    ...stock.days.map(({ factor, date, ...day }) => {
      const time = openingOf(date);
      const before = time < split && stock.symbol === 'ACME' ? 2 : 1;
      return {
        time,
        open: day.open / before,
        high: day.high / before,
        low: day.low / before,
        close: day.close / before,
        volume: day.volume * before,
        adjclose: day.close * factor,
      };
    }),
    ...(stock.symbol === 'ACME' ? [{ ...today, time: openingOf(today.date), adjclose: today.close }] : []),
    // A holiday that Yahoo lists all the same.
    {
      time: openingOf('2026-03-07'),
      open: null,
      high: null,
      low: null,
      close: null,
      volume: null,
      adjclose: null,
    },
  ].filter(({ time }) => time >= from && time < to);
  if (rows.length === 0) {
    return failed(400, 'Bad Request', `Data doesn't exist for startDate = ${from}, endDate = ${to}`);
  }
  const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume' | 'adjclose') =>
    rows.map((row) => row[name]);
  return chart(stock, {
    timestamp: rows.map(({ time }) => time),
    ...(stock.symbol === 'ACME' && from <= split && split < to
      ? {
          events: {
            splits: { [split]: { date: split, numerator: 2, denominator: 1, splitRatio: '2:1' } },
            dividends: {},
          },
        }
      : {}),
    indicators: {
      quote: [
        {
          open: column('open'),
          high: column('high'),
          low: column('low'),
          close: column('close'),
          volume: column('volume'),
        },
      ],
      adjclose: [{ adjclose: column('adjclose') }],
    },
  });
}

function minutely(stock: Stock, from: number, to: number, interval: string): Reply {
  const reach = reachDays[interval];
  if (reach === undefined) {
    return failed(422, 'Unprocessable Entity', `Invalid input - interval=${interval} is not supported.`);
  }
  if (from < now - reach * 86_400) {
    return failed(
      422,
      'Unprocessable Entity',
      `${interval} data not available for startTime=${from} and endTime=${to}. The requested range must be within the last ${reach} days.`,
    );
  }
  if (interval === '1m' && to - from > 8 * 86_400) {
    return failed(
      422,
      'Unprocessable Entity',
      'Only 8 days worth of 1m granularity data are allowed to be fetched per request.',
    );
  }
  const rows = interval === '1m' ? stock.minutes : [];
  const within = rows.filter(({ at }) => second(at) >= from && second(at) < to);
  const column = (index: 0 | 1 | 2 | 3 | 4) => within.map(({ prices }) => prices?.[index] ?? null);
  return chart(stock, {
    ...(within.length > 0 && { timestamp: within.map(({ at }) => second(at)) }),
    indicators: {
      quote: [
        within.length === 0
          ? {}
          : { open: column(0), high: column(1), low: column(2), close: column(3), volume: column(4) },
      ],
    },
  });
}

function chart(stock: Stock, content: object): Reply {
  const isAcme = stock.symbol === 'ACME';
  const last = stock.days.at(-1);
  const meta = {
    currency: isAcme ? 'USD' : 'GBp',
    symbol: stock.symbol,
    exchangeName: isAcme ? 'NYQ' : 'LSE',
    instrumentType: 'EQUITY',
    // For BOLT the same hours all the same: one week of bars is enough for both.
    exchangeTimezoneName: isAcme ? 'America/New_York' : 'Europe/London',
    gmtoffset: -14_400,
    regularMarketPrice: isAcme ? quote.price : last?.close,
    regularMarketTime: second(isAcme ? quote.at : '2026-03-12T16:35:00Z'),
    regularMarketDayHigh: isAcme ? quote.high : last?.high,
    regularMarketDayLow: isAcme ? quote.low : last?.low,
    regularMarketVolume: isAcme ? quote.volume : last?.volume,
    currentTradingPeriod: {
      regular: {
        timezone: 'EDT',
        start: second('2026-03-13T13:30:00Z'),
        end: second('2026-03-13T20:00:00Z'),
        gmtoffset: -14_400,
      },
    },
    dataGranularity: '1d',
    range: '',
    validRanges: ['1d', 'max'],
  };
  return { status: 200, body: { chart: { result: [{ meta, ...content }], error: null } } };
}

function failed(status: number, code: string, description: string): Reply {
  return { status, body: { chart: { result: null, error: { code, description } } } };
}

function searched(query: string): Reply {
  const quotes = stocksLike(query).map(({ symbol, name }) => ({
    exchange: 'NYQ',
    shortname: name,
    quoteType: 'EQUITY',
    symbol,
    longname: name,
    isYahooFinance: true,
  }));
  return { status: 200, body: { explains: [], count: quotes.length, quotes, news: [] } };
}

/** 09:30 in New York, which is an hour later in UTC before the clocks change. */
function openingOf(date: string): number {
  return second(`${date}T${date < '2026-03-08' ? '14' : '13'}:30:00Z`);
}
