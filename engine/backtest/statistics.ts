/**
 * The statistics of a backtest. Formulas are those of Backtesting.py 0.6.6
 * (https://kernc.github.io/backtesting.py, module backtesting._stats), written next to where they are computed.
 */
import type { BacktestResult, Statistics, Trade } from './result.ts';

const dayMs = 86_400_000;

export interface StatisticsInput {
  /**
   * Start of each bar, milliseconds UTC. Bars at 0, 1, 2, ... stand for bars that have no times: durations are then
   * in bars, and what is annual is undefined.
   */
  readonly time: Float64Array;
  readonly equity: Float64Array;
  /** Close of the symbol, or of equal money in all of them. */
  readonly price: Float64Array;
  /** Bar at which the indicators are warm: buy and hold begins there. */
  readonly warmUp: number;
  /** Closed trades. */
  readonly trades: readonly Trade[];
  /** Yearly, as a fraction. */
  readonly riskFreeRate?: number;
}

export function computeStatistics(input: StatisticsInput): Statistics {
  const { time, equity, price, trades, warmUp, riskFreeRate = 0 } = input;
  const hasTimes = !isCounter(time);
  const ceiling = hasTimes ? resolutionOf(time) : 0;
  const start = time[0] ?? Number.NaN;
  const end = time.at(-1) ?? Number.NaN;
  const equityFinal = equity.at(-1) ?? Number.NaN;
  const returnPct = ((equityFinal - first(equity)) / first(equity)) * 100;
  const held = price[warmUp] ?? Number.NaN;
  const buyAndHoldReturnPct = (((price.at(-1) ?? Number.NaN) - held) / held) * 100;
  const annual = hasTimes ? annualFigures(time, equity) : withoutTimes;
  const drawdowns = drawdownFigures(time, drawdownOf(equity), ceiling);
  const { alpha, beta } = marketFigures(equity, price, returnPct, buyAndHoldReturnPct, riskFreeRate);
  const years = (end - start) / dayMs / 365.25;
  return {
    start,
    end,
    durationMs: end - start,
    exposureTimePct: exposureOf(trades, time.length) * 100,
    equityFinal,
    equityPeak: peakOf(equity),
    commissions: sum(trades.map(({ commission }) => commission)),
    returnPct,
    buyAndHoldReturnPct,
    returnAnnualPct: annual.returnFraction * 100,
    volatilityAnnualPct: annual.volatility * 100,
    // (final / first) ^ (1 / years) - 1
    cagrPct: hasTimes ? ((equityFinal / first(equity)) ** (1 / years) - 1) * 100 : Number.NaN,
    // (annual return - risk-free rate) / annual volatility
    sharpeRatio: ratio(annual.returnFraction * 100 - riskFreeRate * 100, annual.volatility * 100),
    // (annual return - risk-free rate) / annual downside deviation
    sortinoRatio: ratio(annual.returnFraction - riskFreeRate, annual.downside),
    // annual return / maximal drawdown
    calmarRatio: ratio(annual.returnFraction, drawdowns.deepest),
    alphaPct: alpha,
    beta,
    maxDrawdownPct: -drawdowns.deepest * 100,
    avgDrawdownPct: -drawdowns.meanDepth * 100,
    maxDrawdownDurationMs: drawdowns.longest,
    avgDrawdownDurationMs: drawdowns.meanDuration,
    ...tradeFigures(time, trades, ceiling),
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
  const { time, equity, buyAndHold, firstBar } = result;
  const gains = new Float64Array(time.length);
  for (const { entryBar, pnl } of trades) gains[entryBar] = (gains[entryBar] as number) + pnl;
  let total = first(equity);
  const rebuilt = gains.map((gain) => {
    total += gain;
    return total;
  });
  return computeStatistics({
    time,
    equity: trades === result.trades ? equity : rebuilt,
    price: buyAndHold,
    warmUp: firstBar - 1,
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
function exposureOf(trades: readonly Trade[], bars: number): number {
  const inside = new Uint8Array(bars);
  for (const { entryBar, exitBar } of trades) inside.fill(1, entryBar, (exitBar ?? entryBar) + 1);
  return sum(inside) / bars;
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
function annualFigures(time: Float64Array, equity: Float64Array): AnnualFigures {
  const { binOf, perYear } = periodOf(time);
  const returns = periodReturns(time, equity, binOf);
  const growth = 1 + geometricMean(returns);
  const power = growth ** perYear;
  const variance = varianceOf(returns);
  return {
    returnFraction: power - 1,
    volatility: Math.sqrt((variance + growth ** 2) ** perYear - growth ** (2 * perYear)),
    downside: downsideDeviation(returns) * Math.sqrt(perYear),
  };
}

/** How long a period is, and how many make a year; from the median of the last 99 steps, in whole days. */
function periodOf(time: Float64Array): { binOf: (time: number) => number; perYear: number } {
  const recent = Array.from(time.subarray(-100));
  const steps = recent.slice(1).map((at, index) => at - (recent[index] ?? Number.NaN));
  const days = Math.floor(median(steps) / dayMs);
  if (days === 7) return { binOf: weekOf, perYear: 52 };
  if (days === 31) return { binOf: monthOf, perYear: 12 };
  if (days === 365) return { binOf: (at) => new Date(at).getUTCFullYear(), perYear: 1 };
  let weekend = 0;
  for (const at of time) if (isWeekend(at)) weekend++;
  return { binOf: dayOf, perYear: weekend / time.length > (2 / 7) * 0.6 ? 365 : 252 };
}

/** Changes from the last equity of one period to the last of the next; periods without bars do not count. */
function periodReturns(
  time: Float64Array,
  equity: Float64Array,
  binOf: (time: number) => number,
): Float64Array {
  const returns = new Float64Array(time.length);
  let count = 0;
  let previous = Number.NaN;
  let bin = time.length > 0 ? binOf(time[0] as number) : Number.NaN;
  for (let i = 0; i < time.length; i++) {
    const nextBin = i === time.length - 1 ? Number.NaN : binOf(time[i + 1] as number);
    if (bin !== nextBin) {
      const value = equity[i] as number;
      // NaN for the first, and after a bankruptcy (0 to 0), which are left out.
      const change = value / previous - 1;
      if (!Number.isNaN(change)) returns[count++] = change;
      previous = value;
    }
    bin = nextBin;
  }
  return returns.subarray(0, count);
}

/** exp(mean(ln(1 + R))) - 1; 0 as soon as one of them lost everything. */
function geometricMean(returns: ArrayLike<number>): number {
  let logs = 0;
  for (let i = 0; i < returns.length; i++) {
    const factor = 1 + (returns[i] as number);
    if (factor <= 0) return 0;
    logs += Math.log(factor);
  }
  return Math.exp(logs / returns.length) - 1;
}

/** Root of the mean square of the losses, gains counting as 0. */
function downsideDeviation(returns: Float64Array): number {
  let squares = 0;
  for (const value of returns) if (value < 0) squares += value * value;
  return Math.sqrt(squares / returns.length);
}

interface DrawdownFigures {
  readonly deepest: number;
  readonly meanDepth: number;
  readonly longest: number;
  readonly meanDuration: number;
}

/** Spells below the peak, each from the bar at the peak to the next bar at (or above) it, or to the last bar. */
function drawdownFigures(time: Float64Array, drawdown: Float64Array, ceiling: number): DrawdownFigures {
  const durations: number[] = [];
  const depths: number[] = [];
  let peak = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < drawdown.length; i++) {
    const value = drawdown[i] as number;
    if (value > depth) depth = value;
    if (value !== 0 && i < drawdown.length - 1) continue;
    if (i - peak > 1) {
      durations.push((time[i] as number) - (time[peak] as number));
      depths.push(depth);
    }
    deepest = Math.max(deepest, depth);
    peak = i;
    depth = 0;
  }
  return {
    deepest,
    meanDepth: mean(depths),
    longest: roundUp(largest(durations), ceiling),
    meanDuration: roundUp(mean(durations), ceiling),
  };
}

/** Beta: covariance of the bars' log returns with the market's over the market's variance. Alpha by Jensen, in percent. */
function marketFigures(
  equity: Float64Array,
  price: Float64Array,
  returnPct: number,
  marketPct: number,
  riskFreeRate: number,
): { alpha: number; beta: number } {
  const count = equity.length - 1;
  const own = new Float64Array(Math.max(count, 0));
  const market = new Float64Array(Math.max(count, 0));
  for (let i = 0; i < count; i++) {
    own[i] = Math.log((equity[i + 1] as number) / (equity[i] as number));
    market[i] = Math.log((price[i + 1] as number) / (price[i] as number));
  }
  const ownMean = mean(own);
  const marketMean = mean(market);
  let together = 0;
  let alone = 0;
  for (let i = 0; i < count; i++) {
    const offset = (market[i] as number) - marketMean;
    together += ((own[i] as number) - ownMean) * offset;
    alone += offset * offset;
  }
  const beta = together / alone;
  const free = riskFreeRate * 100;
  return { beta, alpha: returnPct - free - beta * (marketPct - free) };
}

type TradeFigures = Pick<
  Statistics,
  | 'trades'
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

function tradeFigures(time: Float64Array, trades: readonly Trade[], ceiling: number): TradeFigures {
  const returns = trades.map(({ returnFraction }) => returnFraction);
  const profits = trades.map(({ pnl }) => pnl);
  const durations = trades.map(
    ({ entryBar, exitBar }) => (time[exitBar ?? entryBar] as number) - (time[entryBar] as number),
  );
  const winRate =
    trades.length === 0 ? Number.NaN : profits.filter((profit) => profit > 0).length / trades.length;
  const meanWin = mean(profits.filter((profit) => profit > 0));
  const meanLoss = -mean(profits.filter((profit) => profit < 0));
  return {
    trades: trades.length,
    winRatePct: winRate * 100,
    bestTradePct: largest(returns) * 100,
    worstTradePct: -largest(returns.map((value) => -value)) * 100,
    avgTradePct: trades.length === 0 ? Number.NaN : geometricMean(returns) * 100,
    maxTradeDurationMs: roundUp(largest(durations), ceiling),
    avgTradeDurationMs: roundUp(mean(durations), ceiling),
    // sum of winning returns / |sum of losing returns|
    profitFactor: ratio(
      sum(returns.filter((value) => value > 0)),
      Math.abs(sum(returns.filter((value) => value < 0))),
    ),
    expectancyPct: mean(returns) * 100,
    // System quality number (Tharp): sqrt(trades) * mean(profit) / deviation(profit)
    sqn: (Math.sqrt(trades.length) * mean(profits)) / Math.sqrt(varianceOf(profits)),
    // Kelly (1956): W - (1 - W) / (mean win / mean loss)
    kellyCriterion: winRate - (1 - winRate) / (meanWin / meanLoss),
  };
}

/** 0, 1, 2, ...: not times but a count. */
function isCounter(time: Float64Array): boolean {
  return time[0] === 0 && time.at(-1) === time.length - 1;
}

/** The largest of day, hour, minute and second of which all times are multiples; durations are told in it. */
function resolutionOf(time: Float64Array): number {
  const units = [dayMs, 3_600_000, 60_000, 1000];
  return units.find((unit) => time.every((at) => at % unit === 0)) ?? 1;
}

function roundUp(duration: number, ceiling: number): number {
  return ceiling === 0 ? duration : Math.ceil(duration / ceiling) * ceiling;
}

function dayOf(time: number): number {
  return Math.floor(time / dayMs);
}

/** 1970-01-01 was a Thursday. */
function isWeekend(time: number): boolean {
  const weekday = (((dayOf(time) + 3) % 7) + 7) % 7;
  return weekday > 4;
}

/** Weeks end on Sunday. */
function weekOf(time: number): number {
  return Math.floor((dayOf(time) + 3) / 7);
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of a sample: divided by one less than its size. */
function varianceOf(values: ArrayLike<number>): number {
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - center) ** 2;
  return squares / (values.length - 1);
}

function peakOf(equity: Float64Array): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (const value of equity) if (value > peak) peak = value;
  return peak;
}

/** NaN of nothing. */
function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), values[0] ?? Number.NaN);
}
