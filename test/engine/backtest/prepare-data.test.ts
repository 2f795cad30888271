import { describe, expect, it } from 'vitest';
import { Backtest, type Bars, Strategy, sma } from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

const closes = Array.from({ length: 40 }, (_, bar) => 100 + (bar % 7));

/** Buys by a column that it makes itself from the bars it is given. */
class OwnColumn extends Strategy {
  static calls = 0;
  static prepareData(bars: readonly Bars[]): readonly Bars[] {
    OwnColumn.calls += 1;
    return bars.map((of) => ({ ...of, extra: { ...of.extra, doubled: of.close.map((close) => close * 2) } }));
  }
  init() {
    this.indicator(sma, this.data.column('doubled'), 3);
  }
  next() {
    if (this.data.column('doubled').last > 210 && !this.position.isOpen) this.buy({ size: 1 });
  }
}

describe('a strategy that prepares its data', () => {
  const bars = barsOf('ACME', closes);

  it('sees the columns that it added', () => {
    const { orders } = new Backtest(bars, OwnColumn).run();
    expect(orders[0]).toMatchObject({ side: 'buy', signalBar: closes.findIndex((close) => close * 2 > 210) });
  });

  it('prepares once for each set of bars, not for each run', () => {
    OwnColumn.calls = 0;
    const backtest = new Backtest(bars, OwnColumn);
    backtest.run();
    backtest.run();
    expect(OwnColumn.calls).toBe(1);
  });

  it('that prepares bars which cannot be is refused with what is wrong', () => {
    class Empty extends OwnColumn {
      static override prepareData = () => [];
    }
    expect(() => new Backtest(bars, Empty)).toThrow('A backtest needs the bars of at least one symbol.');
  });
});
