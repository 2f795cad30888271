import { roc, type Series, Strategy } from 'outcry';

/** On the first session of each month, and whenever it holds nothing, moves into the symbols that have risen most. */
export default class MomentumRotation extends Strategy<typeof MomentumRotation.params> {
  static params = { period: 120, hold: 3 };

  // In a map, so that a symbol that is listed late does not keep the others waiting.
  momentum = new Map<string, Series>();
  month = -1;

  init() {
    for (const symbol of this.data.symbols) {
      this.momentum.set(
        symbol,
        this.indicator(roc, this.data.of(symbol).close, this.params.period, { plot: false }),
      );
    }
  }

  next() {
    const month = this.data.now.getUTCMonth();
    if (month === this.month && this.trades.length > 0) return;
    this.month = month;

    const strongest = [...this.momentum]
      .filter(([, momentum]) => momentum.last > 0)
      .sort(([, a], [, b]) => b.last - a.last)
      .slice(0, this.params.hold)
      .map(([symbol]) => symbol);

    for (const symbol of this.data.symbols) {
      if (!strongest.includes(symbol)) this.positionOf(symbol).close();
    }
    // Some cash stays: prices may move until the orders fill on the next open.
    const part = (this.equity * 0.95) / this.params.hold;
    const changes = strongest.map((symbol) => ({
      symbol,
      units: Math.floor(part / this.data.of(symbol).close.last) - this.positionOf(symbol).size,
    }));
    // Sales first: they pay for the rest.
    for (const { symbol, units } of changes.sort((a, b) => a.units - b.units)) {
      if (units > 0) this.buy({ symbol, size: units });
      if (units < 0) this.sell({ symbol, size: -units });
    }
  }
}
