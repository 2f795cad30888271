/** The highest and the lowest of the last `period` values, the newest included. TA-Lib: MAX, MIN. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** First value at index `period - 1`. */
export function highest(values: Float64Array, period: number): Float64Array {
  return extremes('highest', values, period, 1);
}

/** First value at index `period - 1`. */
export function lowest(values: Float64Array, period: number): Float64Array {
  return extremes('lowest', values, period, -1);
}

/** Keeps the indexes that may still become the extreme, best first: each value enters and leaves once. */
function extremes(name: string, values: Float64Array, period: number, sign: 1 | -1): Float64Array {
  checkPeriod(name, period);
  const out = undefinedColumn(values.length);
  const hopeful = new Int32Array(values.length);
  let head = 0;
  let tail = 0;
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      head = tail = seen = 0;
      continue;
    }
    seen++;
    while (tail > head && sign * (values[hopeful[tail - 1] as number] as number) <= sign * value) tail--;
    hopeful[tail++] = i;
    if ((hopeful[head] as number) <= i - period) head++;
    if (seen >= period) out[i] = values[hopeful[head] as number] as number;
  }
  return out;
}
