/** Buy and hold as it is shown beside a strategy's equity. */
import type { BacktestResult } from '../backtest/result.ts';

/**
 * The starting cash until the indicators are warm, and from then on in the market: so its last value and the statistic
 * "Buy & Hold Return" say the same.
 */
export function buyAndHoldEquity({ buyAndHold, heldFrom, cash }: BacktestResult): Float64Array {
  const entry = buyAndHold[heldFrom] ?? Number.NaN;
  return buyAndHold.map((value, bar) => (bar < heldFrom ? cash : (cash * value) / entry));
}
