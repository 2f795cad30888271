/** Orders as people read them: `buy 3 SP500 at 2,800 or better`, and where they are. */
import type { Order } from '../engine/desk.ts';
import { priceText, quantityText } from './gains.ts';

export function orderText({ side, quantity, symbol, terms }: Order): string {
  return `${side} ${quantityText(quantity)} ${symbol} ${termsText(terms)}`;
}

export function stateText({ state, filled, quantity, cancelledBy }: Order): string {
  const part = filled === '0' ? '' : `, ${quantityText(filled)} of ${quantityText(quantity)} filled`;
  const words: Readonly<Record<Order['state'], string>> = {
    intended: 'not sent yet',
    sending: 'being sent',
    working: 'open',
    partly_filled: 'open',
    filled: 'filled',
    rejected: 'rejected',
    cancelled: 'cancelled',
    expired: 'expired',
    unknown: 'outcome unknown',
  };
  const leaving = cancelledBy !== null && state !== 'cancelled' ? ', to be cancelled' : '';
  return `${words[state]}${state === 'filled' ? '' : part}${leaving}`;
}

/** The last letters of an id: enough to tell open orders apart, and short enough to type. */
export function shortId(id: string): string {
  return id.slice(-8);
}

export function termsText(terms: Order['terms']): string {
  switch (terms.type) {
    case 'market':
      return terms.auction === undefined ? 'at the market' : `at the ${terms.auction} of the session`;
    case 'limit':
      return `at ${priceText(terms.limitPrice)} or better`;
    case 'stop':
      return `when it reaches ${priceText(terms.stopPrice)}`;
    case 'stop_limit':
      return `at ${priceText(terms.limitPrice)} or better, when it reaches ${priceText(terms.stopPrice)}`;
    case 'oco':
      return `at ${priceText(terms.limitPrice)} or better, or when it reaches ${priceText(terms.stopPrice)}`;
    default:
      return terms satisfies never;
  }
}

/** The same at the beginning of a sentence. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
