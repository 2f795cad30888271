/**
 * What Kraken's REST interface answers, as far as spot trading needs it.
 * https://docs.kraken.com/api-reference/trading/add-order
 */
import { type Decimal, decimal, zero } from '../../../../engine/money.ts';
import type { ListedSymbol } from '../symbols.ts';
import type { Order, OrderType, TimeInForce, Venue } from '../venue.ts';
import { KrakenError } from './errors.ts';
import { assetId, assetName, pairId, pairName, pairOf } from './names.ts';
import { describe, eight, orderNumber, orderRecord, tradeId, tradeRecord, txidOf } from './wire.ts';

type Parameters = Readonly<Record<string, string>>;
type Endpoint = (parameters: Parameters, venue: Venue) => unknown;

export const publicEndpoints: Readonly<Record<string, Endpoint>> = {
  Time: (_, venue) => ({
    unixtime: Math.floor(venue.now() / 1000),
    rfc1123: new Date(venue.now()).toUTCString(),
  }),
  SystemStatus: (_, venue) => ({ status: 'online', timestamp: new Date(venue.now()).toISOString() }),
  Assets: (_, venue) =>
    Object.fromEntries(
      venue.assets().map((asset) => [
        assetId(asset),
        {
          aclass: 'currency',
          altname: assetName(asset),
          decimals: 8,
          display_decimals: 5,
          status: 'enabled',
        },
      ]),
    ),
  AssetPairs: (_, venue) =>
    Object.fromEntries(venue.symbols().map((listed) => [pairId(listed), pairRecord(listed, venue)])),
  Ticker: ({ pair }, venue) => {
    const pairs =
      pair === undefined ? venue.symbols() : pair.split(',').map((name) => listedPair(venue, name));
    return Object.fromEntries(pairs.map((listed) => [pairId(listed), ticker(listed, venue)]));
  },
  Depth: ({ pair = '', count }, venue) => {
    const listed = listedPair(venue, pair);
    const at = Math.floor(venue.now() / 1000);
    const levels = (side: 'BUY' | 'SELL') =>
      venue
        .book(listed.id)
        .side(side)
        .slice(0, Number(count ?? 100))
        .map(({ price, remaining }) => [eight(price), eight(remaining), at]);
    return { [pairId(listed)]: { asks: levels('SELL'), bids: levels('BUY') } };
  },
};

export const privateEndpoints: Readonly<Record<string, Endpoint>> = {
  BalanceEx: (_, venue) =>
    Object.fromEntries(
      [...venue.wallets.of('spot')].map(([asset, { free, locked }]) => [
        assetId(asset),
        { balance: eight(free.plus(locked)), hold_trade: eight(locked) },
      ]),
    ),
  AddOrder: (parameters, venue) => {
    const order = venue.place(newOrder(parameters, venue));
    return { descr: { order: describe(venue, order) }, txid: [txidOf(venue, order)] };
  },
  QueryOrders: ({ txid = '', trades }, venue) => {
    const found: Record<string, unknown> = {};
    for (const id of txid.split(',')) {
      const order = venue.allOrders()[(orderNumber(id) ?? 0) - 1];
      if (order === undefined) throw new KrakenError('EOrder:Invalid order');
      found[id] = orderRecord(venue, order, trades === 'true');
    }
    return found;
  },
  OpenOrders: (parameters, venue) => ({ open: records(venue, asked(parameters, venue.openOrders())) }),
  ClosedOrders: (parameters, venue) => {
    const open = new Set(venue.openOrders());
    const start = Number(parameters['start'] ?? 0) * 1000;
    const closed = asked(parameters, venue.allOrders()).filter(
      (order) => !open.has(order) && order.updatedAt >= start,
    );
    return { closed: records(venue, closed.toReversed().slice(0, 50)), count: closed.length };
  },
  TradesHistory: ({ start = '0', ofs = '0' }, venue) => {
    const all = venue.allTrades().filter(({ at }) => at >= Number(start) * 1000);
    const page = all.toReversed().slice(Number(ofs), Number(ofs) + 50);
    return {
      trades: Object.fromEntries(page.map((trade) => [tradeId(venue, trade), tradeRecord(venue, trade)])),
      count: all.length,
    };
  },
  CancelOrder: ({ txid, cl_ord_id }, venue) => {
    const order = venue
      .openOrders()
      .find((open) => (txid === undefined ? open.clientOrderId === cl_ord_id : txidOf(venue, open) === txid));
    venue.cancel(order);
    return { count: 1 };
  },
};

