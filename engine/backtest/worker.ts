/** The worker thread that a strategy's code runs in: loads the file, does with it what the task says, and answers once. */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import { Backtest, type OnBar } from './backtest.ts';
import { docOf } from './doc-comment.ts';
import { checkLookAhead } from './look-ahead.ts';
import type { Answer, CheckTask, Progress, RunTask, StartOfWorker, Task } from './messages.ts';
import { serve } from './optimize/serve.ts';
import { readParams } from './params.ts';
import type { BacktestResult } from './result.ts';
import { checkStability } from './stability.ts';
import type { StrategyClass } from './strategy.ts';
import { moduleHooks } from './strategy-modules.ts';
import { describeFailure } from './strategy-problem.ts';
import { answerTask, strategyOf } from './worker-thread.ts';

const { file } = (workerData as StartOfWorker).task;
register(moduleHooks(new URL('./index.ts', import.meta.url).href, file));
await answerTask(perform);

async function perform(task: Task, progress: Progress): Promise<Answer> {
  const Strategy = await loadStrategy();
  if (task.kind === 'run') return { kind: 'result', result: run(task, Strategy, progress) };
  if (task.kind === 'serve') {
    await serve(task, Strategy, progress);
    return { kind: 'served' };
  }
  if (task.kind === 'check') return check(task, Strategy, await loadStrategy('?again'), progress);
  const { name, params = {} } = Strategy;
  const doc = docOf(readFileSync(file, 'utf8'));
  return { kind: 'description', description: { name, file, params, doc } };
}

/** With a query it is loaded anew, and shares no variable with what was loaded before. */
async function loadStrategy(query = ''): Promise<StrategyClass> {
  return strategyOf(await import(pathToFileURL(file).href + query));
}

function run(
  { bars, params, options }: RunTask,
  Strategy: StrategyClass,
  progress: Progress,
): BacktestResult {
  progress.enter('init');
  const result = new Backtest(bars, Strategy, options).run(readParams(Strategy, params), barTeller(progress));
  progress.enter('finishing');
  return result;
}

/** Each of the two checks is half of the way: how many runs the second takes is not known before. */
function check(task: CheckTask, Strategy: StrategyClass, Again: StrategyClass, progress: Progress): Answer {
  const { bars, options, samples, seed, tolerances } = task;
  const params = readParams(Strategy, task.params);
  const atRun = (run: number, runs: number) => {
    progress.enter('init');
    progress.atRun(run, runs);
  };
  const request = { Strategy, bars, params, options, onBar: barTeller(progress) };
  const lookAhead = checkLookAhead({
    ...request,
    Again,
    samples,
    seed,
    describe: (error) => describeFailure(error, task.file),
    onRun: (done, runs) => atRun(done, 2 * runs),
  });
  const stability = checkStability({
    ...request,
    tolerances,
    onRun: (done, runs) => atRun(runs + done, 2 * runs),
  });
  return { kind: 'checked', lookAhead, stability };
}

function barTeller(progress: Progress): OnBar {
  return (bar, count) => {
    if (progress.phase !== 'next') progress.enter('next');
    progress.atBar(bar, count);
  };
}
