/**
 * Volume-weighted average price: the sum of typical price times volume over the sum of volume, with the typical price
 * (high + low + close) / 3 (https://chartschool.stockcharts.com, "Volume-Weighted Average Price"). TA-Lib has none.
 */
import { UserError } from '../errors.ts';
import { checkLengths, checkPeriod, isMissing, undefinedColumn } from './period.ts';
import { sma } from './sma.ts';

const dayMs = 86_400_000;

/**
 * From the beginning of each session on. A session begins at the first bar of a day of UTC, or of a day that begins
 * `sessionStartMs` after midnight UTC: for a market whose session crosses midnight UTC any moment at which it is closed
 * will do, and daylight saving does not matter. NaN until the session has any volume, and from a missing value on to
 * the session's end, since what is missing would be missing in the sum.
 *
 * With daily bars every session has one bar: use `rollingVwap`.
 * @param time of each bar, milliseconds UTC
 * @throws UserError when `sessionStartMs` is not within a day
 */
export function vwap(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
  time: Float64Array,
  sessionStartMs = 0,
): Float64Array {
  checkLengths('vwap', high, low, close, volume, time);
  if (!(sessionStartMs >= 0 && sessionStartMs < dayMs)) {
    throw new UserError(
      `vwap needs a session start of 0 to ${dayMs - 1} ms after midnight, not ${sessionStartMs}.`,
    );
  }
  const out = undefinedColumn(close.length);
  let sessionEnd = Number.NEGATIVE_INFINITY;
  let traded = 0;
  let paid = 0;
  for (let i = 0; i < close.length; i++) {
    const now = time[i] as number;
    if (now >= sessionEnd) {
      sessionEnd = (Math.floor((now - sessionStartMs) / dayMs) + 1) * dayMs + sessionStartMs;
      traded = paid = 0;
    }
    const units = volume[i] as number;
    traded += units;
    paid += (((high[i] as number) + (low[i] as number) + (close[i] as number)) / 3) * units;
    if (traded > 0) out[i] = paid / traded;
  }
  return out;
}

/** Over the last `period` bars, from index `period - 1` on. NaN where none of them has any volume. */
export function rollingVwap(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
  period = 20,
): Float64Array {
  checkPeriod('rollingVwap', period);
  checkLengths('rollingVwap', high, low, close, volume);
  const { length } = close;
  const paid = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    paid[i] = (((high[i] as number) + (low[i] as number) + (close[i] as number)) / 3) * (volume[i] as number);
  }
  const means = sma(paid, period);
  const traded = sma(volume, period);
  const out = undefinedColumn(length);
  let silent = 0;
  for (let i = 0; i < length; i++) {
    silent = volume[i] === 0 ? silent + 1 : 0;
    const value = (means[i] as number) / (traded[i] as number);
    if (silent < period && !isMissing(value)) out[i] = value;
  }
  return out;
}
