import { describe, expect, test } from 'vitest';
import { Allocation } from '../../../engine/backtest/allocation.ts';
import { Backtest, type BacktestOptions, Strategy } from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

const fresh = () => new Allocation(['A', 'B', 'C', 'D']).assumeZero();

describe('a cycle begins with saying what is assumed', () => {
  test.each([
    ['weights', (allocation: Allocation) => allocation.weights],
    ['bucket', (allocation: Allocation) => allocation.bucket('x')],
    ['unallocated', (allocation: Allocation) => allocation.unallocated],
    ['normalize', (allocation: Allocation) => allocation.normalize()],
    ['modified', (allocation: Allocation) => allocation.modified],
    ['set', (allocation: Allocation) => allocation.set('A', 1)],
  ])('%s before that is an error that says so', (_name, ask) => {
    const message = 'Say allocation.assumeZero() or allocation.assumePrevious() first';
    expect(() => ask(new Allocation(['A']))).toThrow(message);
    const ended = fresh();
    ended.endCycle();
    expect(() => ask(ended), 'after a cycle, too').toThrow(message);
  });

  test('the last weights can be taken over, and are forgotten otherwise', () => {
    const allocation = fresh();
    allocation.weights = { A: 0.25, B: 0.5 };
    allocation.endCycle();
    expect(allocation.previousWeights).toEqual({ A: 0.25, B: 0.5, C: 0, D: 0 });
    expect(allocation.assumePrevious().weights).toEqual({ A: 0.25, B: 0.5, C: 0, D: 0 });
    expect(allocation.modified).toBe(false);
    expect(allocation.assumeZero().modified).toBe(true);
    expect(allocation.unallocated).toBe(1);
  });

  test('buckets are empty in each cycle', () => {
    const allocation = fresh();
    allocation.bucket('x').append(['A']).weightEqually().apply();
    allocation.endCycle();
    expect(allocation.assumeZero().bucket('x')).toHaveLength(0);
  });
});

describe('weights that cannot be', () => {
  test.each([
    [{ A: -0.1 }, 'The weight of A is -0.1; weights are 0 or more.'],
    [{ A: 0.6, B: 0.6 }, 'The weights are 1.2 together, but there is only 1; normalize() scales them.'],
    [{ A: Number.NaN }, 'The weight of A is NaN'],
    [{ E: 0.5 }, 'The allocation has no symbol "E".'],
  ])('%j', (weights, message) => {
    expect(() => {
      fresh().weights = weights;
    }).toThrow(message);
  });

  test('what was accumulated beyond 1 is found when it is read, and can be normalized', () => {
    const allocation = fresh();
    for (const name of ['x', 'y']) {
      allocation.bucket(name).append(['A', 'B']).weightExplicitly([0.5, 0.25]).apply('accumulate');
    }
    expect(() => allocation.weights).toThrow('are 1.5 together');
    expect(allocation.normalize().weights).toEqual({ A: 1 / 1.5, B: 0.5 / 1.5, C: 0, D: 0 });
  });
});

describe('a bucket chooses', () => {
  const bucket = () => fresh().bucket('x');
  test('what is in all of the lists, in the order of the first', () => {
    expect([...bucket().append(['C', 'A', 'B'], ['A', 'C'])]).toEqual(['C', 'A']);
    expect([...bucket().append(['C', 'A', 'B'], (symbol) => symbol !== 'A')]).toEqual(['C', 'B']);
    expect([...bucket().append((symbol) => symbol < 'C')]).toEqual(['A', 'B']);
    expect([...bucket().append(['A', 'A', 'B'])], 'once each').toEqual(['A', 'B']);
  });

  test('what is there already keeps its place', () => {
    expect([...bucket().append(['B']).append(['A', 'B', 'C'])]).toEqual(['B', 'A', 'C']);
  });

  test('and leaves out', () => {
    const all = bucket().append(['A', 'B', 'C', 'D']);
    expect([...all.remove()]).toEqual(['A', 'B', 'C', 'D']);
    expect([...all.remove(['A', 'B'], ['B', 'C'])]).toEqual(['A', 'C', 'D']);
    expect([...all.trim(2)]).toEqual(['A', 'C']);
  });

  test('a symbol that there is not is an error, not passed over', () => {
    expect(() => bucket().append(['AA'])).toThrow('no symbol "AA". Did you mean A?');
  });
});

