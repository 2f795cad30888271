/**
 * The trades of a book: its round trips, from nothing held to nothing held, as a pure function of its postings.
 *
 * What one operation opens is one trade, so the two legs of a pair are; else each asset is one of its own. A trade is over
 * when nothing of it is held and nothing of what it traded is owed. A settlement also ends one of which only crumbs are
 * left: what is less than a step, or a fee that was taken in the asset itself. They stay in the book, at what they cost.
 *
 * Gross profit, fees and interest of all trades, those that are open included, sum up to those of the book, to the last
 * digit; interest on an asset that is not traded just now is kept for the trade that comes.
 */
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { StoredDocument } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';
import type { Posting } from './ledger.ts';
import type { Holdings } from './position.ts';
import { noHoldings, withPosting } from './position.ts';
import type { Amounts } from './sums.ts';
import { minus, plus, withoutZeros } from './sums.ts';

/** A closed round trip. Decimal text, in `currency` unless it says otherwise. */
export interface Trade extends StoredDocument {
  /** Of the posting that opened it, so it is recorded once. */
  readonly _id: string;
  readonly book: string;
  /** The number of the posting that closed it. */
  readonly sequence: number;
  readonly symbols: readonly string[];
  /** `both` where it held one asset long and another short, or changed its side. */
  readonly side: 'long' | 'short' | 'both';
  /** ISO 8601. */
  readonly opened: string;
  readonly closed: string;
  readonly currency: string;
  /** Quantity times price of all that opened it, and of all that closed it. */
  readonly entryValue: string;
  readonly exitValue: string;
  /** Fees and interest not taken off. */
  readonly grossProfit: string;
  readonly fees: string;
  /** With funding. */
  readonly interest: string;
  /** Fees and interest in other currencies, by currency: they are not in the net profit. */
  readonly otherCosts: { readonly [currency: string]: string };
  readonly netProfit: string;
  /** The most that was tied up in it at once: of long and short legs that stand against each other, the larger part. */
  readonly capitalInUse: string;
  /** Net profit in percent of that. */
  readonly percent: string;
  /** What the book owned of itself before, by cost. */
  readonly capitalBefore: string;
}

export const tradeCollection = defineCollection<Trade>('trades', {
  indexes: [['book', 'closed'], ['book', 'sequence'], ['closed']],
});

interface Leg {
  readonly side: 'long' | 'short';
  /** The largest quantity that was held. */
  readonly most: Decimal;
  readonly open: boolean;
}

export interface OpenTrade {
  readonly id: string;
  readonly operation: string | null;
  readonly opened: string;
  readonly currency: string;
  readonly symbols: readonly string[];
  /** By asset. */
  readonly legs: ReadonlyMap<string, Leg>;
  readonly entryValue: Decimal;
  readonly exitValue: Decimal;
  readonly grossProfit: Amounts;
  readonly fees: Amounts;
  readonly interest: Amounts;
  readonly capitalInUse: Decimal;
  readonly capitalBefore: Decimal;
}

/** A book after some of its postings: what it holds, and its trades. */
export interface BookState {
  readonly sequence: number;
  readonly holdings: Holdings;
  readonly open: readonly OpenTrade[];
  /** Cost of interest, by the asset that was charged, for the next trade in it. */
  readonly charged: ReadonlyMap<string, Amounts>;
  /** Those that were closed by the postings since somebody took them out of here to store them. */
  readonly closed: readonly Trade[];
}

export const newBook: BookState = {
  sequence: 0,
  holdings: noHoldings,
  open: [],
  charged: new Map(),
  closed: [],
};

/** Less than this part of the largest quantity is crumbs. */
const crumb = decimal('0.005');

/** Gives the state of `book` after one more posting: for use with `reduce`. */
export function withTrades(book: string): (before: BookState, posting: Posting) => BookState {
  const hold = withPosting(book);
  return (before, posting) => {
    const holdings = hold(before.holdings, posting);
    const next = { ...before, sequence: posting.sequence, holdings };
    const traded = posting.fill ? afterFill(before, next, posting, posting.fill) : afterCharge(before, next);
    return withClosed(traded, book, posting);
  };
}

