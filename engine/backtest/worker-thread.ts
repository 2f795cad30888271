/** What every worker thread has in common: what a strategy may not do, what it prints, and that its task is answered. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { type Answer, Progress, type StartOfWorker, type Task } from './messages.ts';
import type { BacktestResult } from './result.ts';
import { Strategy, type StrategyClass } from './strategy.ts';
import { describeFailure, StrategyProblem } from './strategy-problem.ts';

const mostLines = 500;

/**
 * Does the thread's task and answers it, with what went wrong too. From here on the thread may be given a strategy's
 * code: it cannot end the process, and what it prints is passed on.
 */
export async function answerTask(
  perform: (task: Task, progress: Progress) => Promise<Answer>,
): Promise<void> {
  const { task } = workerData as StartOfWorker;
  const progress = new Progress(task.progress);
  process.exit = () => {
    throw new StrategyProblem('called process.exit(), which a strategy may not');
  };
  globalThis.console = new Console(new Writable({ write: printer(), decodeStrings: false }));
  try {
    progress.enter('loading');
    answer(await perform(task, progress));
  } catch (error) {
    answer({ kind: 'failed', problem: describeFailure(error, task.file) });
  }
}

/** The strategy that a module is there for. @throws StrategyProblem when it has none */
export function strategyOf(module: { readonly default?: unknown }): StrategyClass {
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
function printer() {
  let printed = 0;
  return (text: string, _encoding: string, done: () => void): void => {
    for (const line of text.replace(/\n$/, '').split('\n')) {
      printed++;
      if (printed <= mostLines) answer({ kind: 'printed', line });
      if (printed === mostLines)
        answer({ kind: 'printed', line: `(no more than ${mostLines} lines are kept)` });
    }
    done();
  };
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
