/** What a run of a plan answers. */
import type { OrderTerms, Side } from '../brokers/broker.ts';
import type { OrderState } from '../execution/states.ts';
import type { BacktestReport } from '../reports/backtests.ts';
import type { CheckResult } from './checks.ts';
import type { PlanRunOrder } from './run-records.ts';

export interface PlanOrder {
  readonly side: Side;
  readonly symbol: string;
  /** Decimal text: as it was sent, else as the simulation wants it. */
  readonly quantity: string;
  readonly terms: OrderTerms;
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
  /** That of the order at the broker, once there is one; of a dry run what would become of it. */
  readonly state: OrderState | PlanRunOrder['state'] | 'would be sent' | 'would wait' | 'would be refused';
  /** Decimal text; null when nothing was filled. */
  readonly averagePrice: string | null;
  readonly reason: string | null;
  readonly signalAt: string;
  readonly checks: readonly CheckResult[];
}

export interface PlanRunReport {
  readonly run: string;
  readonly plan: string;
  readonly book: string;
  /** Broker of the book. */
  readonly account: string;
  /** Nothing was stored, sent or cancelled. */
  readonly isDry: boolean;
  /** What the strategy would have done over all its history. */
  readonly backtest: BacktestReport;
  /** Day from which on it trades for the book: `2020-01-31`. */
  readonly tradeStart: string;
  /** New orders of this run, in the order in which they were sent; of a dry run those that it would send. */
  readonly orders: readonly PlanOrder[];
  /** Orders of the newest bar that an earlier run wanted. */
  readonly known: number;
  /** Orders of earlier bars that were never wanted in time. */
  readonly missed: number;
  /** What is worth knowing: adjusted history, orders of a bar that is not finished, bars that look old. */
  readonly notes: readonly string[];
}
