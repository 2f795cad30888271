/** Checks a strategy's file in a worker thread of its own: does it look ahead, and how much history does it need? */
import path from 'node:path';
import type { LookAheadReport } from './look-ahead.ts';
import { Progress } from './messages.ts';
import { type BacktestRequest, onSharedMemory, type RunOptions, runWorker } from './run.ts';
import type { StabilityReport } from './stability.ts';

export interface CheckRequest extends BacktestRequest {
  /** See `LookAheadRequest`. */
  readonly samples?: number;
  readonly seed?: number;
  /** See `StabilityRequest`. */
  readonly tolerances?: readonly number[];
}

export interface StrategyCheck {
  readonly lookAhead: LookAheadReport;
  readonly stability: StabilityReport;
}

/** For all runs together. */
const defaultLimits = { timeMs: 300_000, memoryMb: 512 };

/**
 * Both checks of a strategy's file. Progress tells the share of all runs; cancelling and limits hold for them together.
 * @throws UserError as `runBacktest`, for what the strategy does on all bars; and when the bars are too few to check
 */
export async function checkStrategyFile(
  request: CheckRequest,
  options: RunOptions = {},
): Promise<StrategyCheck> {
  const { file, bars, params = {}, options: backtest = {}, samples, seed, tolerances } = request;
  const progress = new Progress();
  const task = {
    kind: 'check' as const,
    file: path.resolve(file),
    bars: bars.map(onSharedMemory),
    params,
    options: backtest,
    samples,
    seed,
    tolerances,
    progress: progress.buffer,
  };
  const answer = await runWorker(task, progress, { ...defaultLimits, ...options.limits }, options);
  if (answer.kind !== 'checked') throw new Error(`a check was answered with ${answer.kind}`);
  return { lookAhead: answer.lookAhead, stability: answer.stability };
}
