/** Exponential moving average with the weight 2 / (period + 1) for the newest value. TA-Lib: EMA. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** Begins as the mean of the first `period` values, at index `period - 1`. */
export function ema(values: Float64Array, period: number): Float64Array {
  checkPeriod('ema', period);
  const out = undefinedColumn(values.length);
  const weight = 2 / (period + 1);
  let sum = 0;
  let seen = 0;
  let average = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      sum = seen = 0;
      continue;
    }
    seen++;
    if (seen < period) {
      sum += value;
    } else {
      average = seen === period ? (sum + value) / period : average + weight * (value - average);
      out[i] = average;
    }
  }
  return out;
}
