/** What a strategy's bundle begins with: the engine's part of a worker thread that serves an optimisation. */
import { serve } from './optimize/serve.ts';
import { answerTask, strategyOf } from './worker-thread.ts';

/** @param load loads the strategy's module */
export function work(load: () => Promise<{ readonly default?: unknown }>): Promise<void> {
  return answerTask(async (task, progress) => {
    if (task.kind !== 'serve') throw new Error(`a bundle cannot do the task ${task.kind}`);
    await serve(task, strategyOf(await load()), progress);
    return { kind: 'served' };
  });
}
