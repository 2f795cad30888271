/**
 * How well a book traded: figures over its closed trades, before costs (gross) and after them (net).
 *
 * Sums of money are exact. Averages of wins and of losses are taken over the wins and over the losses, and a trade that
 * brought nothing is neither; so their quotient is the payoff ratio and not the profit factor, which stands beside it. A
 * figure that is not defined, such as an average loss without a loss, is null and not 0.
 *
 * Deviations are those of a sample (n - 1). The Sharpe ratio is that of daily returns on the capital of the book, days
 * without a closed trade included, times the root of 365 days, because a book may trade on all of them: W. F. Sharpe,
 * "The Sharpe Ratio", Journal of Portfolio Management 21 (1994); A. W. Lo, "The Statistics of Sharpe Ratios", Financial
 * Analysts Journal 58 (2002), which says why a ratio per trade must not be scaled like one per day.
 */
import type { Trade } from '../bank/trades.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';

/** Percentages are in percent: 12.5 is 12.5 %. Money is in the currency of the trades. */
export interface Figures {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly profit: Decimal;
  readonly averageProfit: Decimal | null;
  /** Wins among all trades. */
  readonly winRatePercent: number | null;
  readonly averageWin: Decimal | null;
  /** Negative. */
  readonly averageLoss: Decimal | null;
  /** Average win by average loss, positive; null without a win or without a loss. */
  readonly payoffRatio: number | null;
  /** All that was won by all that was lost; null without a loss. */
  readonly profitFactor: number | null;
  /** Of what was tied up in each trade. */
  readonly averagePercent: number | null;
  readonly averageWinPercent: number | null;
  readonly averageLossPercent: number | null;
  readonly deviationPercent: number | null;
  readonly sharpeRatio: number | null;
  readonly largestWin: Decimal | null;
  readonly largestLoss: Decimal | null;
  readonly largestWinPercent: number | null;
  readonly largestLossPercent: number | null;
  /** The deepest fall of the sum of profits below its peak, positive; 0 where it never fell. */
  readonly drawdown: Decimal;
  /** The same of the return on capital, compounded trade by trade. */
  readonly drawdownPercent: number;
}

/** What trades cost, and what they were made with. */
export interface Costs {
  readonly fees: Decimal;
  readonly averageFee: Decimal | null;
  readonly largestFee: Decimal | null;
  /** Of what was tied up in each trade. */
  readonly averageFeePercent: number | null;
  readonly largestFeePercent: number | null;
  readonly interest: Decimal;
  /** Of the book, before each trade. */
  readonly averageCapital: Decimal | null;
}

/** A trade as the figures see it. */
interface Outcome {
  readonly profit: Decimal;
  readonly percent: number;
  /** On the capital of the book before the trade, as a fraction. */
  readonly returnOnCapital: number;
  readonly day: number;
}

const dayMs = 86_400_000;
const hundred = decimal('100');

/**
 * @param trades of one currency, in the order in which they were closed
 * @param of `gross`: before fees and interest; `net`: after them
 */
export function figuresOf(trades: readonly Trade[], of: 'gross' | 'net'): Figures {
  const outcomes = trades.map((trade) => outcomeOf(trade, of));
  const wins = outcomes.filter(({ profit }) => profit.gt(zero));
  const losses = outcomes.filter(({ profit }) => profit.lt(zero));
  const won = sum(wins.map(({ profit }) => profit));
  const lost = sum(losses.map(({ profit }) => profit));
  const averageWin = averageOf(won, wins.length);
  const averageLoss = averageOf(lost, losses.length);
  const percents = outcomes.map(({ percent }) => percent);
  const winPercents = wins.map(({ percent }) => percent);
  const lossPercents = losses.map(({ percent }) => percent);
  return {
    trades: outcomes.length,
    wins: wins.length,
    losses: losses.length,
    profit: won.plus(lost),
    averageProfit: averageOf(won.plus(lost), outcomes.length),
    winRatePercent: outcomes.length === 0 ? null : (100 * wins.length) / outcomes.length,
    averageWin,
    averageLoss,
    payoffRatio: averageWin && averageLoss ? quotient(averageWin, averageLoss.neg()) : null,
    profitFactor: losses.length === 0 ? null : quotient(won, lost.neg()),
    averagePercent: mean(percents),
    averageWinPercent: mean(winPercents),
    averageLossPercent: mean(lossPercents),
    deviationPercent: deviation(percents),
    sharpeRatio: sharpeOf(outcomes, trades),
    largestWin: largest(wins.map(({ profit }) => profit)),
    largestLoss: largest(losses.map(({ profit }) => profit.neg()))?.neg() ?? null,
    largestWinPercent: wins.length === 0 ? null : Math.max(...winPercents),
    largestLossPercent: losses.length === 0 ? null : Math.min(...lossPercents),
    drawdown: drawdownOf(outcomes),
    drawdownPercent: drawdownPercentOf(outcomes),
  };
}

