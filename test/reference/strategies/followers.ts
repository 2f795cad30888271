/** Strategies of the reference cases that follow a column of signals, trail their stop losses, or look at longer bars. */
import {
  crossover,
  type ResampleRule,
  resampleApply,
  type Series,
  SignalStrategy,
  Strategy,
  sma,
  TrailingStrategy,
} from '../../../engine/backtest/index.ts';
import { sized } from './crossing.ts';

export class SignalSma extends SignalStrategy<typeof SignalSma.params> {
  static params = { n1: 10, n2: 25, size: 0.95, portion: 1, both: false };

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
    this.setSignal(
      this.indicator(signals, this.data.close, size, both ? -size : 0),
      this.indicator(signals, this.data.close, both ? -portion : 0, portion),
    );
  }
}

export class TrailingSma extends TrailingStrategy<typeof TrailingSma.params> {
  static params = { n1: 10, n2: 20, nAtr: 6, atrPeriods: 100, pct: 0, short: false, size: 0 };
  fast!: Series;
  slow!: Series;

  override init() {
    const { n1, n2, nAtr, atrPeriods, pct } = this.params;
    this.setAtrPeriods(atrPeriods);
    if (pct === 0) this.setTrailingStop(nAtr);
    else this.setTrailingPercent(pct);
    this.fast = this.indicator(sma, this.data.close, n1);
    this.slow = this.indicator(sma, this.data.close, n2);
  }

  override next() {
    super.next();
    if (crossover(this.fast, this.slow)) {
      this.position.close();
      this.buy(sized(this.params.size));
    } else if (this.params.short && crossover(this.slow, this.fast)) {
      this.position.close();
      this.sell(sized(this.params.size));
    }
  }
}

export class MtfTrend extends Strategy<typeof MtfTrend.params> {
  static params = { n1: 5, n2: 4, rule: 'W', size: 0 };
  fast!: Series;
  slow!: Series;

  init() {
    const { n1, n2, rule } = this.params;
    const rules: Readonly<Record<string, ResampleRule>> = { W: '1w', M: '1mo', D: '1d', '4H': '4h' };
    const { time, close } = this.data;
    this.fast = this.indicator(sma, close, n1);
    this.slow = this.indicator(resampleApply(rules[rule] ?? '1d', sma), time, close, n2);
  }

  next() {
    const { isOpen } = this.position;
    if (this.fast.last > this.slow.last && !isOpen) this.buy(sized(this.params.size));
    else if (this.fast.last < this.slow.last && isOpen) this.position.close();
  }
}
