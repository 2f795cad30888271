/** Relative strength index, 0 to 100 (Wilder, New Concepts in Technical Trading Systems, 1978). TA-Lib: RSI. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/**
 * 100 * gains / (gains + losses), both averaged with Wilder's smoothing, which begins as the plain mean of the first
 * `period` changes: the first value stands at index `period`. 0 where nothing has moved, as in TA-Lib.
 */
export function rsi(values: Float64Array, period = 14): Float64Array {
  checkPeriod('rsi', period, 2);
  const out = undefinedColumn(values.length);
  let gains = 0;
  let losses = 0;
  let changes = -1;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      gains = losses = 0;
      changes = -1;
      continue;
    }
    changes++;
    const change = value - before;
    before = value;
    if (changes === 0) continue;
    const gain = change > 0 ? change : 0;
    const loss = change < 0 ? -change : 0;
    if (changes <= period) {
      gains += gain;
      losses += loss;
      if (changes < period) continue;
      gains /= period;
      losses /= period;
    } else {
      gains = (gains * (period - 1) + gain) / period;
      losses = (losses * (period - 1) + loss) / period;
    }
    const both = gains + losses;
    out[i] = both === 0 ? 0 : (100 * gains) / both;
  }
  return out;
}
