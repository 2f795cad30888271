/** The engine's part of a worker thread that serves an optimisation: what is compiled into one text for such threads. */
import { serve } from './optimize/serve.ts';
import { answerTask, strategyOf } from './worker-thread.ts';

export * as outcry from './index.ts';

/** @param load loads the strategy's module */
export function work(load: () => Promise<{ readonly default?: unknown }>): Promise<void> {
  return answerTask(async (task, progress) => {
    if (task.kind !== 'serve') throw new Error(`a bundle cannot do the task ${task.kind}`);
    await serve(task, strategyOf(await load()), progress);
    return { kind: 'served' };
  });
}
