/** On-balance volume (Joseph Granville, 1963). TA-Lib: OBV. */
import { checkLengths, isMissing, undefinedColumn } from './period.ts';

/**
 * Adds the volume of a bar that closed higher and takes off that of one that closed lower. Begins on the first bar with
 * its volume, as in TA-Lib: only its changes mean anything.
 */
export function obv(close: Float64Array, volume: Float64Array): Float64Array {
  checkLengths('obv', close, volume);
  const out = undefinedColumn(close.length);
  let before = Number.NaN;
  let balance = 0;
  for (let i = 0; i < close.length; i++) {
    const price = close[i] as number;
    const traded = volume[i] as number;
    if (isMissing(price) || isMissing(traded)) {
      before = Number.NaN;
      continue;
    }
    if (Number.isNaN(before)) balance = traded;
    else if (price > before) balance += traded;
    else if (price < before) balance -= traded;
    before = price;
    out[i] = balance;
  }
  return out;
}
