/** Orders that rest at the broker and end a position by themselves: a stop loss, a take profit, or both as one. */
import type { Instrument, OrderTerms } from '../../brokers/broker.ts';
import type { Amount, OrderStep } from '../../execution/operation.ts';
import { decimal, decimalText } from '../../money.ts';
import { toTick } from './instruments.ts';

export interface ProtectionPrices {
  /** Decimal text; where to leave with a loss. */
  readonly stop?: string | undefined;
  /** Decimal text; where to leave with a profit. */
  readonly takeProfit?: string | undefined;
}

/**
 * One order for both, so that only the first of them trades; `undefined` when there are no prices. Cut to the broker's
 * tick towards less risk: a stop nearer to the entry, a profit not below what was asked for.
 */
export function protection(
  position: {
    readonly side: 'long' | 'short';
    readonly symbol: string;
    readonly quantity: Amount;
    readonly wallet: string;
    readonly instrument: Instrument | undefined;
    /** The quantity is owed, and a fee may be taken in it. */
    readonly netOfFee?: boolean;
  },
  prices: ProtectionPrices,
): OrderStep | undefined {
  const { side, symbol, quantity, wallet, instrument, netOfFee = false } = position;
  const terms = termsOf(prices, side === 'long' ? 'up' : 'down', instrument);
  if (!terms) return undefined;
  return {
    ...{ kind: 'order', leg: 'protection', symbol, quantity, terms, wallet },
    side: side === 'long' ? 'sell' : 'buy',
    ...(netOfFee && { netOfFee: true }),
    resting: true,
  };
}

function termsOf(
  { stop, takeProfit }: ProtectionPrices,
  rounding: 'up' | 'down',
  instrument: Instrument | undefined,
): OrderTerms | undefined {
  const tick = (price: string) => decimalText(toTick(decimal(price), rounding, instrument));
  if (stop !== undefined && takeProfit !== undefined) {
    return { type: 'oco', limitPrice: tick(takeProfit), stopPrice: tick(stop) };
  }
  if (stop !== undefined) return { type: 'stop', stopPrice: tick(stop) };
  return takeProfit === undefined ? undefined : { type: 'limit', limitPrice: tick(takeProfit) };
}
