import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { caseFiles } from './cases.ts';
import { runFile } from './run-cases.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const own = path.join(here, 'data');
const sp500 = path.join(here, '../../config.example/demo/data');

/** Cases that rest on a defect of the peer, by name: any other case must be run, and be equal. */
const leftOut = ['script-08', 'script-12'];

describe.each([
  { cases: 'sp500', data: sp500, peer: 'Backtesting.py 0.6.6' },
  { cases: 'synthetic', data: own, peer: 'Backtesting.py 0.6.6' },
  { cases: 'functions', data: own, peer: 'Backtesting.py 0.6.6' },
  { cases: 'portfolios', data: own, peer: 'Minitrade 0.1.40' },
  { cases: 'minitrade', data: own, peer: 'Minitrade 0.1.40' },
])('a backtest answers what $peer answers: $cases', ({ cases, data }) => {
  const files = caseFiles(path.join(here, 'cases', cases));
  test.each(
    files.map((file) => [path.basename(file).replace(/\.json(\.gz)?$/, ''), file]),
  )('%s', async (_name, file) => {
    const outcomes = await runFile(file, data);
    expect(outcomes).not.toEqual([]);
    for (const { name, leftOut: reason, differences } of outcomes) {
      if (reason === null) expect(differences, name).toEqual([]);
      else expect(leftOut, `${name} is left out: ${reason}`).toContain(name);
    }
  });
});
