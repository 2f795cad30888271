/**
 * Keltner channels: an exponential average of the close, and bands some average true ranges away from it, as Linda
 * Raschke draws them (https://chartschool.stockcharts.com, "Keltner Channels"). TA-Lib has none.
 */
import { atr } from './atr.ts';
import type { Bands } from './bands.ts';
import { ema } from './ema.ts';
import { checkMultiple } from './period.ts';

/**
 * The middle from index `period - 1` on, the bands from there or from `atrPeriod` on, whichever is later.
 * @param period of the average
 * @param multiple distance of the bands, in average true ranges (Wilder's) over `atrPeriod`
 */
export function keltner(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period = 20,
  multiple = 2,
  atrPeriod = 10,
): Bands {
  checkMultiple('keltner', multiple, 'a multiple');
  const lower = atr(high, low, close, atrPeriod);
  const middle = ema(close, period);
  const upper = new Float64Array(close.length);
  for (let i = 0; i < close.length; i++) {
    const average = middle[i] as number;
    const distance = multiple * (lower[i] as number);
    upper[i] = average + distance;
    lower[i] = average - distance;
  }
  return { upper, middle, lower };
}
