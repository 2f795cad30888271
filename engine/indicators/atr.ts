/** Average true range (Wilder, New Concepts in Technical Trading Systems, 1978). TA-Lib: ATR. */
import { checkPeriod, undefinedColumn } from './period.ts';

/**
 * The true range is max(high - low, |high - previous close|, |low - previous close|). Its average begins as the plain
 * mean of the first `period` true ranges, at index `period`, and goes on with Wilder's smoothing.
 */
export function atr(high: Float64Array, low: Float64Array, close: Float64Array, period = 14): Float64Array {
  checkPeriod('atr', period);
  const out = undefinedColumn(close.length);
  let average = 0;
  let ranges = 0;
  for (let i = 1; i < close.length; i++) {
    const before = close[i - 1] as number;
    const top = high[i] as number;
    const bottom = low[i] as number;
    const range = Math.max(top - bottom, Math.abs(top - before), Math.abs(bottom - before));
    if (Number.isNaN(range)) {
      average = ranges = 0;
      continue;
    }
    ranges++;
    if (ranges <= period) {
      average += range / period;
      if (ranges < period) continue;
    } else {
      average = (average * (period - 1) + range) / period;
    }
    out[i] = average;
  }
  return out;
}
