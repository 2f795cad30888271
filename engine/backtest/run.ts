/** Runs a strategy's file in a worker thread of its own, with limits on time and memory. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { reasonOf, UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import { MemoryWatch } from './memory-watch.ts';
import {
  type Answer,
  Progress,
  type SendableOptions,
  type StartOfWorker,
  type StrategyDescription,
  type Task,
} from './messages.ts';
import type { BacktestResult, Params } from './result.ts';
import type { StrategyBundle } from './strategy-bundle.ts';
import { watchThreads, whereIsThread } from './thread-location.ts';

export type { SendableOptions, StrategyDescription } from './messages.ts';

export interface BacktestRequest {
  /** Path of the strategy's file, TypeScript or JavaScript. */
  readonly file: string;
  readonly bars: readonly Bars[];
  readonly params?: Params;
  readonly options?: SendableOptions;
}

export interface RunLimits {
  readonly timeMs: number;
  readonly memoryMb: number;
}

export interface RunProgress {
  readonly bar: number;
  readonly bars: number;
  /** 0 to 1. */
  readonly fraction: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Told about every 100 ms while it runs. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Told each line that the strategy prints, as it prints it. */
  readonly onOutput?: (line: string) => void;
  readonly limits?: Partial<RunLimits>;
}

/** Of one run. */
export const defaultLimits: RunLimits = { timeMs: 60_000, memoryMb: 512 };
const describeLimits: RunLimits = { timeMs: 10_000, memoryMb: 256 };
/** Often, because memory can be taken fast; progress is told with every fourth look. */
const watchEveryMs = 25;
/**
 * A thread that is beyond its heap limit is ended, but an object that does not fit below it ends the whole process, desk and
 * all: V8 calls abort(). So that limit is out of the way of any one object (an array is 1 GB at most), and memory is
 * held in by the watch.
 */
const heapLimitMb = 8192;
const endPatienceMs = 1000;
/** Room for new objects: what a strategy makes on a bar dies on the next, and is then never copied. */
const youngMb = 64;

/**
 * A backtest of a strategy's file.
 * @throws UserError, in one line with the strategy's file and line, for whatever the strategy does: it throws, never
 *   ends, takes too much memory, does not compile, has no default export, calls `process.exit`; and when it is cancelled
 */
export async function runBacktest(
  request: BacktestRequest,
  options: RunOptions = {},
): Promise<BacktestResult> {
  const { file, bars, params = {}, options: backtest = {} } = request;
  const progress = new Progress();
  const task: Task = {
    kind: 'run',
    file: path.resolve(file),
    bars: bars.map(onSharedMemory),
    params,
    options: backtest,
    progress: progress.buffer,
  };
  const answer = await runWorker(task, progress, { ...defaultLimits, ...options.limits }, options);
  if (answer.kind !== 'result') throw new Error(`a run was answered with ${answer.kind}`);
  return answer.result;
}

/**
 * Name, parameters and comment of a strategy. Its file is loaded in a worker of its own.
 * @throws UserError as `runBacktest`
 */
export async function describeStrategy(file: string): Promise<StrategyDescription> {
  const progress = new Progress();
  const task: Task = { kind: 'describe', file: path.resolve(file), progress: progress.buffer };
  const answer = await runWorker(task, progress, describeLimits, {});
  if (answer.kind !== 'description') throw new Error(`a description was answered with ${answer.kind}`);
  return answer.description;
}

export interface StrategyFile {
  /** File name without its ending: how plans and commands call it. */
  readonly name: string;
  readonly file: string;
}

/**
 * The strategies in a folder, by name. Nothing is loaded: a file with an error is listed too.
 * @throws UserError when the folder cannot be read
 */
