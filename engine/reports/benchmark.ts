/** Buy and hold as it is shown beside a strategy's equity. */
import type { BacktestResult } from '../backtest/result.ts';

/**
 * The starting cash until the indicators are warm, and from then on in the market: so its last value and the statistic
 * "Buy & Hold Return" say the same.
 */
export function buyAndHoldEquity({ buyAndHold, firstBar, cash }: BacktestResult): Float64Array {
  const warm = Math.min(Math.max(firstBar - 1, 0), buyAndHold.length - 1);
  const entry = buyAndHold[warm] ?? Number.NaN;
  return buyAndHold.map((value, bar) => (bar < warm ? cash : (cash * value) / entry));
}
