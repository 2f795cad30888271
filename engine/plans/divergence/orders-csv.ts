/** The orders of a plan beside those of its simulation, as a CSV file. */
import { csvFile } from '../../reports/csv-file.ts';
import type { ReportFile } from '../../reports/report-file.ts';
import type { ComparedOrder } from './orders.ts';

const columns = [
  'Signal Bar',
  'Symbol',
  'Side',
  'Purpose',
  'Outcome',
  'Reason',
  'Wanted At',
  'Simulated On',
  'Filled At',
  'Delay Seconds',
  'Size Wanted',
  'Size Simulated',
  'Size Filled',
  'Expected Price',
  'Average Price',
  'Slippage Bps',
  'Slippage',
  'Commission Simulated',
  'Fees',
  'Missed Profit',
  'Currency',
  'Account',
] as const;

/** One row for each order. Positive slippage costs money. */
export function divergenceCsv(
  plan: string,
  orders: readonly ComparedOrder[],
  { currency, account }: { readonly currency: string; readonly account: string },
): ReportFile {
  const rows = orders.map((order) => [
    order.signalAt,
    order.symbol,
    order.side,
    order.purpose,
    order.outcome,
    order.reason,
    order.wantedAt,
    order.simulatedAt,
    order.firstFillAt,
    order.delayMs === null ? null : order.delayMs / 1000,
    order.wanted,
    order.simulatedUnits,
    order.filled,
    order.expectedPrice,
    order.averagePrice,
    order.slippageBps,
    order.slippage,
    order.simulatedCommission,
    order.fees,
    order.missedProfit,
    currency,
    account,
  ]);
  return csvFile([plan, 'divergence'], [...columns], rows);
}
