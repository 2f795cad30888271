/** Rate of change over `period` bars, in percent. TA-Lib: ROC. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/**
 * (value / value `period` bars before - 1) * 100, from index `period` on. 0 where the earlier value is 0, as in TA-Lib.
 * NaN where either value is missing.
 */
export function roc(values: Float64Array, period = 10): Float64Array {
  checkPeriod('roc', period);
  const out = undefinedColumn(values.length);
  for (let i = period; i < values.length; i++) {
    const value = values[i] as number;
    const before = values[i - period] as number;
    if (isMissing(value) || isMissing(before)) continue;
    out[i] = before === 0 ? 0 : (value / before - 1) * 100;
  }
  return out;
}
