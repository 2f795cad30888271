/**
 * A backtest's trades, equity and orders as CSV files for people who open them in a spreadsheet.
 *
 * Numbers keep full precision (the shortest text that names the double), times are ISO 8601 in UTC, and are dates
 * alone where every bar is a whole session. What is not known is an empty cell. A text that a spreadsheet would run
 * as a formula gets a quote mark in front (https://owasp.org/www-community/attacks/CSV_Injection).
 */
import Papa from 'papaparse';
import type { BacktestResult, Trade } from '../backtest/result.ts';
import { buyAndHoldEquity } from './benchmark.ts';
import { areDates } from './format.ts';
import { type ReportFile, reportFileName, symbolsInName } from './report-file.ts';

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
  return csvFile(
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
  return csvFile(
    result,
    'equity',
    ['Time', 'Equity', 'Drawdown', 'Buy & Hold'],
    Array.from(result.time, (_, bar) => [time(bar), result.equity[bar], result.drawdown[bar], held[bar]]),
  );
}

/** One row per order as the strategy placed it, in the order of the result. */
export function ordersCsv(result: BacktestResult): ReportFile {
  const time = timeCells(result);
  return csvFile(
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

type Cell = string | number | null | undefined;

/**
 * Papa's own `escapeFormulae: true` overlooks a text with a line break in it (its pattern ends in `.*$`), and the
 * full-width signs that a spreadsheet in an East Asian locale takes for their ASCII twins.
 */
const formula = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

function csvFile(
  result: BacktestResult,
  what: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): ReportFile {
  const text = Papa.unparse(
    { fields: [...columns], data: rows.map((cells) => cells.map(emptyWithoutValue)) },
    { escapeFormulae: formula, newline: '\r\n' },
  );
  return {
    name: reportFileName([result.strategy, symbolsInName(result.symbols), what], 'csv'),
    type: 'text/csv',
    data: new TextEncoder().encode(marked(text)),
  };
}

function emptyWithoutValue(cell: Cell): string | number {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'number' && Number.isNaN(cell) ? '' : cell;
}

/** Excel reads UTF-8 as such only behind a byte order mark; plain ASCII needs none, and some scripts stumble over it. */
function marked(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether all of it is ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : `${Papa.BYTE_ORDER_MARK}${text}`;
}

/** The cell for the time of a bar; empty for a bar that is not there. */
function timeCells(result: BacktestResult): (bar: number | null) => string {
  const dates = areDates(result.time);
  return (bar) => {
    const time = bar === null ? undefined : result.time[bar];
    if (time === undefined || Number.isNaN(time)) return '';
    const iso = new Date(time).toISOString();
    return dates ? iso.slice(0, 10) : iso.replace('.000Z', 'Z');
  };
}
