/** Strategies of the reference cases that follow a column of signals, or trail their stop losses. */
import { crossover, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import { sized } from './crossing.ts';

export class SignalSma extends Strategy<typeof SignalSma.params> {
  static params = { n1: 10, n2: 25, size: 0.95, portion: 1, both: false };
  entry!: Series;
  exit!: Series;

  init() {
    const { n1, n2, size, portion, both } = this.params;
    const signals = (close: Float64Array, up: number, down: number) => {
      const fast = sma(close, n1);
      const slow = sma(close, n2);
      const above = fast.map((value, i) => (value > (slow[i] ?? Number.NaN) ? 1 : 0));
      return above.map((value, i) => {
        const change = i === 0 ? 0 : value - (above[i - 1] ?? 0);
        return change > 0 ? up : change < 0 ? down : 0;
      });
    };
    const options = { scatter: true };
    this.entry = this.indicator(signals, this.data.close, size, both ? -size : 0, options);
    this.exit = this.indicator(signals, this.data.close, both ? -portion : 0, portion, options);
  }

  next() {
    const exit = this.exit.last;
    for (const trade of this.trades) {
      if (exit > 0 ? trade.isLong : exit < 0 && trade.isShort) trade.close(Math.abs(exit));
    }
    const entry = this.entry.last;
    if (entry > 0) this.buy({ size: entry });
    else if (entry < 0) this.sell({ size: -entry });
  }
}

export class TrailingSma extends Strategy<typeof TrailingSma.params> {
  static params = { n1: 10, n2: 20, nAtr: 6, atrPeriods: 100, pct: 0, short: false, size: 0 };
  fast!: Series;
  slow!: Series;
  /** In a list: the trailing distance does not delay the start. */
  distance: Series[] = [];

  init() {
    const { n1, n2, nAtr, atrPeriods, pct } = this.params;
    this.fast = this.indicator(sma, this.data.close, n1);
    this.slow = this.indicator(sma, this.data.close, n2);
    const { high, low, close } = this.data;
    this.distance.push(this.indicator(trailingDistance, high, low, close, atrPeriods, nAtr, pct));
  }

  next() {
    this.trail();
    if (crossover(this.fast, this.slow)) {
      this.position.close();
      this.buy(sized(this.params.size));
    } else if (this.params.short && crossover(this.slow, this.fast)) {
      this.position.close();
      this.sell(sized(this.params.size));
    }
  }

  trail() {
    const close = this.data.close.last;
    const distance = this.distance[0]?.last ?? Number.NaN;
    for (const trade of this.trades) {
      if (trade.isLong) trade.sl = Math.max(trade.sl ?? Number.NEGATIVE_INFINITY, close - distance);
      else trade.sl = Math.min(trade.sl ?? Number.POSITIVE_INFINITY, close + distance);
    }
  }
}

/** So many average true ranges (plain means, the first one filled backwards); by `pct` so many as make that share on average. */
function trailingDistance(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  periods: number,
  nAtr: number,
  pct: number,
): Float64Array {
  const range = close.map((_, i) => {
    const before = close[i - 1] ?? Number.NaN;
    const [top, bottom] = [high[i] ?? Number.NaN, low[i] ?? Number.NaN];
    return Math.max(top - bottom, Math.abs(before - top), Math.abs(before - bottom));
  });
  const average = sma(range, periods);
  const first = average.find((value) => !Number.isNaN(value)) ?? Number.NaN;
  const filled = average.map((value) => (Number.isNaN(value) ? first : value));
  const shares = filled.map((value, i) => ((close[i] ?? Number.NaN) * pct) / value);
  const count = pct === 0 ? nAtr : shares.reduce((a, b) => a + b, 0) / shares.length;
  return filled.map((value) => value * count);
}
