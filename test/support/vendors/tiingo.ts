/** Tiingo: days as traded and adjusted side by side, bars of IEX within the day, a reference price. */
import type { Reply } from '../exchange/http.ts';
import { quote, stockOf, stocksLike } from './stocks.ts';
import { unknownParameter, type VendorDialect } from './vendor.ts';

const key = 'tiingoTestKey0123456789';

export const tiingo: VendorDialect = {
  type: 'tiingo',
  settings: { apiKey: key },
  answer(request) {
    if (request.headers['authorization'] !== `Token ${key}`) return failed(401, 'Invalid token.');
    const { path, parameters } = request;
    if (path === '/tiingo/utilities/search') return searched(parameters['query'] ?? '');
    const [, place, name] = /^\/(tiingo\/daily|iex)\/([a-z.-]+)(\/prices)?$/.exec(path) ?? [];
    const stock = stockOf(name ?? '');
    if (place === undefined) return failed(404, 'Not found.');
    if (place === 'iex' && !path.endsWith('/prices'))
      return { status: 200, body: stock ? [quoted(stock.symbol)] : [] };
    if (!stock) return failed(404, `Error: Ticker '${name?.toUpperCase()}' not found`);
    const known = ['startDate', 'endDate', 'format', 'resampleFreq', 'columns'];
    const unknown = unknownParameter(request, known);
    if (unknown !== undefined) return failed(400, `Error: unknown parameter ${unknown}`);
    const { startDate = '', endDate = '' } = parameters;
    if (!isDate(startDate) || !isDate(endDate))
      return failed(400, 'Error: startDate and endDate must be YYYY-MM-DD');
    if (place === 'iex') {
      if (!/^\d+(min|hour)$/.test(parameters['resampleFreq'] ?? ''))
        return failed(400, 'Error: resampleFreq must be min or hour');
      const rows = parameters['resampleFreq'] === '1min' ? stock.minutes : [];
      return {
        status: 200,
        body: rows.flatMap(({ at, prices }) =>
          prices === null || at.slice(0, 10) < startDate || at.slice(0, 10) > endDate
            ? []
            : [
                {
                  date: at,
                  open: prices[0],
                  high: prices[1],
                  low: prices[2],
                  close: prices[3],
                  volume: prices[4],
                },
              ],
        ),
      };
    }
    return {
      status: 200,
      body: stock.days
        .filter(({ date }) => date >= startDate && date <= endDate)
        .map(({ date, open, high, low, close, volume, factor }) => ({
          date: `${date}T00:00:00.000Z`,
          ...{ open, high, low, close, volume },
          adjOpen: open * factor,
          adjHigh: high * factor,
          adjLow: low * factor,
          adjClose: close * factor,
          adjVolume: volume,
          divCash: date === '2026-03-12' && stock.symbol === 'ACME' ? 1 : 0,
          splitFactor: date === '2026-03-10' && stock.symbol === 'ACME' ? 2 : 1,
        })),
    };
  },
};

/** For those who are not registered at IEX there is Tiingo's own reference price only. */
function quoted(ticker: string) {
  return { ticker, timestamp: quote.at, last: null, lastSize: null, tngoLast: quote.price, prevClose: 50.25 };
}

function searched(query: string): Reply {
  const body = stocksLike(query).map(({ symbol, name }) => ({
    ticker: symbol,
    name,
    assetType: 'Stock',
    isActive: true,
    countryCode: 'US',
  }));
  return { status: 200, body };
}

function failed(status: number, detail: string): Reply {
  return { status, body: { detail } };
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}
