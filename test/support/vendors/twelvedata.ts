/** Twelve Data: numbers as text, the newest bars first and only so many, failures told with a code in the answer. */
import type { ExchangeRequest } from '../exchange/faults.ts';
import type { Reply } from '../exchange/http.ts';
import { quote, stockOf, stocksLike, today } from './stocks.ts';
import { unknownParameter, type VendorDialect } from './vendor.ts';

const key = 'twelveDataTestKey0123456789';
const intervals = ['1min', '5min', '15min', '30min', '45min', '1h', '2h', '4h', '1day', '1week', '1month'];

export const twelvedata: VendorDialect = {
  type: 'twelvedata',
  settings: { apiKey: key, requestsPerMinute: 1000 },
  answer(request) {
    const { path, parameters, headers } = request;
    if (headers['authorization'] !== `apikey ${key}`) {
      return failed(
        401,
        '**apikey** parameter is incorrect or not specified. You can get your free API key instantly.',
      );
    }
    if (path === '/symbol_search') return searched(parameters['symbol'] ?? '');
    const symbol = parameters['symbol'] ?? '';
    if (!stockOf(symbol)) {
      return failed(
        404,
        '**symbol** or **figi** parameter is missing or invalid. Please provide a valid symbol.',
      );
    }
    if (path === '/quote') {
      return {
        status: 200,
        body: {
          symbol,
          name: stockOf(symbol)?.name,
          exchange: 'NYSE',
          mic_code: 'XNYS',
          currency: 'USD',
          datetime: '2026-03-13',
          timestamp: Date.parse('2026-03-13T13:30:00Z') / 1000,
          last_quote_at: Date.parse(quote.at) / 1000,
          close: `${quote.price}000`,
          is_market_open: true,
        },
      };
    }
    return path === '/time_series' ? series(request) : failed(404, 'The requested resource was not found.');
  },
};

function series(request: ExchangeRequest): Reply {
  const known = ['symbol', 'interval', 'outputsize', 'start_date', 'end_date', 'timezone', 'order', 'adjust'];
  const unknown = unknownParameter(request, known);
  if (unknown !== undefined) return failed(400, `Unknown parameter ${unknown}`);
  const {
    symbol = '',
    interval = '',
    outputsize,
    start_date: from = '',
    end_date: to = '',
  } = request.parameters;
  const { timezone, adjust } = request.parameters;
  if (!intervals.includes(interval)) return failed(400, `Invalid **interval** provided: ${interval}.`);
  if (Number(outputsize) > 5000) return failed(400, 'Invalid **outputsize** provided: must be at most 5000.');
  if (timezone !== 'UTC' || !['all', 'none'].includes(adjust ?? ''))
    return failed(400, 'Invalid **adjust** provided.');
  const rows = rowsOf(symbol, interval, adjust === 'all').filter(
    // A date counts as its midnight, so that the last day of a range is only there when a later one is asked for.
    ({ datetime }) => datetime >= from && datetime < (to === '' ? '9999' : to),
  );
  if (rows.length === 0) {
    return failed(400, 'No data is available on the specified dates. Try setting different start/end dates.');
  }
  const meta = {
    ...{ symbol, interval, currency: 'USD', exchange_timezone: 'America/New_York' },
    ...{ exchange: 'NYSE', mic_code: 'XNYS', type: 'Common Stock' },
  };
  return { status: 200, body: { meta, values: rows.reverse(), status: 'ok' } };
}

function rowsOf(symbol: string, interval: string, adjusted: boolean) {
  const stock = stockOf(symbol);
  const text = (value: number) => value.toFixed(5);
  if (interval === '1min') {
    return (stock?.minutes ?? []).flatMap(({ at, prices }) => {
      if (!prices) return [];
      const [open, high, low, close, volume] = prices;
      const row = {
        open: text(open),
        high: text(high),
        low: text(low),
        close: text(close),
        volume: String(volume),
      };
      return [{ datetime: at.slice(0, 19).replace('T', ' '), ...row }];
    });
  }
  if (interval !== '1day') return [];
  const days = [...(stock?.days ?? []), ...(symbol === 'ACME' ? [{ ...today, factor: 1 }] : [])];
  return days.map(({ date, open, high, low, close, volume, factor }) => {
    const by = adjusted ? factor : 1;
    const prices = {
      open: text(open * by),
      high: text(high * by),
      low: text(low * by),
      close: text(close * by),
    };
    return { datetime: date, ...prices, volume: String(volume) };
  });
}

function searched(query: string): Reply {
  const data = stocksLike(query).flatMap(({ symbol, name }) =>
    // The same company at home and abroad.
    [
      { exchange: 'NYSE', mic_code: 'XNYS', currency: 'USD', exchange_timezone: 'America/New_York' },
      { exchange: 'FSX', mic_code: 'XFRA', currency: 'EUR', exchange_timezone: 'Europe/Berlin' },
    ].map((place) => ({
      symbol,
      instrument_name: name,
      instrument_type: 'Common Stock',
      country: '',
      ...place,
    })),
  );
  return { status: 200, body: { data, status: 'ok' } };
}

/** The HTTP status is that of a success, as older answers have it: the code in the answer counts. */
function failed(code: number, message: string): Reply {
  return { status: 200, body: { code, message, status: 'error', meta: {} } };
}
