/**
 * The performance summary: a row for each book, in the columns that Mirage's users know, and behind them the same figures
 * after all costs.
 *
 * The first columns have Mirage's names and order, and are gross: before fees and interest. Where Mirage's own figures
 * mislead, these are what their names say: an average win is that of the wins, a break-even trade is no loss, the ratio of
 * wins to losses is that of their averages, and the Sharpe ratio counts days and not trades. `performance.ts` has the
 * formulas.
 */
import type { Trade } from '../bank/trades.ts';
import type { Decimal } from '../money.ts';
import { decimalText } from '../money.ts';
import type { Cell } from './csv-file.ts';
import { csvFile } from './csv-file.ts';
import { costsOf, figuresOf, otherCostsOf } from './performance.ts';
import type { ReportFile } from './report-file.ts';

/** The closed trades of one book. */
export interface BookTrades {
  readonly book: string;
  readonly account: string;
  readonly currency: string;
  /** What decides for it, such as the name of its handler. */
  readonly strategy: string;
  readonly instance: string;
  readonly trades: readonly Trade[];
}

const mirageColumns = [
  'Strategy',
  'Instance',
  'Date From',
  'Date To',
  'Records Count',
  'PnL',
  'Avg PnL',
  'Batting Avg',
  'Win/Loss Ratio',
  'Sharpe Ratio',
  'Standard Deviation',
  'Avg ROI',
  'Avg Capital',
  'Avg Win',
  'Avg Win Percent',
  'Avg Loss',
  'Avg Loss Percent',
  'Max Loss',
  'Max Profit',
  'Max Loss Percent',
  'Max Profit Percent',
  'Avg Fee',
  'Total Fees',
  'Max Fee',
  'Avg Trading Capital Fee Percent',
  'Max Trading Capital Fee Percent',
] as const;

const ownColumns = [
  'Profit Factor',
  'Interest',
  'Net PnL',
  'Net Avg PnL',
  'Net Batting Avg',
  'Net Win/Loss Ratio',
  'Net Profit Factor',
  'Net Sharpe Ratio',
  'Net Standard Deviation',
  'Net Avg ROI',
  'Net Avg Win',
  'Net Avg Win Percent',
  'Net Avg Loss',
  'Net Avg Loss Percent',
  'Net Max Loss',
  'Net Max Profit',
  'Net Max Loss Percent',
  'Net Max Profit Percent',
  'Net Max Drawdown',
  'Net Max Drawdown Percent',
  'Costs In Other Currencies',
  'Book',
  'Account',
  'Currency',
] as const;

/** Books without a trade have no row. `from` and `to` are what was asked for; empty cells for all. */
export function performanceCsv(
  books: readonly BookTrades[],
  { from, to }: { readonly from?: string; readonly to?: string },
): ReportFile {
  const rows = books.filter(({ trades }) => trades.length > 0).map((book) => rowOf(book, from, to));
  return csvFile(['performance summary'], [...mirageColumns, ...ownColumns], rows);
}

function rowOf(
  { book, account, currency, strategy, instance, trades }: BookTrades,
  from: string | undefined,
  to: string | undefined,
): Cell[] {
  const gross = figuresOf(trades, 'gross');
  const net = figuresOf(trades, 'net');
  const costs = costsOf(trades);
  const others = [...otherCostsOf(trades)].map(([name, amount]) => `${decimalText(amount)} ${name}`);
  return [
    strategy,
    instance,
    from,
    to,
    gross.trades,
    money(gross.profit),
    money(gross.averageProfit),
    percent(gross.winRatePercent),
    ratio(gross.payoffRatio),
    ratio(gross.sharpeRatio),
    percent(gross.deviationPercent),
    percent(gross.averagePercent),
    money(costs.averageCapital),
    money(gross.averageWin),
    percent(gross.averageWinPercent),
    money(gross.averageLoss),
    percent(gross.averageLossPercent),
    money(gross.largestLoss),
    money(gross.largestWin),
    percent(gross.largestLossPercent),
    percent(gross.largestWinPercent),
    money(costs.averageFee),
    money(costs.fees),
    money(costs.largestFee),
    percent(costs.averageFeePercent),
    percent(costs.largestFeePercent),
    ratio(gross.profitFactor),
    money(costs.interest),
    money(net.profit),
    money(net.averageProfit),
    percent(net.winRatePercent),
    ratio(net.payoffRatio),
    ratio(net.profitFactor),
    ratio(net.sharpeRatio),
    percent(net.deviationPercent),
    percent(net.averagePercent),
    money(net.averageWin),
    percent(net.averageWinPercent),
    money(net.averageLoss),
    percent(net.averageLossPercent),
    money(net.largestLoss),
    money(net.largestWin),
    percent(net.largestLossPercent),
    percent(net.largestWinPercent),
    money(net.drawdown),
    percent(net.drawdownPercent),
    others.join('; '),
    book,
    account,
    currency,
  ];
}

/** Sums are exact; an average may be a quotient without an end. */
function money(amount: Decimal | null): Cell {
  return amount === null ? null : decimalText(amount.round(8));
}

/** Spreadsheets read the sign: `12.5%` is a number there. */
function percent(value: number | null): Cell {
  return value === null ? null : `${Number(value.toFixed(4))}%`;
}

function ratio(value: number | null): Cell {
  return value === null ? null : Number(value.toFixed(4));
}
