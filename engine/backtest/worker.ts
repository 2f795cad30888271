/** The worker thread that a strategy's code runs in: loads the file, does with it what the task says, and answers once. */
import { Console } from 'node:console';
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { Backtest } from './backtest.ts';
import { docOf } from './doc-comment.ts';
import { checkLookAhead } from './look-ahead.ts';
import { type Answer, type CheckTask, Progress, type RunTask, type StartOfWorker } from './messages.ts';
import { serve } from './optimize/serve.ts';
import { readParams } from './params.ts';
import type { BacktestResult } from './result.ts';
import { checkStability } from './stability.ts';
import { Strategy, type StrategyClass } from './strategy.ts';
import { moduleHooks } from './strategy-modules.ts';
import { describeFailure, StrategyProblem } from './strategy-problem.ts';

const mostLines = 500;
let printed = 0;
const { task } = workerData as StartOfWorker;
const progress = new Progress(task.progress);

process.exit = () => {
  throw new StrategyProblem('called process.exit(), which a strategy may not');
};
globalThis.console = new Console(new Writable({ write: print, decodeStrings: false }));
register(moduleHooks(new URL('./index.ts', import.meta.url).href, task.file));

try {
  answer(await perform());
} catch (error) {
  answer({ kind: 'failed', problem: describeFailure(error, task.file) });
}

async function perform(): Promise<Answer> {
  progress.enter('loading');
  const Strategy = await loadStrategy(task.file);
  if (task.kind === 'run') return { kind: 'result', result: run(task, Strategy) };
  if (task.kind === 'serve') {
    await serve(task, Strategy, progress);
    return { kind: 'served' };
  }
  if (task.kind === 'check') return check(task, Strategy, await loadStrategy(task.file, '?again'));
  const { name, params = {} } = Strategy;
  const doc = docOf(readFileSync(task.file, 'utf8'));
  return { kind: 'description', description: { name, file: task.file, params, doc } };
}

function run({ bars, params, options }: RunTask, Strategy: StrategyClass): BacktestResult {
  progress.enter('init');
  const result = new Backtest(bars, Strategy, options).run(readParams(Strategy, params), onBar);
  progress.enter('finishing');
  return result;
}

/** Each of the two checks is half of the way: how many runs the second takes is not known before. */
function check(task: CheckTask, Strategy: StrategyClass, Again: StrategyClass): Answer {
  const { bars, options, samples, seed, tolerances } = task;
  const params = readParams(Strategy, task.params);
  const atRun = (run: number, runs: number) => {
    progress.enter('init');
    progress.atRun(run, runs);
  };
  const request = { Strategy, bars, params, options, onBar };
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

function onBar(bar: number, count: number): void {
  if (progress.phase !== 'next') progress.enter('next');
  progress.atBar(bar, count);
}

/** With a query it is loaded anew, and shares no variable with what was loaded before. */
async function loadStrategy(file: string, query = ''): Promise<StrategyClass> {
  const module: { default?: unknown } = await import(pathToFileURL(file).href + query);
  const found = module.default;
  if (found === undefined) {
    throw new StrategyProblem('has no default export; write "export default class ... extends Strategy"');
  }
  if (typeof found !== 'function' || !(found.prototype instanceof Strategy)) {
    throw new StrategyProblem('must export a class by default that extends Strategy (from "outcry")');
  }
  return found as unknown as StrategyClass;
}

/** What the strategy prints goes to the desk line by line, as long as it is not a flood. */
function print(text: string, _encoding: string, done: () => void): void {
  for (const line of text.replace(/\n$/, '').split('\n')) {
    printed++;
    if (printed <= mostLines) answer({ kind: 'printed', line });
    if (printed === mostLines)
      answer({ kind: 'printed', line: `(no more than ${mostLines} lines are kept)` });
  }
  done();
}

function answer(message: Answer): void {
  const buffers = message.kind === 'result' ? ownBuffers(message.result) : [];
  parentPort?.postMessage(message, buffers);
}

/** What can be handed over instead of copied; shared columns are neither. */
function ownBuffers(result: BacktestResult): ArrayBuffer[] {
  const { equity, drawdown, buyAndHold, allocation, indicators, records } = result;
  const columns = [
    ...[equity, drawdown, buyAndHold, allocation.available, ...allocation.values],
    ...[...indicators, ...records].flatMap(({ lines }) => lines),
  ];
  const buffers = columns.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers)];
}
