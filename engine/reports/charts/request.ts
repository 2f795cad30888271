/**
 * What crosses from the desk to the chart worker: columns of numbers and few words, so that copying it is cheap.
 * Trades become columns, orders stay behind. Memory that is shared already is not copied at all.
 */
import type {
  BacktestResult,
  IndicatorPlot,
  Params,
  ParamValue,
  Statistics,
  Trade,
} from '../../backtest/result.ts';
import type { Bars, Interval } from '../../market/bars.ts';
import { buyAndHoldEquity } from '../benchmark.ts';
import type { MonthlyReturns } from '../ledger-equity.ts';
import type { StatisticRow } from '../statistics.ts';
import type { FlowKind, Headline, TradeLevel, TradeMark } from './figure.ts';

export type ChartRequest =
  | { readonly kind: 'backtest'; readonly run: ChartedRun; readonly bars: readonly ChartedBars[] }
  | {
      readonly kind: 'price';
      readonly bars: readonly ChartedBars[];
      readonly indicators: readonly IndicatorPlot[];
    }
  | { readonly kind: 'comparison'; readonly comparison: ChartedComparison }
  | { readonly kind: 'heatMap'; readonly map: ChartedHeatMap }
  | { readonly kind: 'walkForward'; readonly run: ChartedWalkForward }
  | { readonly kind: 'equity'; readonly chart: ChartedEquity }
  | { readonly kind: 'profit'; readonly chart: ChartedProfit }
  | { readonly kind: 'trade'; readonly chart: ChartedTrade }
  | { readonly kind: 'divergence'; readonly chart: ChartedDivergence };

export type ChartAnswer = { readonly png: Uint8Array<ArrayBuffer> } | { readonly error: string };

export interface ChartedRun {
  readonly strategy: string;
  readonly params: Params;
  readonly symbols: readonly string[];
  readonly time: Float64Array;
  readonly equity: Float64Array;
  readonly drawdown: Float64Array;
  readonly buyAndHold: Float64Array;
  readonly trades: TradeColumns;
  readonly indicators: readonly IndicatorPlot[];
  readonly statistics: Statistics;
}

/** Closed trades, then open ones, whose exit is NaN. */
export interface TradeColumns {
  /** Index into the run's symbols; -1 for one that is not among them. */
  readonly symbol: Int32Array;
  readonly size: Float64Array;
  readonly entryBar: Float64Array;
  readonly entryPrice: Float64Array;
  readonly exitBar: Float64Array;
  readonly exitPrice: Float64Array;
  readonly pnl: Float64Array;
  /** Profit in percent of what was put in. */
  readonly returnPercent: Float64Array;
}

