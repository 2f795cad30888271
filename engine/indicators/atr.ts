/** Average true range (Wilder, New Concepts in Technical Trading Systems, 1978). TA-Lib: ATR. */
import { checkLengths, checkPeriod, isMissing, undefinedColumn } from './period.ts';

/**
 * The true range is max(high - low, |high - previous close|, |low - previous close|). Its average begins as the plain
 * mean of the first `period` true ranges, at index `period`, and goes on with Wilder's smoothing.
 */
export function atr(high: Float64Array, low: Float64Array, close: Float64Array, period = 14): Float64Array {
  checkPeriod('atr', period);
  checkLengths('atr', high, low, close);
  const out = undefinedColumn(close.length);
  let average = 0;
  let ranges = 0;
  let before = Number.NaN;
  for (let i = 0; i < close.length; i++) {
    const top = high[i] as number;
    const bottom = low[i] as number;
    // From the bar's own ends and the close before: max(top, before) - min(bottom, before).
    const range = (top > before ? top : before) - (bottom < before ? bottom : before);
    before = close[i] as number;
    if (isMissing(range) || isMissing(top) || isMissing(bottom)) {
      average = ranges = 0;
      continue;
    }
    ranges++;
    if (ranges <= period) {
      average += range;
      if (ranges < period) continue;
      average /= period;
    } else {
      average = (average * (period - 1) + range) / period;
    }
    out[i] = average;
  }
  return out;
}
