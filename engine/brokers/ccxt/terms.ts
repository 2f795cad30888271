/** How the terms of an order are put to ccxt. */
import type { OrderTerms } from '../broker.ts';

export interface Placement {
  readonly type: 'market' | 'limit';
  /** Never of a market order: ccxt would make an order by cost of it. */
  readonly price: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

export function placement(terms: OrderTerms): Placement {
  switch (terms.type) {
    case 'market':
      return { type: 'market', price: undefined, params: {} };
    case 'limit':
      return { type: 'limit', price: terms.limitPrice, params: {} };
    case 'stop':
      return { type: 'market', price: undefined, params: { stopLossPrice: terms.stopPrice } };
    case 'stop_limit':
      return { type: 'limit', price: terms.limitPrice, params: { stopLossPrice: terms.stopPrice } };
    case 'oco':
      throw new RangeError('an OCO is placed as an order list');
    default:
      return terms satisfies never;
  }
}
