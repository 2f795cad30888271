/** Looks for the parameters with which a strategy does best. */
import { UserError } from '../../errors.ts';
import type { Parametrised } from '../params.ts';
import type { BacktestResult, Params, Statistics } from '../result.ts';
import { type Aggregate, type Heatmap, heatmapOf } from './heatmap.ts';
import { type Aim, constraintOf, type Objective, objectiveOf, type RunSummary } from './objective.ts';
import { planSearch, type SearchPlan } from './search.ts';
import { type Constraint, type ParamChoices, SearchSpace } from './space.ts';

export interface OptimizeRequest<Subject extends RunSummary = BacktestResult>
  extends Aim<Subject>,
    SearchPlan {
  /** What to vary; the strategy's other parameters stay as they are. */
  readonly params: ParamChoices;
  /** Only combinations for which this holds: a function, or a formula such as `fast < slow`. */
  readonly constraint?: string | Constraint;
  readonly signal?: AbortSignal;
  /** Told after each batch of runs. */
  readonly onProgress?: (progress: OptimizeProgress) => void;
}

export interface OptimizeProgress {
  readonly done: number;
  /** Runs in all; a search by chance or model may end sooner, when nothing is left to try. */
  readonly total: number;
  /** Best value so far; null until there is one. */
  readonly best: number | null;
}

export interface OptimizedRun {
  /** The varied parameters. */
  readonly params: Params;
  /** What was maximized or minimized; null for a run without a closed trade, or where it is undefined. */
  readonly value: number | null;
  readonly statistics: Statistics;
}

export interface Optimization {
  /** What was maximized or minimized. */
  readonly objective: string;
  /** The first run with the best value. When no run has one: the first run. */
  readonly best: {
    readonly params: Params;
    readonly value: number | null;
    readonly result: BacktestResult;
  };
  /** In the order in which they were tried: a grid's is the product of the parameters, the last changing fastest. */
  readonly runs: readonly OptimizedRun[];
  /**
   * The values over two parameters; what else was varied is put together by `aggregate`, `max` unless said.
   * @throws UserError for a parameter that was not varied
   */
  heatmap(x: string, y: string, aggregate?: Aggregate): Heatmap;
}

/** Whoever runs the combinations of an optimisation: this thread, or several. */
export interface Runner<Subject extends RunSummary = BacktestResult> {
  readonly strategy: Parametrised;
  /** Runs a round; the answers are in the order of `round`, and `onRuns` is told how many were done each time. */
  summaries<Value>(
    round: readonly Params[],
    summarize: (run: Subject) => Value,
    onRuns: (values: readonly Value[]) => void,
  ): Promise<readonly Value[]>;
  /** One run with all that it answers. */
  result(params: Params): Promise<BacktestResult>;
}

/** @throws UserError for parameters, values, a constraint or an aim that cannot be; and when it is cancelled */
export async function optimizeWith<Subject extends RunSummary>(
  runner: Runner<Subject>,
  request: OptimizeRequest<Subject>,
): Promise<Optimization> {
  const { signal, onProgress } = request;
  const objective = objectiveOf(request);
  const space = new SearchSpace(runner.strategy, request.params);
  const { search, tries } = planSearch(space, constraintOf(request.constraint, space), request);
  const progress = new ProgressTeller(objective, tries, onProgress);
  const runs: OptimizedRun[] = [];
  for (let step = search.next(); step.done !== true; ) {
    const round = step.value;
    const outcomes = await runner.summaries(round, (run) => outcomeOf(run, objective), progress.tell);
    throwIfCancelled(signal);
    for (const [index, outcome] of outcomes.entries()) {
      runs.push({ params: round[index] as Params, ...outcome });
    }
    step = search.next(outcomes.map(({ value }) => objective.score(value)));
  }
  const best = bestOf(runs, objective);
  const result = await runner.result(best.params);
  throwIfCancelled(signal);
  return {
    objective: objective.name,
    best: { params: best.params, value: best.value, result },
    runs,
    heatmap: (x, y, aggregate = 'max') => heatmapOf(runs, x, y, aggregate),
  };
}

/** @throws UserError once the signal is aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new UserError('The optimisation was cancelled.');
}

interface Outcome {
  readonly value: number | null;
  readonly statistics: Statistics;
}

function outcomeOf<Subject extends RunSummary>(run: Subject, objective: Objective<Subject>): Outcome {
  return { value: objective.valueOf(run), statistics: run.statistics };
}

function bestOf(runs: readonly OptimizedRun[], { score }: Pick<Objective, 'score'>): OptimizedRun {
  let best = runs[0];
  if (best === undefined) throw new Error('an optimisation without a run');
  for (const run of runs) {
    const own = score(run.value);
    const most = score(best.value);
    if (own !== null && (most === null || own > most)) best = run;
  }
  return best;
}

class ProgressTeller {
  readonly #score: (value: number | null) => number | null;
  readonly #total: number;
  readonly #onProgress: ((progress: OptimizeProgress) => void) | undefined;
  #done = 0;
  #best: number | null = null;

  constructor(
    objective: Pick<Objective, 'score'>,
    total: number,
    onProgress: ((progress: OptimizeProgress) => void) | undefined,
  ) {
    this.#score = objective.score;
    this.#total = total;
    this.#onProgress = onProgress;
  }

  readonly tell = (outcomes: readonly Outcome[]): void => {
    this.#done += outcomes.length;
    for (const { value } of outcomes) {
      const [own, most] = [this.#score(value), this.#score(this.#best)];
      if (own !== null && (most === null || own > most)) this.#best = value;
    }
    this.#onProgress?.({ done: this.#done, total: this.#total, best: this.#best });
  };
}
