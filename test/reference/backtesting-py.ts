/** A case of Backtesting.py against the engine's answer. */
import {
  Backtest,
  type BacktestResult,
  recomputeStatistics,
  type StrategyClass,
} from '../../engine/backtest/index.ts';
import { barsOf, type Cell, optionsOf, paramsOf, type ReferenceCase, type Table } from './cases.ts';
import { Comparison, sorted } from './comparison.ts';

export interface BacktestingPyCase extends ReferenceCase {
  readonly openTrades: Table;
  readonly openOrders: Table;
  readonly rejectedOrders?: readonly { readonly bar: number; readonly relative: boolean }[];
  readonly warnings?: Readonly<Record<string, number>>;
  readonly recompute?: {
    readonly trades: 'all' | 'long' | 'short';
    readonly riskFreeRate: number;
    readonly stats: Readonly<Record<string, Cell>>;
  };
}

/** What differs, in words. */
export function differencesOf(
  reference: BacktestingPyCase,
  Strategy: StrategyClass,
  dataFolder: string,
): string[] {
  const bars = barsOf(reference.data, dataFolder);
  const params = paramsOf(Strategy, reference.strategy.params);
  const result = new Backtest(bars, Strategy, optionsOf(reference.backtest)).run(params);
  return compareRun(reference, result);
}

/** A run, however it was come by, against the case. */
export function compareRun(reference: BacktestingPyCase, result: BacktestResult): string[] {
  const comparison = new Comparison(result, reference.data.index !== 'range');
  const { stats, trades, equity, openTrades, openOrders, recompute } = reference;
  compareStatistics(comparison, 'stats', stats, result.statistics);
  comparison.table('trades', trades, tradeRows(result, comparison.time, comparison.days));
  comparison.equity(equity);
  comparison.table('openTrades', openTrades, openTradeRows(result));
  comparison.table('openOrders', sorted(openOrders), sorted(openOrderRows(result)));
  compareRejections(comparison, reference, result);
  if (recompute !== undefined) {
    const wanted = (size: number) => (recompute.trades === 'long' ? size > 0 : size < 0);
    const some =
      recompute.trades === 'all' ? result.trades : result.trades.filter(({ size }) => wanted(size));
    const again = recomputeStatistics(result, some, recompute.riskFreeRate);
    compareStatistics(comparison, 'recompute', recompute.stats, again);
  }
  return comparison.differences;
}

/** Where nothing was paid, the peer leaves the row of commissions out. */
function compareStatistics(
  comparison: Comparison,
  where: string,
  expected: ReferenceCase['stats'],
  own: BacktestResult['statistics'],
): void {
  comparison.statistics(where, expected, own);
  if (!('Commissions [$]' in expected)) comparison.compare(`${where}: commissions`, 0, own.commissions);
}

function compareRejections(
  comparison: Comparison,
  { rejectedOrders, warnings }: BacktestingPyCase,
  { orders, warnings: said }: BacktestResult,
): void {
  if (rejectedOrders === undefined || warnings === undefined) return;
  const own = orders
    .filter(({ outcome }) => outcome === 'rejected')
    .toSorted((a, b) => (a.doneBar ?? 0) - (b.doneBar ?? 0))
    .map(({ doneBar, size }) => ({ bar: doneBar, relative: size < 1 }));
  comparison.compare('rejectedOrders', JSON.stringify(rejectedOrders), JSON.stringify(own));
  const inside = said.map((line) => /^(\d+) times a stop loss/.exec(line)?.[1]).find(Boolean);
  comparison.compare(
    'warnings: contingent-same-bar',
    warnings['contingent-same-bar'] ?? 0,
    Number(inside ?? 0),
  );
}

function tradeRows(
  { trades, time }: BacktestResult,
  timeText: (bar: number | null) => Cell,
  days: (durationMs: number) => number,
): Table {
  return {
    columns: [
      ...[
        'Size',
        'EntryBar',
        'ExitBar',
        'EntryPrice',
        'ExitPrice',
        'SL',
        'TP',
        'PnL',
        'Commission',
        'ReturnPct',
      ],
      ...['EntryTime', 'ExitTime', 'Duration', 'Tag'],
    ],
    rows: trades.map((trade) => [
      trade.size,
      trade.entryBar,
      trade.exitBar,
      trade.entryPrice,
      trade.exitPrice,
      trade.stopLoss,
      trade.takeProfit,
      trade.pnl,
      trade.commission,
      trade.returnFraction,
      timeText(trade.entryBar),
      timeText(trade.exitBar),
      days((time[trade.exitBar ?? 0] ?? Number.NaN) - (time[trade.entryBar] ?? Number.NaN)),
      trade.tag,
    ]),
  };
}

function openTradeRows({ openTrades }: BacktestResult): Table {
  return {
    columns: ['size', 'entryBar', 'entryPrice', 'sl', 'tp', 'tag'],
    rows: openTrades.map(({ size, entryBar, entryPrice, stopLoss, takeProfit, tag }) => [
      ...[size, entryBar, entryPrice, stopLoss, takeProfit],
      tag,
    ]),
  };
}

function openOrderRows({ orders }: BacktestResult): Table {
  return {
    columns: ['size', 'limit', 'stop', 'sl', 'tp', 'closesTrade'],
    rows: orders
      .filter(({ outcome }) => outcome === 'pending')
      .map(({ side, size, limit, stop, stopLoss, takeProfit, purpose }) => [
        ...[side === 'buy' ? size : -size, limit, stop, stopLoss, takeProfit],
        purpose !== 'entry',
      ]),
  };
}