/** @param trades of one currency */
export function costsOf(trades: readonly Trade[]): Costs {
  const fees = trades.map((trade) => decimal(trade.fees));
  const feePercents = trades.map((trade) => percentOf(decimal(trade.fees), decimal(trade.capitalInUse)));
  return {
    fees: sum(fees),
    averageFee: averageOf(sum(fees), fees.length),
    largestFee: largest(fees),
    averageFeePercent: mean(feePercents),
    largestFeePercent: feePercents.length === 0 ? null : Math.max(...feePercents),
    interest: sum(trades.map(({ interest }) => decimal(interest))),
    averageCapital: averageOf(sum(trades.map(({ capitalBefore }) => decimal(capitalBefore))), trades.length),
  };
}

/** Costs in other currencies, which are in none of the figures, by currency. */
export function otherCostsOf(trades: readonly Trade[]): ReadonlyMap<string, Decimal> {
  const costs = new Map<string, Decimal>();
  for (const { otherCosts } of trades) {
    for (const [currency, amount] of Object.entries(otherCosts))
      costs.set(currency, (costs.get(currency) ?? zero).plus(decimal(amount)));
  }
  return costs;
}

function outcomeOf(trade: Trade, of: 'gross' | 'net'): Outcome {
  const profit = decimal(of === 'gross' ? trade.grossProfit : trade.netProfit);
  const capital = decimal(trade.capitalBefore);
  return {
    profit,
    percent: percentOf(profit, decimal(trade.capitalInUse)),
    // A book that owned nothing of itself traded with money of the bank alone: there is no return on its own.
    returnOnCapital: capital.gt(zero) ? quotient(profit, capital) : 0,
    day: dayOf(trade.closed),
  };
}

/** Null with less than two days, and where all returns are alike. */
function sharpeOf(outcomes: readonly Outcome[], trades: readonly Trade[]): number | null {
  if (outcomes.length === 0) return null;
  const first = trades.reduce((day, { opened }) => Math.min(day, dayOf(opened)), Number.POSITIVE_INFINITY);
  const last = outcomes.reduce((day, outcome) => Math.max(day, outcome.day), first);
  const days = last - first + 1;
  const byDay = new Map<number, number>();
  for (const { day, returnOnCapital } of outcomes) byDay.set(day, (byDay.get(day) ?? 0) + returnOnCapital);
  const average = [...byDay.values()].reduce((total, value) => total + value, 0) / days;
  const traded = [...byDay.values()].reduce((total, value) => total + (value - average) ** 2, 0);
  const variance = (traded + (days - byDay.size) * average ** 2) / (days - 1);
  return days > 1 && variance > 0 ? (average / Math.sqrt(variance)) * Math.sqrt(365) : null;
}

function drawdownOf(outcomes: readonly Outcome[]): Decimal {
  let total = zero;
  let peak = zero;
  let deepest = zero;
  for (const { profit } of outcomes) {
    total = total.plus(profit);
    if (total.gt(peak)) peak = total;
    if (peak.minus(total).gt(deepest)) deepest = peak.minus(total);
  }
  return deepest;
}

function drawdownPercentOf(outcomes: readonly Outcome[]): number {
  let index = 1;
  let peak = 1;
  let deepest = 0;
  for (const { returnOnCapital } of outcomes) {
    index *= Math.max(0, 1 + returnOnCapital); // less than everything cannot be lost
    peak = Math.max(peak, index);
    deepest = Math.max(deepest, 1 - index / peak);
  }
  return 100 * deepest;
}

function dayOf(iso: string): number {
  return Math.floor(Date.parse(iso) / dayMs);
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total.plus(amount), zero);
}

function averageOf(total: Decimal, count: number): Decimal | null {
  return count === 0 ? null : total.div(decimal(String(count)));
}

function largest(amounts: readonly Decimal[]): Decimal | null {
  return amounts.reduce<Decimal | null>(
    (most, amount) => (most === null || amount.gt(most) ? amount : most),
    null,
  );
}

function quotient(one: Decimal, other: Decimal): number {
  return Number(decimalText(one.div(other)));
}

/** 0 of nothing. */
function percentOf(part: Decimal, whole: Decimal): number {
  return whole.eq(zero) ? 0 : quotient(part.times(hundred), whole);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}

/** Of a sample; null with less than two values. */
function deviation(values: readonly number[]): number | null {
  const average = mean(values);
  if (average === null || values.length < 2) return null;
  const squares = values.reduce((total, value) => total + (value - average) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
