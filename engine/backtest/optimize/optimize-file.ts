/** Optimises a strategy's file in worker threads. */
import { type Parametrised, readParams } from '../params.ts';
import type { ParamValue } from '../result.ts';
import type { BacktestRequest } from '../run.ts';
import type { RunSummary } from './objective.ts';
import { type Optimization, type OptimizeRequest, optimizeWith } from './optimize.ts';
import { type PoolOptions, StrategyPool } from './pool.ts';
import type { Choices, ParamChoices } from './space.ts';

export type OptimizeFileRequest = Omit<BacktestRequest, 'params'>;

/** What a function can be asked for is less than with a class at hand: other threads answer with statistics only. */
export interface OptimizeFileOptions extends OptimizeRequest<RunSummary>, Omit<PoolOptions, 'signal'> {}

/**
 * Runs a strategy's file with many parameters and answers with those that do best. Values may be texts as people type them.
 * @throws UserError as `Backtest.optimize`, and as `runBacktest` for whatever the strategy does in one of the runs
 */
export async function optimizeFile(
  request: OptimizeFileRequest,
  options: OptimizeFileOptions,
): Promise<Optimization> {
  const pool = new StrategyPool(request, options);
  try {
    const strategy = await pool.strategy();
    return await optimizeWith(pool.runner(strategy, null), {
      ...options,
      params: readChoices(strategy, options.params),
    });
  } finally {
    // Nobody waits for it: there is nothing in the threads any more that the answer needs.
    void pool.close();
  }
}

/** Choices as people type them: see `readParams`. */
export function readChoices(strategy: Parametrised, params: ParamChoices): ParamChoices {
  return Object.fromEntries(
    Object.entries(params).map(([typed, choices]): [string, Choices] => {
      if ('from' in choices)
        return [Object.keys(readParams(strategy, { [typed]: choices.from }))[0] ?? typed, choices];
      const read = choices.map((value): [string, ParamValue] => {
        const [found] = Object.entries(readParams(strategy, { [typed]: value }));
        return found ?? [typed, value];
      });
      return [read[0]?.[0] ?? typed, read.map(([, value]) => value)];
    }),
  );
}
