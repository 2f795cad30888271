/** Bollinger bands: a moving average, and bands some standard deviations away from it. TA-Lib: BBANDS with SMA. */
import { sma } from './sma.ts';
import { stddev } from './stddev.ts';

/** `deviations` is the distance of the bands in standard deviations of the population over the same period. */
export function bollinger(
  values: Float64Array,
  period = 20,
  deviations = 2,
): { upper: Float64Array; middle: Float64Array; lower: Float64Array } {
  const middle = sma(values, period);
  const spread = stddev(values, period);
  return {
    upper: middle.map((mean, i) => mean + deviations * (spread[i] as number)),
    middle,
    lower: middle.map((mean, i) => mean - deviations * (spread[i] as number)),
  };
}
