/**
 * What a book holds and has earned, as the sum of its postings, by average cost.
 *
 * For every book, at any time and to the last digit: cash + cost of its positions = deposits + realised profit - fees.
 * The average itself may be rounded (it is a quotient); this sum is not, because a sale takes a part of the cost away
 * and only that part.
 */
import type { Decimal } from '../money.ts';
import { decimal, zero } from '../money.ts';
import type { Posting } from './ledger.ts';
import { balancesOf, bookAccount } from './ledger.ts';

export interface Position {
  /** Negative when short. */
  readonly quantity: Decimal;
  /** What it cost without fees; negative for a short position: what its sale brought. */
  readonly cost: Decimal;
}

export interface Holdings {
  /** Of the newest posting that is in it. */
  readonly sequence: number;
  /** By currency. */
  readonly cash: ReadonlyMap<string, Decimal>;
  readonly positions: ReadonlyMap<string, Position>;
  /** Deposits less withdrawals, by currency. */
  readonly deposited: ReadonlyMap<string, Decimal>;
  /** Profit of what was closed, without fees, by currency. */
  readonly realised: ReadonlyMap<string, Decimal>;
  readonly fees: ReadonlyMap<string, Decimal>;
}

export const noHoldings: Holdings = {
  sequence: 0,
  cash: new Map(),
  positions: new Map(),
  deposited: new Map(),
  realised: new Map(),
  fees: new Map(),
};

/** The holdings after one more posting of the book. */
export function withPosting(before: Holdings, posting: Posting): Holdings {
  const change = balancesOf(bookAccount(posting.book), posting.entries);
  const { sequence, fill } = posting;
  if (!fill) {
    return {
      ...before,
      sequence,
      cash: addAll(before.cash, change),
      deposited: addAll(before.deposited, change),
    };
  }
  const money = new Map([...change].filter(([asset]) => asset !== fill.asset));
  const signed = decimal(fill.side === 'buy' ? fill.quantity : `-${fill.quantity}`);
  const { position, profit } = afterTrade(
    before.positions.get(fill.asset) ?? { quantity: zero, cost: zero },
    signed,
    decimal(fill.price),
  );
  const positions = new Map(before.positions);
  if (position.quantity.eq(zero)) positions.delete(fill.asset);
  else positions.set(fill.asset, position);
  return {
    ...before,
    sequence,
    cash: addAll(before.cash, money),
    positions,
    realised: addAll(before.realised, new Map([[fill.currency, profit]])),
    fees: addAll(before.fees, new Map([[fill.feeCurrency, decimal(fill.fee)]])),
  };
}

/** A trade first closes what is held on the other side, then opens with what is left of it. */
function afterTrade(
  { quantity, cost }: Position,
  traded: Decimal,
  price: Decimal,
): { position: Position; profit: Decimal } {
  const opposite = quantity.times(traded).lt(zero);
  const closed = !opposite ? zero : traded.abs().gt(quantity.abs()) ? quantity.neg() : traded;
  const opened = traded.minus(closed);
  // All of it when all is closed: a quotient may be rounded, and nothing may be left over.
  const costOfClosed = closed.eq(quantity.neg()) ? cost : cost.times(closed.neg()).div(quantity);
  return {
    position: {
      quantity: quantity.plus(traded),
      cost: cost.minus(costOfClosed).plus(opened.times(price)),
    },
    profit: closed.neg().times(price).minus(costOfClosed),
  };
}

function addAll(
  before: ReadonlyMap<string, Decimal>,
  change: ReadonlyMap<string, Decimal>,
): ReadonlyMap<string, Decimal> {
  const after = new Map(before);
  for (const [key, amount] of change) after.set(key, (after.get(key) ?? zero).plus(amount));
  return after;
}
