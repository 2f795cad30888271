/**
 * Worker threads that run one strategy's file with many parameters. Each has the bars on shared memory, once, and takes
 * the next batch when it has done one: a thread that is slower holds nobody up. Limits hold for each run.
 *
 * A small search is over before a second thread would have started and warmed up, and that would only have been in the way
 * of the first: there is one until it has shown how long the rest would take.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { reasonOf, UserError } from '../../errors.ts';
import type { Bars } from '../../market/bars.ts';
import { Progress, type SendableOptions, type ServeTask } from '../messages.ts';
import type { Parametrised } from '../params.ts';
import type { BacktestResult, Params, Statistics } from '../result.ts';
import { type BacktestRequest, defaultLimits, onSharedMemory, type RunLimits, runWorker } from '../run.ts';
import { bundleStrategy, type StrategyBundle } from '../strategy-bundle.ts';
import { type Runner, throwIfCancelled } from './optimize.ts';
import type { Segment } from './segment.ts';
import type { ServeAnswer, ServeRequest } from './serve-messages.ts';
import { Worth } from './worth.ts';

export interface PoolOptions {
  /** Threads at most; as many as the machine runs at once unless said. */
  readonly workers?: number;
  /** Of each run. */
  readonly limits?: Partial<RunLimits>;
  readonly signal?: AbortSignal;
  /** Told each line that the strategy prints. */
  readonly onOutput?: (line: string) => void;
}

export interface Summary {
  /** All parameters, the strategy's own included. */
  readonly params: Params;
  readonly statistics: Statistics;
}

/** Runs that a thread is given at once, at most: a message costs little beside so many. */
const mostInBatch = 64;
/** How often is looked whether more threads are worth their start. */
const lookEveryMs = 25;

/** A thread, and what it does now. */
interface Lane {
  readonly port: MessagePort;
  readonly progress: Progress;
  /** Parameters of the batch that it runs, and the number of the first of them. */
  batch: readonly Params[];
  first: number;
  runs: number;
  /** Takes the answer to what it was asked last; null while it has nothing to do. */
  take: ((answer: ServeAnswer) => void) | null;
}

export class StrategyPool {
  readonly #file: string;
  readonly #bars: readonly Bars[];
  readonly #options: SendableOptions;
  readonly #limits: RunLimits;
  readonly #onOutput: PoolOptions['onOutput'];
  /** Threads at most. */
  readonly #workers: number;
  readonly #worth = new Worth(performance.now());
  readonly #look: NodeJS.Timeout;
  /** Runs that are done, those of earlier rounds alone, and those that are left of this round. */
  #done = 0;
  #doneBefore = 0;
  #left = 0;
  readonly #lanes: Lane[] = [];
  readonly #idle: Lane[] = [];
  readonly #bundle: Promise<StrategyBundle | null>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #ended: Promise<unknown>[] = [];
  /** Work that waits for a thread. */
  readonly #queue: ((lane: Lane) => void)[] = [];
  readonly #ready: PromiseWithResolversOf<Parametrised> = withResolvers();
  readonly #failed: PromiseWithResolversOf<never> = withResolvers();

  /** The first thread starts at once. @throws UserError for a number of workers that is none */
  constructor({ file, bars, options = {} }: Omit<BacktestRequest, 'params'>, pool: PoolOptions = {}) {
    const { workers = availableParallelism(), limits, signal, onOutput } = pool;
    if (!(Number.isInteger(workers) && workers > 0)) {
      throw new UserError(`The number of workers is a whole number above zero, not ${workers}.`);
    }
    throwIfCancelled(signal);
    this.#signal = signal;
    // Asked for below, each time somebody waits; nobody may be waiting when a thread fails.
    this.#failed.promise.catch(() => undefined);
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#file = path.resolve(file);
    this.#bundle = bundleStrategy(this.#file);
    this.#bars = bars.map(onSharedMemory);
    this.#options = options;
    this.#limits = { ...defaultLimits, ...limits };
    this.#onOutput = onOutput;
    this.#workers = workers;
    this.#startLane();
    this.#look = setInterval(() => this.#grow(), lookEveryMs);
  }

  /** Name and parameters of the strategy, as soon as one thread has loaded it. */
  strategy(): Promise<Parametrised> {
    return this.#orFailure(this.#ready.promise);
  }

  /** Runs over a stretch of the bars; over all of them with null. */
  runner(strategy: Parametrised, segment: Segment | null): Runner<Summary> {
    return {
      strategy,
      summaries: (round, summarize, onRuns) => this.#summaries(strategy, round, segment, summarize, onRuns),
      result: (params) => this.#result(params, segment),
    };
  }

