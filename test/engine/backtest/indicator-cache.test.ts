import { expect, test } from 'vitest';
import { Backtest, crossover, macd, type Series, Strategy, sma } from '../../../engine/backtest/index.ts';
import { IndicatorCache } from '../../../engine/backtest/indicator-cache.ts';
import { alignBars } from '../../../engine/backtest/market.ts';
import { barsOf } from './bars.ts';

const prices = Array.from({ length: 300 }, (_, day) => 50 + 10 * Math.sin(day / 9) + day / 20);
const bars = barsOf('AA', prices);
const market = alignBars([bars]);
const { close } = bars;

test("an indicator of the engine's over the same bars is computed once", () => {
  const cache = new IndicatorCache(market);
  const average = cache.compute(sma, [close, 10]);
  expect(average).toEqual(sma(close, 10));
  expect(cache.compute(sma, [close, 10])).toBe(average);
  expect(cache.compute(sma, [close, 11])).not.toEqual(average);
  expect(cache.compute(sma, [bars.volume, 10])).not.toEqual(average);
  const { signal } = cache.compute(macd, [close]) as ReturnType<typeof macd>;
  expect(cache.compute(sma, [signal, 3])).toBe(cache.compute(sma, [signal, 3]));
});

test('what a strategy made itself is computed in each run', () => {
  const cache = new IndicatorCache(market);
  let calls = 0;
  const own = (values: Float64Array) => {
    calls++;
    return values.map((value) => value + calls);
  };
  expect(cache.compute(own, [close])).not.toEqual(cache.compute(own, [close]));
  const derived = close.slice();
  const before = cache.compute(sma, [derived, 3]);
  derived.fill(7);
  expect(cache.compute(sma, [derived, 3])).not.toEqual(before);
});

test('more than there is room for is computed again, and right', () => {
  const cache = new IndicatorCache(market, 2 * close.byteLength);
  const [two, three, four] = [2, 3, 4].map((period) => cache.compute(sma, [close, period]));
  expect(cache.compute(sma, [close, 2])).toBe(two);
  expect(cache.compute(sma, [close, 3])).toBe(three);
  expect(cache.compute(sma, [close, 4])).not.toBe(four);
  expect(cache.compute(sma, [close, 4])).toEqual(four);
});

test('the statistics alone are those of the whole run, however many runs were before it', () => {
  class SmaCross extends Strategy<typeof SmaCross.params> {
    static params = { fast: 5, slow: 20 };
    fast!: Series;
    slow!: Series;

    init() {
      this.fast = this.indicator(sma, this.data.close, this.params.fast);
      this.slow = this.indicator(sma, this.data.close, this.params.slow);
    }

    next() {
      if (crossover(this.fast, this.slow)) this.buy();
      else if (crossover(this.slow, this.fast)) this.position.close();
    }
  }
  for (const options of [
    {},
    { finalizeTrades: true },
    { semantics: 'minitrade' as const },
    { fractional: 0.01 },
  ]) {
    const backtest = new Backtest(bars, SmaCross, { cash: 10_000, commission: 0.002, ...options });
    for (const params of [{ fast: 3 }, { fast: 3, slow: 30 }, { fast: 8, slow: 30 }, { fast: 3 }]) {
      expect(backtest.statistics(params)).toEqual(backtest.run(params).statistics);
    }
  }
});

test('an indicator that writes to what it is given changes no price, in its own run or in a later one', () => {
  const scaled = (values: Float64Array) => {
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * 2;
    return values;
  };
  class Doubled extends Strategy {
    twice!: Series;

    init() {
      this.twice = this.indicator(scaled, this.data.close);
    }

    next() {
      if (this.twice.at(-1) !== 2 * this.data.close.at(-1)) throw new Error('a price was changed');
    }
  }
  const before = close.slice();
  const backtest = new Backtest(bars, Doubled);
  backtest.statistics();
  backtest.statistics();
  backtest.run();
  expect(close).toEqual(before);
});