describe('a bucket weighs', () => {
  const weigh = (weigh: (bucket: ReturnType<Allocation['bucket']>) => unknown, sum = 0) => {
    const allocation = fresh().set('D', sum);
    const bucket = allocation.bucket('x').append(['B', 'A', 'C']);
    weigh(bucket);
    bucket.apply();
    return allocation.weights;
  };
  test('equally, in what is left unless said', () => {
    expect(weigh((bucket) => bucket.weightEqually(0.6))).toEqual({
      A: 0.6 / 3,
      B: 0.6 / 3,
      C: 0.6 / 3,
      D: 0,
    });
    expect(weigh((bucket) => bucket.weightEqually(), 0.25)).toMatchObject({ A: 0.25, D: 0.25 });
  });

  test('in proportion', () => {
    expect(weigh((bucket) => bucket.weightProportionally([1, 2, 5], 0.8))).toEqual({
      ...{ B: 0.1, A: 0.2, C: 0.5, D: 0 },
    });
    expect(() => weigh((bucket) => bucket.weightProportionally([1, 2]))).toThrow(
      'The bucket has 3 symbols, but was given 2 proportions.',
    );
    expect(() => weigh((bucket) => bucket.weightProportionally([1, -2, 3]))).toThrow('not -2');
  });

  test('by hand: for all, by rank, by symbol', () => {
    expect(weigh((bucket) => bucket.weightExplicitly(0.1))).toMatchObject({ A: 0.1, B: 0.1, C: 0.1 });
    expect(weigh((bucket) => bucket.weightExplicitly([0.2, 0.1]))).toMatchObject({ A: 0.1, B: 0.2, C: 0 });
    expect(weigh((bucket) => bucket.weightExplicitly({ C: 0.3, D: 0.4 }))).toEqual({
      A: 0,
      B: 0,
      C: 0.3,
      D: 0,
    });
    expect(() => weigh((bucket) => bucket.weightExplicitly(0.4))).toThrow(
      'from 0 to 1, one by one and together',
    );
    expect(() => weigh((bucket) => bucket.weightExplicitly([0.1, 0.1, 0.1, 0.9]))).toThrow('together');
  });

  test('must weigh before it is applied; without symbols it changes nothing', () => {
    const allocation = fresh().set('A', 0.5);
    expect(() => allocation.bucket('x').append(['B']).apply()).toThrow('Weigh the bucket before apply()');
    allocation.bucket('y').weightEqually().apply('overwrite');
    expect(allocation.weights).toMatchObject({ A: 0.5 });
  });

  test.each([
    ['update', { A: 0.2, B: 0.2, C: 0.25, D: 0.25 }],
    ['overwrite', { A: 0.2, B: 0.2, C: 0, D: 0 }],
    ['accumulate', { A: 0.45, B: 0.45, C: 0.25, D: 0.25 }],
  ] as const)('and applies: %s', (method, expected) => {
    const allocation = fresh();
    allocation.bucket('all').append(allocation.symbols).weightEqually().apply();
    allocation.bucket('some').append(['A', 'B']).weightExplicitly(0.2).apply(method);
    if (method === 'accumulate') {
      // 1.4 together: too much to be read, but in proportion.
      expect(allocation.weightOf('A')).toBeCloseTo(expected.A, 12);
      expect(allocation.weightOf('D')).toBeCloseTo(expected.D, 12);
    } else expect(allocation.weights).toEqual(expected);
  });
});

test('the short form: a pool, and equal parts for what is in it', () => {
  const allocation = new Allocation(['A', 'B', 'C', 'D']);
  allocation
    .add(['A', 'B', 'C'], (symbol) => symbol !== 'B')
    .add(['D', 'B'])
    .drop(['D'])
    .limit(2)
    .equalWeight();
  expect(allocation.selected).toEqual(['A', 'C']);
  expect(allocation.weights).toEqual({ A: 0.5, B: 0, C: 0.5, D: 0 });
  allocation.endCycle();
  expect(allocation.selected).toEqual([]);
  expect(allocation.equalWeight().weights, 'nobody was chosen').toEqual({ A: 0, B: 0, C: 0, D: 0 });
});

