/**
 * What a book did with its money, read from its postings: what each of them brought and cost, and what the book had after
 * each of them. Pure and exact, because it is the ledger's own arithmetic told posting by posting.
 */
import type { Posting, PostingKind } from '../bank/ledger.ts';
import type { Holdings } from '../bank/position.ts';
import { noHoldings, withPosting } from '../bank/position.ts';
import type { Amounts } from '../bank/sums.ts';
import { minus, plus, withoutZeros } from '../bank/sums.ts';
import type { Decimal } from '../money.ts';
import { zero } from '../money.ts';

/** What one posting changed in a book. Money in the book's currency. */
export interface FlowLine {
  /** The posting's cause. */
  readonly cause: string;
  readonly at: string;
  readonly kind: PostingKind;
  /** What was traded, or what interest was charged on; null where it concerns no instrument. */
  readonly symbol: string | null;
  readonly realised: Decimal;
  readonly fees: Decimal;
  /** With funding. */
  readonly interest: Decimal;
  /** Negative for what was taken out. */
  readonly deposited: Decimal;
  /** Fees and interest less profit in other currencies. */
  readonly otherCosts: Amounts;
}

export interface Moment {
  readonly line: FlowLine;
  readonly after: Holdings;
}

/** Moments of a book, in the order of its postings, of which none may be missing. */
export function* historyOf(
  book: string,
  currency: string,
  postings: Iterable<Posting>,
): Generator<Moment, void> {
  const next = withPosting(book);
  let before = noHoldings;
  for (const posting of postings) {
    const after = next(before, posting);
    yield { line: lineOf(posting, before, after, currency), after };
    before = after;
  }
}

function lineOf(
  { _id, at, kind, fill, entries }: Posting,
  before: Holdings,
  after: Holdings,
  currency: string,
): FlowLine {
  const change = (of: (holdings: Holdings) => Amounts) => minus(of(after), of(before));
  const realised = change((holdings) => holdings.realised);
  const fees = change((holdings) => holdings.fees);
  const interest = change((holdings) => holdings.interestCost);
  const costs = new Map(minus(plus(fees, interest), realised));
  costs.delete(currency);
  const own = (amounts: Amounts) => amounts.get(currency) ?? zero;
  const charged = kind === 'interest' || kind === 'funding' ? entries[0]?.asset : undefined;
  const position = charged === undefined ? undefined : before.positions.get(charged);
  return {
    cause: _id,
    at,
    kind,
    symbol: fill?.symbol ?? position?.symbol ?? null,
    realised: own(realised),
    fees: own(fees),
    interest: own(interest),
    deposited: own(change((holdings) => holdings.deposited)),
    otherCosts: costs,
  };
}

/** Profit and costs of some flow lines together. */
export interface ProfitSum {
  readonly realised: Decimal;
  readonly fees: Decimal;
  readonly interest: Decimal;
  /** Realised profit less fees and interest. */
  readonly net: Decimal;
  readonly otherCosts: Amounts;
}

export const noProfit: ProfitSum = {
  realised: zero,
  fees: zero,
  interest: zero,
  net: zero,
  otherCosts: new Map(),
};

export function profitOf(lines: Iterable<FlowLine>): ProfitSum {
  let sum = noProfit;
  for (const line of lines) sum = withLine(sum, line);
  return sum;
}

/** Of what traded or was charged, by symbol; what concerns no instrument, such as interest on money, under null. */
export function profitBySymbol(lines: Iterable<FlowLine>): ReadonlyMap<string | null, ProfitSum> {
  const sums = new Map<string | null, ProfitSum>();
  for (const line of lines) {
    const sum = withLine(sums.get(line.symbol) ?? noProfit, line);
    const isNothing = sum.realised.eq(zero) && sum.fees.eq(zero) && sum.interest.eq(zero);
    if (isNothing && line.kind !== 'fill' && !sums.has(line.symbol)) continue;
    sums.set(line.symbol, sum);
  }
  return sums;
}

function withLine(sum: ProfitSum, line: FlowLine): ProfitSum {
  const realised = sum.realised.plus(line.realised);
  const fees = sum.fees.plus(line.fees);
  const interest = sum.interest.plus(line.interest);
  return {
    realised,
    fees,
    interest,
    net: realised.minus(fees).minus(interest),
    otherCosts: withoutZeros(plus(sum.otherCosts, line.otherCosts)),
  };
}
