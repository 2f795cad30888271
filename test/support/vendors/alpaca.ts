/** Alpaca: pages of bars with a token for the next one, today's bar so far, and a list of all that can be traded. */
import type { ExchangeRequest } from '../exchange/faults.ts';
import type { Reply } from '../exchange/http.ts';
import { quote, type Stock, stockOf, stocks, today } from './stocks.ts';
import { unknownParameter, type VendorDialect } from './vendor.ts';

const keys = { apiKey: 'PKTESTALPACA0123456', secret: 'alpacaTestSecret0123456789' };
/** Small, so that a week has several pages. */
const barsPerPage = 3;
const timeframe = /^([1-9]|[1-5]\d)Min$|^([1-9]|1\d|2[0-3])Hour$|^1Day$|^1Week$|^(1|2|3|4|6|12)Month$/;

export const alpaca: VendorDialect = {
  type: 'alpaca',
  settings: keys,
  answer(request) {
    const { path, headers } = request;
    if (headers['apca-api-key-id'] !== keys.apiKey || headers['apca-api-secret-key'] !== keys.secret) {
      return failed(403, 'forbidden.');
    }
    if (path === '/v2/assets') return { status: 200, body: stocks.map(assetOf) };
    const [, asset] = /^\/v2\/assets\/(.+)$/.exec(path) ?? [];
    if (asset !== undefined) {
      const found = stockOf(asset);
      return found
        ? { status: 200, body: assetOf(found) }
        : { status: 404, body: { code: 40410000, message: `asset not found for ${asset}` } };
    }
    const [, traded] = /^\/v2\/stocks\/([^/]+)\/trades\/latest$/.exec(path) ?? [];
    if (traded !== undefined) {
      if (!stockOf(traded)) return failed(404, `no trade found for "${traded}"`);
      const trade = { t: quote.at, x: 'V', p: quote.price, s: 100, c: ['@'], i: 1, z: 'A' };
      return { status: 200, body: { symbol: traded, trade } };
    }
    return path === '/v2/stocks/bars' ? bars(request) : failed(404, 'endpoint not found.');
  },
};

function bars(request: ExchangeRequest): Reply {
  const known = ['symbols', 'timeframe', 'start', 'end', 'limit', 'adjustment', 'feed', 'sort', 'page_token'];
  const unknown = unknownParameter(request, known);
  if (unknown !== undefined) return failed(400, `unexpected query parameter(s): ${unknown}`);
  const {
    symbols = '',
    timeframe: frame = '',
    start = '',
    end = '',
    limit,
    adjustment,
    feed,
  } = request.parameters;
  const [from, to] = [Date.parse(start), Date.parse(end)];
  if (!timeframe.test(frame)) return failed(400, `invalid timeframe: ${frame}`);
  if (Number.isNaN(from) || Number.isNaN(to)) return failed(400, 'Invalid format for parameter start');
  if (to < from) return failed(400, 'end should not be before start');
  if (Number(limit) > 10_000) return failed(400, 'limit must be less than or equal to 10000');
  if (feed !== 'iex') return failed(403, 'subscription does not permit querying recent SIP data');
  const rows = (stockOf(symbols) ? rowsOf(symbols, frame, adjustment ?? 'raw') : []).filter(
    ({ t }) => Date.parse(t) >= from && Date.parse(t) <= to,
  );
  const begin = Number(request.parameters['page_token'] ?? 0);
  const page = rows.slice(begin, begin + barsPerPage);
  const next = begin + barsPerPage < rows.length ? String(begin + barsPerPage) : null;
  return { status: 200, body: { bars: page.length > 0 ? { [symbols]: page } : {}, next_page_token: next } };
}

function rowsOf(symbol: string, frame: string, adjustment: string) {
  const stock = stockOf(symbol);
  if (frame === '1Min') {
    return (stock?.minutes ?? []).flatMap(({ at, prices }) =>
      prices
        ? [
            {
              t: at,
              o: prices[0],
              h: prices[1],
              l: prices[2],
              c: prices[3],
              v: prices[4],
              n: 5,
              vw: prices[3],
            },
          ]
        : [],
    );
  }
  if (frame !== '1Day') return [];
  const days = [...(stock?.days ?? []), ...(symbol === 'ACME' ? [{ ...today, factor: 1 }] : [])];
  return days.map(({ date, open, high, low, close, volume, factor }) => {
    const by = adjustment === 'all' ? factor : 1;
    // Midnight in New York.
    const t = `${date}T${date <= '2026-03-08' ? '05' : '04'}:00:00Z`;
    return { t, o: open * by, h: high * by, l: low * by, c: close * by, v: volume, n: 100, vw: close * by };
  });
}

function assetOf({ symbol, name }: Stock) {
  return {
    id: `${symbol}-id`,
    class: 'us_equity',
    exchange: symbol === 'ACME' ? 'NYSE' : 'NASDAQ',
    ...{ symbol, name, status: 'active', tradable: true },
  };
}

function failed(status: number, message: string): Reply {
  return { status, body: { message } };
}