describe('rebalancing', () => {
  const bars = [barsOf('A', [10, 10, 10, 10, 20, 20]), barsOf('B', [50, 50, 50, 50, 50, 50])];
  const run = (next: (strategy: Strategy, bar: number) => void, options: BacktestOptions = {}) => {
    class Portfolio extends Strategy {
      init() {}
      next() {
        next(this, this.data.bar);
      }
    }
    return new Backtest(bars, Portfolio, { cash: 10_000, ...options }).run();
  };
  const weigh = (strategy: Strategy, a: number, b: number) => {
    strategy.allocation.weights = { A: a, B: b };
  };

  test('buys what the weights say, with a reserve of cash', () => {
    const { fills, positions } = run((strategy, bar) => {
      if (bar !== 1) return;
      weigh(strategy, 0.5, 0.5);
      strategy.rebalance();
    });
    expect(fills.map(({ symbol, bar, units }) => [symbol, bar, units])).toEqual([
      ['A', 2, 450],
      ['B', 2, 90],
    ]);
    expect(positions).toEqual([
      { symbol: 'A', units: 450 },
      { symbol: 'B', units: 90 },
    ]);
  });

  test('sells first, and leaves alone what has drifted unless it is forced', () => {
    const drifted = (force: boolean) =>
      run((strategy, bar) => {
        if (bar !== 1 && bar !== 4) return;
        weigh(strategy, 0.5, 0.5);
        strategy.rebalance({ force });
      }).fills.filter(({ bar }) => bar === 5);
    expect(drifted(false)).toEqual([]);
    expect(drifted(true).map(({ symbol, effect }) => [symbol, effect])).toEqual([
      ['A', 'close'],
      ['B', 'open'],
    ]);
  });

  test('differences that are not worth it are left, in share or in money', () => {
    const trades = (options: Parameters<Strategy['rebalance']>[0]) =>
      run((strategy, bar) => {
        if (bar !== 1) return;
        weigh(strategy, 0.2, 0);
        strategy.rebalance({ cashReserve: 0, ...options });
      }).fills.length;
    expect(trades({ rtol: 0.19 })).toBe(1);
    expect(trades({ rtol: 0.21 })).toBe(0);
    expect(trades({ rtol: 0.21, atol: 1999 })).toBe(1);
    expect(trades({ rtol: 0.21, atol: 2001 })).toBe(0);
  });

  test('a weight of 0 closes, and lots round down', () => {
    const { fills } = run(
      (strategy, bar) => {
        if (bar === 1) weigh(strategy, 0.5, 0.333);
        else if (bar === 2) weigh(strategy, 0, 0.3);
        else return;
        strategy.rebalance();
      },
      { lotSize: 20 },
    );
    expect(fills.map(({ symbol, bar, units }) => [symbol, bar, units])).toEqual([
      ['B', 2, 40],
      ['A', 2, 440],
      ['A', 3, -440],
    ]);
  });

  test('before the start of trading there has been no cycle', () => {
    const { fills } = run(
      (strategy) => {
        weigh(strategy, 0.3, 0);
        strategy.rebalance();
      },
      { tradeStart: bars[0]?.time[3] ?? 0 },
    );
    expect(fills.map(({ bar }) => bar)).toEqual([4]);
  });

  test.each([
    [{ cashReserve: 1 }, 'cashReserve must be from 0 to below 1, not 1.'],
    [{ rtol: -1 }, 'rtol must be from 0 to below 1, not -1.'],
    [{ atol: -1 }, 'atol must be 0 or more, not -1.'],
  ])('%j is refused', (options, message) => {
    expect(() =>
      run((strategy) => {
        strategy.allocation.assumeZero();
        strategy.rebalance(options);
      }),
    ).toThrow(message);
  });

  test('values, weights and turnover of each symbol are told', () => {
    const { allocation, portfolio, equity } = run((strategy, bar) => {
      if (bar === 1) {
        weigh(strategy, 0.5, 0);
        strategy.rebalance({ cashReserve: 0 });
      }
    });
    expect(Array.from(allocation.values[0] ?? [])).toEqual([0, 0, 5000, 5000, 10_000, 10_000]);
    expect(Array.from(allocation.available)).toEqual([10_000, 10_000, 5000, 5000, 5000, 5000]);
    expect(Array.from(equity)).toEqual([10_000, 10_000, 10_000, 10_000, 15_000, 15_000]);
    const [a, b] = portfolio.symbols;
    expect(a).toMatchObject({ symbol: 'A', trades: 0, value: 10_000 });
    expect(a?.exposureTimePct).toBeCloseTo((4 / 6) * 100, 10);
    expect(a?.averageWeightPct).toBeCloseTo(((0.5 + 0.5 + 2 / 3 + 2 / 3) / 6) * 100, 10);
    // 5,000 bought once, in 5 days, of a mean equity of 70,000 / 6.
    expect(a?.turnoverAnnualPct).toBeCloseTo((5000 / 2 / (70_000 / 6) / (5 / 365.25)) * 100, 8);
    expect(b).toMatchObject({ value: 0, exposureTimePct: 0, averageWeightPct: 0, turnoverAnnualPct: 0 });
    expect(portfolio.mostSymbols).toBe(1);
    expect(portfolio.turnoverAnnualPct).toBe(a?.turnoverAnnualPct);
  });
});
