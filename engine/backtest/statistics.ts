/**
 * The statistics of a backtest. Formulas are those of Backtesting.py 0.6.6
 * (https://kernc.github.io/backtesting.py, module backtesting._stats), written next to where they are computed.
 *
 * Loops over all bars stand in functions that answer a number, or in constructors: V8 forgets what it has learnt of a
 * loop when an object literal after it turns out to be of a shape that was collected meanwhile.
 */
import { columnsOf, type TradeColumns } from './ledger.ts';
import type { BacktestResult, Statistics, Trade } from './result.ts';
import { semantics } from './semantics.ts';
import { dayMs, TimeAxis } from './time-axis.ts';

export interface StatisticsInput {
  readonly axis: TimeAxis;
  readonly equity: Float64Array;
  /** Close of the symbol, or of equal money in all of them. */
  readonly price: Float64Array;
  /** Bar from which buy and hold counts. */
  readonly heldFrom: number;
  /** Bar with which the annual figures begin; null for all bars. See `Semantics.annualFromFirstNext`. */
  readonly annualFrom: number | null;
  /** Closed trades, as records or as columns. */
  readonly trades: TradeColumns | readonly Trade[];
  /** Yearly, as a fraction. */
  readonly riskFreeRate?: number;
}

export function computeStatistics(input: StatisticsInput): Statistics {
  const { axis, equity, price, heldFrom, annualFrom, riskFreeRate = 0 } = input;
  const { time, hasTimes, resolution } = axis;
  const trades = 'pnl' in input.trades ? input.trades : columnsOf(input.trades);
  const start = time[0] ?? Number.NaN;
  const end = time.at(-1) ?? Number.NaN;
  const equityFinal = equity.at(-1) ?? Number.NaN;
  const returnPct = ((equityFinal - first(equity)) / first(equity)) * 100;
  const held = price[heldFrom] ?? Number.NaN;
  const buyAndHoldReturnPct = (((price.at(-1) ?? Number.NaN) - held) / held) * 100;
  const annual = hasTimes ? annualFigures(axis, equity, annualFrom) : withoutTimes;
  const drawdowns = new DrawdownSpells(time, equity);
  const beta = betaOf(equity, price);
  const riskFreePct = riskFreeRate * 100;
  const years = (end - start) / dayMs / 365.25;
  return {
    start,
    end,
    durationMs: end - start,
    exposureTimePct: exposureOf(trades, time.length) * 100,
    equityFinal,
    equityPeak: drawdowns.highest,
    returnPct,
    buyAndHoldReturnPct,
    returnAnnualPct: annual.returnFraction * 100,
    volatilityAnnualPct: annual.volatility * 100,
    // (final / first) ^ (1 / years) - 1
    cagrPct: hasTimes ? ((equityFinal / first(equity)) ** (1 / years) - 1) * 100 : Number.NaN,
    // (annual return - risk-free rate) / annual volatility
    sharpeRatio: ratio(annual.returnFraction * 100 - riskFreePct, annual.volatility * 100),
    // (annual return - risk-free rate) / annual downside deviation
    sortinoRatio: ratio(annual.returnFraction - riskFreeRate, annual.downside),
    // annual return / maximal drawdown
    calmarRatio: ratio(annual.returnFraction, drawdowns.deepest),
    // Jensen's alpha: return - risk-free rate - beta * (market's return - risk-free rate)
    alphaPct: returnPct - riskFreePct - beta * (buyAndHoldReturnPct - riskFreePct),
    beta,
    maxDrawdownPct: -drawdowns.deepest * 100,
    avgDrawdownPct: -mean(drawdowns.depths) * 100,
    maxDrawdownDurationMs: roundUp(largest(drawdowns.durations), resolution),
    avgDrawdownDurationMs: roundUp(mean(drawdowns.durations), resolution),
    ...tradeFigures(time, trades, resolution),
  };
}

/**
 * The statistics again, for some of the trades (all of them unless said). The equity of some is the run's first, plus
 * the profit of each of them from the bar of its entry on.
 * @param riskFreeRate yearly, as a fraction
 */
export function recomputeStatistics(
  result: BacktestResult,
  trades: readonly Trade[] = result.trades,
  riskFreeRate = 0,
): Statistics {
  const { time, equity, buyAndHold, heldFrom, firstBar } = result;
  const gains = new Float64Array(time.length);
  for (const { entryBar, pnl } of trades) gains[entryBar] = (gains[entryBar] as number) + pnl;
  let total = first(equity);
  const rebuilt = gains.map((gain) => {
    total += gain;
    return total;
  });
  return computeStatistics({
    axis: new TimeAxis(time),
    equity: trades === result.trades ? equity : rebuilt,
    price: buyAndHold,
    heldFrom,
    annualFrom: semantics[result.semantics].annualFromFirstNext ? firstBar : null,
    trades,
    riskFreeRate,
  });
}

