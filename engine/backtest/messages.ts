/** What the desk's thread and a strategy's worker thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Bars } from '../market/bars.ts';
import type { LookAheadReport } from './look-ahead.ts';
import type { BacktestOptions } from './options.ts';
import type { BacktestResult, Params } from './result.ts';
import type { StabilityReport } from './stability.ts';

/** Options that can cross to another thread: a commission that is a function cannot. */
export type SendableOptions = Omit<BacktestOptions, 'commission'> & {
  readonly commission?: number | readonly [fixed: number, rate: number];
};

/** What a worker thread is given: see `engine/worker-start.mjs`. */
export interface StartOfWorker {
  /** URL of the module that it loads. */
  readonly module: string;
  readonly task: Task;
}

export type Task = RunTask | CheckTask | DescribeTask | ServeTask;

export interface RunTask {
  readonly kind: 'run';
  readonly file: string;
  /** Columns are on shared memory. */
  readonly bars: readonly Bars[];
  readonly params: Params;
  readonly options: SendableOptions;
  /** Where the worker is: see `Progress`. */
  readonly progress: SharedArrayBuffer;
}

/** Runs it many times: does it look ahead, and how much history does it need? */
export interface CheckTask extends Omit<RunTask, 'kind'> {
  readonly kind: 'check';
  /** As many as `checkLookAhead` takes unless said. */
  readonly samples?: number | undefined;
  readonly seed?: number | undefined;
  readonly tolerances?: readonly number[] | undefined;
}

export interface DescribeTask {
  readonly kind: 'describe';
  readonly file: string;
  readonly progress: SharedArrayBuffer;
}

/** Runs whatever it is asked to over its port, until it is told that this was all. */
export interface ServeTask extends Omit<RunTask, 'kind' | 'params'> {
  readonly kind: 'serve';
  readonly port: MessagePort;
}

export interface StrategyDescription {
  /** Name of the class. */
  readonly name: string;
  readonly file: string;
  /** Parameters with their defaults. */
  readonly params: Params;
  /** First sentence of the comment over the class; empty where there is none. */
  readonly doc: string;
}

export type Answer =
  | { readonly kind: 'result'; readonly result: BacktestResult }
  | { readonly kind: 'checked'; readonly lookAhead: LookAheadReport; readonly stability: StabilityReport }
  | { readonly kind: 'served' }
  /** A line that the strategy printed; comes before the other answers. */
  | { readonly kind: 'printed'; readonly line: string }
  | { readonly kind: 'description'; readonly description: StrategyDescription }
  /** `problem` is a whole sentence for the user, with the strategy's file and line. */
  | { readonly kind: 'failed'; readonly problem: string };

export const phases = ['starting', 'loading', 'init', 'next', 'finishing', 'waiting'] as const;
export type Phase = (typeof phases)[number];

/** How far a worker is, on memory that both threads see: even a busy worker can be asked. */
export class Progress {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer = new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  enter(phase: Phase): void {
    this.#cells[0] = phases.indexOf(phase);
  }

  atBar(bar: number, bars: number): void {
    this.#cells[1] = bar;
    this.#cells[2] = bars;
  }

  /** With a task of many runs: which one is next, from 0. */
  atRun(run: number, runs: number): void {
    this.#cells[3] = run;
    this.#cells[4] = runs;
    this.atBar(-1, 0);
  }

  get phase(): Phase {
    return phases[this.#cells[0] ?? 0] ?? 'starting';
  }

  get bar(): number {
    return this.#cells[1] ?? 0;
  }

  get bars(): number {
    return this.#cells[2] ?? 0;
  }

  get run(): number {
    return this.#cells[3] ?? 0;
  }

  /** 0 for a task of a single run. */
  get runs(): number {
    return this.#cells[4] ?? 0;
  }
}
