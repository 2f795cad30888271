/** Strategies of the reference cases that act on a count of bars or on one average. */
import { type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import { sized } from './crossing.ts';

export class BuyAndHold extends Strategy<typeof BuyAndHold.params> {
  static params = { size: 0 };
  bought = false;

  init() {}

  next() {
    if (!this.bought) this.buy(sized(this.params.size));
    this.bought = true;
  }
}

export class OneTrade extends Strategy<typeof OneTrade.params> {
  static params = { entryAt: 100, exitAt: 200, side: 'long', size: 0 };

  init() {}

  next() {
    const { entryAt, exitAt, side, size } = this.params;
    if (this.data.bar === entryAt) {
      if (side === 'long') this.buy(sized(size));
      else this.sell(sized(size));
    }
    if (this.data.bar === exitAt) this.position.close();
  }
}

export class Idle extends Strategy<typeof Idle.params> {
  static params = { n: 0 };
  average: Series | undefined;

  init() {
    if (this.params.n > 0) this.average = this.indicator(sma, this.data.close, this.params.n);
  }

  next() {}
}

export class Pyramid extends Strategy<typeof Pyramid.params> {
  static params = { n: 20, every: 4, max: 4, size: 5, reduce: 7 };
  average!: Series;

  init() {
    this.average = this.indicator(sma, this.data.close, this.params.n);
  }

  next() {
    const { every, max, size, reduce } = this.params;
    if ((this.data.bar + 1) % every !== 0) return;
    const close = this.data.close.last;
    if (close > this.average.last && this.trades.length < max) this.buy({ size });
    else if (close < this.average.last && this.position.size > 0) this.sell({ size: reduce });
  }
}
