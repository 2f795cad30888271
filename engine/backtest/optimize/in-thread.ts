/** Runs an optimisation's combinations in this thread, for a strategy that is a class at hand. */
import { setImmediate } from 'node:timers/promises';
import type { Parametrised } from '../params.ts';
import type { BacktestResult, Params } from '../result.ts';
import { type Runner, throwIfCancelled } from './optimize.ts';

/** After so long everything else in the thread has its turn: timers, input, a cancellation. */
const turnMs = 25;

export function inThread(
  strategy: Parametrised,
  run: (params: Params) => BacktestResult,
  signal: AbortSignal | undefined,
): Runner {
  return {
    strategy,
    async summaries(round, summarize, onRuns) {
      const values: ReturnType<typeof summarize>[] = [];
      let told = 0;
      let turn = performance.now();
      throwIfCancelled(signal);
      for (const params of round) {
        values.push(summarize(run(params)));
        if (performance.now() - turn < turnMs) continue;
        onRuns(values.slice(told));
        told = values.length;
        await setImmediate();
        throwIfCancelled(signal);
        turn = performance.now();
      }
      if (told < values.length) onRuns(values.slice(told));
      return values;
    },
    result: async (params) => run(params),
  };
}
