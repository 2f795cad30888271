/** The strategy that all engines run: long when the fast average crosses above the slow one, short when below. */
import { crossover, type Series, Strategy, sma } from 'outcry';

export default class SmaCross extends Strategy<typeof SmaCross.params> {
  static params = { fast: 10, slow: 30 };
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
