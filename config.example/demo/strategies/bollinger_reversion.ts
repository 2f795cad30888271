import { bollinger, type Series, Strategy } from 'outcry';

/** Buys what has fallen below its lower Bollinger band, and sells it back at the average or at the stop loss. */
export default class BollingerReversion extends Strategy<typeof BollingerReversion.params> {
  static params = { period: 20, deviations: 2, stopLossPct: 5 };

  bands!: { upper: Series; middle: Series; lower: Series };

  init() {
    const { period, deviations } = this.params;
    this.bands = this.indicator(bollinger, this.data.close, period, deviations);
  }

  next() {
    const price = this.data.close.last;
    if (this.position.isOpen) {
      if (price >= this.bands.middle.last) this.position.close();
    } else if (price < this.bands.lower.last) {
      this.buy({ sl: price * (1 - this.params.stopLossPct / 100) });
    }
  }
}
