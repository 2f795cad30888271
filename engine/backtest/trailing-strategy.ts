/** A strategy whose trades all have a trailing stop loss, some average true ranges away from the close. */
import { UserError } from '../errors.ts';
import { sma } from '../indicators/index.ts';
import type { Params } from './result.ts';
import type { Series } from './series.ts';
import { Strategy } from './strategy.ts';

/**
 * Overrides of `init()` and `next()` call `super.init()` and `super.next()`. Unless said, the distance is 6 average
 * true ranges of 100 bars.
 */
export abstract class TrailingStrategy<P extends Params = Params> extends Strategy<P> {
  // In a map: the stop loss does not delay the first next().
  readonly #ranges = new Map<string, Series>();
  #distance = 6;

  init(): void {
    this.setAtrPeriods(100);
  }

  /** Over how many bars the true range is averaged. The first averages are filled backwards. */
  setAtrPeriods(periods: number): void {
    for (const symbol of this.data.symbols) {
      const { high, low, close } = this.data.of(symbol);
      const options = { plot: false, name: `trailing range of ${symbol}` };
      this.#ranges.set(symbol, this.indicator(filledRange, high, low, close, periods, options));
    }
  }

  /** Distance of the stop loss in average true ranges. */
  setTrailingStop(ranges: number): void {
    if (!(ranges > 0)) throw new UserError(`A trailing stop's distance is above zero, not ${ranges}.`);
    this.#distance = ranges;
  }

  /**
   * Distance of the stop loss as a share of the price: as many ranges as make that share on average. The average is
   * over all bars, also those to come, as in Backtesting.py: good for a first look, not for a plan.
   */
  setTrailingPercent(share: number): void {
    if (!(share > 0 && share < 1))
      throw new UserError(`A trailing stop's share of the price is between 0 and 1, not ${share}.`);
    for (const symbol of this.data.symbols) {
      const range = this.#ranges.get(symbol);
      if (range === undefined) throw new UserError('Call super.init() before setTrailingPercent().');
      const options = { plot: false, name: `trailing share of ${symbol}` };
      const { close } = this.data.of(symbol);
      this.#ranges.set(symbol, this.indicator(ofShare, range, close, share, options));
    }
    this.#distance = 1;
  }

  /** Pulls the stop losses up (for shorts: down) behind the close. */
  next(): void {
    for (const trade of this.trades) {
      const close = this.data.of(trade.symbol).close.last;
      const distance = (this.#ranges.get(trade.symbol)?.last ?? Number.NaN) * this.#distance;
      if (trade.isLong) trade.sl = Math.max(trade.sl ?? Number.NEGATIVE_INFINITY, close - distance);
      else trade.sl = Math.min(trade.sl ?? Number.POSITIVE_INFINITY, close + distance);
    }
  }
}

/** Plain mean of the true ranges, of which the first bar has none. Bars before the first mean have that. */
function filledRange(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  periods: number,
): Float64Array {
  const ranges = close.map((_, bar) => {
    const [top, bottom] = [high[bar] ?? Number.NaN, low[bar] ?? Number.NaN];
    const before = close[bar - 1] ?? Number.NaN;
    return Math.max(top - bottom, Math.abs(before - top), Math.abs(before - bottom));
  });
  const mean = sma(ranges, periods);
  const first = mean.findIndex((value) => !Number.isNaN(value));
  return first < 0 ? mean : mean.fill(mean[first] as number, 0, first);
}

/** The ranges scaled so that, on average over all bars, they are this share of the close. */
function ofShare(range: Float64Array, close: Float64Array, share: number): Float64Array {
  const shares = range
    .map((value, bar) => ((close[bar] ?? Number.NaN) * share) / value)
    .filter((value) => !Number.isNaN(value));
  const count = shares.reduce((a, b) => a + b, 0) / shares.length;
  return range.map((value) => value * count);
}
