/** EODHD: symbols with their exchange, the key in the query, errors as plain text. */
import type { Reply } from '../exchange/http.ts';
import { quote, stockOf, stocksLike } from './stocks.ts';
import { unknownParameter, type VendorDialect } from './vendor.ts';

const key = 'eodhdTestKey0123456789.01';
const dayS = 86_400;
const longest: Readonly<Record<string, number>> = { '1m': 120 * dayS, '5m': 600 * dayS, '1h': 7200 * dayS };

export const eodhd: VendorDialect = {
  type: 'eodhd',
  settings: { apiKey: key },
  answer(request) {
    const { path, parameters } = request;
    if (parameters['api_token'] !== key) return text(401, 'Unauthenticated');
    if (parameters['fmt'] !== 'json') return text(200, 'Date,Open,High,Low,Close,Adjusted_close,Volume\n');
    const known = ['api_token', 'fmt', 'from', 'to', 'period', 'order', 'interval', 'limit'];
    const unknown = unknownParameter(request, known);
    if (unknown !== undefined) return text(422, `Unknown parameter ${unknown}`);
    const [, question, name = ''] = /^\/api\/(eod|intraday|real-time|search)\/(.+)$/.exec(path) ?? [];
    if (question === 'search') return searched(name);
    const [, code = '', exchange] = /^([A-Z-]+)\.([A-Z]+)$/.exec(name) ?? [];
    const stock = exchange === 'US' ? stockOf(code) : undefined;
    if (question === 'real-time') {
      const known = {
        timestamp: Date.parse(quote.at) / 1000,
        open: 50.5,
        high: quote.high,
        close: quote.price,
      };
      const nothing = { timestamp: 'NA', open: 'NA', high: 'NA', close: 'NA' };
      return { status: 200, body: { code: name, gmtoffset: 0, ...(stock ? known : nothing) } };
    }
    if (!stock) return text(404, 'Ticker Not Found.');
    const { from = '', to = '', interval = '' } = parameters;
    if (question === 'eod') {
      const rows = stock.days.filter(({ date }) => (from === '' || date >= from) && date <= to);
      return {
        status: 200,
        body: rows.map(({ factor, ...day }) => ({ ...day, adjusted_close: day.close * factor })),
      };
    }
    const limit = longest[interval];
    if (limit === undefined)
      return text(422, JSON.stringify({ errors: { interval: ['The selected interval is invalid.'] } }));
    if (Number(to) - Number(from) > limit)
      return text(422, `The range of ${interval} must not be longer than ${limit / dayS} days`);
    const rows = interval === '1m' ? stock.minutes : [];
    return {
      status: 200,
      body: rows.flatMap(({ at, prices }) => {
        const timestamp = Date.parse(at) / 1000;
        if (timestamp < Number(from) || timestamp > Number(to)) return [];
        const [open = null, high = null, low = null, close = null, volume = null] = prices ?? [];
        return [
          {
            timestamp,
            gmtoffset: 0,
            datetime: at.slice(0, 19).replace('T', ' '),
            open,
            high,
            low,
            close,
            volume,
          },
        ];
      }),
    };
  },
};

function searched(query: string): Reply {
  const body = stocksLike(query).map(({ symbol, name }) => ({
    Code: symbol,
    Exchange: 'US',
    Name: name,
    Type: 'Common Stock',
    Country: 'USA',
    Currency: 'USD',
    ISIN: null,
    previousClose: 50.25,
    previousCloseDate: '2026-03-12',
  }));
  return { status: 200, body };
}

function text(status: number, body: string): Reply {
  return { status, body, headers: { 'content-type': 'text/plain' } };
}
