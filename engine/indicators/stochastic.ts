/**
 * Stochastic oscillator (George Lane): where the close stands between the lowest low and the highest high of `period`
 * bars, 0 to 100. TA-Lib: STOCH and STOCHF with simple averages.
 */
import { highest, lowest } from './extremes.ts';
import { checkLengths, checkPeriod } from './period.ts';
import { sma } from './sma.ts';

/** A type, not an interface: only a type counts as a record of columns by name. */
export type Stochastic = { readonly k: Float64Array; readonly d: Float64Array };

/**
 * The slow one: %K is averaged over `slowing` bars, %D is the average of that over `smoothing`. Both begin at index
 * `period + slowing + smoothing - 3`. 0 where the bars have no range, as in TA-Lib.
 */
export function stochastic(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period = 14,
  slowing = 3,
  smoothing = 3,
): Stochastic {
  checkPeriod('stochastic', slowing, 1, 'slowing period');
  checkPeriod('stochastic', smoothing, 1, 'smoothing period');
  return withAverage(sma(percentK('stochastic', high, low, close, period), slowing), smoothing);
}

/** The fast one: %K as it is, %D its average over `smoothing`. Both begin at index `period + smoothing - 2`. */
export function stochasticFast(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period = 14,
  smoothing = 3,
): Stochastic {
  checkPeriod('stochasticFast', smoothing, 1, 'smoothing period');
  return withAverage(percentK('stochasticFast', high, low, close, period), smoothing);
}

function percentK(
  name: string,
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  period: number,
): Float64Array {
  checkPeriod(name, period);
  checkLengths(name, high, low, close);
  const top = highest(high, period);
  const out = lowest(low, period);
  for (let i = 0; i < out.length; i++) {
    const bottom = out[i] as number;
    const range = (top[i] as number) - bottom;
    out[i] = range === 0 ? 0 : (100 * ((close[i] as number) - bottom)) / range;
  }
  return out;
}

/** %K is shown only where %D is, as in TA-Lib. */
function withAverage(k: Float64Array, smoothing: number): Stochastic {
  const d = sma(k, smoothing);
  for (let i = 0; i < k.length; i++) if (Number.isNaN(d[i] as number)) k[i] = Number.NaN;
  return { k, d };
}
