import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checkStrategyFile,
  describeStrategies,
  optimizeFile,
  runBacktest,
  walkForwardFile,
} from '../../../../engine/backtest/apart/apart.ts';
import { Backtest, Strategy } from '../../../../engine/backtest/index.ts';
import { UserError } from '../../../../engine/errors.ts';
import { barsOf } from '../bars.ts';

const bars = [
  barsOf(
    'AA',
    Array.from({ length: 200 }, (_, day) => 50 + 10 * Math.sin(day / 9)),
  ),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'apart-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A strategy whose `next()` is on line 4, and buys and sells where `more` does nothing. */
async function strategyFile(name: string, more = ''): Promise<string> {
  const file = path.join(folder, name);
  const lines = [
    "import { Strategy } from 'outcry';",
    'export default class Sample extends Strategy {',
    '  static params = { every: 10 }; init() { this.kept = []; }',
    `  next() { ${more}`,
    '    if (this.data.bar % this.params.every === 0) this.buy({ size: 1 });',
    '    if (this.data.bar % this.params.every === 5) this.position.close();',
    '  }',
    '}',
  ];
  await writeFile(file, lines.join('\n'));
  return file;
}

/** The strategy of those files, at hand. */
class Sample extends Strategy<typeof Sample.params> {
  static params = { every: 10 };

  init() {}

  next() {
    if (this.data.bar % this.params.every === 0) this.buy({ size: 1 });
    if (this.data.bar % this.params.every === 5) this.position.close();
  }
}

describe('a process is answered like a thread', () => {
  test('a backtest, with what it printed and how far it is', async () => {
    const lines: string[] = [];
    const file = await strategyFile('plain.js', "if (this.data.bar === 3) console.log('at three');");
    const result = await runBacktest(
      { file, bars, params: { every: '20' } },
      { onOutput: (line) => lines.push(line) },
    );
    const own = new Backtest(bars, Sample).run({ every: 20 });
    expect(result).toEqual(own);
    expect(result.fills[0]?.order).toBe(result.orders[0]);
    expect(lines).toEqual(['at three']);
  });

  test('an optimisation and its heat map, and a walk-forward', async () => {
    const file = await strategyFile('searched.js');
    const params = { every: [7, 10, 20] };
    const found = await optimizeFile({ file, bars }, { params, maximize: 'returnPct', workers: 1 });
    const own = await new Backtest(bars, Sample).optimize({ params, maximize: 'returnPct' });
    expect(found.runs).toEqual(own.runs);
    expect(found.heatmap('every', 'every')).toEqual(own.heatmap('every', 'every'));
    const plan = { params, maximize: 'returnPct', train: 100, test: 50 };
    expect(await walkForwardFile({ file, bars }, { ...plan, workers: 1 })).toEqual(
      await new Backtest(bars, Sample).walkForward(plan),
    );
  });

  test('a check', async () => {
    const { lookAhead } = await checkStrategyFile({ file: await strategyFile('checked.js'), bars });
    expect(lookAhead.findings).toEqual([]);
  });

  test('a mistake has the line of the strategy', async () => {
    const file = await strategyFile('throws.js', "throw new Error('no such luck');");
    await expect(runBacktest({ file, bars })).rejects.toThrow('throws.js line 4: no such luck');
    const endless = await strategyFile('endless.js', 'while (this.data.bar === 7);');
    await expect(runBacktest({ file: endless, bars }, { limits: { timeMs: 4_000 } })).rejects.toThrow(
      'endless.js line 4 did not finish within 4 s; it was in next(), on bar 8 of 200.',
    );
  });

  test('cancelling ends it at once, whatever it does', async () => {
    const file = await strategyFile('forever.js', 'while (this.data.bar === 7);');
    const abort = new AbortController();
    const run = runBacktest({ file, bars }, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(run).rejects.toThrow('The backtest was cancelled.');
    await expect(checkStrategyFile({ file, bars }, { signal: abort.signal })).rejects.toThrow(
      'The check was cancelled.',
    );
  });
});

describe('whatever a strategy does, the desk goes on, and says which one it was', () => {
  test.each([
    ['one array of a gigabyte', 'this.kept.push(new Array(1.2e8).fill(0)); for (;;) this.kept.push([0]);'],
    ['an array that grows', 'for (;;) this.kept.push(1.5);'],
    ['objects', 'for (;;) this.kept.push({ a: [1] });'],
    ['a map', 'const map = new Map(); for (let i = 0; ; i++) map.set(i, { i });'],
    ['texts', "for (let i = 0; ; i++) this.kept.push('abcdefgh'.repeat(1000) + i);"],
    ['buffers', 'for (;;) this.kept.push(new Float64Array(1e6).fill(1));'],
  ])('it takes all memory in %s', async (_, next) => {
    const file = await strategyFile('greedy.js', next);
    const failure = await runBacktest({ file, bars }, { limits: { memoryMb: 200 } }).catch((error) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure.message).toMatch(
      /^greedy\.js (line 4 )?(used more than 200 MB of memory|asked for more memory)/,
    );
  });

  test('it ends the process', async () => {
    const file = await strategyFile('kills.js', "process.kill(process.pid, 'SIGABRT');");
    await expect(runBacktest({ file, bars })).rejects.toThrow(
      'kills.js ended, and its process was ended with it (SIGABRT). The desk goes on.',
    );
  });

  test('a list of strategies has the others, too', async () => {
    const kills = await strategyFile('kills-when-loaded.js');
    await writeFile(kills, "process.kill(process.pid, 'SIGKILL');");
    const plain = await strategyFile('beside.js');
    const [first, second] = await describeStrategies([kills, plain]);
    expect(first).toMatchObject({ file: kills, problem: expect.stringContaining('kills-when-loaded.js') });
    expect(second).toMatchObject({ name: 'Sample', params: { every: 10 } });
    expect(await describeStrategies([])).toEqual([]);
  });
});
