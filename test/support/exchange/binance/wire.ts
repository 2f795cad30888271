/** Orders, trades and balances as Binance writes them: amounts with eight decimals. */
import { type Decimal, zero } from '../../../../engine/money.ts';
import type { Order, Print, Trade } from '../venue.ts';

export function eight(amount: Decimal | undefined): string {
  return (amount ?? zero).toFixed(8);
}

export function orderBody(order: Readonly<Order>): Record<string, unknown> {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    price: eight(order.price),
    origQty: eight(order.quantity),
    executedQty: eight(order.filled),
    origQuoteOrderQty: eight(order.cost),
    cummulativeQuoteQty: eight(order.filledCost),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    ...(order.stopPrice === undefined ? {} : { stopPrice: eight(order.stopPrice) }),
    selfTradePreventionMode: 'EXPIRE_MAKER',
    ...marginPart(order),
  };
}

/** As in answers to queries. */
export function orderRecord(order: Readonly<Order>): Record<string, unknown> {
  return {
    ...orderBody(order),
    stopPrice: eight(order.stopPrice),
    icebergQty: eight(zero),
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: order.working,
    workingTime: order.createdAt,
  };
}

export function orderAnswer(
  order: Readonly<Order>,
  kind: 'ACK' | 'RESULT' | 'FULL',
): Record<string, unknown> {
  if (kind === 'ACK') {
    return {
      symbol: order.symbol,
      orderId: order.id,
      orderListId: -1,
      clientOrderId: order.clientOrderId,
      transactTime: order.updatedAt,
      ...marginPart(order),
    };
  }
  const result = { ...orderBody(order), transactTime: order.updatedAt, workingTime: order.createdAt };
  if (kind === 'RESULT') return result;
  return {
    ...result,
    fills: order.trades.map((trade) => ({
      price: eight(trade.price),
      qty: eight(trade.quantity),
      commission: eight(trade.fee),
      commissionAsset: trade.feeAsset,
      tradeId: trade.id,
    })),
  };
}

/** The cancelled order carries the id of the request that cancelled it. */
export function cancelAnswer(order: Readonly<Order>): Record<string, unknown> {
  return {
    ...orderBody(order),
    origClientOrderId: order.clientOrderId,
    clientOrderId: order.cancelId,
    transactTime: order.updatedAt,
  };
}

export function tradeRecord(trade: Trade): Record<string, unknown> {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: -1,
    price: eight(trade.price),
    qty: eight(trade.quantity),
    quoteQty: eight(trade.price.times(trade.quantity)),
    commission: eight(trade.fee),
    commissionAsset: trade.feeAsset,
    time: trade.at,
    isBuyer: trade.side === 'BUY',
    isMaker: trade.maker,
    isBestMatch: true,
    ...marginPart(trade),
  };
}

export function printRecord(print: Print): Record<string, unknown> {
  return {
    id: print.id,
    price: eight(print.price),
    qty: eight(print.quantity),
    quoteQty: eight(print.price.times(print.quantity)),
    time: print.at,
    isBuyerMaker: print.buyerIsMaker,
    isBestMatch: true,
  };
}

/** Each trade is an aggregate of its own here. */
export function aggregateRecord(print: Print): Record<string, unknown> {
  const { id, at, buyerIsMaker } = print;
  return {
    a: id,
    p: eight(print.price),
    q: eight(print.quantity),
    f: id,
    l: id,
    T: at,
    m: buyerIsMaker,
    M: true,
  };
}

/** https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream */
export function executionReport(
  order: Readonly<Order>,
  execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED',
  trade: Trade | undefined,
  now: number,
): Record<string, unknown> {
  const cancelled = execution === 'CANCELED';
  return {
    e: 'executionReport',
    E: now,
    s: order.symbol,
    c: cancelled ? order.cancelId : order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: eight(order.quantity),
    p: eight(order.price),
    P: eight(order.stopPrice),
    F: eight(zero),
    g: -1,
    C: cancelled ? order.clientOrderId : '',
    x: execution,
    X: order.status,
    r: 'NONE',
    i: order.id,
    l: eight(trade?.quantity),
    z: eight(order.filled),
    L: eight(trade?.price),
    n: trade === undefined ? '0' : eight(trade.fee),
    N: trade === undefined ? null : trade.feeAsset,
    T: order.updatedAt,
    t: trade?.id ?? -1,
    w: order.working && (order.status === 'NEW' || order.status === 'PARTIALLY_FILLED'),
    m: trade?.maker ?? false,
    M: false,
    O: order.createdAt,
    Z: eight(order.filledCost),
    Y: eight(trade === undefined ? zero : trade.price.times(trade.quantity)),
    Q: eight(order.cost),
    W: order.createdAt,
    V: 'EXPIRE_MAKER',
  };
}

function marginPart({ wallet }: { readonly wallet: string }): Record<string, unknown> {
  return wallet === 'spot' ? {} : { isIsolated: wallet !== 'cross' };
}