function newOrder(parameters: Parameters, venue: Venue) {
  const listed = listedPair(venue, text(parameters, 'pair'));
  const side = { buy: 'BUY', sell: 'SELL' } as const;
  const way = side[text(parameters, 'type') as 'buy' | 'sell'];
  const flags = parameters['oflags']?.split(',') ?? [];
  const type = orderTypes[text(parameters, 'ordertype')];
  const clientOrderId = parameters['cl_ord_id'] ?? '';
  if (way === undefined) throw invalid('type');
  if (type === undefined) throw invalid('ordertype');
  if (clientOrderId !== '' && !clientIds.some((form) => form.test(clientOrderId))) throw invalid('cl_ord_id');
  const volume = amount(parameters, 'volume');
  const isStop = type.startsWith('STOP') || type.startsWith('TAKE');
  const limitName = isStop ? 'price2' : 'price';
  const timeInForce = timesInForce[parameters['timeinforce'] ?? 'GTC'];
  if (timeInForce === undefined) throw invalid('timeinforce');
  return {
    wallet: 'spot' as const,
    symbol: listed.id,
    side: way,
    type: flags.includes('post') && type === 'LIMIT' ? ('LIMIT_MAKER' as const) : type,
    clientOrderId,
    timeInForce,
    ...(flags.includes('viqc') ? { cost: volume } : { quantity: volume }),
    ...(type.endsWith('LIMIT') ? { price: amount(parameters, limitName) } : {}),
    ...(isStop ? { stopPrice: amount(parameters, 'price') } : {}),
  };
}

const orderTypes: Readonly<Record<string, OrderType>> = {
  market: 'MARKET',
  limit: 'LIMIT',
  'stop-loss': 'STOP_LOSS',
  'stop-loss-limit': 'STOP_LOSS_LIMIT',
  'take-profit': 'TAKE_PROFIT',
  'take-profit-limit': 'TAKE_PROFIT_LIMIT',
};
const timesInForce: Readonly<Record<string, TimeInForce>> = { GTC: 'GTC', IOC: 'IOC' };
/** A UUID, the same without hyphens, or at most 18 characters of free text. */
const clientIds = [/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, /^[\da-f]{32}$/i, /^[\x21-\x7e]{1,18}$/];

function text(parameters: Parameters, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === '') throw invalid(name);
  return value;
}

function amount(parameters: Parameters, name: string): Decimal {
  const value = text(parameters, name);
  if (!/^\d+(\.\d+)?$/.test(value)) throw invalid(name);
  return decimal(value);
}

function invalid(name: string): KrakenError {
  return new KrakenError(`EGeneral:Invalid arguments:${name}`);
}

function listedPair(venue: Venue, name: string): ListedSymbol {
  const listed = pairOf(venue, name);
  if (listed === undefined) throw new KrakenError('EQuery:Unknown asset pair');
  return listed;
}

function asked(parameters: Parameters, orders: readonly Order[]): readonly Order[] {
  const id = parameters['cl_ord_id'];
  return id === undefined ? orders : orders.filter(({ clientOrderId }) => clientOrderId === id);
}

function records(venue: Venue, orders: readonly Order[]): Record<string, unknown> {
  return Object.fromEntries(orders.map((order) => [txidOf(venue, order), orderRecord(venue, order, false)]));
}

function pairRecord(listed: ListedSymbol, venue: Venue): unknown {
  const decimals = (step: Decimal) => Math.max(0, -step.e);
  const percent = (rate: Decimal) => [[0, Number(rate.times(decimal('100')).toString())]];
  return {
    altname: pairName(listed),
    wsname: `${assetName(listed.base)}/${assetName(listed.quote)}`,
    aclass_base: 'currency',
    base: assetId(listed.base),
    aclass_quote: 'currency',
    quote: assetId(listed.quote),
    lot: 'unit',
    pair_decimals: decimals(listed.tick),
    cost_decimals: 5,
    lot_decimals: decimals(listed.step),
    lot_multiplier: 1,
    leverage_buy: [],
    leverage_sell: [],
    fees: percent(venue.fees.taker),
    fees_maker: percent(venue.fees.maker),
    fee_volume_currency: 'ZUSD',
    ordermin: listed.minimumQuantity.toFixed(),
    costmin: listed.minimumNotional.toFixed(),
    tick_size: listed.tick.toFixed(),
    status: listed.trading ? 'online' : 'cancel_only',
  };
}

function ticker({ id }: ListedSymbol, venue: Venue): unknown {
  const prints = venue.prints(id);
  const last = venue.last(id);
  const best = (side: 'BUY' | 'SELL') => {
    const resting = venue.book(id).best(side);
    return [eight(resting?.price), '1', eight(resting?.remaining)];
  };
  let high = last ?? zero;
  let low = high;
  for (const { price } of prints) {
    if (price.gt(high)) high = price;
    if (price.lt(low)) low = price;
  }
  const twice = (value: Decimal) => [eight(value), eight(value)];
  return {
    a: best('SELL'),
    b: best('BUY'),
    c: [eight(last), eight(prints.at(-1)?.quantity)],
    v: twice(prints.reduce((sum, { quantity }) => sum.plus(quantity), zero)),
    p: twice(last ?? zero),
    t: [prints.length, prints.length],
    l: twice(low),
    h: twice(high),
    o: eight(prints[0]?.price ?? last),
  };
}
