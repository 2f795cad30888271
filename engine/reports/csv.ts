/** A backtest's trades, equity and orders as CSV files. */
import type { BacktestResult, Trade } from '../backtest/result.ts';
import { buyAndHoldEquity } from './benchmark.ts';
import { type Cell, csvFile, timeCell } from './csv-file.ts';
import { type ReportFile, symbolsInName } from './report-file.ts';

/** One row per round trip in closing order, then those still open, whose exit cells are empty. Return is a fraction. */
export function tradesCsv(result: BacktestResult): ReportFile {
  const time = timeCells(result);
  const cells = (trade: Trade, state: 'closed' | 'open'): Cell[] => [
    trade.symbol,
    state,
    trade.size,
    trade.entryBar,
    time(trade.entryBar),
    trade.entryPrice,
    trade.exitBar,
    time(trade.exitBar),
    trade.exitPrice,
    trade.pnl,
    trade.returnFraction,
    trade.commission,
    trade.stopLoss,
    trade.takeProfit,
    trade.tag,
  ];
  return runFile(
    result,
    'trades',
    [
      'Symbol',
      'State',
      'Size',
      'Entry Bar',
      'Entry Time',
      'Entry Price',
      'Exit Bar',
      'Exit Time',
      'Exit Price',
      'Profit',
      'Return',
      'Commission',
      'Stop Loss',
      'Take Profit',
      'Tag',
    ],
    [
      ...result.trades.map((trade) => cells(trade, 'closed')),
      ...result.openTrades.map((trade) => cells(trade, 'open')),
    ],
  );
}

/** One row per bar. Drawdown is the fraction below the running peak, 0 to 1. */
export function equityCsv(result: BacktestResult): ReportFile {
  const time = timeCells(result);
  const held = buyAndHoldEquity(result);
  return runFile(
    result,
    'equity',
    ['Time', 'Equity', 'Drawdown', 'Buy & Hold'],
    Array.from(result.time, (_, bar) => [time(bar), result.equity[bar], result.drawdown[bar], held[bar]]),
  );
}

/** One row per order as the strategy placed it, in the order of the result. */
export function ordersCsv(result: BacktestResult): ReportFile {
  const time = timeCells(result);
  return runFile(
    result,
    'orders',
    [
      'Symbol',
      'Signal Bar',
      'Signal Time',
      'Sequence',
      'Side',
      'Size',
      'Limit',
      'Stop',
      'Stop Loss',
      'Take Profit',
      'Purpose',
      'Outcome',
      'Done Bar',
      'Done Time',
      'Tag',
    ],
    result.orders.map((order) => [
      order.symbol,
      order.signalBar,
      time(order.signalBar),
      order.sequence,
      order.side,
      order.size,
      order.limit,
      order.stop,
      order.stopLoss,
      order.takeProfit,
      order.purpose,
      order.outcome,
      order.doneBar,
      time(order.doneBar),
      order.tag,
    ]),
  );
}

/** What of the run the file holds is in its name. */
function runFile(
  result: BacktestResult,
  what: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): ReportFile {
  return csvFile([result.strategy, symbolsInName(result.symbols), what], columns, rows);
}

/** The cell for the time of a bar; empty for a bar that is not there. */
function timeCells(result: BacktestResult): (bar: number | null) => string {
  const time = timeCell(result.time);
  return (bar) => time(bar === null ? undefined : result.time[bar]);
}
