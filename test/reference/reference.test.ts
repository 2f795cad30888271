import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { barsSince, cross, crossover, quantile } from '../../engine/backtest/index.ts';
import { caseFiles, readCase, runCase } from './run-cases.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const synthetic = path.join(here, 'data');
const sp500 = path.join(here, '../../config.example/demo/data');

/** Cases that are not run, by name: a new one in the folder must be run or be named here. */
const leftOut = {
  'needs the strategy MtfTrend': ['mtf'],
  'needs optimize()': ['optimize-custom', 'optimize-sqn'],
  'rests on the peer cancelling only every other order': ['script-08', 'script-12'],
};

describe('a backtest answers what Backtesting.py 0.6.6 answers', () => {
  const folders = [
    { cases: 'cases/sp500', data: sp500 },
    { cases: 'cases/synthetic', data: synthetic },
  ];
  for (const { cases, data } of folders) {
    for (const file of caseFiles(path.join(here, cases))) {
      const reference = readCase(file);
      test(`${path.basename(cases)} ${reference.name}`, () => {
        const { leftOut: reason, differences } = runCase(reference, data);
        if (reason === null) expect(differences).toEqual([]);
        else
          expect(
            Object.entries(leftOut).flatMap(([why, names]) => names.map((name) => [name, why])),
          ).toContainEqual([reference.name, reason]);
      });
    }
  }
});

interface Call {
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly result: number | boolean | string | null;
}

test('crossover, cross, barsSince and quantile answer what the same functions in Python answer', () => {
  const text = readFileSync(path.join(here, 'cases/lib-functions.json'), 'utf8');
  const { calls } = JSON.parse(text) as { calls: readonly Call[] };
  const functions: Readonly<Record<string, (...args: never[]) => unknown>> = {
    crossover,
    cross,
    barssince: barsSince,
    quantile,
  };
  expect(calls.length).toBeGreaterThan(50);
  for (const { fn, args, result } of calls) {
    const answer = functions[fn]?.(...(args as never[]));
    const expected = result === 'Infinity' ? Number.POSITIVE_INFINITY : (result ?? Number.NaN);
    const call = `${fn}(${JSON.stringify(args).slice(1, -1)})`;
    if (typeof expected === 'number' && Number.isFinite(expected))
      expect(answer, call).toBeCloseTo(expected, 12);
    else expect(answer, call).toEqual(expected);
  }
});
