/**
 * What a book holds, owes and has earned, as the sum of its postings, by average cost.
 *
 * For every book, for each currency, at any time and to the last digit:
 *
 *     cash + cost of its positions = deposits + what the bank lent + realised profit - fees - cost of interest
 *
 * and for each asset: what lies in its wallets - what it owes = its cash in it + its position in it. The average itself
 * may be rounded (it is a quotient); these sums are not, because a sale takes a part of the cost away and only that part.
 *
 * A position is net of debts: 120 borrowed are no position, and 120 borrowed and sold are one of -120. A fee that is
 * taken in the asset itself, and interest on it, make the position smaller, and what that part had cost is the fee, or the
 * cost of the interest; where nothing is held, at the price of the fill. A fee in a third currency is paid from the book's
 * cash of it, which goes below zero. When such a currency is traded itself later, the cash becomes a position of no cost.
 *
 * A book trades in its own currency; the checks of an order see to it.
 */
import type { Decimal } from '../money.ts';
import { decimal, zero } from '../money.ts';
import type { BookFill, LedgerAccount, LedgerEntry, Posting } from './ledger.ts';
import { balancesOf, bookAccount, loansAccount } from './ledger.ts';
import type { Amounts, Wallets } from './sums.ts';
import { plus, plusIn, plusOne, withoutZeros } from './sums.ts';

export interface Position {
  /** Negative when short. What is owed is taken off. */
  readonly quantity: Decimal;
  /** What it cost without fees; negative for a short position: what its sale brought. */
  readonly cost: Decimal;
  /** In which the cost is counted. */
  readonly currency: string;
  /** Under which it was traded last: what to ask for its price. */
  readonly symbol: string;
  /** How many operations enlarged it since nothing was held; a fill without one counts by itself. */
  readonly entries: number;
  /** The operation that enlarged it last; null where it had none. */
  readonly enteredBy: string | null;
}

export interface Holdings {
  /** Of the newest posting that is in it. */
  readonly sequence: number;
  /**
   * By currency, over all wallets, what is owed of it to the broker taken off; what the bank lent is in it. What can be
   * spent in one wallet is in `wallets`.
   */
  readonly cash: Amounts;
  /** By asset. */
  readonly positions: ReadonlyMap<string, Position>;
  /** What lies there, borrowed assets with it. */
  readonly wallets: Wallets;
  /** What is owed to the broker, by asset, with interest as far as it is booked; positive. */
  readonly debts: Amounts;
  /** What is owed to the bank, by currency. */
  readonly lent: Amounts;
  /** Deposits less withdrawals, by currency. */
  readonly deposited: Amounts;
  /** Profit of what was closed, without fees and interest, by currency. */
  readonly realised: Amounts;
  readonly fees: Amounts;
  /** Interest and funding in the asset in which they were charged. */
  readonly interest: Amounts;
  /** What that cost, by currency: interest on an asset counts at the average price of the position in it. */
  readonly interestCost: Amounts;
}

export const noHoldings: Holdings = {
  sequence: 0,
  cash: new Map(),
  positions: new Map(),
  wallets: new Map(),
  debts: new Map(),
  lent: new Map(),
  deposited: new Map(),
  realised: new Map(),
  fees: new Map(),
  interest: new Map(),
  interestCost: new Map(),
};

/** Gives the holdings of `book` after one more posting: for use with `reduce`. */
export function withPosting(book: string): (before: Holdings, posting: Posting) => Holdings {
  const owned = bookAccount(book);
  const owed = loansAccount(book);
  return (before, posting) => {
    const lying = placed(before, posting, { owned, owed });
    switch (posting.kind) {
      case 'deposit':
      case 'move': {
        const change = balancesOf(owned, posting.entries);
        return { ...lying, cash: plus(lying.cash, change), deposited: plus(lying.deposited, change) };
      }
      case 'lend':
      case 'settle': {
        const change = balancesOf(owned, posting.entries);
        return { ...lying, cash: plus(lying.cash, change), lent: withoutZeros(plus(lying.lent, change)) };
      }
      case 'fill':
        return posting.fill ? withFill(lying, posting.fill) : lying;
      case 'interest':
      case 'funding': {
        let after = lying;
        for (const account of [owned, owed]) {
          for (const [asset, change] of balancesOf(account, posting.entries))
            after = withInterest(after, asset, change.neg());
        }
        return after;
      }
      case 'transfer':
      case 'borrow':
      case 'repay':
      case 'opening':
      case 'adopted':
        return lying; // what it owns less what it owes stays the same
      default:
        return posting.kind satisfies never;
    }
  };
}

/** Where the book's assets lie and what it owes, after the posting's entries. */
function placed(
  before: Holdings,
  { sequence, entries }: { readonly sequence: number; readonly entries: readonly LedgerEntry[] },
  { owned, owed }: { readonly owned: LedgerAccount; readonly owed: LedgerAccount },
): Holdings {
  let { wallets, debts } = before;
  for (const entry of entries) {
    const amount = decimal(entry.amount);
    if (entry.account === owned) wallets = plusIn(wallets, entry, amount);
    if (entry.account === owed) debts = withoutZeros(plusOne(debts, entry.asset, amount.neg()));
  }
  return { ...before, sequence, wallets, debts };
}

type Fill = Omit<BookFill, 'cause' | 'book' | 'broker'>;

