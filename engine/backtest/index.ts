/**
 * The backtest as a library, and what a strategy file imports from `outcry`: it needs no desk, store or chat.
 *
 * ```ts
 * const result = new Backtest(bars, SmaCross, { cash: 10_000, commission: 0.001 }).run({ fast: 5 });
 * ```
 */
export * from '../indicators/index.ts';
export type { Bars, Interval } from '../market/bars.ts';
export type { Allocation, Bucket, Choice, Weights } from './allocation.ts';
export { Backtest } from './backtest.ts';
export type { SymbolData } from './data.ts';
export {
  checkLookAhead,
  type LookAheadFinding,
  type LookAheadReport,
  type LookAheadRequest,
} from './look-ahead.ts';
export { barsSince, cross, crossover, quantile } from './lookback.ts';
export {
  type Distribution,
  type MonteCarlo,
  type MonteCarloOptions,
  monteCarlo,
} from './monte-carlo.ts';
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
export type { PerSymbol } from './per-symbol.ts';
export type { Position } from './position.ts';
export type { RebalanceOptions } from './rebalance.ts';
export { type Aggregate, type ResampleRule, resampleApply } from './resample.ts';
export type {
  BacktestResult,
  Fill,
  OrderRecord,
  Params,
  ParamValue,
  PortfolioFigures,
  Statistics,
} from './result.ts';
export type { SemanticsName } from './semantics.ts';
export type { Series } from './series.ts';
export { SignalStrategy } from './signal-strategy.ts';
export { checkStability, type StabilityReport, type StabilityRequest } from './stability.ts';
export { recomputeStatistics } from './statistics.ts';
export type { StrategyStorage } from './storage.ts';
export { type OrderRequest, Strategy, type StrategyClass } from './strategy.ts';
export { TrailingStrategy } from './trailing-strategy.ts';
export type { WalkForward, WalkForwardRequest, WalkForwardWindow } from './walk-forward.ts';
