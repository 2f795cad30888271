/**
 * The backtest as a library, and what a strategy file imports from `outcry`: it needs no desk, store or chat.
 *
 * ```ts
 * const result = new Backtest(bars, SmaCross, { cash: 10_000, commission: 0.001 }).run({ fast: 5 });
 * ```
 */
export * from '../indicators/index.ts';
export type { Bars, Interval } from '../market/bars.ts';
export { Backtest } from './backtest.ts';
export type { SymbolData } from './data.ts';
export { barsSince, cross, crossover, quantile } from './lookback.ts';
export type { Heatmap } from './optimize/heatmap.ts';
export type {
  Optimization,
  OptimizedRun,
  OptimizeProgress,
  OptimizeRequest,
} from './optimize/optimize.ts';
export { type ParamChoices, range, span } from './optimize/space.ts';
export type { BacktestOptions, Commission } from './options.ts';
export type { Order, Trade } from './order-and-trade.ts';
export type { Position } from './position.ts';
export type { BacktestResult, OrderRecord, Params, ParamValue, Statistics } from './result.ts';
export type { Series } from './series.ts';
export { recomputeStatistics } from './statistics.ts';
export { type OrderRequest, Strategy, type StrategyClass } from './strategy.ts';
