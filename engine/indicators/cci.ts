/** Commodity channel index (Donald Lambert, Commodities, October 1980). TA-Lib: CCI. */
import { checkLengths, checkPeriod, undefinedColumn } from './period.ts';
import { sma } from './sma.ts';

/** Below this part of the mean, a deviation is what rounding left of none. */
const rounding = 1e-14;

/**
 * The typical price (high + low + close) / 3 less its mean over `period` bars, in units of 0.015 mean absolute
 * deviations. First value at index `period - 1`. 0 where the price has not moved.
 */
export function cci(high: Float64Array, low: Float64Array, close: Float64Array, period = 20): Float64Array {
  checkPeriod('cci', period, 2);
  checkLengths('cci', high, low, close);
  const { length } = close;
  const typical = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    typical[i] = ((high[i] as number) + (low[i] as number) + (close[i] as number)) / 3;
  }
  const means = sma(typical, period);
  const out = undefinedColumn(length);
  for (let i = period - 1; i < length; i++) {
    const mean = means[i] as number;
    if (Number.isNaN(mean)) continue;
    let deviation = 0;
    for (let k = i - period + 1; k <= i; k++) deviation += Math.abs((typical[k] as number) - mean);
    deviation /= period;
    out[i] =
      deviation <= rounding * Math.abs(mean) ? 0 : ((typical[i] as number) - mean) / (0.015 * deviation);
  }
  return out;
}
