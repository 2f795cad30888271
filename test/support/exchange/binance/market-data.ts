/**
 * What everybody may ask: time, symbols, prices, book, tape, bars.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
import { type Decimal, decimal, decimalText, zero } from '../../../../engine/money.ts';
import type { Resting } from '../order-book.ts';
import type { ListedSymbol } from '../symbols.ts';
import type { Venue } from '../venue.ts';
import { type Endpoints, open } from './endpoint.ts';
import { BinanceError } from './errors.ts';
import type { Parameters } from './parameters.ts';
import { aggregateRecord, eight, printRecord } from './wire.ts';

const dayMs = 86_400_000;

export const marketData: Endpoints = {
  'GET /api/v3/ping': open(1, [], () => ({})),
  'GET /api/v3/time': open(1, [], (_, { venue }) => ({ serverTime: venue.now() })),
  'GET /api/v3/exchangeInfo': open(20, ['symbol', 'symbols', 'permissions'], (parameters, { venue }) => ({
    timezone: 'UTC',
    serverTime: venue.now(),
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
    ],
    exchangeFilters: [],
    symbols: asked(parameters, venue).map(symbolInfo),
  })),
  'GET /api/v3/depth': open(5, ['symbol', 'limit'], (parameters, { venue }) => {
    const book = venue.book(parameters.text('symbol'));
    const limit = parameters.limit();
    const levels = (side: readonly Resting[]) =>
      side.slice(0, limit).map(({ price, remaining }) => [eight(price), eight(remaining)]);
    return { lastUpdateId: venue.now(), bids: levels(book.side('BUY')), asks: levels(book.side('SELL')) };
  }),
  'GET /api/v3/trades': open(25, ['symbol', 'limit'], (parameters, { venue }) =>
    venue.prints(parameters.text('symbol')).slice(-parameters.limit()).map(printRecord),
  ),
  'GET /api/v3/aggTrades': open(
    4,
    ['symbol', 'fromId', 'startTime', 'endTime', 'limit'],
    (parameters, { venue }) => {
      const startTime = parameters.integer('startTime') ?? 0;
      const endTime = parameters.integer('endTime') ?? Number.POSITIVE_INFINITY;
      const fromId = parameters.integer('fromId') ?? 0;
      return venue
        .prints(parameters.text('symbol'))
        .filter(({ id, at }) => id >= fromId && at >= startTime && at <= endTime)
        .slice(-parameters.limit())
        .map(aggregateRecord);
    },
  ),
  'GET /api/v3/klines': open(
    2,
    ['symbol', 'interval', 'startTime', 'endTime', 'timeZone', 'limit'],
    (parameters, { venue, bars }) => {
      const startTime = parameters.integer('startTime');
      const endTime = parameters.integer('endTime');
      return bars.read(venue, parameters.text('symbol'), parameters.text('interval'), {
        limit: parameters.limit(),
        ...(startTime === undefined ? {} : { startTime }),
        ...(endTime === undefined ? {} : { endTime }),
      });
    },
  ),
  'GET /api/v3/ticker/24hr': open(2, ['symbol', 'symbols', 'type'], (parameters, { venue }) =>
    one(
      parameters,
      asked(parameters, venue).map(({ id }) => dayTicker(venue, id)),
    ),
  ),
  'GET /api/v3/ticker/bookTicker': open(2, ['symbol', 'symbols'], (parameters, { venue }) =>
    one(
      parameters,
      asked(parameters, venue).map(({ id }) => ({ symbol: id, ...bestPrices(venue, id) })),
    ),
  ),
  'GET /api/v3/ticker/price': open(2, ['symbol', 'symbols'], (parameters, { venue }) =>
    one(
      parameters,
      asked(parameters, venue).map(({ id }) => ({ symbol: id, price: eight(venue.last(id)) })),
    ),
  ),
  // There are no futures here, and ccxt asks for theirs unless it is told not to.
  'GET /fapi/v1/exchangeInfo': open(1, [], () => ({ symbols: [] })),
  'GET /dapi/v1/exchangeInfo': open(1, [], () => ({ symbols: [] })),
};

export function dayTicker(venue: Venue, symbol: string): Record<string, unknown> {
  const day = dayFigures(venue, symbol);
  const { first, last, open: opening } = day;
  const change = day.close.minus(opening);
  return {
    symbol,
    priceChange: eight(change),
    priceChangePercent: opening.eq(zero) ? '0.000' : change.times(decimal('100')).div(opening).toFixed(3),
    weightedAvgPrice: eight(day.volume.eq(zero) ? zero : day.quoteVolume.div(day.volume)),
    prevClosePrice: eight(opening),
    lastPrice: eight(day.close),
    lastQty: eight(last?.quantity),
    ...bestPrices(venue, symbol),
    openPrice: eight(opening),
    highPrice: eight(day.high),
    lowPrice: eight(day.low),
    volume: eight(day.volume),
    quoteVolume: eight(day.quoteVolume),
    openTime: venue.now() - dayMs,
    closeTime: venue.now(),
    firstId: first?.id ?? -1,
    lastId: last?.id ?? -1,
    count: day.count,
  };
}

export function bestPrices(venue: Venue, symbol: string): Record<string, string> {
  const bid = venue.book(symbol).best('BUY');
  const ask = venue.book(symbol).best('SELL');
  return {
    bidPrice: eight(bid?.price),
    bidQty: eight(bid?.remaining),
    askPrice: eight(ask?.price),
    askQty: eight(ask?.remaining),
  };
}

export function dayFigures(venue: Venue, symbol: string) {
  const since = venue.now() - dayMs;
  const prints = venue.prints(symbol);
  let from = prints.length;
  while (from > 0 && (prints[from - 1]?.at ?? 0) >= since) from -= 1;
  const first = prints[from];
  let high = first?.price ?? zero;
  let low = high;
  let volume = zero;
  let quoteVolume = zero;
  for (const { price, quantity } of prints.slice(from)) {
    if (price.gt(high)) high = price;
    if (price.lt(low)) low = price;
    volume = volume.plus(quantity);
    quoteVolume = quoteVolume.plus(price.times(quantity));
  }
  const close: Decimal = venue.last(symbol) ?? zero;
  return {
    first,
    last: prints.at(-1),
    open: first?.price ?? close,
    close,
    high,
    low,
    volume,
    quoteVolume,
    count: prints.length - from,
  };
}

function symbolInfo(listed: ListedSymbol): Record<string, unknown> {
  const step = decimalText(listed.step);
  return {
    symbol: listed.id,
    status: listed.trading ? 'TRADING' : 'BREAK',
    baseAsset: listed.base,
    baseAssetPrecision: 8,
    quoteAsset: listed.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: listed.orderTypes,
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: listed.crossMargin,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: decimalText(listed.tick),
        maxPrice: '1000000.00000000',
        tickSize: decimalText(listed.tick),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: decimalText(listed.minimumQuantity),
        maxQty: decimalText(listed.maximumQuantity),
        stepSize: step,
      },
      {
        filterType: 'MARKET_LOT_SIZE',
        minQty: '0.00000000',
        maxQty: decimalText(listed.maximumMarketQuantity),
        stepSize: '0.00000000',
      },
      {
        filterType: 'NOTIONAL',
        minNotional: eight(listed.minimumNotional),
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
      ...(listed.percentPrice === undefined
        ? []
        : [
            {
              filterType: 'PERCENT_PRICE_BY_SIDE',
              bidMultiplierUp: decimalText(listed.percentPrice.up),
              bidMultiplierDown: decimalText(listed.percentPrice.down),
              askMultiplierUp: decimalText(listed.percentPrice.up),
              askMultiplierDown: decimalText(listed.percentPrice.down),
              avgPriceMins: 5,
            },
          ]),
    ],
    permissions: [],
    permissionSets: [['SPOT', ...(listed.crossMargin ? ['MARGIN'] : [])]],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_MAKER'],
  };
}

/** `symbol`, or `symbols` as a JSON list, or all. */
function asked(parameters: Parameters, venue: Venue): readonly ListedSymbol[] {
  const list = parameters.optional('symbols');
  if (list !== undefined && !/^\["[A-Z0-9]+"(,"[A-Z0-9]+")*\]$/.test(list)) {
    throw new BinanceError(
      -1100,
      `Illegal characters found in parameter 'symbols'; legal range is '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$'.`,
    );
  }
  if (list !== undefined) return (JSON.parse(list) as string[]).map((symbol) => venue.listed(symbol));
  const symbol = parameters.optional('symbol');
  return symbol === undefined ? venue.symbols() : [venue.listed(symbol)];
}

/** An object when one symbol was asked for, else a list. */
function one(parameters: Parameters, list: readonly unknown[]): unknown {
  return parameters.has('symbol') ? list[0] : list;
}
