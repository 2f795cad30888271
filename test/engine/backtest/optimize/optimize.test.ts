import { describe, expect, test } from 'vitest';
import {
  Backtest,
  crossover,
  type OptimizeRequest,
  range,
  type Series,
  Strategy,
  sma,
  span,
} from '../../../../engine/backtest/index.ts';
import { barsOf } from '../bars.ts';

class SmaCross extends Strategy<typeof SmaCross.params> {
  static params = { fast: 5, slow: 20, label: 'a' };
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

/** Buys on one bar, sells on another; outside of the bars it does neither. */
class OneTrade extends Strategy<typeof OneTrade.params> {
  static params = { from: 10, to: 50 };
  init() {}
  next() {
    if (this.data.bar === this.params.from) this.buy({ size: 1 });
    if (this.data.bar === this.params.to) this.position.close();
  }
}

const prices = Array.from({ length: 300 }, (_, day) => 50 + 10 * Math.sin(day / 9) + day / 20);
const bars = barsOf('AA', prices);
const crossing = new Backtest(bars, SmaCross);
const single = new Backtest(bars, OneTrade);
const params = { fast: range(2, 8), slow: [5, 10, 20] };

test('answers with the best run, all runs, and a heat map of them', async () => {
  const { best, runs, heatmap, objective } = await crossing.optimize({
    params,
    constraint: 'fast < slow',
    maximize: 'returnPct',
  });
  expect(objective).toBe('returnPct');
  expect(runs).toHaveLength(15);
  for (const run of runs) {
    const alone = crossing.run(run.params).statistics;
    expect(run.statistics).toEqual(alone);
    expect(run.value).toBe(alone.returnPct);
  }
  const values = runs.map(({ value }) => value ?? Number.NaN);
  expect(best.value).toBe(Math.max(...values));
  expect(best.result.params).toEqual({ ...SmaCross.params, ...best.params });
  expect(best.result.statistics.returnPct).toBe(best.value);
  const map = heatmap('fast', 'slow');
  expect(map.x).toEqual([2, 3, 4, 5, 6, 7]);
  expect(map.y).toEqual([5, 10, 20]);
  expect(map.cells[0]).toEqual([...values.filter((_, i) => runs[i]?.params['slow'] === 5), null, null, null]);
  expect(() => heatmap('fast', 'slwo')).toThrow('The parameter "slwo" was not varied. Did you mean slow?');
});

test('a heat map puts together what a third parameter makes different', async () => {
  const { runs, heatmap } = await single.optimize({
    params: { from: [10, 20], to: [40, 50, 60] },
    maximize: 'equityFinal',
  });
  const ofFirst = runs.slice(0, 3).map(({ value }) => value ?? 0);
  expect(heatmap('from', 'from', 'max').cells[0]?.[0]).toBe(Math.max(...ofFirst));
  expect(heatmap('from', 'from', 'min').cells[0]?.[0]).toBe(Math.min(...ofFirst));
  expect(heatmap('from', 'from', 'mean').cells[0]?.[0]).toBeCloseTo(ofFirst.reduce((a, b) => a + b) / 3);
  expect(heatmap('from', 'from', (all) => all.length).cells[0]?.[0]).toBe(3);
});

describe('what is best', () => {
  test('can be least, a formula, or a function of the result', async () => {
    const least = await crossing.optimize({ params, minimize: 'returnPct' });
    const most = await crossing.optimize({ params, maximize: '-returnPct' });
    const own = await crossing.optimize({ params, maximize: ({ equity }) => -(equity.at(-1) ?? 0) });
    const values = least.runs.flatMap(({ value }) => value ?? []);
    expect(values).toHaveLength(17);
    expect(least.best.value).toBe(Math.min(...values));
    expect(most.best.params).toEqual(least.best.params);
    expect(own.best.params).toEqual(least.best.params);
    expect(most.best.value).toBe(-(least.best.value ?? 0));
  });

  test('is the first of equals', async () => {
    const { best } = await single.optimize({ params: { to: [70, 50, 60] }, maximize: 'trades' });
    expect(best).toMatchObject({ params: { to: 70 }, value: 1 });
  });

  test('is never a run without a closed trade; when there is no other, the first is run', async () => {
    const mixed = await single.optimize({ params: { from: [900, 10] }, minimize: 'trades' });
    expect(mixed.runs.map(({ value }) => value)).toEqual([null, 1]);
    expect(mixed.best.params).toEqual({ from: 10 });
    const none = await single.optimize({ params: { from: [900, 800] } });
    expect(none.best).toMatchObject({ params: { from: 900 }, value: null });
    expect(none.best.result.trades).toHaveLength(0);
  });
});

test.each<[string, OptimizeRequest, string]>([
  [
    'an unknown statistic',
    { params, maximize: 'sharpRatio' },
    'called "sharpRatio" here. Did you mean sharpeRatio?',
  ],
  ['two aims', { params, maximize: 'sqn', minimize: 'sqn' }, 'not both'],
  ['an unknown name in the constraint', { params, constraint: 'fast < slwo' }, 'called "slwo" here'],
  ['a constraint that compares nothing', { params, constraint: 'fast + slow' }, 'must compare something'],
  ['an aim that is no number', { params, maximize: 'returnPct > 3' }, 'is no number'],
  ['a parameter that is none', { params: { fats: [1] } }, 'SmaCross has no parameter "fats"'],
  ['a seed that is none', { params, method: 'random', seed: 0.5 }, 'The seed is a whole number'],
  ['tries that are none', { params, method: 'random', maxTries: 0 }, 'maxTries is a whole number'],
])('%s is refused in one line', async (_name, request, problem) => {
  await expect(crossing.optimize(request)).rejects.toThrow(problem);
});

test('tells how far it is and what is best so far, and stops when it is cancelled', async () => {
  const told: { done: number; total: number; best: number | null }[] = [];
  const whole = await crossing.optimize({ params, onProgress: (progress) => told.push(progress) });
  expect(told.at(-1)).toEqual({ done: 18, total: 18, best: whole.best.value });
  const abort = new AbortController();
  const cut = crossing.optimize({
    params: { fast: range(2, 400), slow: range(2, 400) },
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await expect(cut).rejects.toThrow('The optimisation was cancelled.');
});

test('by chance and by model it finds parameters in a span', async () => {
  for (const method of ['random', 'model'] as const) {
    const { best, runs } = await single.optimize({
      params: { from: range(5, 200), to: span(5, 200) },
      constraint: ({ from, to }) => (from as number) < (to as number),
      maximize: 'trades',
      method,
      maxTries: 30,
      seed: 1,
    });
    expect(runs).toHaveLength(30);
    expect(best.params['from'] as number).toBeLessThan(best.params['to'] as number);
  }
});
