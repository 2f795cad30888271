/** What a backtest answers. Plain data: it crosses from the worker thread to the desk as it is. */
import type { SemanticsName } from './semantics.ts';
import type { StrategyStorage } from './storage.ts';

export type ParamValue = number | string | boolean;
export type Params = Readonly<Record<string, ParamValue>>;

/** A round trip, entry to exit. Open trades have no exit yet. */
export interface Trade {
  readonly symbol: string;
  /** Units, negative for a short. */
  readonly size: number;
  readonly entryBar: number;
  readonly entryPrice: number;
  readonly exitBar: number | null;
  readonly exitPrice: number | null;
  /** Profit in money, after commission. Open: at the last close, before commission. */
  readonly pnl: number;
  /** Profit as a fraction of what was put in, after commission. */
  readonly returnFraction: number;
  readonly commission: number;
  readonly stopLoss: number | null;
  readonly takeProfit: number | null;
  readonly tag: string | null;
}

export type OrderOutcome = 'filled' | 'cancelled' | 'rejected' | 'pending';

/** An order as the strategy placed it. Those still `pending` were placed on the newest bars: a plan sends them to its broker. */
export interface OrderRecord {
  readonly symbol: string;
  /** Bar whose close the strategy saw when it placed the order. */
  readonly signalBar: number;
  /** Nth order of that bar, from 0: with the bar's time it identifies the decision in every rerun. */
  readonly sequence: number;
  readonly side: 'buy' | 'sell';
  /** Units, or a fraction of the available cash below 1; for a close, the units that are closed. */
  readonly size: number;
  readonly limit: number | null;
  /** Null, too, for a waiting stop-limit order whose stop has been hit. */
  readonly stop: number | null;
  readonly stopLoss: number | null;
  readonly takeProfit: number | null;
  readonly purpose: 'entry' | 'close' | 'stopLoss' | 'takeProfit';
  readonly tag: string | null;
  readonly outcome: OrderOutcome;
  /** Bar on which it was filled, cancelled or rejected. */
  readonly doneBar: number | null;
}

/** An order of the newest bar with the units that it trades if it fills at that bar's close: what a plan sends. */
export interface NextOrder {
  readonly symbol: string;
  readonly signalBar: number;
  readonly sequence: number;
  /** Negative to sell. */
  readonly units: number;
  /** What is held of the symbol when it has traded; negative for a short. */
  readonly unitsAfter: number;
  /** An exit takes away from what is held, and no more. */
  readonly purpose: 'entry' | 'exit';
  readonly limit: number | null;
  readonly stop: number | null;
  /** Where what it opens is to be left. */
  readonly stopLoss: number | null;
  readonly takeProfit: number | null;
  readonly tag: string | null;
}

/** What a trade was opened or closed by, wholly or in part. An order that turns a position round has one of each. */
export interface Fill {
  readonly symbol: string;
  readonly bar: number;
  readonly effect: 'open' | 'close';
  /** Negative when sold. */
  readonly units: number;
  readonly price: number;
  readonly commission: number;
  /** One of the result's `orders`; null where the engine itself opened or closed: a holding, the end, a bankruptcy. */
  readonly order: OrderRecord | null;
}

/** Where the money was, at each bar's close. */
export interface Allocation {
  /** Value per symbol, in the order of `symbols`; negative for a short. */
  readonly values: readonly Float64Array[];
  /** What no margin took up, and could have been spent. */
  readonly available: Float64Array;
}

export interface HeldPosition {
  readonly symbol: string;
  /** Negative for a short. */
  readonly units: number;
}

/** One symbol's part in a run. Formulas: `portfolio-figures.ts`. */
export interface SymbolFigures {
  readonly symbol: string;
  /** Closed trades, and their profit after commission. */
  readonly trades: number;
  readonly pnl: number;
  readonly winRatePct: number;
  /** Value at the last close. */
  readonly value: number;
  /** Share of the bars at whose close it was held. */
  readonly exposureTimePct: number;
  /** Mean over all bars of its value, shorts as positive, in percent of the equity. */
  readonly averageWeightPct: number;
  readonly turnoverAnnualPct: number;
}

