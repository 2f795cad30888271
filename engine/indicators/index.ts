/**
 * Indicators on columns of numbers: as long as their input, NaN while they warm up, in TA-Lib's convention
 * (https://ta-lib.org/functions). A new one is one file and one line here.
 */
export { atr } from './atr.ts';
export { bollinger } from './bollinger.ts';
export { ema } from './ema.ts';
export { highest, lowest } from './extremes.ts';
export { roc } from './roc.ts';
export { rsi } from './rsi.ts';
export { sma } from './sma.ts';
export { stddev } from './stddev.ts';
