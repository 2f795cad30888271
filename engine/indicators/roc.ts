/** Rate of change over `period` bars, in percent. TA-Lib: ROC. */
import { checkPeriod, undefinedColumn } from './period.ts';

/** (value / value `period` bars before - 1) * 100; NaN for the first `period` values. */
export function roc(values: Float64Array, period = 10): Float64Array {
  checkPeriod('roc', period);
  const out = undefinedColumn(values.length);
  for (let i = period; i < values.length; i++) {
    out[i] = ((values[i] as number) / (values[i - period] as number) - 1) * 100;
  }
  return out;
}
