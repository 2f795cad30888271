/** What a TWS of server version 193 sends, message by message. */
import { decimalText } from '../../../engine/money.ts';
import type { Execution, Order } from './account.ts';
import type { Listing } from './contracts.ts';
import type { Field } from './wire.ts';

export const serverVersion = 193;

/** `-1` as the id: it is about the connection and not about a request. */
export function errorMessage(id: number, code: number, text: string): Field[] {
  return [4, 2, id, code, text, ''];
}

export function contractData(requestId: number, listing: Listing, exchange: string, hours: string): Field[] {
  const { symbol, currency, conId, name, primaryExchange, timezone, ticks, marketRule } = listing;
  const orderTypes = 'ACTIVETIM,DAY,GTC,LMT,MKT,MOC,OPG,STP,STPLMT';
  return [
    ...[10, requestId, symbol, 'STK', '', '', 0, '', exchange, currency, symbol, 'NMS', 'NMS', conId],
    ...[ticks[0]?.step ?? '0.01', '', orderTypes, `SMART,${primaryExchange}`, listing.priceMagnifier ?? 1],
    ...[0, name, primaryExchange, '', 'Technology', 'Computers', 'Computers', timezone, hours, hours],
    ...['', '', 0, 1, '', '', `${marketRule},${marketRule}`, '', 'COMMON', '0.0001', '0.0001', '100', 0],
  ];
}

function contractFields({ listing }: Order): Field[] {
  const { conId, symbol, currency } = listing;
  return [conId, symbol, 'STK', '', 0, '?', '', 'SMART', currency, symbol, 'NMS'];
}

function priceText(price: Order['limitPrice']): string {
  return price === undefined ? '' : decimalText(price);
}

function mainFields(order: Order): Field[] {
  const { action, quantity, type, limitPrice, auxPrice, tif, ocaGroup, account, orderRef } = order;
  return [
    ...[action, decimalText(quantity), type, priceText(limitPrice), priceText(auxPrice), tif, ocaGroup],
    ...[account, '', 0, orderRef],
  ];
}

export function openOrder(order: Order): Field[] {
  return [
    ...[5, order.orderId, ...contractFields(order), ...mainFields(order)],
    ...[order.clientId, order.permId, false, false, 0, '', '', '', '', '', '', '', '', '', ''],
    ...[0, '', -1, 0, '', '', '', '', '', '', false, false, false, '', order.ocaType, false, false, ''],
    ...[order.parentId, 0], // trigger method
    // A delta-neutral type of `None` still takes all the fields of one.
    ...['', 0, 'None', '', 0, '', '', '', '', false, 0, '', 0, 0],
    ...['', '', '', '', '', 0, 0, 0, '', '', '', '', false, '', '', false, false, '', false],
    ...[false, order.status, '', '', '', '', '', '', '', '', '', '', '', '', '', ''],
    ...[false, false, 0, 'None', '', '', '', '', '', '', 0, '', '', '', '', false, false, false, false],
    ...[0, '', false, '', '', '', '', '', '', false, '', false, '', ''],
  ];
}

export function completedOrder(order: Order, time: string): Field[] {
  return [
    ...[101, ...contractFields(order), ...mainFields(order)],
    ...[order.permId, false, false, 0, '', '', '', '', '', '', '', '', '', 0, '', -1, '', '', '', '', ''],
    ...['', false, false, '', order.ocaType, 0],
    ...['', 0, 'None', '', 0, false, 0, '', 0, 0],
    ...['', '', '', 0, 0, 0, '', '', '', '', '', '', false, false, '', false],
    ...[order.status === 'Filled' ? 'Filled' : 'Cancelled', false, false, 0, '', '', '', false, false, ''],
    ...[decimalText(order.filled), 0, false, '', false, false, 0, time],
    ...[order.ending ?? '', '', '', '', '', '', '', false],
  ];
}

export function orderStatus(order: Order): Field[] {
  const { orderId, filled, quantity, permId, parentId, clientId, whyHeld } = order;
  const last = order.executions.at(-1);
  return [
    ...[3, orderId, order.status, decimalText(filled), decimalText(quantity.minus(filled))],
    ...[last ? decimalText(last.price) : 0, permId, parentId, last ? decimalText(last.price) : 0, clientId],
    ...[whyHeld, 0],
  ];
}

export function executionData(requestId: number, order: Order, execution: Execution, time: string): Field[] {
  const { conId, symbol, currency } = order.listing;
  return [
    ...[11, requestId, order.orderId, conId, symbol, 'STK', '', 0, '', '', 'ISLAND', currency, symbol, 'NMS'],
    ...[execution.id, time, order.account, 'ISLAND', order.action === 'BUY' ? 'BOT' : 'SLD'],
    ...[decimalText(execution.quantity), decimalText(execution.price), order.permId, order.clientId, 0],
    ...[
      decimalText(execution.cumulative),
      decimalText(execution.price),
      order.orderRef,
      '',
      '',
      '',
      2,
      false,
    ],
  ];
}

export function commissionReport(execution: Execution): Field[] {
  const { id, commission, commissionCurrency } = execution;
  return [59, 1, id, decimalText(commission), commissionCurrency, '1.7976931348623157E308', '', ''];
}
