/** A walk-forward of a strategy's file, in worker threads that serve all of its windows. */

import type { RunSummary } from './optimize/objective.ts';
import { readChoices } from './optimize/optimize-file.ts';
import { type PoolOptions, StrategyPool } from './optimize/pool.ts';
import type { Segment } from './optimize/segment.ts';
import { brokerRules } from './options.ts';
import type { BacktestRequest } from './run.ts';
import { type WalkForward, type WalkForwardRequest, walkForwardWith } from './walk-forward.ts';

export interface WalkForwardFileOptions extends WalkForwardRequest<RunSummary>, Omit<PoolOptions, 'signal'> {}

/** @throws UserError as `Backtest.walkForward`, and as `runBacktest` for whatever the strategy does in one of the runs */
export async function walkForwardFile(
  request: Omit<BacktestRequest, 'params'>,
  options: WalkForwardFileOptions,
): Promise<WalkForward> {
  const { cash } = brokerRules(request.options ?? {});
  const pool = new StrategyPool(request, options);
  try {
    const strategy = await pool.strategy();
    const over = (segment: Segment) => pool.runner(strategy, segment);
    const params = readChoices(strategy, options.params);
    return await walkForwardWith({ strategy, over }, { ...request, cash }, { ...options, params });
  } finally {
    // Nobody waits for it: there is nothing in the threads any more that the answer needs.
    void pool.close();
  }
}