function afterFill(
  { holdings: before }: BookState,
  next: BookState,
  posting: Posting,
  fill: NonNullable<Posting['fill']>,
): BookState {
  const { asset } = fill;
  const held = (before.positions.get(asset)?.quantity ?? zero).plus(before.cash.get(asset) ?? zero);
  const traded = decimal(fill.side === 'buy' ? fill.quantity : `-${fill.quantity}`);
  const closed = !held.times(traded).lt(zero) ? zero : smaller(held.abs(), traded.abs());
  const opened = traded.abs().minus(closed);
  const price = decimal(fill.price);
  const profit = minus(next.holdings.realised, before.realised);
  const fees = minus(next.holdings.fees, before.fees);
  const turned = opened.gt(zero) && closed.gt(zero);
  const feesOfOpened = turned ? shareOf(fees, opened, traded.abs()) : fees;
  // Crumbs of an earlier trade are part of the new one.
  const crumbs = turned ? zero : (before.positions.get(asset)?.cost ?? zero).abs();
  const begin = (id: string) => opening(id, crumbs, before, posting, fill);

  let state = next;
  if (closed.gt(zero)) {
    state = intoTrade(state, fill, turned ? `${posting._id}:closed` : posting._id, begin, (trade) => ({
      ...trade,
      exitValue: trade.exitValue.plus(closed.times(price)),
      grossProfit: plus(trade.grossProfit, profit),
      fees: plus(trade.fees, turned ? minus(fees, feesOfOpened) : fees),
      legs: turned ? withLegOver(trade.legs, asset) : trade.legs,
    }));
  }
  if (opened.gt(zero)) {
    state = intoTrade(state, fill, posting._id, begin, (trade) => ({
      ...trade,
      entryValue: trade.entryValue.plus(opened.times(price)),
      grossProfit: closed.gt(zero) ? trade.grossProfit : plus(trade.grossProfit, profit),
      fees: plus(trade.fees, feesOfOpened),
    }));
  }
  return state;
}

/** Changes the trade to which a fill belongs: the one that holds its asset, or that its operation opened; else a new one. */
function intoTrade(
  state: BookState,
  fill: NonNullable<Posting['fill']>,
  id: string,
  begin: (id: string) => OpenTrade,
  change: (trade: OpenTrade) => OpenTrade,
): BookState {
  const { asset, symbol, currency, operation } = fill;
  const found =
    state.open.find(({ legs }) => legs.get(asset)?.open) ??
    state.open.find((trade) => operation !== undefined && trade.operation === operation);
  const trade = found ?? begin(id);
  const waiting = [asset, ...(found ? [] : [currency])];
  const charged = new Map(state.charged);
  let { interest } = trade;
  for (const name of waiting) {
    interest = plus(interest, charged.get(name) ?? new Map());
    charged.delete(name);
  }
  const symbols = trade.symbols.includes(symbol) ? trade.symbols : [...trade.symbols, symbol];
  const side = (state.holdings.positions.get(asset)?.quantity ?? zero).lt(zero) ? 'short' : 'long';
  const leg = trade.legs.get(asset);
  const legs = leg?.open ? trade.legs : new Map(trade.legs).set(asset, { side, most: zero, open: true });
  const changed = change({ ...trade, symbols, interest, legs });
  const open = found
    ? state.open.map((other) => (other === found ? changed : other))
    : [...state.open, changed];
  return { ...state, open, charged };
}

function opening(
  id: string,
  crumbs: Decimal,
  before: Holdings,
  { at }: Posting,
  { currency, operation }: NonNullable<Posting['fill']>,
): OpenTrade {
  return {
    id,
    operation: operation ?? null,
    opened: at,
    currency,
    symbols: [],
    legs: new Map(),
    entryValue: crumbs,
    exitValue: zero,
    grossProfit: new Map(),
    fees: new Map(),
    interest: new Map(),
    capitalInUse: zero,
    capitalBefore: [...before.positions.values()]
      .reduce((sum, { cost }) => sum.plus(cost), before.cash.get(currency) ?? zero)
      .minus(before.lent.get(currency) ?? zero),
  };
}

