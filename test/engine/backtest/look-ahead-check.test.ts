import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkStrategyFile } from '../../../engine/backtest/look-ahead-check.ts';
import type { RunProgress } from '../../../engine/backtest/run.ts';
import { barsOf } from './bars.ts';

const bars = [
  barsOf(
    'AA',
    Array.from({ length: 200 }, (_, day) => 50 + 10 * Math.sin(day / 9) + Math.sin(day * 1.7)),
  ),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checked-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function strategyFile(name: string, ...lines: string[]): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, lines.join('\n'));
  return file;
}

test('an example passes, and says how much history it needs', async () => {
  const examples = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../config.example/demo');
  const progress: RunProgress[] = [];
  const { lookAhead, stability } = await checkStrategyFile(
    { file: path.join(examples, 'strategies/sma_cross.ts'), bars, params: { slow: '30' } },
    { onProgress: (each) => progress.push(each) },
  );
  expect(lookAhead).toMatchObject({ strategy: 'SmaCross', bars: 200, findings: [] });
  expect(lookAhead.orders).toBeGreaterThan(5);
  expect(stability.lines.map(({ name }) => name)).toEqual(['sma(close, 30)', 'sma(close, 10)']);
  const fractions = progress.map(({ fraction }) => fraction);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  for (const fraction of fractions) expect(fraction).toBeLessThanOrEqual(1);
});

test('a cheat is found in its file, also when it keeps what it has seen from run to run', async () => {
  const file = await strategyFile(
    'keeper.ts',
    "import { Strategy } from 'outcry';",
    'let kept: Float64Array | undefined;',
    'export default class Keeper extends Strategy {',
    '  init() { this.indicator((close: Float64Array) => (kept ??= close, close), this.data.close); }',
    '  next() {',
    '    const isRising = (kept?.[this.data.bar + 1] ?? 0) > this.data.close.last;',
    '    if (isRising && !this.position.isOpen) this.buy({ size: 1 });',
    '    if (!isRising && this.position.isOpen) this.position.close();',
    '  }',
    '}',
  );
  const { lookAhead } = await checkStrategyFile({ file, bars });
  expect(lookAhead.findings.map(({ kind }) => kind)).not.toEqual([]);
});

test('an indicator of the long tail is found from anywhere, and does not look ahead', async () => {
  const file = await strategyFile(
    'tail.ts',
    "import { Strategy } from 'outcry';",
    "import { fromTradingSignals, KAMA, MFI } from 'outcry/trading-signals';",
    'export default class Tail extends Strategy {',
    '  init() {',
    '    const { open, high, low, close, volume } = this.data;',
    "    this.kama = this.indicator(fromTradingSignals(() => new KAMA(10)), close, { name: 'kama' });",
    "    this.indicator(fromTradingSignals(() => new MFI(10)), open, high, low, close, volume, { name: 'mfi' });",
    '  }',
    '  next() {',
    '    if (this.data.close.last > this.kama.last && !this.position.isOpen) this.buy({ size: 1 });',
    '    else if (this.data.close.last < this.kama.last) this.position.close();',
    '  }',
    '}',
  );
  const { lookAhead, stability } = await checkStrategyFile({ file, bars });
  expect(lookAhead).toMatchObject({ indicators: 2, findings: [] });
  expect(lookAhead.orders).toBeGreaterThan(0);
  // An adaptive average remembers, a ratio of sums forgets.
  const needs = Object.fromEntries(
    stability.lines.map(({ name, stableFrom }) => [name, stableFrom[1]?.bars]),
  );
  expect(needs['kama']).toBeGreaterThan(needs['mfi'] ?? 0);
});

test('a rerun that fails names the line', async () => {
  const file = await strategyFile(
    'stumbler.ts',
    "import { Strategy } from 'outcry';",
    'export default class Stumbler extends Strategy {',
    '  rows = [];',
    '  init() { this.indicator((close) => { this.rows = Array.from(close, (value) => ({ value })); return close; }, this.data.close); }',
    '  next() {',
    '    if (this.data.bar > 150) return;',
    '    if (this.rows[this.data.bar + 1].value > this.data.close.last && !this.position.isOpen) this.buy({ size: 1 });',
    '  }',
    '}',
  );
  const { lookAhead } = await checkStrategyFile({ file, bars });
  const failure = lookAhead.findings.find(({ kind }) => kind === 'failure');
  expect(failure?.expected).toMatch(/^stumbler\.ts line 7: TypeError: /);
});

test('it ends in time, and when it is cancelled', async () => {
  const file = await strategyFile(
    'slow.ts',
    "import { Strategy } from 'outcry';",
    'export default class Slow extends Strategy {',
    '  init() {}',
    '  next() { if (this.data.bar === 20) for (;;); }',
    '}',
  );
  await expect(checkStrategyFile({ file, bars }, { limits: { timeMs: 5_000 } })).rejects.toThrow(
    /^slow\.ts line 4 did not finish within 5 s; it was in next\(\), on bar 21 of 200, in run 1 of 2\.$/,
  );
  const cancelling = new AbortController();
  const check = checkStrategyFile(
    { file, bars },
    { signal: cancelling.signal, onProgress: () => cancelling.abort() },
  );
  await expect(check).rejects.toThrow('The check was cancelled.');
});

test('what goes wrong on all bars is an error with file and line', async () => {
  const file = await strategyFile(
    'broken.ts',
    "import { Strategy } from 'outcry';",
    "export default class Broken extends Strategy { init() {} next() { throw new Error('no such luck'); } }",
  );
  await expect(checkStrategyFile({ file, bars })).rejects.toThrow('broken.ts line 2: no such luck');
});
