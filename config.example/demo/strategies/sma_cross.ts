import { crossover, type Series, Strategy, sma } from 'outcry';

/** Long while the fast moving average of the close is above the slow one, short while it is below. */
export default class SmaCross extends Strategy<typeof SmaCross.params> {
  static params = { fast: 10, slow: 20 };

  fast!: Series;
  slow!: Series;

  init() {
    this.fast = this.indicator(sma, this.data.close, this.params.fast);
    this.slow = this.indicator(sma, this.data.close, this.params.slow);
  }

  next() {
    if (crossover(this.fast, this.slow)) {
      this.position.close();
      this.buy();
    } else if (crossover(this.slow, this.fast)) {
      this.position.close();
      this.sell();
    }
  }
}