function withFill(before: Holdings, fill: Fill): Holdings {
  const { asset, currency, symbol } = fill;
  const price = decimal(fill.price);
  const bought = decimal(fill.side === 'buy' ? fill.quantity : `-${fill.quantity}`);
  const ready = withCashAsPosition(before, fill);
  const { position, profit } = afterTrade(ready.positions.get(asset) ?? nothing(fill), bought, price);
  const traded: Holdings = {
    ...ready,
    cash: plusOne(ready.cash, currency, bought.times(price).neg()),
    positions: withPosition(ready.positions, asset, { ...withEntry(position, bought, fill), symbol }),
    realised: plusOne(ready.realised, currency, profit),
  };
  return withFee(traded, fill, price);
}

function withFee(before: Holdings, fill: Fill, price: Decimal): Holdings {
  const fee = decimal(fill.fee);
  const asset = fill.feeCurrency;
  const held = asset === fill.currency ? undefined : before.positions.get(asset);
  const position = held ?? (asset === fill.asset ? nothing(fill) : undefined);
  if (!position) {
    return {
      ...before,
      cash: plusOne(before.cash, asset, fee.neg()),
      fees: plusOne(before.fees, asset, fee),
    };
  }
  const { left, value } = taken(position, fee, asset === fill.asset ? price : zero);
  return {
    ...before,
    positions: withPosition(before.positions, asset, left),
    fees: plusOne(before.fees, position.currency, value),
  };
}

function withInterest(before: Holdings, asset: string, charged: Decimal): Holdings {
  const interest = plusOne(before.interest, asset, charged);
  const position = before.positions.get(asset);
  if (!position) {
    return {
      ...before,
      interest,
      cash: plusOne(before.cash, asset, charged.neg()),
      interestCost: plusOne(before.interestCost, asset, charged),
    };
  }
  const { left, value } = taken(position, charged, position.cost.div(position.quantity));
  return {
    ...before,
    interest,
    positions: withPosition(before.positions, asset, left),
    interestCost: plusOne(before.interestCost, position.currency, value),
  };
}

/** What the book has or lacks of an asset that is now traded becomes a position of no cost: it was paid for already. */
function withCashAsPosition(before: Holdings, fill: Fill): Holdings {
  const { asset } = fill;
  const cash = before.cash.get(asset) ?? zero;
  if (cash.eq(zero)) return before;
  const { left, value } = taken(before.positions.get(asset) ?? nothing(fill), cash.neg(), zero);
  return {
    ...before,
    cash: plusOne(before.cash, asset, cash.neg()),
    realised: plusOne(plusOne(before.realised, asset, cash.neg()), left.currency, value.neg()),
    positions: withPosition(before.positions, asset, left),
  };
}

function nothing({ currency, symbol }: Fill): Position {
  return { quantity: zero, cost: zero, currency, symbol, entries: 0, enteredBy: null };
}

/** Counts the fill when it opened or enlarged the position; one that turned it round begins anew. */
function withEntry(position: Position, traded: Decimal, fill: Fill): Position {
  const operation = fill.operation ?? null;
  const { quantity, entries, enteredBy } = position;
  if (quantity.times(traded).lte(zero)) return position;
  // A crumb that an earlier exit left, smaller than a step, is no entry.
  const opens = traded.abs().times(crumb).gte(quantity.abs());
  if (opens) return { ...position, entries: 1, enteredBy: operation };
  const isSame = operation !== null && operation === enteredBy;
  return isSame ? position : { ...position, entries: entries + 1, enteredBy: operation };
}

const crumb = decimal('1.005');

function withPosition(
  before: ReadonlyMap<string, Position>,
  asset: string,
  position: Position,
): ReadonlyMap<string, Position> {
  const after = new Map(before);
  if (position.quantity.eq(zero)) after.delete(asset);
  else after.set(asset, position);
  return after;
}

/** A trade first closes what is held on the other side, then opens with what is left of it. */
function afterTrade(
  position: Position,
  traded: Decimal,
  price: Decimal,
): { position: Position; profit: Decimal } {
  const { closed, opened, costOfClosed } = split(position, traded);
  return {
    position: {
      ...position,
      quantity: position.quantity.plus(traded),
      cost: position.cost.minus(costOfClosed).plus(opened.times(price)),
    },
    profit: closed.neg().times(price).minus(costOfClosed),
  };
}

/** What is left when a part of it is taken without being paid for, and what that part had cost; beyond it, `price`. */
function taken(position: Position, quantity: Decimal, price: Decimal): { left: Position; value: Decimal } {
  const { opened, costOfClosed } = split(position, quantity.neg());
  const value = costOfClosed.minus(opened.times(price));
  return {
    left: {
      ...position,
      quantity: position.quantity.minus(quantity),
      cost: position.cost.minus(value),
    },
    value,
  };
}

function split({ quantity, cost }: Position, traded: Decimal) {
  const opposite = quantity.times(traded).lt(zero);
  const closed = !opposite ? zero : traded.abs().gt(quantity.abs()) ? quantity.neg() : traded;
  // All of it when all is closed: a quotient may be rounded, and nothing may be left over.
  const all = closed.eq(quantity.neg());
  const costOfClosed = all ? cost : closed.eq(zero) ? zero : cost.times(closed.neg()).div(quantity);
  return { closed, opened: traded.minus(closed), costOfClosed };
}
