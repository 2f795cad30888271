/** Rolling standard deviation of the population (divided by `period`, not by one less). TA-Lib: STDDEV. */
import { checkPeriod, undefinedColumn } from './period.ts';

/**
 * NaN for the first `period - 1` values, and after a NaN until `period` values have followed it. Each window is summed
 * about its own mean: the one-pass formula loses all digits where prices are large and their moves small.
 */
export function stddev(values: Float64Array, period: number): Float64Array {
  checkPeriod('stddev', period);
  const out = undefinedColumn(values.length);
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    seen = Number.isNaN(value) ? 0 : seen + 1;
    if (seen < period) continue;
    let sum = 0;
    for (let k = i - period + 1; k <= i; k++) sum += values[k] as number;
    const mean = sum / period;
    let squares = 0;
    for (let k = i - period + 1; k <= i; k++) squares += ((values[k] as number) - mean) ** 2;
    out[i] = Math.sqrt(squares / period);
  }
  return out;
}
