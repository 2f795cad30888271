/** Momentum: by how much the value has changed over `period` bars. TA-Lib: MOM. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** value - value `period` bars before, from index `period` on. NaN where either is missing. */
export function momentum(values: Float64Array, period = 10): Float64Array {
  checkPeriod('momentum', period);
  const out = undefinedColumn(values.length);
  for (let i = period; i < values.length; i++) {
    const change = (values[i] as number) - (values[i - period] as number);
    if (!isMissing(change)) out[i] = change;
  }
  return out;
}
