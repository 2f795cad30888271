import { describe, expect, test } from 'vitest';
import { Backtest, range, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import { walkForwardWindows } from '../../../engine/backtest/walk-forward-windows.ts';
import { sliceBars } from '../../../engine/market/bars.ts';
import { barsOf } from './bars.ts';

const dayMs = 86_400_000;
const days = (count: number, first = Date.UTC(2020, 0, 31)) =>
  Float64Array.from({ length: count }, (_, day) => first + day * dayMs);

/** Long while the price is above its average. */
class Above extends Strategy<typeof Above.params> {
  static params = { period: 10 };
  average!: Series;

  init() {
    this.average = this.indicator(sma, this.data.close, this.params.period);
  }

  next() {
    const isAbove = this.data.close.last > this.average.last;
    if (isAbove && !this.position.isOpen) this.buy();
    else if (!isAbove && this.position.isOpen) this.position.close();
  }
}

const prices = Array.from(
  { length: 400 },
  (_, day) => 100 + 15 * Math.sin(day / 13) + 6 * Math.sin(day / 3) + day / 10,
);
const bars = barsOf('AA', prices);
const params = { period: range(5, 30, 5) };

describe('windows', () => {
  test('roll on by the length of a test, end to end, up to the last bar', () => {
    expect(walkForwardWindows(days(100), { train: 40, test: 25 })).toEqual([
      { trainFrom: 0, testFrom: 40, testTo: 65 },
      { trainFrom: 25, testFrom: 65, testTo: 90 },
      { trainFrom: 50, testFrom: 90, testTo: 100 },
    ]);
  });

  test('anchored, always begin with the first bar', () => {
    const windows = walkForwardWindows(days(100), { train: 40, test: 25, anchored: true });
    expect(windows.map(({ trainFrom }) => trainFrom)).toEqual([0, 0, 0]);
    expect(windows.map(({ testFrom }) => testFrom)).toEqual([40, 65, 90]);
  });

  test('a last bar alone belongs to the window before it', () => {
    expect(walkForwardWindows(days(91), { train: 40, test: 25 }).at(-1)).toEqual({
      trainFrom: 25,
      testFrom: 65,
      testTo: 91,
    });
  });

  test('by the calendar, a month after the 31st is the last day of the next', () => {
    const time = days(200);
    const windows = walkForwardWindows(time, { train: { months: 1 }, test: { months: 2 } });
    const dates = windows.map(({ testFrom }) => new Date(time[testFrom] ?? 0).toISOString().slice(0, 10));
    expect(dates).toEqual(['2020-02-29', '2020-04-29', '2020-06-29']);
  });

  test.each([
    [{ train: 100, test: 10 }, '100 bars are too few to train on 100 bars'],
    [{ train: { years: 1 }, test: 10 }, '100 bars are too few to train on 1 years'],
    [{ train: 0, test: 10 }, 'train is a number of bars, at least 2'],
    [
      { train: 10, test: {} },
      'test is a number of bars, at least 2, or a length such as { months: 6 }, not {}',
    ],
    [{ train: 10, test: { months: 0.5 } }, 'test is a number of bars'],
  ])('%j is refused', (plan, problem) => {
    expect(() => walkForwardWindows(days(100), plan)).toThrow(problem);
  });
});

describe('each window', () => {
  test('trades what did best in training, from the first bar of the test on, with warm indicators', async () => {
    const backtest = new Backtest(bars, Above, { cash: 5000 });
    const { windows } = await backtest.walkForward({ params, maximize: 'returnPct', train: 150, test: 100 });
    expect(windows).toHaveLength(3);
    let cash = 5000;
    for (const [index, window] of windows.entries()) {
      const trainFrom = index * 100;
      const training = new Backtest(sliceBars(bars, trainFrom, trainFrom + 150), Above, { cash: 5000 });
      const { best } = await training.optimize({ params, maximize: 'returnPct' });
      expect(window.params).toEqual(best.params);
      expect(window.value).toBe(best.value);
      expect(window.inSample).toEqual(best.result.statistics);
      const testFrom = trainFrom + 150;
      expect(window.testStart).toBe(bars.time[testFrom]);
      const seen = sliceBars(bars, trainFrom, Math.min(testFrom + 100, 400));
      const traded = new Backtest(seen, Above, {
        cash,
        tradeStart: bars.time[testFrom] ?? 0,
        finalizeTrades: true,
      }).run(best.params);
      expect(traded.trades.every(({ entryBar }) => entryBar > 150)).toBe(true);
      cash = traded.equity.at(-1) ?? 0;
      expect(window.outOfSample.equityFinal).toBe(cash);
      expect(window.outOfSample.trades).toBe(traded.trades.length);
    }
  });

  test('with a shorter warm-up the strategy sees less before the test', async () => {
    const firstBars: number[] = [];
    class Watching extends Above {
      override next() {
        if (this.data.bar === 30 && this.data.length === 31) firstBars.push(this.data.time.at(0));
        super.next();
      }
    }
    await new Backtest(bars, Watching).walkForward({
      params: { period: [5] },
      train: 150,
      test: 250,
      warmUp: 20,
    });
    expect(firstBars.at(-1)).toBe(bars.time[130]);
  });
});

describe('all tests together', () => {
  const plan = { params, maximize: 'returnPct', train: 150, test: 100 } as const;

  test('are one curve on one time, each beginning with the money of the one before', async () => {
    const whole = await new Backtest(bars, Above, { cash: 5000 }).walkForward(plan);
    expect(whole.time).toEqual(bars.time.subarray(150));
    expect(whole.equity).toHaveLength(250);
    expect(whole.equity[0]).toBe(5000);
    expect(whole.equity[99]).toBe(whole.equity[100]);
    expect(whole.equity[199]).toBe(whole.equity[200]);
    expect(whole.statistics.equityFinal).toBe(whole.equity.at(-1));
    const profit = whole.trades.reduce((sum, { pnl }) => sum + pnl, 0);
    expect(5000 + profit).toBeCloseTo(whole.statistics.equityFinal, 8);
    for (const { entryBar, entryPrice } of whole.trades) expect(entryPrice).toBe(bars.open[150 + entryBar]);
    const held = ((bars.close[399] ?? 0) / (bars.close[150] ?? 1) - 1) * 100;
    expect(whole.statistics.buyAndHoldReturnPct).toBeCloseTo(held, 9);
  });

  test('keep a share of what the trainings earned', async () => {
    const { windows, statistics, efficiency } = await new Backtest(bars, Above).walkForward(plan);
    for (const { efficiency: own, inSample, outOfSample } of windows) {
      expect(own).toBeCloseTo(outOfSample.returnAnnualPct / inSample.returnAnnualPct, 12);
    }
    const trained = windows.reduce((sum, { inSample }) => sum + inSample.returnAnnualPct, 0) / windows.length;
    expect(efficiency).toBeCloseTo(statistics.returnAnnualPct / trained, 12);
  });

  test('end when the money is gone, and say so', async () => {
    const falling = barsOf(
      'AA',
      Array.from({ length: 300 }, (_, day) =>
        day < 120 ? 100 + day + 5 * Math.sin(day) : 220 - (day % 90) * 2.2,
      ),
    );
    class AllIn extends Strategy<typeof AllIn.params> {
      static params = { size: 0.5 };
      init() {}
      next() {
        if (!this.position.isOpen) this.buy({ size: this.params.size });
      }
    }
    const backtest = new Backtest(falling, AllIn, { margin: 0.05 });
    const whole = await backtest.walkForward({ params: { size: [0.9] }, train: 100, test: 50 });
    expect(whole.windows.length).toBeLessThan(4);
    expect(whole.statistics.equityFinal).toBe(0);
    expect(whole.warnings.join()).toContain('The money was gone in the test that ended on');
  });

  test('say when a training traded nothing', async () => {
    const { windows, efficiency, warnings } = await new Backtest(bars, Above, { cash: 1 }).walkForward(plan);
    expect(windows.every(({ value }) => value === null)).toBe(true);
    expect(efficiency).toBeNull();
    expect(warnings[0]).toContain('In 3 of 3 trainings nothing was traded');
  });

  test('tell how far they are, and stop when they are cancelled', async () => {
    const fractions: number[] = [];
    const backtest = new Backtest(bars, Above);
    await backtest.walkForward({ ...plan, onProgress: ({ fraction }) => fractions.push(fraction) });
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    const abort = new AbortController();
    const onProgress = () => abort.abort();
    await expect(backtest.walkForward({ ...plan, signal: abort.signal, onProgress })).rejects.toThrow(
      'cancelled',
    );
  });
});

test('a portfolio walks forward, its symbols listed one after the other', async () => {
  class Equal extends Strategy<typeof Equal.params> {
    static params = { every: 10 };
    init() {}
    next() {
      if (this.data.bar % this.params.every !== 0) return;
      for (const symbol of this.data.symbols) {
        const position = this.positionOf(symbol);
        if (position.isOpen) position.close();
        else if (!Number.isNaN(this.data.of(symbol).close.last)) this.buy({ symbol, size: 0.2 });
      }
    }
  }
  const late = barsOf(
    'BB',
    prices.slice(0, 160).map((price) => price * 2),
    Array.from({ length: 160 }, (_, day) => 240 + day),
  );
  const backtest = new Backtest([bars, late], Equal);
  const whole = await backtest.walkForward({ params: { every: [5, 10] }, train: 150, test: 100 });
  expect(whole.time).toHaveLength(250);
  const traded = new Map(whole.trades.map(({ symbol, entryBar }) => [symbol, entryBar]));
  expect([...traded.keys()].sort()).toEqual(['AA', 'BB']);
  expect(whole.trades.filter(({ symbol }) => symbol === 'BB').every(({ entryBar }) => entryBar >= 90)).toBe(
    true,
  );
});
