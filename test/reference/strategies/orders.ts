/** Strategies of the reference cases that place limits, stops, stop losses and take profits. */
import { highest, lowest, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import { sized } from './crossing.ts';

export class Bracket extends Strategy<typeof Bracket.params> {
  static params = { every: 5, slPct: 0, tpPct: 0, side: 'long', size: 0 };
  entries = 0;

  init() {}

  next() {
    const { every, slPct, tpPct, side, size } = this.params;
    if ((this.data.bar + 1) % every !== 0 || this.position.isOpen) return;
    const close = this.data.close.last;
    const isLong = side === 'long' || (side === 'alternate' && this.entries % 2 === 0);
    const leg = (share: number, sign: number) => (share === 0 ? null : close * (1 + sign * share));
    if (isLong) this.buy({ ...sized(size), sl: leg(slPct, -1), tp: leg(tpPct, 1) });
    else this.sell({ ...sized(size), sl: leg(slPct, 1), tp: leg(tpPct, -1) });
    this.entries++;
  }
}

export class LimitPullback extends Strategy<typeof LimitPullback.params> {
  static params = { n: 20, pct: 0.01, hold: 5, patience: 3, size: 0, short: false };
  average!: Series;
  placedAt = 0;

  init() {
    this.average = this.indicator(sma, this.data.close, this.params.n);
  }

  next() {
    const { pct, hold, patience, size, short } = this.params;
    const { bar, close } = this.data;
    if (this.position.isOpen) {
      if (bar - (this.trades[0]?.entryBar ?? 0) >= hold) this.position.close();
      return;
    }
    if (this.orders.length > 0) {
      if (bar - this.placedAt >= patience) for (const order of this.orders) order.cancel();
      return;
    }
    if (close.last > this.average.last) {
      this.buy({ ...sized(size), limit: close.last * (1 - pct) });
      this.placedAt = bar;
    } else if (close.last < this.average.last && short) {
      this.sell({ ...sized(size), limit: close.last * (1 + pct) });
      this.placedAt = bar;
    }
  }
}

export class StopLimit extends Strategy<typeof StopLimit.params> {
  static params = { every: 5, stopPct: 0.01, limitPct: 0.02, hold: 4, side: 'long', size: 0 };

  init() {}

  next() {
    const { every, stopPct, limitPct, hold, side, size } = this.params;
    const close = this.data.close.last;
    if (this.position.isOpen) {
      if (this.data.bar - (this.trades[0]?.entryBar ?? 0) >= hold) this.position.close();
      return;
    }
    if ((this.data.bar + 1) % every !== 0) return;
    for (const order of this.orders) order.cancel();
    if (side === 'long') {
      this.buy({ ...sized(size), stop: close * (1 + stopPct), limit: close * (1 + limitPct) });
    } else {
      this.sell({ ...sized(size), stop: close * (1 - stopPct), limit: close * (1 - limitPct) });
    }
  }
}

export class StopBreakout extends Strategy<typeof StopBreakout.params> {
  static params = { n: 20, eps: 0, hold: 10, both: true, size: 0 };
  top!: Series;
  bottom!: Series;

  init() {
    this.top = this.indicator(highest, this.data.high, this.params.n);
    this.bottom = this.indicator(lowest, this.data.low, this.params.n);
  }

  next() {
    const { eps, hold, both, size } = this.params;
    for (const order of this.orders) if (order.trade === null) order.cancel();
    if (this.position.isOpen) {
      if (this.data.bar - (this.trades[0]?.entryBar ?? 0) >= hold) this.position.close();
      return;
    }
    this.buy({ ...sized(size), stop: this.top.last * (1 + eps) });
    if (both) this.sell({ ...sized(size), stop: this.bottom.last * (1 - eps) });
  }
}