/** Interest and funding go to the trade in the asset; on money, to the oldest that is open. */
function afterCharge({ holdings: before }: BookState, next: BookState): BookState {
  let state = next;
  const cost = minus(next.holdings.interestCost, before.interestCost);
  for (const asset of minus(next.holdings.interest, before.interest).keys()) {
    const charged =
      state.open.find(({ legs }) => legs.has(asset)) ?? state.open.find(({ currency }) => currency === asset);
    state = charged
      ? {
          ...state,
          open: state.open.map((trade) =>
            trade === charged ? { ...trade, interest: plus(trade.interest, cost) } : trade,
          ),
        }
      : {
          ...state,
          charged: new Map(state.charged).set(asset, plus(state.charged.get(asset) ?? new Map(), cost)),
        };
  }
  return state;
}

/** Brings the legs up to what is held now, and takes out the trades that are over. */
function withClosed(state: BookState, book: string, posting: Posting): BookState {
  const { holdings } = state;
  const settled = posting.kind === 'settle';
  const open: OpenTrade[] = [];
  const closed: Trade[] = [];
  for (const trade of state.open) {
    const current = { ...trade, legs: legsNow(trade, holdings), capitalInUse: mostInUse(trade, holdings) };
    if (isOver(current, holdings, settled)) closed.push(tradeOf(current, book, posting));
    else open.push(current);
  }
  return { ...state, open, closed: [...state.closed, ...closed] };
}

function legsNow({ legs }: OpenTrade, { positions }: Holdings): ReadonlyMap<string, Leg> {
  return new Map(
    [...legs].map(([asset, leg]) => {
      const held = (leg.open && positions.get(asset)?.quantity.abs()) || zero;
      return [asset, { ...leg, open: held.gt(zero), most: larger(leg.most, held) }];
    }),
  );
}

function withLegOver(legs: ReadonlyMap<string, Leg>, asset: string): ReadonlyMap<string, Leg> {
  const leg = legs.get(asset);
  return leg ? new Map(legs).set(asset, { ...leg, open: false }) : legs;
}

function isOver({ legs }: OpenTrade, { positions, debts }: Holdings, settled: boolean): boolean {
  return [...legs].every(([asset, { open, most }]) => {
    const held = (open && positions.get(asset)?.quantity.abs()) || zero;
    if (settled) return held.lte(most.times(crumb));
    return held.eq(zero) && !debts.has(asset);
  });
}

function mostInUse({ legs, capitalInUse }: OpenTrade, { positions }: Holdings): Decimal {
  let long = zero;
  let short = zero;
  for (const [asset, { open }] of legs) {
    const cost = (open && positions.get(asset)?.cost) || zero;
    if (cost.gt(zero)) long = long.plus(cost);
    else short = short.minus(cost);
  }
  return larger(capitalInUse, larger(long, short));
}

function tradeOf(trade: OpenTrade, book: string, { sequence, at }: Posting): Trade {
  const { id, symbols, opened, currency, entryValue, exitValue, grossProfit, capitalInUse, capitalBefore } =
    trade;
  const of = (amounts: Amounts) => amounts.get(currency) ?? zero;
  const fees = of(trade.fees);
  const interest = of(trade.interest);
  const net = of(grossProfit).minus(fees).minus(interest);
  const costs = withoutZeros(minus(plus(trade.fees, trade.interest), grossProfit));
  const others = [...costs].filter(([name]) => name !== currency);
  const sides = new Set([...trade.legs.values()].map(({ side }) => side));
  const [side = 'long'] = sides;
  return {
    _id: id,
    book,
    sequence,
    symbols,
    side: sides.size > 1 ? 'both' : side,
    opened,
    closed: at,
    currency,
    entryValue: decimalText(entryValue),
    exitValue: decimalText(exitValue),
    grossProfit: decimalText(of(grossProfit)),
    fees: decimalText(fees),
    interest: decimalText(interest),
    otherCosts: Object.fromEntries(others.map(([name, amount]) => [name, decimalText(amount)])),
    netProfit: decimalText(net),
    capitalInUse: decimalText(capitalInUse),
    percent: decimalText(capitalInUse.eq(zero) ? zero : net.times(decimal('100')).div(capitalInUse).round(8)),
    capitalBefore: decimalText(capitalBefore),
  };
}

function shareOf(amounts: Amounts, part: Decimal, whole: Decimal): Amounts {
  return new Map([...amounts].map(([name, amount]) => [name, amount.times(part).div(whole)]));
}

function smaller(one: Decimal, other: Decimal): Decimal {
  return one.lt(other) ? one : other;
}

function larger(one: Decimal, other: Decimal): Decimal {
  return one.gt(other) ? one : other;
}