  /**
   * Runs them all; the answers are in the order of `params`.
   * @throws UserError as `runBacktest`, and with the parameters of the run that it was
   */
  async #summaries<Value>(
    strategy: Parametrised,
    params: readonly Params[],
    segment: Segment | null,
    summarize: (run: Summary) => Value,
    onRuns: (values: readonly Value[]) => void,
  ): Promise<readonly Value[]> {
    const values = new Array<Value>(params.length);
    let next = 0;
    this.#doneBefore = this.#done;
    this.#left = params.length;
    const runNext = async (): Promise<void> => {
      while (next < params.length) {
        const from = next;
        // Batches shrink towards the end, so that all threads end together.
        const fair = Math.ceil((params.length - from) / (2 * this.#workers));
        const batch = params.slice(from, from + Math.min(fair, mostInBatch));
        next += batch.length;
        const answer = await this.#ask({ kind: 'runs', params: batch, segment, first: 0 }, batch);
        if (answer.kind !== 'runs') throw new Error(`runs were answered with ${answer.kind}`);
        const done = batch.map((own, index) =>
          summarize({ params: { ...strategy.params, ...own }, statistics: statisticsOf(answer, index) }),
        );
        for (const [index, value] of done.entries()) values[from + index] = value;
        this.#left -= done.length;
        this.#done += done.length;
        onRuns(done);
      }
    };
    await Promise.all(Array.from({ length: this.#workers }, runNext));
    return values;
  }

  async #result(params: Params, segment: Segment | null): Promise<BacktestResult> {
    const answer = await this.#ask({ kind: 'result', params, segment, first: 0 }, [params]);
    if (answer.kind !== 'result') throw new Error(`a run was answered with ${answer.kind}`);
    return answer.result;
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#stop.abort();
    await Promise.all(this.#ended);
    for (const { port } of this.#lanes) port.close();
  }

  readonly #abort = (): void => this.#stop.abort();

  #startLane(): void {
    const { port1, port2 } = new MessageChannel();
    const progress = new Progress();
    const task: ServeTask = {
      kind: 'serve',
      file: this.#file,
      bars: this.#bars,
      options: this.#options,
      port: port2,
      progress: progress.buffer,
    };
    const lane: Lane = { port: port1, progress, batch: [], first: 0, runs: 0, take: null };
    lane.take = (answer) => {
      if (answer.kind !== 'ready') return;
      this.#worth.ready(performance.now());
      this.#ready.resolve({ name: answer.name, params: answer.params });
    };
    this.#lanes.push(lane);
    port1.on('message', (answer: ServeAnswer) => this.#onAnswer(lane, answer));
    const onOutput = this.#onOutput;
    const ended = runWorker(
      task,
      progress,
      this.#limits,
      { signal: this.#stop.signal, ...(onOutput === undefined ? {} : { onOutput }) },
      this.#bundle,
    );
    this.#ended.push(ended.catch((error: unknown) => this.#onFailure(lane, error)));
  }

  /** Starts the other threads as soon as the first has shown that there is work enough for them. */
  #grow(): void {
    const [{ batch, first, progress }] = this.#lanes as [Lane];
    const begun = batch.length === 0 ? 0 : Math.max(0, progress.run - first);
    // What a search has done so far it may well do again: one that learns asks for few runs at a time.
    const left = Math.max(this.#left - begun, this.#doneBefore);
    const wanted = Math.min(this.#worth.threads(performance.now(), this.#done + begun, left), this.#workers);
    if (wanted === 1 || this.#stop.signal.aborted) return;
    clearInterval(this.#look);
    while (this.#lanes.length < wanted) this.#startLane();
  }

  #ask(request: ServeRequest, batch: readonly Params[]): Promise<ServeAnswer> {
    const answered = new Promise<ServeAnswer>((resolve) => {
      const begin = (lane: Lane) => {
        lane.batch = batch;
        lane.first = lane.runs + 1;
        lane.runs += batch.length;
        lane.take = resolve;
        lane.port.postMessage({ ...request, first: lane.first });
      };
      const lane = this.#idle.pop();
      if (lane === undefined) this.#queue.push(begin);
      else begin(lane);
    });
    return this.#orFailure(answered);
  }

  #onAnswer(lane: Lane, answer: ServeAnswer): void {
    const { take } = lane;
    lane.take = null;
    lane.batch = [];
    take?.(answer);
    const begin = this.#queue.shift();
    if (begin === undefined) this.#idle.push(lane);
    else begin(lane);
  }

  #onFailure({ batch, first, progress }: Lane, error: unknown): void {
    const params = batch[progress.run - first];
    if (this.#signal?.aborted) this.#failed.reject(new UserError('The optimisation was cancelled.'));
    else if (error instanceof UserError && params !== undefined) {
      const said = Object.entries(params).map(([name, value]) => `${name} ${value}`);
      const problem = reasonOf(error).replace(/\.$/, '');
      this.#failed.reject(new UserError(`${problem} (with ${said.join(', ')}).`, { cause: error }));
    } else this.#failed.reject(error);
    // The others have nothing to work for any more.
    this.#stop.abort();
  }

  #orFailure<Value>(promise: Promise<Value>): Promise<Value> {
    return Promise.race([promise, this.#failed.promise]);
  }
}

function statisticsOf({ names, figures }: Extract<ServeAnswer, { kind: 'runs' }>, run: number): Statistics {
  const from = run * names.length;
  return Object.fromEntries(
    names.map((name, column) => [name, figures[from + column] as number]),
  ) as unknown as Statistics;
}

interface PromiseWithResolversOf<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** Promise.withResolvers, which Node has from version 22 on. */
function withResolvers<Value>(): PromiseWithResolversOf<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