export interface ChartedBars {
  readonly symbol: string;
  readonly interval: Interval;
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** What an optimisation found over the values of two parameters, or of one. */
export interface ChartedHeatMap {
  /** Strategy and symbol. */
  readonly title: string;
  /** Beside the title: dates, or what else the runs had in common. */
  readonly detail: string;
  /** Name of the statistic that the cells show. */
  readonly objective: string;
  readonly x: ParameterAxis;
  /** Null for one parameter. */
  readonly y: ParameterAxis | null;
  /** A row for each value of y (one row without y), a cell for each of x; null or NaN where there is no result. */
  readonly cells: readonly (readonly (number | null)[])[];
  /** Indices into the values; without y, its y does not count. */
  readonly best: { readonly x: number; readonly y: number } | null;
}

export interface ParameterAxis {
  readonly name: string;
  /** In the order in which they stand side by side. */
  readonly values: readonly ParamValue[];
}

/** The test windows of a walk-forward, one after the other. */
export interface ChartedWalkForward {
  /** Strategy and symbol. */
  readonly title: string;
  /** Beside the title, such as the lengths of the windows. */
  readonly detail: string;
  /** Of the test windows alone: time of each bar, milliseconds UTC, and columns as long. */
  readonly time: Float64Array;
  /** Out of sample, each window starting with what the one before ended with. */
  readonly equity: Float64Array;
  readonly benchmark: Float64Array | null;
  readonly windows: readonly ChartedWindow[];
  /** Up to six; the first is coloured by whether the equity gained. */
  readonly headline: readonly StatisticRow[];
}

export interface ChartedWindow {
  /** First and last bar of the window, as indices into `time`. */
  readonly from: number;
  readonly to: number;
  /** What it was traded with. */
  readonly params: Params;
}

/** Days of one book, or of several as one. */
export interface ChartedEquity {
  readonly headline: Headline;
  /** Midnight UTC of each day, milliseconds, and columns as long. */
  readonly time: Float64Array;
  /** With open positions at their prices, where there are any. */
  readonly equity: Float64Array;
  /** Without them: what was put in, and closed profit less costs. */
  readonly capital: Float64Array;
  /** Fraction below the peak, 0 to 1, money that came or went aside. */
  readonly drawdown: Float64Array;
  readonly months: readonly MonthlyReturns[];
}

export interface ChartedProfit {
  readonly headline: Headline;
  readonly byBook: readonly NamedProfit[];
  readonly bySymbol: readonly NamedProfit[];
  readonly flow: readonly FlowPart[];
}

export interface ChartedTrade {
  readonly headline: Headline;
  readonly bars: ChartedBars;
  readonly trades: readonly TradeMark[];
  /** In the order in which they were sent. */
  readonly levels: readonly TradeLevel[];
}

/** A plan's book beside its simulation. */
export interface ChartedDivergence {
  readonly headline: Headline;
  /** Midnight UTC of each day, milliseconds, and columns as long. */
  readonly time: Float64Array;
  readonly book: Float64Array;
  readonly simulated: Float64Array;
  /** Book less simulation. */
  readonly difference: Float64Array;
  /** What the last difference is made of. */
  readonly parts: readonly FlowPart[];
}

export interface NamedProfit {
  readonly name: string;
  readonly value: number;
}

/** One part of a flow of money; a total says where it stands then, and its value counts for itself. */
export interface FlowPart {
  readonly name: string;
  readonly value: number;
  readonly is: FlowKind;
}

/** Two runs, each from 100 on. */
export interface ChartedComparison {
  readonly title: string;
  readonly runs: readonly [ComparedRun, ComparedRun];
}

export interface ComparedRun {
  readonly label: string;
  /** Milliseconds UTC, ascending, and what the run was worth then. */
  readonly time: Float64Array;
  readonly equity: Float64Array;
}

/** Bars of symbols that the run did not trade are left out. */
export function backtestRequest(result: BacktestResult, bars: readonly Bars[]): ChartRequest {
  return {
    kind: 'backtest',
    run: {
      strategy: result.strategy,
      params: result.params,
      symbols: result.symbols,
      time: alone(result.time),
      equity: alone(result.equity),
      drawdown: alone(result.drawdown),
      buyAndHold: alone(buyAndHoldEquity(result)),
      trades: tradeColumns([...result.trades, ...result.openTrades], result.symbols),
      indicators: result.indicators.map((plot) => ({ ...plot, lines: plot.lines.map(alone) })),
      statistics: result.statistics,
    },
    bars: bars.filter(({ symbol }) => result.symbols.includes(symbol)).map(chartedBars),
  };
}

export function priceRequest(bars: readonly Bars[], indicators: readonly IndicatorPlot[]): ChartRequest {
  const plots = indicators.map((plot) => ({ ...plot, lines: plot.lines.map(alone) }));
  return { kind: 'price', bars: bars.map(chartedBars), indicators: plots };
}

export function walkForwardRequest(run: ChartedWalkForward): ChartRequest {
  return {
    kind: 'walkForward',
    run: {
      ...run,
      time: alone(run.time),
      equity: alone(run.equity),
      benchmark: run.benchmark === null ? null : alone(run.benchmark),
    },
  };
}

/** Without the columns that no chart shows. */
export function chartedBars(bars: Bars): ChartedBars {
  const { symbol, interval } = bars;
  return {
    symbol,
    interval,
    time: alone(bars.time),
    open: alone(bars.open),
    high: alone(bars.high),
    low: alone(bars.low),
    close: alone(bars.close),
    volume: alone(bars.volume),
  };
}

/** A view on a part of a larger buffer would take all of it along to the worker. */
function alone(column: Float64Array): Float64Array {
  const { buffer } = column;
  if (buffer instanceof SharedArrayBuffer || buffer.byteLength === column.byteLength) return column;
  return column.slice();
}

function tradeColumns(trades: readonly Trade[], symbols: readonly string[]): TradeColumns {
  const indexOf = new Map(symbols.map((symbol, index) => [symbol, index]));
  const column = (figure: (trade: Trade) => number | null) =>
    Float64Array.from(trades, (trade) => figure(trade) ?? Number.NaN);
  return {
    symbol: Int32Array.from(trades, ({ symbol }) => indexOf.get(symbol) ?? -1),
    size: column(({ size }) => size),
    entryBar: column(({ entryBar }) => entryBar),
    entryPrice: column(({ entryPrice }) => entryPrice),
    exitBar: column(({ exitBar }) => exitBar),
    exitPrice: column(({ exitPrice }) => exitPrice),
    pnl: column(({ pnl }) => pnl),
    returnPercent: column(({ returnFraction }) => 100 * returnFraction),
  };
}
