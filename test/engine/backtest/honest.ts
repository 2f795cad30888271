/** Strategies that look back only, and use all that might raise a false alarm. */
import {
  adx,
  atr,
  bollinger,
  rsi,
  type Series,
  Strategy,
  sma,
  stddev,
  supertrend,
} from '../../../engine/backtest/index.ts';

export class RsiLevels extends Strategy {
  rsi!: Series;
  init() {
    this.rsi = this.indicator(rsi, this.data.close, 14);
  }
  next() {
    if (this.rsi.last < 35 && !this.position.isOpen) this.buy({ size: 0.5, tag: 'low' });
    if (this.rsi.last > 65) this.position.close();
  }
}

/** Stop losses that follow the price, take profits, and limits that wait. */
export class Trailing extends Strategy {
  atr!: Series;
  init() {
    const { high, low, close } = this.data;
    this.atr = this.indicator(atr, high, low, close, 10);
  }
  next() {
    const price = this.data.close.last;
    for (const trade of this.trades) {
      if (trade.isLong) trade.sl = Math.max(trade.sl ?? 0, price - 2 * this.atr.last);
    }
    for (const order of this.orders) if (order.trade === null) order.cancel();
    if (this.trades.length < 2) {
      this.buy({ size: 5, limit: price * 0.995, sl: price * 0.9, tp: price * 1.05 });
      this.buy({ size: 3, stop: price * 1.01, limit: price * 1.02, sl: price * 0.95 });
    } else if (this.data.bar % 5 === 0) {
      this.trades[0]?.close(0.5);
    }
  }
}

/** Equal parts of all symbols that there are, every tenth bar. */
export class Rebalance extends Strategy {
  averages = new Map<string, Series>();
  init() {
    for (const symbol of this.data.symbols) {
      this.averages.set(symbol, this.indicator(sma, this.data.of(symbol).close, 5, { plot: false }));
    }
  }
  next() {
    if (this.data.bar % 10 !== 0) return;
    for (const [symbol, average] of this.averages) {
      if (Number.isNaN(average.last)) continue;
      const price = this.data.of(symbol).close.last;
      const units =
        Math.floor((this.equity * 0.9) / this.averages.size / price) - this.positionOf(symbol).size;
      if (units > 0) this.buy({ symbol, size: units });
      if (units < 0) this.sell({ symbol, size: -units });
    }
  }
}

/** The same by weights: what is above its average, every fifth bar. */
export class ByWeights extends Rebalance {
  override next() {
    if (this.data.bar % 5 !== 0) return;
    const isAbove = (symbol: string) =>
      this.data.of(symbol).close.last > (this.averages.get(symbol)?.last ?? Number.NaN);
    this.allocation.add(isAbove).equalWeight(0.95);
    this.rebalance();
  }
}

/** Indicators of all kinds, and of each other. */
export class ManyIndicators extends Strategy {
  trend!: { line: Series; direction: Series };
  init() {
    const { high, low, close } = this.data;
    this.trend = this.indicator(supertrend, high, low, close, 7, 2);
    this.indicator(adx, high, low, close, 7);
    this.indicator(bollinger, this.indicator(rsi, close, 5), 10, 2);
    this.indicator(stddev, close, 15);
  }
  next() {
    if (this.trend.direction.last > 0 && !this.position.isOpen) this.buy({ size: 10 });
    if (this.trend.direction.last < 0) this.position.close();
  }
}
