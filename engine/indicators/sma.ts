/** Simple moving average: the mean of the last `period` values. TA-Lib: SMA. */
import { checkPeriod, isMissing } from './period.ts';

/**
 * First value at index `period - 1`. What each step of the running sum loses to rounding is kept beside it (Knuth's
 * TwoSum, The Art of Computer Programming 2, 4.2.2), so that a long series does not drift from the mean of its last
 * values.
 */
export function sma(values: Float64Array, period: number): Float64Array {
  checkPeriod('sma', period);
  const out = new Float64Array(values.length);
  let sum = 0;
  let lost = 0;
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      sum = lost = seen = 0;
      out[i] = Number.NaN;
      continue;
    }
    let next = sum + value;
    let added = next - sum;
    lost += sum - (next - added) + (value - added);
    sum = next;
    seen++;
    if (seen > period) {
      const leaving = -(values[i - period] as number);
      next = sum + leaving;
      added = next - sum;
      lost += sum - (next - added) + (leaving - added);
      sum = next;
    }
    out[i] = seen >= period ? (sum + lost) / period : Number.NaN;
  }
  return out;
}
