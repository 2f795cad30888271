/**
 * The book of one symbol: resting orders, best price first, and at one price the oldest first. Others' orders carry
 * no id; the account's own are known by theirs.
 */
import { type Decimal, truncateToStep, zero } from '../../../engine/money.ts';

export type Side = 'BUY' | 'SELL';

export const opposite = (side: Side): Side => (side === 'BUY' ? 'SELL' : 'BUY');

export interface Resting {
  /** Of the account's own order, undefined for others'. */
  readonly orderId?: number;
  readonly side: Side;
  readonly price: Decimal;
  remaining: Decimal;
}

export class OrderBook {
  readonly #sides: Record<Side, Resting[]> = { BUY: [], SELL: [] };

  /** Best first. */
  side(side: Side): readonly Resting[] {
    return this.#sides[side];
  }

  best(side: Side): Resting | undefined {
    return this.#sides[side][0];
  }

  add(resting: Resting): void {
    const list = this.#sides[resting.side];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = list[middle];
      if (there !== undefined && notWorse(there, resting)) low = middle + 1;
      else high = middle;
    }
    list.splice(low, 0, resting);
  }

  remove(orderId: number, side: Side): void {
    const list = this.#sides[side];
    const index = list.findIndex((resting) => resting.orderId === orderId);
    if (index >= 0) list.splice(index, 1);
  }

  removeOthers(): void {
    for (const side of ['BUY', 'SELL'] as const) {
      this.#sides[side] = this.#sides[side].filter((resting) => resting.orderId !== undefined);
    }
  }

  /**
   * The next order that an incoming one of this side meets, within its limit. The caller executes against it and
   * calls `reduce`.
   */
  meets(incoming: Side, limit: Decimal | undefined): Resting | undefined {
    const best = this.best(opposite(incoming));
    if (best === undefined || limit === undefined) return best;
    return (incoming === 'BUY' ? best.price.lte(limit) : best.price.gte(limit)) ? best : undefined;
  }

  /** Takes this much from the best order of its side. */
  reduce(resting: Resting, quantity: Decimal): void {
    resting.remaining = resting.remaining.minus(quantity);
    if (resting.remaining.lte(zero)) this.#sides[resting.side].shift();
  }

  /** What an incoming order of this quantity would find within its limit, and what that would cost. */
  available(
    incoming: Side,
    quantity: Decimal,
    limit?: Decimal,
  ): { readonly quantity: Decimal; readonly cost: Decimal } {
    let left = quantity;
    let cost = zero;
    for (const resting of this.#sides[opposite(incoming)]) {
      if (left.lte(zero)) break;
      if (limit !== undefined && (incoming === 'BUY' ? resting.price.gt(limit) : resting.price.lt(limit)))
        break;
      const taken = resting.remaining.lt(left) ? resting.remaining : left;
      cost = cost.plus(taken.times(resting.price));
      left = left.minus(taken);
    }
    return { quantity: quantity.minus(left), cost };
  }

  /** The quantity, in whole steps, that this much of the quote currency buys or brings. */
  quantityForCost(incoming: Side, cost: Decimal, step: Decimal): Decimal {
    let left = cost;
    let quantity = zero;
    for (const resting of this.#sides[opposite(incoming)]) {
      const whole = resting.remaining.times(resting.price);
      if (whole.gte(left)) return truncateToStep(quantity.plus(left.div(resting.price)), step);
      quantity = quantity.plus(resting.remaining);
      left = left.minus(whole);
    }
    return truncateToStep(quantity, step);
  }
}

function notWorse(there: Resting, incoming: Resting): boolean {
  return incoming.side === 'BUY' ? there.price.gte(incoming.price) : there.price.lte(incoming.price);
}
