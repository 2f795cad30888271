/**
 * Average directional movement index, with +DI and -DI (Wilder, New Concepts in Technical Trading Systems, 1978).
 * TA-Lib: ADX, PLUS_DI, MINUS_DI.
 */
import { checkLengths, checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** A type, not an interface: only a type counts as a record of columns by name. */
export type DirectionalMovement = {
  /** Strength of the trend, 0 to 100, whichever way it goes. */
  readonly adx: Float64Array;
  readonly plusDi: Float64Array;
  readonly minusDi: Float64Array;
};

/**
 * +DI and -DI from index `period` on, ADX from `2 * period - 1` on. As in TA-Lib, Wilder's sums begin with `period - 1`
 * changes, and ADX begins as the mean of the first `period` values of DX. A bar without any range leaves ADX as it was.
 */
export function adx(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period = 14,
): DirectionalMovement {
  checkPeriod('adx', period, 2);
  checkLengths('adx', high, low, close);
  const { length } = close;
  const out = {
    adx: undefinedColumn(length),
    plusDi: undefinedColumn(length),
    minusDi: undefinedColumn(length),
  };
  let changes = -1;
  let plus = 0;
  let minus = 0;
  let ranges = 0;
  let average = 0;
  for (let i = 0; i < length; i++) {
    const top = high[i] as number;
    const bottom = low[i] as number;
    if (isMissing(top) || isMissing(bottom) || isMissing(close[i] as number)) {
      changes = -1;
      plus = minus = ranges = average = 0;
      continue;
    }
    changes++;
    if (changes === 0) continue;
    const before = close[i - 1] as number;
    const up = top - (high[i - 1] as number);
    const down = (low[i - 1] as number) - bottom;
    if (changes >= period) {
      plus -= plus / period;
      minus -= minus / period;
      ranges -= ranges / period;
    }
    if (up > down && up > 0) plus += up;
    else if (down > up && down > 0) minus += down;
    ranges += (top > before ? top : before) - (bottom < before ? bottom : before);
    if (changes < period) continue;
    const plusDi = ranges === 0 ? 0 : (100 * plus) / ranges;
    const minusDi = ranges === 0 ? 0 : (100 * minus) / ranges;
    out.plusDi[i] = plusDi;
    out.minusDi[i] = minusDi;
    const both = plusDi + minusDi;
    const dx = both === 0 ? 0 : (100 * Math.abs(plusDi - minusDi)) / both;
    if (changes < 2 * period) average += dx;
    if (changes === 2 * period - 1) average /= period;
    if (changes >= 2 * period && both !== 0) average = (average * (period - 1) + dx) / period;
    if (changes >= 2 * period - 1) out.adx[i] = average;
  }
  return out;
}
