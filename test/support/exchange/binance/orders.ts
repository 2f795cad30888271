/**
 * Orders and trades, the same for spot and margin: what must be sent for which type, and how lists are cut.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
 */
import { randomBytes } from 'node:crypto';
import type { Order, OrderType, SideEffect, TimeInForce, Trade, Venue } from '../venue.ts';
import type { TradingWallet } from '../wallets.ts';
import { BinanceError } from './errors.ts';
import { mandatory, type Parameters } from './parameters.ts';
import { cancelAnswer, orderAnswer, orderRecord, tradeRecord } from './wire.ts';

const orderTypes: readonly OrderType[] = [
  'MARKET',
  'LIMIT',
  'LIMIT_MAKER',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];
const timesInForce: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK'];
const sideEffects: readonly SideEffect[] = [
  'NO_SIDE_EFFECT',
  'MARGIN_BUY',
  'AUTO_REPAY',
  'AUTO_BORROW_REPAY',
];

/** What each type needs of these; the others must not be sent. */
const needs: Readonly<Record<OrderType, readonly string[]>> = {
  MARKET: [],
  LIMIT: ['timeInForce', 'price'],
  LIMIT_MAKER: ['price'],
  STOP_LOSS: ['stopPrice'],
  STOP_LOSS_LIMIT: ['timeInForce', 'price', 'stopPrice'],
  TAKE_PROFIT: ['stopPrice'],
  TAKE_PROFIT_LIMIT: ['timeInForce', 'price', 'stopPrice'],
};

export function placeOrder(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const symbol = parameters.text('symbol');
  parameters.text('side');
  const side = parameters.oneOf('side', ['BUY', 'SELL']);
  if (side === null || side === undefined) throw new BinanceError(-1117, 'Invalid side.');
  parameters.text('type');
  const type = parameters.oneOf('type', orderTypes);
  if (type === null || type === undefined) throw new BinanceError(-1116, 'Invalid orderType.');
  const timeInForce = parameters.oneOf('timeInForce', timesInForce);
  if (timeInForce === null) throw new BinanceError(-1115, 'Invalid timeInForce.');
  const sideEffect = parameters.oneOf('sideEffectType', sideEffects);
  if (sideEffect === null) throw mandatory('sideEffectType');
  const answer = parameters.oneOf('newOrderRespType', ['ACK', 'RESULT', 'FULL']);
  if (answer === null) throw new BinanceError(-1136, 'Invalid newOrderRespType.');
  for (const name of ['timeInForce', 'price', 'stopPrice']) {
    const needed = needs[type].includes(name);
    if (needed && !parameters.has(name)) throw mandatory(name);
    if (!needed && parameters.has(name)) {
      throw new BinanceError(-1106, `Parameter '${name}' sent when not required.`);
    }
  }
  const byCost = parameters.has('quoteOrderQty');
  if (byCost && (type !== 'MARKET' || parameters.has('quantity'))) {
    throw new BinanceError(-1106, "Parameter 'quoteOrderQty' sent when not required.");
  }
  if (!byCost && !parameters.has('quantity')) {
    if (type !== 'MARKET') throw mandatory('quantity');
    throw new BinanceError(
      -1102,
      "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    );
  }
  const price = parameters.optionalAmount('price');
  const stopPrice = parameters.optionalAmount('stopPrice');
  if (!venue.listed(symbol).orderTypes.includes(type)) {
    throw new BinanceError(-1013, `${words(type)} orders are not supported for this symbol.`);
  }
  const order = venue.place({
    wallet,
    symbol,
    side,
    type,
    clientOrderId: parameters.clientOrderId('newClientOrderId') ?? inventedId(),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(sideEffect === undefined ? {} : { sideEffect }),
    ...(byCost ? { cost: parameters.amount('quoteOrderQty') } : { quantity: parameters.amount('quantity') }),
    ...(price === undefined ? {} : { price }),
    ...(stopPrice === undefined ? {} : { stopPrice }),
  });
  return orderAnswer(order, answer ?? (type === 'MARKET' || type === 'LIMIT' ? 'FULL' : 'ACK'));
}

export function queryOrder(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const order = findOrder(parameters, venue, wallet);
  if (order === undefined) throw new BinanceError(-2013, 'Order does not exist.');
  return orderRecord(order);
}

export function cancelOrder(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const order = findOrder(parameters, venue, wallet);
  return cancelAnswer(venue.cancel(order, parameters.clientOrderId('newClientOrderId') ?? inventedId()));
}

export function cancelAll(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const symbol = parameters.text('symbol');
  venue.listed(symbol);
  const orders = venue.openOrders(wallet, symbol);
  if (orders.length === 0) throw new BinanceError(-2011, 'Unknown order sent.');
  return orders.map((order) => cancelAnswer(venue.cancel(order, inventedId())));
}

export function openOrders(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const symbol = parameters.optional('symbol');
  if (symbol !== undefined) venue.listed(symbol);
  return venue.openOrders(wallet, symbol).map(orderRecord);
}

export function allOrders(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const symbol = parameters.text('symbol');
  venue.listed(symbol);
  const orders: readonly Order[] = venue.orders(wallet, symbol);
  return page(
    parameters,
    orders,
    'orderId',
    ({ id }) => id,
    ({ createdAt }) => createdAt,
  ).map(orderRecord);
}

export function myTrades(parameters: Parameters, venue: Venue, wallet: TradingWallet): unknown {
  const symbol = parameters.text('symbol');
  venue.listed(symbol);
  const orderId = parameters.integer('orderId');
  const trades: readonly Trade[] = venue
    .trades(wallet, symbol)
    .filter((trade) => orderId === undefined || trade.orderId === orderId);
  return page(
    parameters,
    trades,
    'fromId',
    ({ id }) => id,
    ({ at }) => at,
  ).map(tradeRecord);
}

/** From an id or from a time on, else the latest: `limit` of them, oldest first. */
function page<T>(
  parameters: Parameters,
  all: readonly T[],
  idName: string,
  idOf: (entry: T) => number,
  timeOf: (entry: T) => number,
): readonly T[] {
  const startTime = parameters.integer('startTime');
  const endTime = parameters.integer('endTime');
  const fromId = parameters.integer(idName);
  const limit = parameters.limit();
  if (startTime !== undefined && endTime !== undefined && endTime - startTime > 24 * 3_600_000) {
    throw new BinanceError(-1127, 'More than 24 hours between startTime and endTime.');
  }
  const within = all.filter(
    (entry) =>
      (startTime === undefined || timeOf(entry) >= startTime) &&
      (endTime === undefined || timeOf(entry) <= endTime) &&
      (fromId === undefined || idOf(entry) >= fromId),
  );
  return startTime === undefined && fromId === undefined ? within.slice(-limit) : within.slice(0, limit);
}

function findOrder(parameters: Parameters, venue: Venue, wallet: TradingWallet): Order | undefined {
  const symbol = parameters.text('symbol');
  venue.listed(symbol);
  const id = parameters.integer('orderId');
  const clientOrderId = parameters.clientOrderId('origClientOrderId');
  if (id === undefined && clientOrderId === undefined) {
    throw new BinanceError(
      -1102,
      "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    );
  }
  return venue.find(wallet, symbol, {
    ...(id === undefined ? {} : { id }),
    ...(clientOrderId === undefined ? {} : { clientOrderId }),
  });
}

/** The id that Binance makes for a request without one. */
function inventedId(): string {
  return randomBytes(16).toString('base64url').replaceAll('-', 'a').slice(0, 22);
}

/** `STOP_LOSS_LIMIT` becomes `Stop loss limit`. */
function words(type: string): string {
  const text = type.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
