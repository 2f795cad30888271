import { existsSync } from 'node:fs';
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

test('a plain strategy is made into one file, which is removed afterwards', async () => {
  const bundle = bundleStrategy(await strategy('plain.ts'));
  const place = await bundle.file;
  expect(place !== null && existsSync(place)).toBe(true);
  await bundle.remove();
  expect(existsSync(place ?? '')).toBe(false);
});

describe('what cannot be made into one file runs all the same', () => {
  test.each([
    ['asks-where.ts', 'export const here = import.meta.url;'],
    ['loads-later.ts', "export const later = () => import('node:os');"],
  ])('%s', async (name, line) => {
    const place = await strategy(name, line);
    const bundle = bundleStrategy(place);
    expect(await bundle.file).toBeNull();
    await bundle.remove();
    expect(await tradesWith(place)).toEqual([1, 1, 1]);
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
  const bundle = bundleStrategy(place);
  expect(await bundle.file).not.toBeNull();
  await bundle.remove();
  const problem = (level: number) =>
    optimizeFile({ file: place, bars }, { params: { level: [level] }, workers: 1, limits: { timeMs: 700 } });
  await expect(problem(2)).rejects.toThrow('level.ts line 5: two (with level 2).');
  await expect(problem(3)).rejects.toThrow('level.ts line 6 did not finish within 0.7 s');
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
