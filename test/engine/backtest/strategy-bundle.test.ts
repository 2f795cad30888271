import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { optimizeFile } from '../../../engine/backtest/optimize/optimize-file.ts';
import { bundleStrategy } from '../../../engine/backtest/strategy-bundle.ts';
import { barsOf } from './bars.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, ...lines: string[]): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, lines.join('\n'));
  return place;
}

const strategy = (name: string, ...more: string[]) =>
  file(
    name,
    "import { Strategy } from 'outcry';",
    'export default class Sample extends Strategy {',
    '  static params = { level: 10 }; init() {}',
    '  next() { if (this.data.bar === 3) this.buy({ size: 1 }); if (this.data.bar === 5) this.position.close(); }',
    '}',
    ...more,
  );

const bars = [
  barsOf(
    'AA',
    Array.from({ length: 40 }, (_, day) => 50 + day),
  ),
];

const tradesWith = async (place: string) => {
  const { runs } = await optimizeFile({ file: place, bars }, { params: { level: [1, 2, 3] }, workers: 2 });
  return runs.map(({ statistics }) => statistics.trades);
};

test('a plain strategy is compiled without the engine, which is compiled once', async () => {
  const one = await bundleStrategy(await strategy('plain.ts'));
  const other = await bundleStrategy(await strategy('other.ts'));
  expect(one?.strategy).toContain('Sample');
  expect(one?.strategy).not.toContain('SimulatedBroker');
  expect(one?.engine).toContain('SimulatedBroker');
  expect(other?.engine).toBe(one?.engine);
});

describe('what cannot be compiled apart from the engine runs all the same', () => {
  test.each([
    ['asks-where.ts', 'export const here = import.meta.url;'],
    ['loads-later.ts', "export const later = () => import('node:os');"],
    ['waits.ts', 'await Promise.resolve();'],
    ['signals.ts', "import * as adapter from 'outcry/trading-signals'; export const all = adapter;"],
    [
      'inside.ts',
      `import { SimulatedBroker } from '${path.resolve('engine/backtest/broker.ts')}'; export const x = SimulatedBroker;`,
    ],
  ])('%s', async (name, line) => {
    const place = await strategy(name, line);
    expect(await bundleStrategy(place)).toBeNull();
    expect(await tradesWith(place)).toEqual([1, 1, 1]);
  });

  test('a file that uses what the engine has not is told which name', async () => {
    const place = await strategy('unknown.ts', "import { smaa } from 'outcry'; export const x = smaa;");
    expect(await bundleStrategy(place)).toBeNull();
    await expect(tradesWith(place)).rejects.toThrow('smaa');
  });

  test('a file that does not compile says where', async () => {
    const place = await file('broken.ts', "import { Strategy } from 'outcry';", '', 'const = 3;');
    await expect(tradesWith(place)).rejects.toThrow('broken.ts line 3 does not compile');
  });

  test('a file that imports what is not there says so', async () => {
    const place = await file('lost.ts', '', "import { x } from './gone.ts';", 'export default x;');
    await expect(tradesWith(place)).rejects.toThrow('lost.ts line 2 imports gone.ts, which is not there.');
  });
});

test('lines are those of the files as they were written, of imported ones too', async () => {
  await file(
    'level.ts',
    '// A file beside it.',
    'interface Level { readonly level: number }',
    '',
    'export function check({ level }: Level) {',
    "  if (level === 2) throw new Error('two');",
    '  while (level === 3);',
    '}',
  );
  const place = await file(
    'uses-level.ts',
    "import { Strategy } from 'outcry';",
    "import { check } from './level.ts';",
    'export default class Sample extends Strategy {',
    '  static params = { level: 10 }; init() {}',
    '  next() { check({ level: this.params.level }); }',
    '}',
  );
  expect(await bundleStrategy(place)).not.toBeNull();
  const problem = (level: number) =>
    optimizeFile({ file: place, bars }, { params: { level: [level] }, workers: 1, limits: { timeMs: 700 } });
  await expect(problem(2)).rejects.toThrow('level.ts line 5: two (with level 2).');
  await expect(problem(3)).rejects.toThrow('level.ts line 6 did not finish within 0.7 s');
});

test('indicators, Node modules and files beside it are there', async () => {
  await file('period.ts', 'export const period = 2;');
  const place = await file(
    'uses-more.ts',
    "import { strictEqual } from 'node:assert';",
    "import { sma, Strategy, type Series } from 'outcry';",
    "import { period } from './period.ts';",
    'export default class Sample extends Strategy {',
    '  static params = { level: 10 }; average!: Series;',
    '  init() { this.average = this.indicator(sma, this.data.close, period); }',
    '  next() {',
    '    strictEqual(this.average.last, (this.data.close.at(-1) + this.data.close.at(-2)) / 2);',
    '    if (this.data.bar === 3) this.buy({ size: 1 }); if (this.data.bar === 5) this.position.close();',
    '  }',
    '}',
  );
  expect(await bundleStrategy(place)).not.toBeNull();
  expect(await tradesWith(place)).toEqual([1, 1, 1]);
});

test('what a strategy does while it is loaded is held in, too', async () => {
  const exits = await strategy('exits.ts', 'process.exit(0);');
  await expect(tradesWith(exits)).rejects.toThrow('exits.ts line 6 called process.exit()');
  const lines: string[] = [];
  const prints = await strategy('prints.ts', "console.log('loaded');");
  await optimizeFile(
    { file: prints, bars },
    { params: { level: [1] }, workers: 1, onOutput: (line) => lines.push(line) },
  );
  expect(lines).toEqual(['loaded']);
});
