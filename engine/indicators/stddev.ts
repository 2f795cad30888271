/** Rolling standard deviation of the population (divided by `period`, not by one less). TA-Lib: STDDEV. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** The squares are summed anew when they have shrunk to this part of their largest since: by then digits were lost. */
const shrunk = 0.01;

/**
 * First value at index `period - 1`. The mean and the sum of squares about it move with the window (Welford's update,
 * Technometrics 4, 1962, for a value that enters and one that leaves), counted from a value of the window so that large
 * prices with small moves keep their digits. Every `period` bars both are summed anew: errors do not pile up.
 */
export function stddev(values: Float64Array, period: number): Float64Array {
  checkPeriod('stddev', period);
  const out = undefinedColumn(values.length);
  let seen = 0;
  let sinceAnew = 0;
  let origin = 0;
  let mean = 0;
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      seen = 0;
      continue;
    }
    seen++;
    if (seen < period) continue;
    if (seen > period && sinceAnew < period) {
      const entering = value - origin;
      const leaving = (values[i - period] as number) - origin;
      const change = entering - leaving;
      const before = mean;
      mean += change / period;
      squares += change * (entering - mean + (leaving - before));
      if (squares > largest) largest = squares;
      sinceAnew++;
    }
    if (seen === period || sinceAnew === period || squares < shrunk * largest) {
      origin = value;
      let sum = 0;
      for (let k = i - period + 1; k <= i; k++) sum += (values[k] as number) - origin;
      mean = sum / period;
      squares = 0;
      for (let k = i - period + 1; k <= i; k++) squares += ((values[k] as number) - origin - mean) ** 2;
      largest = squares;
      sinceAnew = 0;
    }
    out[i] = Math.sqrt(squares / period);
  }
  return out;
}
