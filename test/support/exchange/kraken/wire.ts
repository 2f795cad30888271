/** Orders and trades as Kraken writes them. */
import { type Decimal, decimalText, zero } from '../../../../engine/money.ts';
import type { Order, Trade, Venue } from '../venue.ts';
import { pairId, pairName } from './names.ts';

export function eight(amount: Decimal | undefined): string {
  return (amount ?? zero).toFixed(8);
}

/** Ids are counted, in the form of Kraken's. */
const orderTxid = (number: number): string => `OLOCAL-KRAKN-${String(number).padStart(6, '0')}`;
const tradeTxid = (number: number): string => `TLOCAL-KRAKN-${String(number).padStart(6, '0')}`;

/** The number of an order's id, or undefined for what is none. */
export function orderNumber(txid: string): number | undefined {
  const number = /^OLOCAL-KRAKN-(\d{6,})$/.exec(txid)?.[1];
  return number === undefined ? undefined : Number(number);
}

export function txidOf(venue: Venue, order: Order): string {
  return orderTxid(venue.allOrders().indexOf(order) + 1);
}

const seconds = (ms: number): number => ms / 1000;

/** `buy 0.01000000 XBTUSD @ limit 50000` */
export function describe(venue: Venue, order: Order): string {
  const what = `${order.side.toLowerCase()} ${eight(order.cost ?? order.quantity)} ${pairName(venue.listed(order.symbol))}`;
  const { type, price, stopPrice } = order;
  if (stopPrice !== undefined) {
    const after = price === undefined ? 'market' : `limit ${decimalText(price)}`;
    const kind = type.startsWith('STOP_LOSS') ? 'stop loss' : 'take profit';
    return `${what} @ ${kind} ${decimalText(stopPrice)} -> ${after}`;
  }
  return `${what} @ ${price === undefined ? 'market' : `limit ${decimalText(price)}`}`;
}

export function orderRecord(venue: Venue, order: Order, withTrades: boolean): Record<string, unknown> {
  const fee = order.trades.reduce((sum, trade) => sum.plus(trade.fee), zero);
  const ended = venue.openOrders().includes(order) ? {} : { closetm: seconds(order.updatedAt), reason: null };
  return {
    refid: null,
    userref: null,
    cl_ord_id: order.clientOrderId === '' ? undefined : order.clientOrderId,
    status: statuses[order.status],
    opentm: seconds(order.createdAt),
    starttm: 0,
    expiretm: 0,
    ...ended,
    descr: {
      pair: pairName(venue.listed(order.symbol)),
      type: order.side.toLowerCase(),
      ordertype: order.type === 'LIMIT_MAKER' ? 'limit' : order.type.toLowerCase().replaceAll('_', '-'),
      price: decimalText(order.stopPrice ?? order.price ?? zero),
      price2: decimalText(order.stopPrice === undefined ? zero : (order.price ?? zero)),
      leverage: 'none',
      order: describe(venue, order),
      close: '',
    },
    vol: eight(order.quantity),
    vol_exec: eight(order.filled),
    cost: eight(order.filledCost),
    fee: eight(fee),
    price: eight(order.filled.eq(zero) ? zero : order.filledCost.div(order.filled)),
    stopprice: eight(order.stopPrice),
    limitprice: eight(zero),
    misc: '',
    oflags: 'fciq',
    ...(withTrades ? { trades: order.trades.map((trade) => tradeId(venue, trade)) } : {}),
  };
}

export function tradeId(venue: Venue, trade: Trade): string {
  return tradeTxid(venue.allTrades().indexOf(trade) + 1);
}

export function tradeRecord(venue: Venue, trade: Trade): Record<string, unknown> {
  const order = venue.find(trade.wallet, trade.symbol, { id: trade.orderId });
  const listed = venue.listed(trade.symbol);
  return {
    ordertxid: order === undefined ? '' : txidOf(venue, order),
    postxid: 'TKH2SE-M7IF5-CFI7LT',
    pair: pairId(listed),
    time: seconds(trade.at),
    type: trade.side.toLowerCase(),
    ordertype: order?.price === undefined ? 'market' : 'limit',
    price: eight(trade.price),
    cost: eight(trade.price.times(trade.quantity)),
    fee: eight(trade.fee),
    vol: eight(trade.quantity),
    margin: eight(zero),
    leverage: '0',
    misc: '',
    trade_id: trade.id,
    maker: trade.maker,
  };
}

const statuses: Readonly<Record<Order['status'], string>> = {
  NEW: 'open',
  PARTIALLY_FILLED: 'open',
  FILLED: 'closed',
  CANCELED: 'canceled',
  EXPIRED: 'canceled',
  EXPIRED_IN_MATCH: 'canceled',
};
