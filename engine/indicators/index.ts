/**
 * Indicators on columns of numbers: as long as their input, NaN while they warm up, in TA-Lib's convention
 * (https://ta-lib.org/functions) where it has one. A value that is missing (NaN or infinite) begins an indicator anew,
 * so that one of a symbol that is listed late, or of another indicator, is what it would be from there on. (`roc` and
 * `momentum` look at two values, and want only those.)
 *
 * A new one is one file and one line here, and a line in docs/indicators.md.
 */
export { adx, type DirectionalMovement } from './adx.ts';
export { atr } from './atr.ts';
export type { Bands } from './bands.ts';
export { bollinger } from './bollinger.ts';
export { cci } from './cci.ts';
export { donchian } from './donchian.ts';
export { ema } from './ema.ts';
export { highest, lowest } from './extremes.ts';
export { keltner } from './keltner.ts';
export { type LinearRegression, linearRegression } from './linear-regression.ts';
export { type Macd, macd } from './macd.ts';
export { momentum } from './momentum.ts';
export { obv } from './obv.ts';
export { roc } from './roc.ts';
export { rsi } from './rsi.ts';
export { sma } from './sma.ts';
export { stddev } from './stddev.ts';
export { type Stochastic, stochastic, stochasticFast } from './stochastic.ts';
export { type Supertrend, supertrend } from './supertrend.ts';
export { rollingVwap, vwap } from './vwap.ts';
export { wma } from './wma.ts';
