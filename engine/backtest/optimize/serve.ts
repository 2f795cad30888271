/** The worker's side of an optimisation: runs what it is asked to over its port, until it is told that this was all. */
import { Backtest } from '../backtest.ts';
import type { Progress, ServeTask } from '../messages.ts';
import type { BacktestResult, Params, Statistics } from '../result.ts';
import type { StrategyClass } from '../strategy.ts';
import { cutBars, type Segment } from './segment.ts';
import type { ServeAnswer, ServeRequest } from './serve-messages.ts';

/** @throws whatever the strategy throws */
export function serve(task: ServeTask, Strategy: StrategyClass, progress: Progress): Promise<void> {
  const { port } = task;
  const backtests = new Backtests(task, Strategy);
  const run = (params: Params, segment: Segment | null, number: number): BacktestResult => {
    progress.atRun(number, 0);
    progress.enter('init');
    let isInNext = false;
    return backtests.over(segment).run(params, (bar, bars) => {
      if (!isInNext) progress.enter('next');
      isInNext = true;
      progress.atBar(bar, bars);
    });
  };
  // Nothing is handed over instead of copied: the first buffer that an isolate gives away makes V8 throw away all machine
  // code that reads typed arrays, as the code counted on no buffer ever going. A copy of some figures is far less.
  const answer = (message: ServeAnswer) => {
    progress.enter('waiting');
    port.postMessage(message);
  };
  return new Promise((resolve, reject) => {
    const perform = (request: ServeRequest) => {
      switch (request.kind) {
        case 'runs': {
          const { names, figures } = figuresOf(request, run);
          answer({ kind: 'runs', names, figures });
          return;
        }
        case 'result':
          answer({ kind: 'result', result: run(request.params, request.segment, request.first) });
          return;
        case 'end':
          port.close();
          resolve();
          return;
        default:
          request satisfies never;
      }
    };
    port.on('message', (request: ServeRequest) => {
      try {
        perform(request);
      } catch (error) {
        port.close();
        reject(error);
      }
    });
    answer({ kind: 'ready', name: Strategy.name, params: Strategy.params ?? {} });
  });
}

function figuresOf(
  { params, segment, first }: Extract<ServeRequest, { kind: 'runs' }>,
  run: (params: Params, segment: Segment | null, number: number) => BacktestResult,
): { names: readonly string[]; figures: Float64Array<ArrayBuffer> } {
  let names: (keyof Statistics)[] = [];
  let figures = new Float64Array();
  for (const [index, own] of params.entries()) {
    const { statistics } = run(own, segment, first + index);
    if (index === 0) {
      names = Object.keys(statistics) as (keyof Statistics)[];
      figures = new Float64Array(params.length * names.length);
    }
    for (const [column, name] of names.entries()) figures[index * names.length + column] = statistics[name];
  }
  return { names, figures };
}

/** A backtest checks its bars when it is made: it is kept for as long as the runs are over the same stretch of them. */
class Backtests {
  readonly #task: ServeTask;
  readonly #Strategy: StrategyClass;
  #kept: { readonly key: string; readonly backtest: Backtest } | null = null;

  constructor(task: ServeTask, Strategy: StrategyClass) {
    this.#task = task;
    this.#Strategy = Strategy;
  }

  over(segment: Segment | null): Backtest {
    const key = JSON.stringify(segment);
    if (this.#kept?.key !== key) {
      const { bars, options } = this.#task;
      const backtest =
        segment === null
          ? new Backtest(bars, this.#Strategy, options)
          : new Backtest(cutBars(bars, segment), this.#Strategy, { ...options, ...segment.options });
      this.#kept = { key, backtest };
    }
    return this.#kept.backtest;
  }
}