export interface PortfolioFigures {
  readonly symbols: readonly SymbolFigures[];
  /** Half of what was bought and sold in a year, in percent of the mean equity. */
  readonly turnoverAnnualPct: number;
  /** Mean over all bars of all values, shorts as positive, in percent of the equity. */
  readonly averageExposurePct: number;
  /** Most symbols that were held at one close. */
  readonly mostSymbols: number;
}

export interface IndicatorPlot {
  readonly name: string;
  readonly symbol: string | null;
  /** One line each; NaN while warming up. */
  readonly lines: readonly Float64Array[];
  /** Drawn over the price, else in a panel of its own. */
  readonly overlay: boolean;
  readonly scatter: boolean;
  readonly color: string | null;
}

/** Formulas: `statistics.ts`. Percentages are in percent; durations in milliseconds; NaN where undefined. */
export interface Statistics {
  /** Times of the first and the last bar, milliseconds UTC. */
  readonly start: number;
  readonly end: number;
  readonly durationMs: number;
  readonly exposureTimePct: number;
  readonly equityFinal: number;
  readonly equityPeak: number;
  readonly commissions: number;
  readonly returnPct: number;
  readonly buyAndHoldReturnPct: number;
  readonly returnAnnualPct: number;
  readonly volatilityAnnualPct: number;
  readonly cagrPct: number;
  readonly sharpeRatio: number;
  readonly sortinoRatio: number;
  readonly calmarRatio: number;
  readonly alphaPct: number;
  readonly beta: number;
  readonly maxDrawdownPct: number;
  readonly avgDrawdownPct: number;
  readonly maxDrawdownDurationMs: number;
  readonly avgDrawdownDurationMs: number;
  readonly trades: number;
  readonly winRatePct: number;
  readonly bestTradePct: number;
  readonly worstTradePct: number;
  readonly avgTradePct: number;
  readonly maxTradeDurationMs: number;
  readonly avgTradeDurationMs: number;
  readonly profitFactor: number;
  readonly expectancyPct: number;
  readonly sqn: number;
  readonly kellyCriterion: number;
}

export interface BacktestResult {
  /** Class name of the strategy. */
  readonly strategy: string;
  /** All parameters as used, defaults included. */
  readonly params: Params;
  readonly symbols: readonly string[];
  readonly cash: number;
  /** Start of each bar, milliseconds UTC; all columns below have this length. */
  readonly time: Float64Array;
  readonly equity: Float64Array;
  /** Fraction below the running peak, 0 to 1. */
  readonly drawdown: Float64Array;
  /** Value of the starting cash in equal parts of every symbol, held. */
  readonly buyAndHold: Float64Array;
  /** First bar on which `next()` was called. */
  readonly firstBar: number;
  /** Whose rules the orders and the statistics followed. */
  readonly semantics: SemanticsName;
  /** Bar from which buy and hold counts: the one on which the indicators were warm. */
  readonly heldFrom: number;
  /** Closed trades in closing order. */
  readonly trades: readonly Trade[];
  readonly openTrades: readonly Trade[];
  /** Open after the last `next()`, before trades were finalized: what a plan holds. */
  readonly heldTrades: readonly Trade[];
  readonly orders: readonly OrderRecord[];
  /** Empty after a bankruptcy, and where trades were finalized. */
  readonly nextOrders: readonly NextOrder[];
  /** In the order in which they came. */
  readonly fills: readonly Fill[];
  readonly allocation: Allocation;
  /** Held after the last `next()`, before trades were finalized. */
  readonly positions: readonly HeldPosition[];
  readonly indicators: readonly IndicatorPlot[];
  /** What the strategy wrote down with `record()`. */
  readonly records: readonly IndicatorPlot[];
  readonly statistics: Statistics;
  readonly portfolio: PortfolioFigures;
  /** What the strategy keeps for its next run. */
  readonly storage: StrategyStorage;
  /** What the user should know: dropped orders, bankruptcy, open trades at the end. */
  readonly warnings: readonly string[];
}
