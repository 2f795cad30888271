/** How a person is asked to do something. */
import { decimal, decimalText } from '../../money.ts';
import type { PlacedOrder } from '../account/entry.ts';
import type { OrderTerms } from '../broker.ts';

export function placeText({ clientOrderId, side, quantity, symbol, currency, terms }: PlacedOrder): string {
  const what = `${side === 'buy' ? 'Buy' : 'Sell'} ${decimalText(decimal(quantity))} ${symbol}`;
  return (
    `${what} ${termsText(terms, currency)}. Then report what it traded: /manual fill ${clientOrderId} quantity price fee. ` +
    `If it cannot be placed: /manual reject ${clientOrderId} why.`
  );
}

export function cancelText({ clientOrderId, side, quantity, symbol }: PlacedOrder): string {
  return (
    `Cancel the order to ${side} ${decimalText(decimal(quantity))} ${symbol}. Report first what it has traded, ` +
    `then: /manual cancelled ${clientOrderId}.`
  );
}

function termsText(terms: OrderTerms, currency: string): string {
  switch (terms.type) {
    case 'market':
      return 'at the market';
    case 'limit':
      return `at a limit of ${terms.limitPrice} ${currency}`;
    case 'stop':
      return `at the market when the price reaches a stop of ${terms.stopPrice} ${currency}`;
    case 'stop_limit':
      return `at a limit of ${terms.limitPrice} ${currency} when the price reaches a stop of ${terms.stopPrice} ${currency}`;
    case 'oco':
      return `as an OCO order: at a limit of ${terms.limitPrice} ${currency}, or at a stop of ${terms.stopPrice} ${currency}`;
    default:
      return terms satisfies never;
  }
}
