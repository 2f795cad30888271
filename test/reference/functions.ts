/** A case of calls of library functions against the engine's. */
import { barsSince, cross, crossover, quantile } from '../../engine/backtest/index.ts';

export interface FunctionsCase {
  readonly calls: readonly {
    readonly fn: string;
    readonly args: readonly unknown[];
    readonly result: number | boolean | string | null;
  }[];
}

const functions: Readonly<Record<string, (...args: never[]) => unknown>> = {
  crossover,
  cross,
  barssince: barsSince,
  quantile,
};

export function functionDifferences({ calls }: FunctionsCase): string[] {
  if (calls.length === 0) return ['it has no calls'];
  return calls.flatMap(({ fn, args, result }) => {
    const own = functions[fn]?.(...(args as never[]));
    const expected = result === 'Infinity' ? Number.POSITIVE_INFINITY : (result ?? Number.NaN);
    const isClose = typeof own === 'number' && Math.abs(own - Number(expected)) < 1e-12;
    if (Object.is(own, expected) || isClose) return [];
    return [`${fn}(${JSON.stringify(args).slice(1, -1)}): expected ${expected}, got ${own}`];
  });
}
