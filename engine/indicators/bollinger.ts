/** Bollinger bands: a moving average, and bands some standard deviations away from it. TA-Lib: BBANDS with SMA. */
import type { Bands } from './bands.ts';
import { checkMultiple } from './period.ts';
import { sma } from './sma.ts';
import { stddev } from './stddev.ts';

/**
 * First values at index `period - 1`.
 * @param deviations distance of the bands, in standard deviations of the population over the same period
 */
export function bollinger(values: Float64Array, period = 20, deviations = 2): Bands {
  checkMultiple('bollinger', deviations, 'deviations');
  const middle = sma(values, period);
  const lower = stddev(values, period);
  const upper = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const mean = middle[i] as number;
    const distance = deviations * (lower[i] as number);
    upper[i] = mean + distance;
    lower[i] = mean - distance;
  }
  return { upper, middle, lower };
}
