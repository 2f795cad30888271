/** Strategies of the reference cases that act when two moving averages cross. A size of 0 is the default size. */
import { crossover, type OrderRequest, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';

export function sized(size: number): OrderRequest {
  return size === 0 ? {} : { size };
}

type Averages = { n1: number; n2: number };

abstract class Crossing<P extends Averages & Record<string, number>> extends Strategy<P> {
  fast!: Series;
  slow!: Series;

  init() {
    this.fast = this.indicator(sma, this.data.close, this.params.n1);
    this.slow = this.indicator(sma, this.data.close, this.params.n2);
  }

  get crossedUp(): boolean {
    return crossover(this.fast, this.slow);
  }

  get crossedDown(): boolean {
    return crossover(this.slow, this.fast);
  }
}

export class SmaCross extends Crossing<typeof SmaCross.params> {
  static params = { n1: 10, n2: 30, size: 0 };

  next() {
    if (this.crossedUp) {
      this.position.close();
      this.buy(sized(this.params.size));
    } else if (this.crossedDown) {
      this.position.close();
      this.sell(sized(this.params.size));
    }
  }
}

export class SmaCrossNet extends Crossing<typeof SmaCrossNet.params> {
  static params = { n1: 10, n2: 20, size: 0 };

  next() {
    if (this.crossedUp) this.buy(sized(this.params.size));
    else if (this.crossedDown) this.sell(sized(this.params.size));
  }
}

export class SmaCrossLongOnly extends Crossing<typeof SmaCrossLongOnly.params> {
  static params = { n1: 10, n2: 20, size: 0 };

  next() {
    if (this.crossedUp) this.buy(sized(this.params.size));
    else if (this.crossedDown) this.position.close();
  }
}

export class SmaCrossShortOnly extends Crossing<typeof SmaCrossShortOnly.params> {
  static params = { n1: 10, n2: 20, size: 0 };

  next() {
    if (this.crossedDown) this.sell(sized(this.params.size));
    else if (this.crossedUp) this.position.close();
  }
}

export class HedgeLadder extends Crossing<typeof HedgeLadder.params> {
  static params = { n1: 5, n2: 15, size: 0.2, hold: 15 };

  next() {
    for (const trade of this.trades) {
      if (this.data.bar - trade.entryBar >= this.params.hold) trade.close();
    }
    if (this.crossedUp) this.buy(sized(this.params.size));
    else if (this.crossedDown) this.sell(sized(this.params.size));
  }
}

export class ScaleOut extends Crossing<typeof ScaleOut.params> {
  static params = { n1: 10, n2: 30, size: 0, portion: 0.5, every: 5, slPct: 0 };

  next() {
    const { size, portion, every, slPct } = this.params;
    if (this.crossedUp && !this.position.isOpen) {
      this.buy({ ...sized(size), sl: slPct === 0 ? null : this.data.close.last * (1 - slPct) });
    } else if (this.position.isOpen && (this.data.bar + 1) % every === 0) {
      this.position.close(portion);
    }
  }
}

export class PnlExit extends Crossing<typeof PnlExit.params> {
  static params = { n1: 10, n2: 40, size: 0, take: 6, stop: 4, floor: 0 };

  next() {
    const { size, take, stop, floor } = this.params;
    if (this.position.isOpen) {
      const percent = this.position.returnFraction * 100;
      if (percent >= take || percent <= -stop) this.position.close();
    } else if (this.equity >= floor) {
      if (this.fast.last > this.slow.last) this.buy(sized(size));
      else if (this.fast.last < this.slow.last) this.sell(sized(size));
    }
  }
}
