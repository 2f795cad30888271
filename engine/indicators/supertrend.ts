/**
 * Supertrend (Olivier Seban): a stop that trails the price by some average true ranges, and changes sides when the close
 * crosses it. The rules are those of TradingView's `ta.supertrend` (https://www.tradingview.com/pine-script-reference),
 * on TA-Lib's ATR. TA-Lib has none.
 */
import { atr } from './atr.ts';
import { checkMultiple } from './period.ts';

/** A type, not an interface: only a type counts as a record of columns by name. */
export type Supertrend = {
  /** The stop: below the price in an upward trend, above it in a downward one. */
  readonly line: Float64Array;
  /** 1 upward, -1 downward. */
  readonly direction: Float64Array;
};

/**
 * From index `period` on, where it begins downward. The bands lie `multiple` average true ranges about the middle of
 * the bar; a band moves only towards the price, until a close has gone beyond it.
 */
export function supertrend(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period = 10,
  multiple = 3,
): Supertrend {
  checkMultiple('supertrend', multiple, 'a multiple');
  const line = atr(high, low, close, period);
  const direction = new Float64Array(close.length);
  let upper = Number.NaN;
  let lower = Number.NaN;
  let trend = -1;
  for (let i = 0; i < close.length; i++) {
    const distance = multiple * (line[i] as number);
    if (Number.isNaN(distance)) {
      upper = lower = direction[i] = Number.NaN;
      trend = -1;
      continue;
    }
    const price = close[i] as number;
    const before = close[i - 1] as number;
    const middle = ((high[i] as number) + (low[i] as number)) / 2;
    const isFirst = Number.isNaN(upper);
    if (isFirst || middle + distance < upper || before > upper) upper = middle + distance;
    if (isFirst || middle - distance > lower || before < lower) lower = middle - distance;
    if (!isFirst) trend = trend < 0 ? (price > upper ? 1 : -1) : price < lower ? -1 : 1;
    line[i] = trend > 0 ? lower : upper;
    direction[i] = trend;
  }
  return { line, direction };
}
