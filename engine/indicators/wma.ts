/** Weighted moving average: the newest of `period` values weighs `period`, the oldest 1. TA-Lib: WMA. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/**
 * First value at index `period - 1`. Both sums move with the window: each step takes the plain sum off the weighted one.
 * Every `period` bars they are summed anew, so that rounding does not pile up.
 */
export function wma(values: Float64Array, period: number): Float64Array {
  checkPeriod('wma', period);
  const out = undefinedColumn(values.length);
  const weights = (period * (period + 1)) / 2;
  let seen = 0;
  let sinceAnew = 0;
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      seen = 0;
      continue;
    }
    seen++;
    if (seen < period) continue;
    if (seen === period || sinceAnew === period) {
      sum = weighted = sinceAnew = 0;
      for (let k = 1; k <= period; k++) {
        const of = values[i - period + k] as number;
        sum += of;
        weighted += k * of;
      }
    } else {
      weighted += period * value - sum;
      sum += value - (values[i - period] as number);
    }
    sinceAnew++;
    out[i] = weighted / weights;
  }
  return out;
}
