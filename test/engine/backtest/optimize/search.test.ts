import { describe, expect, test } from 'vitest';
import { planSearch, type SearchPlan } from '../../../../engine/backtest/optimize/search.ts';
import {
  type Constraint,
  keyOf,
  type ParamChoices,
  range,
  SearchSpace,
  span,
} from '../../../../engine/backtest/optimize/space.ts';
import type { Params } from '../../../../engine/backtest/result.ts';

const strategy = { name: 'Sample', params: { a: 1, b: 1, kind: 'p', deep: true } };

/** All that a search tries, with the values that it was told. */
function tried(
  params: ParamChoices,
  plan: SearchPlan,
  value: (params: Params) => number = () => 0,
  admits: Constraint = () => true,
): { params: Params; value: number }[] {
  const { search } = planSearch(new SearchSpace(strategy, params), admits, plan);
  const runs: { params: Params; value: number }[] = [];
  for (let step = search.next(); step.done !== true; ) {
    const values = step.value.map(value);
    runs.push(...step.value.map((own, index) => ({ params: own, value: values[index] ?? 0 })));
    step = search.next(values);
  }
  return runs;
}

test('a range ends before its end, and has the fractions that were written', () => {
  expect(range(5, 30, 5)).toEqual([5, 10, 15, 20, 25]);
  expect(range(0.1, 0.4, 0.1)).toEqual([0.1, 0.2, 0.3]);
  expect(range(3, 3)).toEqual([]);
  expect(range(3, 0, -1)).toEqual([3, 2, 1]);
  expect(() => range(1, 5, 0)).toThrow('in steps of 0');
  expect(() => range(1, 5, -1)).toThrow('in steps of -1');
});

describe('a grid', () => {
  test('is the product in the order of the parameters, the last changing fastest', () => {
    const runs = tried({ a: [1, 2], b: [3, 4], kind: ['p', 'q'] }, {});
    expect(runs.slice(0, 3).map(({ params }) => params)).toEqual([
      { a: 1, b: 3, kind: 'p' },
      { a: 1, b: 3, kind: 'q' },
      { a: 1, b: 4, kind: 'p' },
    ]);
    expect(runs).toHaveLength(8);
  });

  test('says what it cannot try', () => {
    const over = (params: ParamChoices) => () => tried(params, {});
    expect(over({ a: [] })).toThrow('no value to try for the parameter a');
    expect(over({})).toThrow('Say which parameters of Sample');
    expect(over({ bb: [1] })).toThrow('Sample has no parameter "bb". Did you mean b?');
    expect(over({ a: [1, 'x'] })).toThrow('Parameter a of Sample is a number');
    expect(over({ a: span(0, 1) })).toThrow('A grid needs single values for a');
    expect(over({ a: range(0, 2000), b: range(0, 2000) })).toThrow('4,000,000 combinations');
    expect(() => tried({ a: [1, 2], b: [3] }, {}, undefined, () => false)).toThrow('admits none of the 2');
    expect(() => tried({ a: [1] }, { maxTries: 5 })).toThrow('maxTries goes with');
  });
});

describe.each(['random', 'model'] as const)('%s', (method) => {
  const params = { a: range(0, 20), kind: ['p', 'q', 'r'] };
  const value = ({ a }: Params) => -Math.abs((a as number) - 13);

  test('tries nothing twice, and the same for the same seed', () => {
    const first = tried(params, { method, seed: 4, maxTries: 45 }, value);
    expect(new Set(first.map(({ params: own }) => keyOf(own))).size).toBe(45);
    expect(tried(params, { method, seed: 4, maxTries: 45 }, value)).toEqual(first);
    expect(tried(params, { method, seed: 5, maxTries: 45 }, value)).not.toEqual(first);
  });

  test('ends when everything has been tried, and keeps to the constraint', () => {
    const even: Constraint = ({ a }) => (a as number) % 2 === 0;
    const runs = tried(params, { method, maxTries: 500 }, value, even);
    expect(runs).toHaveLength(30);
    expect(runs.every(({ params: own }) => even(own))).toBe(true);
  });

  test('stays inside of a span, and gives up where nothing is admitted', () => {
    const wide = { a: span(-2, 3) };
    const runs = tried(wide, { method, maxTries: 60 }, ({ a }) => a as number);
    expect(runs).toHaveLength(60);
    expect(runs.every(({ params: { a } }) => (a as number) >= -2 && (a as number) <= 3)).toBe(true);
    expect(() => tried(wide, { method }, undefined, () => false)).toThrow('admitted none of 10,000');
  });
});

/** Over all seeds: mean of the best value after so many tries. */
function meanBest(
  method: 'random' | 'model',
  params: ParamChoices,
  value: (params: Params) => number,
): number {
  const seeds = range(0, 20);
  const bests = seeds.map((seed) =>
    Math.max(...tried(params, { method, seed, maxTries: 80 }, value).map((run) => run.value)),
  );
  return bests.reduce((a, b) => a + b) / seeds.length;
}

describe('the model learns: after 80 tries it is nearer to the best than chance, over 20 seeds', () => {
  const n = (value: unknown) => value as number;
  test.each([
    {
      // Branin and Hoo 1972: three equal maxima at -0.398.
      name: 'in a valley of two real numbers',
      params: { a: span(-5, 10), b: span(0, 15) },
      value: ({ a, b }: Params) =>
        -(
          (n(b) - (5.1 / (4 * Math.PI ** 2)) * n(a) ** 2 + (5 / Math.PI) * n(a) - 6) ** 2 +
          10 * (1 - 1 / (8 * Math.PI)) * Math.cos(n(a)) +
          10
        ),
      most: -0.397_887,
    },
    {
      name: 'among whole numbers that go together',
      params: { a: range(1, 100), b: range(1, 200) },
      value: ({ a, b }: Params) => -((n(a) - 17) ** 2 + (n(b) - 3 * n(a)) ** 2) / 100,
      most: 0,
    },
    {
      name: 'among numbers, texts and booleans',
      params: { a: span(0, 10), b: range(0, 50), kind: ['p', 'q', 'r', 's'], deep: [true, false] },
      value: ({ a, b, kind, deep }: Params) =>
        (kind === 'r' ? 5 : 0) + (deep ? 1 : 0) - Math.abs(n(a) - 7) - Math.abs(n(b) - 30) / 5,
      most: 6,
    },
  ])('$name', ({ params, value, most }) => {
    const byModel = most - meanBest('model', params, value);
    const byChance = most - meanBest('random', params, value);
    expect(byModel, `by chance the distance was ${byChance}`).toBeLessThan(byChance * 0.5);
  });
});
