/** The worker's side of an optimisation: runs what it is asked to over its port, until it is told that this was all. */
import { Backtest, type OnBar } from '../backtest.ts';
import type { Progress, ServeTask } from '../messages.ts';
import type { StrategyClass } from '../strategy.ts';
import { cutBars, type Segment } from './segment.ts';
import type { ServeAnswer, ServeRequest } from './serve-messages.ts';

/** @throws whatever the strategy throws */
export function serve(task: ServeTask, Strategy: StrategyClass, progress: Progress): Promise<void> {
  const { port } = task;
  const backtests = new Backtests(task, Strategy);
  const begin = (run: number): OnBar => {
    progress.atRun(run, 0);
    progress.enter('init');
    let isInNext = false;
    return (bar, bars) => {
      if (!isInNext) progress.enter('next');
      isInNext = true;
      progress.atBar(bar, bars);
    };
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
        case 'runs':
          answer(figuresOf(request, backtests.over(request.segment), begin));
          return;
        case 'result': {
          const { params, segment, first } = request;
          answer({ kind: 'result', result: backtests.over(segment).run(params, begin(first)) });
          return;
        }
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

/** @param begin called before each run, with its number */
function figuresOf(
  { params, first }: Extract<ServeRequest, { kind: 'runs' }>,
  backtest: Backtest,
  begin: (run: number) => OnBar,
): Extract<ServeAnswer, { kind: 'runs' }> {
  let names: string[] = [];
  let figures = new Float64Array();
  for (const [index, own] of params.entries()) {
    const statistics = backtest.statistics(own, begin(first + index));
    if (index === 0) {
      names = Object.keys(statistics);
      figures = new Float64Array(params.length * names.length);
    }
    figures.set(Object.values(statistics), index * names.length);
  }
  return { kind: 'runs', names, figures };
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
