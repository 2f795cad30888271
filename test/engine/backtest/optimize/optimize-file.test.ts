import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backtest, crossover, range, type Series, Strategy, sma } from '../../../../engine/backtest/index.ts';
import { optimizeFile } from '../../../../engine/backtest/optimize/optimize-file.ts';
import { walkForwardFile } from '../../../../engine/backtest/walk-forward-file.ts';
import { barsOf } from '../bars.ts';

const bars = [
  barsOf(
    'AA',
    Array.from({ length: 300 }, (_, day) => 50 + 10 * Math.sin(day / 9) + day / 20),
  ),
];

/** The strategy of the file below, at hand. */
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

let folder: string;
let crossing: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'optimize-'));
  crossing = await file(
    'crossing.ts',
    "import { crossover, type Series, Strategy, sma } from 'outcry';",
    'export default class SmaCross extends Strategy {',
    "  static params = { fast: 5, slow: 20, label: 'a' };",
    '  fast!: Series; slow!: Series;',
    '  init() {',
    '    this.fast = this.indicator(sma, this.data.close, this.params.fast);',
    '    this.slow = this.indicator(sma, this.data.close, this.params.slow);',
    '  }',
    '  next() {',
    '    if (crossover(this.fast, this.slow)) this.buy();',
    '    else if (crossover(this.slow, this.fast)) this.position.close();',
    '  }',
    '}',
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, ...lines: string[]): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, lines.join('\n'));
  return place;
}

/** A strategy whose `next()` is on line 4. */
const withNext = (name: string, next: string) =>
  file(
    name,
    "import { Strategy } from 'outcry';",
    'export default class Sample extends Strategy {',
    '  static params = { fast: 10, slow: 20 }; init() {}',
    `  next() { ${next} }`,
    '}',
  );

describe('a file is optimised in threads to the same answer as a class in one', () => {
  const options = { cash: 5000, commission: 0.001, finalizeTrades: true };
  const params = { fast: range(2, 8), slow: [5, 10, 20] };
  test.each([
    { method: 'grid' as const },
    { method: 'random' as const, maxTries: 10, seed: 3 },
    { method: 'model' as const, maxTries: 17, seed: 3 },
  ])('$method', async (plan) => {
    const search = { ...plan, params, constraint: 'fast < slow', maximize: 'sharpeRatio' };
    const own = await new Backtest(bars, SmaCross, options).optimize(search);
    const request = { file: crossing, bars, options };
    for (const workers of [1, 3]) {
      const found = await optimizeFile(request, { ...search, workers });
      expect(found.runs).toEqual(own.runs);
      expect(found.best.params).toEqual(own.best.params);
      expect(found.best.result.equity).toEqual(own.best.result.equity);
      expect(found.best.result.trades).toEqual(own.best.result.trades);
      expect(found.heatmap('fast', 'slow')).toEqual(own.heatmap('fast', 'slow'));
    }
  });

  test('with values as people type them, and an aim as a function of the statistics', async () => {
    const { best } = await optimizeFile(
      { file: crossing, bars },
      {
        params: { FAST: ['2', '3'], slow: ['20'] },
        maximize: ({ statistics, params: all }) => statistics.trades * Number(all['fast']),
        workers: 1,
      },
    );
    expect(best.params).toEqual({ fast: 3, slow: 20 });
    expect(best.result.params).toEqual({ fast: 3, slow: 20, label: 'a' });
  });

  test('walks forward to the same answer, too', async () => {
    const plan = { params, constraint: 'fast < slow', maximize: 'returnPct', train: 100, test: 50 };
    const own = await new Backtest(bars, SmaCross, options).walkForward(plan);
    const found = await walkForwardFile({ file: crossing, bars, options }, { ...plan, workers: 2 });
    expect(found).toEqual(own);
  });
});

describe('what goes wrong in one of many runs ends all of them in one line', () => {
  async function problemOf(strategy: string, limits = {}): Promise<string> {
    const search = { params: { fast: [1, 2, 3, 4], slow: [7, 8] }, workers: 2, limits };
    return optimizeFile({ file: strategy, bars }, search).then(
      () => 'nothing went wrong',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  }

  test('a throw, with the line and the parameters', async () => {
    const strategy = await withNext(
      'throws.ts',
      "if (this.params.fast === 3 && this.params.slow === 8) throw new Error('no such luck');",
    );
    expect(await problemOf(strategy)).toBe(
      'UserError: throws.ts line 4: no such luck (with fast 3, slow 8).',
    );
  });

  test('an endless loop, with the line and the parameters', async () => {
    const strategy = await withNext(
      'endless.ts',
      'while (this.params.fast === 2 && this.params.slow === 7 && this.data.bar > 5);',
    );
    expect(await problemOf(strategy, { timeMs: 5_000 })).toBe(
      'UserError: endless.ts line 4 did not finish within 5 s; it was in next(), on bar 7 of 300 (with fast 2, slow 7).',
    );
  });

  test('a file that is no strategy, or not there, and an unknown parameter', async () => {
    expect(await problemOf(await file('plain.ts', 'export default 3;'))).toContain('must export a class');
    expect(await problemOf(path.join(folder, 'nowhere.ts'))).toContain('There is no strategy file');
    const few = await file(
      'few.ts',
      "import { Strategy } from 'outcry';",
      'export default class Few extends Strategy { static params = { fast: 1 }; init() {} next() {} }',
    );
    expect(await problemOf(few)).toContain('Few has no parameter "slow". It has fast.');
  });
});

test('many short runs may take longer together than one of them may', async () => {
  const strategy = await withNext(
    'slow.ts',
    'if (this.data.bar === 10) { const until = performance.now() + 150; while (performance.now() < until); }',
  );
  const { runs } = await optimizeFile(
    { file: strategy, bars },
    { params: { fast: range(0, 20) }, workers: 1, limits: { timeMs: 2_500 } },
  );
  expect(runs).toHaveLength(20);
});

test('cancelling ends the threads at once, whatever they do', async () => {
  const strategy = await withNext('forever.ts', 'while (this.params.fast === 9);');
  const abort = new AbortController();
  const search = optimizeFile(
    { file: strategy, bars },
    { params: { fast: [1, 9] }, workers: 2, signal: abort.signal, onProgress: () => abort.abort() },
  );
  await expect(search).rejects.toThrow('The optimisation was cancelled.');
  await expect(
    optimizeFile({ file: strategy, bars }, { params: { fast: [1] }, signal: abort.signal }),
  ).rejects.toThrow('The optimisation was cancelled.');
});
