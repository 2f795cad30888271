/**
 * At which price an order trades when it meets a piece of the market: pure. What is assumed here is written for users in
 * docs/brokers/paper.md.
 */
import type { Decimal } from '../../money.ts';
import { decimal, truncateToStep } from '../../money.ts';
import type { OrderTerms, Side } from '../broker.ts';

/** A price, which is its own low and high, or a bar. */
export interface Glimpse {
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  /** ISO 8601: when the price was, or when the bar began. */
  readonly at: string;
  /** Undefined where the source does not tell. */
  readonly volume: Decimal | undefined;
  readonly isBar: boolean;
}

export interface Meeting {
  readonly side: Side;
  readonly terms: OrderTerms;
  /** Its stop was reached before: now its limit counts. */
  readonly stopped: boolean;
  /** It comes to the market just now, and has not rested yet. */
  readonly arrives: boolean;
}

export interface Trade {
  /** Undefined when nothing is traded. */
  readonly price: Decimal | undefined;
  readonly stopped: boolean;
}

/** The last price made worse by the slippage, on the tick that is no better. */
export type Worsen = (side: Side, price: Decimal) => Decimal;

export function worsenBy(slippage: string, priceTick: string): Worsen {
  const [rate, tick] = [decimal(slippage), decimal(priceTick)];
  return (side, price) => {
    const change = price.times(rate);
    const worse = side === 'buy' ? price.plus(change) : price.minus(change);
    const below = truncateToStep(worse, tick);
    return side === 'buy' && below.lt(worse) ? below.plus(tick) : below;
  };
}

export function meet(order: Meeting, glimpse: Glimpse, worsen: Worsen): Trade {
  const { side, terms, stopped } = order;
  const nothing: Trade = { price: undefined, stopped };
  switch (terms.type) {
    case 'market':
      return { price: worsen(side, glimpse.open), stopped };
    case 'limit':
      return { price: limitTrade(order, decimal(terms.limitPrice), glimpse, worsen), stopped };
    case 'stop': {
      const touched = stopTouch(side, decimal(terms.stopPrice), glimpse);
      return touched ? { price: worsen(side, touched), stopped } : nothing;
    }
    case 'stop_limit': {
      const limit = decimal(terms.limitPrice);
      if (stopped) return { price: limitTrade(order, limit, glimpse, worsen), stopped };
      const touched = stopTouch(side, decimal(terms.stopPrice), glimpse);
      if (!touched) return nothing;
      // What the bar did after its stop was reached is not known: within the limit it trades now, else from the next on.
      const price = worsen(side, touched);
      return { price: isWithin(side, price, limit) ? price : undefined, stopped: true };
    }
    case 'oco': {
      const limit = decimal(terms.limitPrice);
      const opening = worsen(side, glimpse.open);
      if (isWithin(side, opening, limit))
        return { price: limitTrade(order, limit, glimpse, worsen), stopped };
      // Which of the two a bar reached first is not known: the worse one is taken.
      const touched = stopTouch(side, decimal(terms.stopPrice), glimpse);
      if (touched) return { price: worsen(side, touched), stopped };
      return { price: limitTrade(order, limit, glimpse, worsen), stopped };
    }
    default:
      return terms satisfies never;
  }
}

function limitTrade(
  { side, arrives }: Meeting,
  limit: Decimal,
  glimpse: Glimpse,
  worsen: Worsen,
): Decimal | undefined {
  const opening = worsen(side, glimpse.open);
  if (isWithin(side, opening, limit)) {
    // A price that was asked for came from somewhere: on its way it met the limit. A bar opens where it opens.
    return arrives || glimpse.isBar ? opening : limit;
  }
  const best = worsen(side, side === 'buy' ? glimpse.low : glimpse.high);
  return isWithin(side, best, limit) ? limit : undefined;
}

/** The first price at or beyond the stop, before slippage. */
function stopTouch(side: Side, stop: Decimal, { open, high, low }: Glimpse): Decimal | undefined {
  if (side === 'buy') {
    if (high.lt(stop)) return undefined;
    return open.gt(stop) ? open : stop;
  }
  if (low.gt(stop)) return undefined;
  return open.lt(stop) ? open : stop;
}

function isWithin(side: Side, price: Decimal, limit: Decimal): boolean {
  return side === 'buy' ? price.lte(limit) : price.gte(limit);
}

/** A single price. */
export function glimpseOf(price: {
  readonly price: string;
  readonly at: Date;
  readonly volume?: string;
}): Glimpse {
  const last = decimal(price.price);
  return {
    open: last,
    high: last,
    low: last,
    at: price.at.toISOString(),
    volume: price.volume === undefined ? undefined : decimal(price.volume),
    isBar: false,
  };
}
