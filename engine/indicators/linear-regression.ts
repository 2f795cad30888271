/** The straight line with the least squares through the last `period` values. TA-Lib: LINEARREG, _SLOPE, TSF. */
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** A type, not an interface: only a type counts as a record of columns by name. */
export type LinearRegression = {
  /** The line at the newest bar. */
  readonly value: Float64Array;
  /** Its rise per bar. */
  readonly slope: Float64Array;
  /** The line one bar ahead. */
  readonly forecast: Float64Array;
};

/**
 * First values at index `period - 1`. With x = 0 for the oldest value, the slope is
 * (n Σxy - Σx Σy) / (n Σx² - (Σx)²). Σy and Σxy move with the window, counted from a value of it so that large prices
 * with small moves keep their digits, and are summed anew every `period` bars.
 */
export function linearRegression(values: Float64Array, period = 14): LinearRegression {
  checkPeriod('linearRegression', period, 2);
  const { length } = values;
  const out = {
    value: undefinedColumn(length),
    slope: undefinedColumn(length),
    forecast: undefinedColumn(length),
  };
  const sumX = (period * (period - 1)) / 2;
  const divisor = (period * period * (period * period - 1)) / 12;
  const last = period - 1;
  let seen = 0;
  let sinceAnew = 0;
  let origin = 0;
  let sum = 0;
  let products = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      seen = 0;
      continue;
    }
    seen++;
    if (seen < period) continue;
    if (seen === period || sinceAnew === period) {
      sum = products = sinceAnew = 0;
      origin = value;
      for (let x = 0; x < period; x++) {
        const y = (values[i - last + x] as number) - origin;
        sum += y;
        products += x * y;
      }
    } else {
      const oldest = (values[i - period] as number) - origin;
      const newest = value - origin;
      // Every value moves one to the left: its x is one less.
      products += last * newest - (sum - oldest);
      sum += newest - oldest;
    }
    sinceAnew++;
    const slope = (period * products - sumX * sum) / divisor;
    const start = origin + (sum - slope * sumX) / period;
    out.slope[i] = slope;
    out.value[i] = start + slope * last;
    out.forecast[i] = start + slope * period;
  }
  return out;
}
