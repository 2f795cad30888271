/** Holds what closed above its average of `length` bars, each with an equal part of the equity; the rest is cash. */
import { type Series, Strategy, sma } from 'outcry';

export default class AboveAverage extends Strategy<typeof AboveAverage.params> {
  static params = { length: 200 };

  readonly averages = new Map<string, Series>();

  init() {
    for (const symbol of this.data.symbols) {
      this.averages.set(symbol, this.indicator(sma, this.data.of(symbol).close, this.params.length));
    }
  }

  next() {
    for (const [symbol, average] of this.averages) {
      const close = this.data.of(symbol).close.last;
      const isHeld = this.positionOf(symbol).isOpen;
      if (isHeld && close < average.last) this.positionOf(symbol).close();
      // An average that is not there yet is NaN, and nothing is above it.
      if (isHeld || !(close > average.last)) continue;
      const units = Math.floor(this.equity / this.averages.size / close);
      if (units > 0) this.buy({ symbol, size: units });
    }
  }
}