export async function listStrategies(folder: string): Promise<StrategyFile[]> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw new UserError(`The strategies in ${folder} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  return entries
    .filter((entry) => /\.m?[jt]s$/.test(entry) && !entry.endsWith('.d.ts'))
    .sort()
    .map((entry) => ({ name: path.parse(entry).name, file: path.join(folder, entry) }));
}

/**
 * Has a worker thread of its own do a task: what else `runBacktest` says holds for it too. One that serves has the time
 * limit for each run; it may wait for its next one for as long as it takes.
 * @param bundle the strategy compiled, see `bundleStrategy`; null where it cannot be
 */
export function runWorker(
  task: Task,
  progress: Progress,
  limits: RunLimits,
  options: RunOptions,
  bundle?: Promise<StrategyBundle | null>,
): Promise<Answer> {
  const { signal, onProgress, onOutput } = options;
  const name = path.basename(task.file);
  if (signal?.aborted) return Promise.reject(cancelled(task));
  if (!existsSync(task.file)) return Promise.reject(new UserError(`There is no strategy file ${task.file}.`));
  letWorkersGrowYoung();
  watchThreads();
  const start = bundle === undefined ? '../worker-start.mjs' : './bundle-start.cjs';
  const worker = new Worker(new URL(start, import.meta.url), {
    workerData: { module: new URL('./worker.ts', import.meta.url).href, task } satisfies StartOfWorker,
    transferList: task.kind === 'serve' ? [task.port] : [],
    execArgv: [],
    // Nothing of the desk's environment, which may hold secrets.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapLimitMb, maxYoungGenerationSizeMb: youngMb },
  });
  let started = performance.now();
  let run = 0;
  const memory = new MemoryWatch(limits.memoryMb);
  return new Promise((resolve, reject) => {
    let isEnding = false;
    const end = (settle: () => void) => {
      isEnding = true;
      clearInterval(watch);
      memory.stop();
      signal?.removeEventListener('abort', onAbort);
      worker.removeAllListeners();
      // What it says now is of no interest any more, but would else be thrown at the desk.
      worker.on('error', () => undefined);
      void ended(worker).then(settle, reject);
    };
    const fail = (problem: string) => end(() => reject(new UserError(problem)));
    const onAbort = () => end(() => reject(cancelled(task)));
    /** Ends a busy thread, with the line that it is in. */
    const stop = async (problem: string) => {
      clearInterval(watch);
      const line = await whereIsThread(worker.threadId, path.dirname(task.file));
      if (!isEnding) fail(`${line ?? name} ${problem}; it was ${whereText(progress)}.`);
    };
    let looks = 0;
    const watch = setInterval(() => {
      looks++;
      if (looks % 4 === 0 && (progress.bars > 0 || progress.runs > 0)) onProgress?.(progressOf(progress));
      if (task.kind === 'serve' && (progress.phase === 'waiting' || progress.run !== run)) {
        started = performance.now();
        run = progress.run;
      }
      if (performance.now() - started > limits.timeMs) {
        void stop(`did not finish within ${limits.timeMs / 1000} s`);
      } else if (memory.isBeyond()) {
        void stop(`used more than ${limits.memoryMb} MB of memory`);
      }
    }, watchEveryMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    void bundle?.then((compiled) => worker.postMessage(compiled));
    worker.on('message', (answer: Answer) => {
      if (answer.kind === 'printed') onOutput?.(answer.line);
      else if (answer.kind === 'failed') fail(answer.problem);
      else end(() => resolve(answer));
    });
    worker.once('error', (error: Error & { code?: string }) => {
      fail(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `${name} used more than ${limits.memoryMb} MB of memory; it was ${whereText(progress)}.`
          : `${name} failed: ${reasonOf(error)}`,
      );
    });
    worker.once('exit', (code) =>
      fail(`${name} ended its thread with code ${code}; it was ${whereText(progress)}.`),
    );
  });
}

/**
 * Ends a thread. Asked once is not enough: a thread that happens to answer where it is may take the request for one to end
 * that answer, and runs on. Waiting for long is too much: inside of one built-in function, such as to fill a huge array,
 * a thread cannot be ended, and goes on until that returns.
 */
async function ended(worker: Worker): Promise<void> {
  // Each request listens for the end.
  worker.setMaxListeners(0);
  const again = setInterval(() => void worker.terminate(), 100);
  const end = worker.terminate().finally(() => clearInterval(again));
  let patience: NodeJS.Timeout | undefined;
  await Promise.race([
    end,
    new Promise<void>((resolve) => {
      patience = setTimeout(resolve, endPatienceMs);
    }),
  ]);
  clearTimeout(patience);
}

/**
 * The desk keeps its own young generation small (`--max-semi-space-size`, to be small when idle). That flag is the whole
 * process's and stronger than a worker's limits: strategies that make objects would run half as fast. Threads that have
 * begun keep what they have.
 *
 * And it is to begin large: in the megabyte that it would else grow from, a search of half a second is collected thirty
 * times. Each collection asks V8's other threads for help, and waits for them where the cores are busy: alone it is as soon
 * done with so little that lives.
 */
function letWorkersGrowYoung(): void {
  setFlagsFromString('--max-semi-space-size=0');
  setFlagsFromString('--min-semi-space-size=16');
  setFlagsFromString('--no-parallel-scavenge');
}

function progressOf({ bar, bars, run, runs }: Progress): RunProgress {
  const ofRun = bars === 0 ? 0 : (bar + 1) / bars;
  return { bar, bars, fraction: runs === 0 ? ofRun : (run + ofRun) / runs };
}

function cancelled({ kind }: Task): UserError {
  return new UserError(kind === 'check' ? 'The check was cancelled.' : 'The backtest was cancelled.');
}

function whereText({ phase, bar, bars, run, runs }: Progress): string {
  const ofRuns = runs === 0 ? '' : `, in run ${run + 1} of ${runs}`;
  switch (phase) {
    case 'starting':
      return 'not yet loaded';
    case 'loading':
      return 'still loading';
    case 'init':
      return `in init()${ofRuns}`;
    case 'next':
      return `in next(), on bar ${bar + 1} of ${bars}${ofRuns}`;
    case 'finishing':
      return 'computing statistics';
    case 'waiting':
      return 'waiting for its next run';
    default:
      return phase satisfies never;
  }
}

/** The same bars where worker threads can read them without a copy. */
export function onSharedMemory(bars: Bars): Bars {
  const share = (column: Float64Array) => {
    if (column.buffer instanceof SharedArrayBuffer) return column;
    const shared = new Float64Array(new SharedArrayBuffer(column.byteLength));
    shared.set(column);
    return shared;
  };
  return {
    ...bars,
    time: share(bars.time),
    open: share(bars.open),
    high: share(bars.high),
    low: share(bars.low),
    close: share(bars.close),
    volume: share(bars.volume),
    extra: Object.fromEntries(Object.entries(bars.extra).map(([name, column]) => [name, share(column)])),
  };
}
