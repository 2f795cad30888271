/**
 * Donchian channel: the highest high and the lowest low of the last `period` bars, and their middle
 * (https://chartschool.stockcharts.com, "Price Channels"). TA-Lib has it as MAX of the high and MIN of the low.
 */
import type { Bands } from './bands.ts';
import { highest, lowest } from './extremes.ts';
import { checkLengths } from './period.ts';

/** First values at index `period - 1`. The newest bar counts: for a breakout compare with the value one bar before. */
export function donchian(high: Float64Array, low: Float64Array, period = 20): Bands {
  checkLengths('donchian', high, low);
  const upper = highest(high, period);
  const lower = lowest(low, period);
  const middle = new Float64Array(high.length);
  for (let i = 0; i < high.length; i++) middle[i] = ((upper[i] as number) + (lower[i] as number)) / 2;
  return { upper, middle, lower };
}
