/** Simple moving average: the mean of the last `period` values. TA-Lib: SMA. */
import { checkPeriod, undefinedColumn } from './period.ts';

/**
 * NaN for the first `period - 1` values, and after a NaN until `period` values have followed it. The running sum
 * is compensated (Kahan 1965), so that a long series does not drift from the mean of its last values.
 */
export function sma(values: Float64Array, period: number): Float64Array {
  checkPeriod('sma', period);
  const out = undefinedColumn(values.length);
  let sum = 0;
  let lost = 0;
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) {
      sum = lost = seen = 0;
      continue;
    }
    let term = value - lost;
    let next = sum + term;
    lost = next - sum - term;
    sum = next;
    seen++;
    if (seen > period) {
      term = -(values[i - period] as number) - lost;
      next = sum + term;
      lost = next - sum - term;
      sum = next;
    }
    if (seen >= period) out[i] = sum / period;
  }
  return out;
}
