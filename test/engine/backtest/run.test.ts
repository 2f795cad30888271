import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  describeStrategy,
  listStrategies,
  type RunOptions,
  runBacktest,
} from '../../../engine/backtest/run.ts';
import { UserError } from '../../../engine/errors.ts';
import { barsOf } from './bars.ts';

const examples = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../config.example/demo/strategies',
);
const bars = [
  barsOf(
    'AA',
    Array.from({ length: 200 }, (_, day) => 50 + 10 * Math.sin(day / 9)),
  ),
];

// Outside of the repository, as a configuration may be: `outcry` must be found from there too.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'strategies-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function strategyFile(name: string, ...lines: string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, lines.join('\n'));
  return file;
}

/** A strategy whose `next()` is on line 4. */
const withNext = (name: string, next: string) =>
  strategyFile(
    name,
    "import { Strategy } from 'outcry';",
    'export default class Sample extends Strategy {',
    '  static params = { fast: 10 }; init() {}',
    `  next() { ${next} }`,
    '}',
  );

async function problemOf(file: string, options: RunOptions = {}): Promise<string> {
  const failure = await runBacktest({ file, bars }, options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  return (failure as UserError).message;
}

describe('what a strategy does wrong ends in one line that names file and line', () => {
  test.each([
    ['throws.ts', "throw new Error('no such luck');", 'throws.ts line 4: no such luck'],
    [
      'null.ts',
      '(null as any).foo();',
      "null.ts line 4: TypeError: Cannot read properties of null (reading 'foo')",
    ],
    ['exits.ts', 'process.exit(1);', 'exits.ts line 4 called process.exit(), which a strategy may not.'],
    ['stop.ts', 'this.buy({ sl: 1e9 });', 'stop.ts line 4: To buy AA needs stop loss < price < take profit'],
    ['syntax.ts', 'const = 3;', 'syntax.ts line 4 does not compile: '],
    ['script.js', 'undefined.foo();', 'script.js line 4: TypeError'],
  ])('%s', async (name, next, problem) => {
    expect(await problemOf(await withNext(name, next))).toContain(problem);
  });

  test('an endless loop is ended, wherever it is', async () => {
    const limits = { timeMs: 5_000 };
    const inNext = await withNext('endless.ts', 'while (this.data.bar === 7) {}');
    expect(await problemOf(inNext, { limits })).toBe(
      'endless.ts line 4 did not finish within 5 s; it was in next(), on bar 8 of 200.',
    );
    const onLoad = await strategyFile('forever.ts', '', 'for (;;) {}', 'export default class {}');
    expect(await problemOf(onLoad, { limits })).toBe(
      'forever.ts line 2 did not finish within 5 s; it was still loading.',
    );
  });

  test.each([
    ['objects', 'for (;;) this.kept.push({ a: [1, 2, 3] });'],
    ['buffers', 'for (;;) this.kept.push(new Float64Array(1e5).fill(1));'],
  ])('a strategy that takes all memory, in %s, takes only its own', async (name, next) => {
    const file = await withNext(`${name}.js`, next.replace('for', 'this.kept = []; for'));
    const problem = await problemOf(file, { limits: { memoryMb: 64 } });
    expect(problem).toContain('used more than 64 MB of memory; it was in next(), on bar 2 of 200.');
  });

  test('a file that is no strategy says what it lacks', async () => {
    const named = await strategyFile(
      'named.ts',
      "import { Strategy } from 'outcry';",
      'export class A extends Strategy { init() {} next() {} }',
    );
    expect(await problemOf(named)).toContain('named.ts has no default export');
    const plain = await strategyFile('plain.ts', 'export default class { next() {} }');
    expect(await problemOf(plain)).toContain('must export a class by default that extends Strategy');
    const missing = await strategyFile('lost.ts', '', "import { x } from './gone.ts';", 'export default x;');
    expect(await problemOf(missing)).toBe('lost.ts line 2 imports gone.ts, which is not there.');
    expect(await problemOf(path.join(folder, 'nowhere.ts'))).toContain('There is no strategy file');
  });

  test('a parameter that it does not have', async () => {
    const file = await withNext('params.ts', '');
    await expect(runBacktest({ file, bars, params: { fsat: 3 } })).rejects.toThrow(
      'Sample has no parameter "fsat". Did you mean fast?',
    );
    await expect(runBacktest({ file, bars, params: { fast: 'x' } })).rejects.toThrow(
      'Parameter fast of Sample is a number such as 10, not "x".',
    );
  });
});

describe('a run', () => {
  test('answers with the result, and with what was printed', async () => {
    const file = await withNext(
      'prints.ts',
      "if (this.data.bar < 3) console.log('bar %d', this.data.bar); this.buy({ size: 1 });",
    );
    const lines: string[] = [];
    const result = await runBacktest(
      { file, bars, options: { cash: 777 } },
      { onOutput: (line) => lines.push(line) },
    );
    expect(lines).toEqual(['bar 1', 'bar 2']);
    expect(result).toMatchObject({
      strategy: 'Sample',
      params: { fast: 10 },
      symbols: ['AA'],
      cash: 777,
      firstBar: 1,
    });
    expect(result.equity).toHaveLength(200);
    expect(result.orders.length).toBe(199);
  });

  test('brings everything across: records, fills with their orders, and what the strategy keeps', async () => {
    const file = await withNext(
      'keeps.ts',
      "this.storage.runs ??= 0; if (this.data.bar === 1) this.storage.runs++; this.record('bar', this.data.bar); if (this.data.bar === 5) this.buy({ size: 2 });",
    );
    const { storage, records, fills, orders, allocation } = await runBacktest({
      file,
      bars,
      options: { storage: { runs: 3 }, semantics: 'minitrade' },
    });
    expect(storage).toEqual({ runs: 4 });
    expect(records[0]?.lines[0]?.at(-1)).toBe(199);
    expect(fills.map(({ effect, units }) => [effect, units])).toEqual([
      ['open', 2],
      ['close', -2],
    ]);
    expect(fills[0]?.order).toBe(orders[0]);
    expect(allocation.values[0]?.at(6)).toBeCloseTo(2 * (bars[0]?.close[6] ?? 0), 9);
  });

  test('sees nothing of the environment of the desk', async () => {
    process.env['OUTCRY_TEST_SECRET'] = 'hidden';
    const file = await withNext('environment.ts', 'throw new Error(String(process.env.OUTCRY_TEST_SECRET));');
    expect(await problemOf(file)).toBe('environment.ts line 4: undefined');
    delete process.env['OUTCRY_TEST_SECRET'];
  });

  test('tells how far it is, and can be cancelled', async () => {
    const file = await withNext(
      'slow.ts',
      'const until = performance.now() + 20; while (performance.now() < until);',
    );
    const abort = new AbortController();
    const fractions: number[] = [];
    const run = runBacktest(
      { file, bars },
      {
        signal: abort.signal,
        onProgress: ({ fraction }) => {
          fractions.push(fraction);
          if (fractions.length === 3) abort.abort();
        },
      },
    );
    await expect(run).rejects.toThrow('The backtest was cancelled.');
    expect(fractions).toHaveLength(3);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.every((fraction) => fraction > 0 && fraction < 1)).toBe(true);
    await expect(runBacktest({ file, bars }, { signal: abort.signal })).rejects.toThrow('cancelled');
  });
});

describe('the examples', () => {
  test('are listed by name, without loading any', async () => {
    expect((await listStrategies(examples)).map(({ name }) => name)).toEqual([
      'bollinger_reversion',
      'momentum_rotation',
      'sma_cross',
    ]);
    await expect(listStrategies(path.join(folder, 'none'))).rejects.toThrow('cannot be read');
  });

  test('say their parameters and what they do', async () => {
    expect(await describeStrategy(path.join(examples, 'sma_cross.ts'))).toMatchObject({
      name: 'SmaCross',
      params: { fast: 10, slow: 20 },
      doc: 'Long while the fast moving average of the close is above the slow one, short while it is below.',
    });
  });

  test('trade', async () => {
    for (const { file } of await listStrategies(examples)) {
      const result = await runBacktest({
        file,
        bars,
        ...(file.includes('momentum') ? { params: { period: 10, hold: 1 } } : {}),
      });
      expect(result.trades.length, file).toBeGreaterThan(3);
    }
  });
});
