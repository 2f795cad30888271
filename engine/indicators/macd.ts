/** Moving average convergence divergence (Gerald Appel): a fast average less a slow one. TA-Lib: MACD. */
import { UserError } from '../errors.ts';
import { checkPeriod, isMissing, undefinedColumn } from './period.ts';

/** A type, not an interface: only a type counts as a record of columns by name. */
export type Macd = {
  /** Fast average less slow average. */
  readonly macd: Float64Array;
  /** Exponential average of `macd`. */
  readonly signal: Float64Array;
  /** `macd - signal` */
  readonly histogram: Float64Array;
};

/**
 * All lines begin at index `slow + signal - 2`. As in TA-Lib both averages begin on the same bar, each as the mean of the
 * values before it: the fast one does not see the oldest.
 * @throws UserError when `fast` is not shorter than `slow`
 */
export function macd(values: Float64Array, fast = 12, slow = 26, signal = 9): Macd {
  checkPeriod('macd', fast, 1, 'fast period');
  checkPeriod('macd', slow, 2, 'slow period');
  checkPeriod('macd', signal, 1, 'signal period');
  if (fast >= slow) {
    throw new UserError(`macd needs a fast period shorter than the slow one, not ${fast} and ${slow}.`);
  }
  const { length } = values;
  const out = {
    macd: undefinedColumn(length),
    signal: undefinedColumn(length),
    histogram: undefinedColumn(length),
  };
  const fastWeight = 2 / (fast + 1);
  const slowWeight = 2 / (slow + 1);
  const signalWeight = 2 / (signal + 1);
  let seen = 0;
  let fastAverage = 0;
  let slowAverage = 0;
  let signalAverage = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i] as number;
    if (isMissing(value)) {
      seen = fastAverage = slowAverage = signalAverage = 0;
      continue;
    }
    seen++;
    if (seen <= slow) {
      slowAverage += value;
      if (seen > slow - fast) fastAverage += value;
      if (seen < slow) continue;
      slowAverage /= slow;
      fastAverage /= fast;
    } else {
      slowAverage += slowWeight * (value - slowAverage);
      fastAverage += fastWeight * (value - fastAverage);
    }
    const line = fastAverage - slowAverage;
    const lines = seen - slow + 1;
    if (lines <= signal) {
      signalAverage += line;
      if (lines < signal) continue;
      signalAverage /= signal;
    } else {
      signalAverage += signalWeight * (line - signalAverage);
    }
    out.macd[i] = line;
    out.signal[i] = signalAverage;
    out.histogram[i] = line - signalAverage;
  }
  return out;
}