/** Fraction below the running peak, 0 to 1, for each bar. */
export function drawdownOf(equity: Float64Array): Float64Array {
  const drawdown = new Float64Array(equity.length);
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < equity.length; i++) {
    const value = equity[i] as number;
    if (value > peak) peak = value;
    drawdown[i] = 1 - value / peak;
  }
  return drawdown;
}

/** Share of the bars that lie inside a closed trade, its entry and exit bar included. */
function exposureOf({ entryBar, exitBar }: TradeColumns, bars: number): number {
  // The union of intervals: with starts and ends sorted each by itself, one ends where as many have ended as begun.
  const starts = entryBar.toSorted();
  const ends = exitBar.toSorted();
  let inside = 0;
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number;
    const isLast = i + 1 === ends.length || (starts[i + 1] as number) > end;
    if (!isLast) continue;
    inside += end + 1 - (starts[from] as number);
    from = i + 1;
  }
  return inside / bars;
}

interface AnnualFigures {
  readonly returnFraction: number;
  readonly volatility: number;
  readonly downside: number;
}

/** Without a year there is nothing to compound: 1 to an unknown power is still 1, and the rest is undefined. */
const withoutTimes: AnnualFigures = { returnFraction: 0, volatility: Number.NaN, downside: Number.NaN };

/**
 * Yearly figures from the returns R of days (or weeks, months, years, when the bars are that long), N of them a year:
 * return (1 + g)^N - 1 with g the geometric mean of R; volatility sqrt((var + (1 + g)^2)^N - (1 + g)^(2N)); downside
 * sqrt(mean(min(R, 0)^2)) * sqrt(N).
 */
function annualFigures(
  { perYear, periodEnds }: TimeAxis,
  equity: Float64Array,
  from: number | null,
): AnnualFigures {
  const returns = periodReturns(equity, periodEnds, from ?? 0);
  const growth = 1 + geometricMean(returns, from === null ? returns.length : returns.length + 1);
  const power = growth ** perYear;
  const variance = varianceOf(returns);
  return {
    returnFraction: power - 1,
    volatility: Math.sqrt((variance + growth ** 2) ** perYear - growth ** (2 * perYear)),
    downside: downsideDeviation(returns) * Math.sqrt(perYear),
  };
}

/** Changes from the last equity of one period to the last of the next; periods without bars do not count. */
function periodReturns(equity: Float64Array, periodEnds: Int32Array, from: number): number[] {
  const returns: number[] = [];
  let previous = Number.NaN;
  for (let i = 0; i < periodEnds.length; i++) {
    const bar = periodEnds[i] as number;
    if (bar < from) continue;
    const value = equity[bar] as number;
    // NaN for the first, and after a bankruptcy (0 to 0), which are left out.
    const change = value / previous - 1;
    if (!Number.isNaN(change)) returns.push(change);
    previous = value;
  }
  return returns;
}

/** exp(sum(ln(1 + R)) / count) - 1; 0 as soon as one of them lost everything. */
function geometricMean(returns: ArrayLike<number>, count = returns.length): number {
  let logs = 0;
  for (let i = 0; i < returns.length; i++) {
    const factor = 1 + (returns[i] as number);
    if (factor <= 0) return 0;
    logs += Math.log(factor);
  }
  return Math.exp(logs / count) - 1;
}

/** Root of the mean square of the losses, gains counting as 0. */
function downsideDeviation(returns: readonly number[]): number {
  let squares = 0;
  for (const value of returns) if (value < 0) squares += value * value;
  return Math.sqrt(squares / returns.length);
}

/** Spells below the peak, each from the bar at the peak to the next bar at (or above) it, or to the last bar. */
class DrawdownSpells {
  readonly durations: number[] = [];
  readonly depths: number[] = [];
  deepest = 0;
  highest = Number.NEGATIVE_INFINITY;

  /** Goes through `drawdownOf(equity)` without keeping it. */
  constructor(time: Float64Array, equity: Float64Array) {
    let highest = Number.NEGATIVE_INFINITY;
    let peak = 0;
    let depth = 0;
    for (let i = 0; i < equity.length; i++) {
      const money = equity[i] as number;
      if (money > highest) highest = money;
      const value = 1 - money / highest;
      if (value > depth) depth = value;
      if (value !== 0 && i < equity.length - 1) continue;
      if (i - peak > 1) {
        this.durations.push((time[i] as number) - (time[peak] as number));
        this.depths.push(depth);
      }
      if (depth > this.deepest) this.deepest = depth;
      peak = i;
      depth = 0;
    }
    this.highest = highest;
  }
}

/**
 * Covariance of the bars' log returns with the market's over the market's variance. Both sums are about the first return
 * instead of the mean (the shifted data algorithm: Chan, Golub and LeVeque, 1983), so that one pass is enough.
 */
function betaOf(equity: Float64Array, price: Float64Array): number {
  const count = equity.length - 1;
  const ownFirst = logRatio(equity[1] as number, equity[0] as number);
  const marketFirst = logRatio(price[1] as number, price[0] as number);
  let ownSum = 0;
  let marketSum = 0;
  let products = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const own = logRatio(equity[i + 1] as number, equity[i] as number) - ownFirst;
    const market = logRatio(price[i + 1] as number, price[i] as number) - marketFirst;
    ownSum += own;
    marketSum += market;
    products += own * market;
    squares += market * market;
  }
  return (products - (ownSum * marketSum) / count) / (squares - (marketSum * marketSum) / count);
}

/**
 * ln(a / b). Near each other, as two bars are, by the series ln(a / b) = 2 (s + s^3 / 3 + s^5 / 5 + ...) with
 * s = (a - b) / (a + b), of which four terms give every digit below |s| = 0.01; it is several times faster.
 */
function logRatio(a: number, b: number): number {
  const s = (a - b) / (a + b);
  if (!(s < 0.01 && s > -0.01)) return Math.log(a / b);
  const square = s * s;
  return 2 * s * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7))));
}

type TradeFigures = Pick<
  Statistics,
  | 'trades'
  | 'commissions'
  | 'winRatePct'
  | 'bestTradePct'
  | 'worstTradePct'
  | 'avgTradePct'
  | 'maxTradeDurationMs'
  | 'avgTradeDurationMs'
  | 'profitFactor'
  | 'expectancyPct'
  | 'sqn'
  | 'kellyCriterion'
>;

function tradeFigures(time: Float64Array, trades: TradeColumns, resolution: number): TradeFigures {
  const { pnl, returnFraction, commission } = trades;
  const count = pnl.length;
  const totals = new TradeTotals(time, trades);
  const { wins, won, defeats, lost } = totals;
  const ofSome = (value: number) => (count === 0 ? Number.NaN : value);
  const winRate = wins / count;
  return {
    trades: count,
    commissions: sum(commission),
    winRatePct: winRate * 100,
    bestTradePct: ofSome(totals.best * 100),
    worstTradePct: ofSome(totals.worst * 100),
    avgTradePct: ofSome(geometricMean(returnFraction) * 100),
    maxTradeDurationMs: ofSome(roundUp(totals.longest, resolution)),
    avgTradeDurationMs: roundUp(totals.duration / count, resolution),
    // sum of winning returns / |sum of losing returns|
    profitFactor: ratio(totals.gains, Math.abs(totals.losses)),
    expectancyPct: mean(returnFraction) * 100,
    // System quality number (Tharp): sqrt(trades) * mean(profit) / deviation(profit)
    sqn: (Math.sqrt(count) * mean(pnl)) / Math.sqrt(varianceOf(pnl)),
    // Kelly (1956): W - (1 - W) / (mean win / mean loss)
    kellyCriterion: winRate - (1 - winRate) / (won / wins / -(lost / defeats)),
  };
}

class TradeTotals {
  best = Number.NEGATIVE_INFINITY;
  worst = Number.POSITIVE_INFINITY;
  /** Sums of returns above and below 0. */
  gains = 0;
  losses = 0;
  /** Trades that made or lost money, and how much. */
  wins = 0;
  won = 0;
  defeats = 0;
  lost = 0;
  longest = Number.NEGATIVE_INFINITY;
  duration = 0;

  constructor(time: Float64Array, { entryBar, exitBar, pnl, returnFraction }: TradeColumns) {
    for (let i = 0; i < pnl.length; i++) {
      const duration = (time[exitBar[i] as number] as number) - (time[entryBar[i] as number] as number);
      this.duration += duration;
      if (duration > this.longest) this.longest = duration;
      const fraction = returnFraction[i] as number;
      if (fraction > this.best) this.best = fraction;
      if (fraction < this.worst) this.worst = fraction;
      if (fraction > 0) this.gains += fraction;
      else this.losses += fraction;
      const profit = pnl[i] as number;
      if (profit > 0) {
        this.wins++;
        this.won += profit;
      } else if (profit < 0) {
        this.defeats++;
        this.lost += profit;
      }
    }
  }
}

function roundUp(duration: number, resolution: number): number {
  return resolution === 0 ? duration : Math.ceil(duration / resolution) * resolution;
}

function first(values: Float64Array): number {
  return values[0] ?? Number.NaN;
}

/** NaN for a divisor of 0: such a ratio says nothing. */
function ratio(numerator: number, divisor: number): number {
  return divisor === 0 ? Number.NaN : numerator / divisor;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/** Of a sample: divided by one less than its size. */
function varianceOf(values: ArrayLike<number>): number {
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - center) ** 2;
  return squares / (values.length - 1);
}

/** NaN of nothing. */
function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), values[0] ?? Number.NaN);
}
