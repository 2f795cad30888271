/** In which order combinations are tried: all of them, some by chance, or those that a model holds for promising. */
import { UserError } from '../../errors.ts';
import type { Params } from '../result.ts';
import { seededRandom } from './random.ts';
import type { Search } from './rounds.ts';
import { admittedIn, type Constraint, type SearchSpace } from './space.ts';
import { parzenSearch } from './tree-parzen.ts';
import { Untried } from './untried.ts';

export interface SearchPlan {
  /** Every combination; some by chance; or those that a model of the runs so far holds for promising. */
  readonly method?: 'grid' | 'random' | 'model';
  /** How many runs `random` and `model` may make, 200 unless said. */
  readonly maxTries?: number;
  /** Of chance in `random` and `model`, 0 unless said. */
  readonly seed?: number;
}

export interface PlannedSearch {
  readonly search: Search;
  /** Number of runs; of a model's at most. */
  readonly tries: number;
}

const usualTries = 200;
const mostInGrid = 1_000_000;
/** Enough to keep threads busy, few enough that a cancelled run stops soon and progress moves. */
const gridRound = 1024;
/** As many as are tried before the model learns from them. Small, since each round is blind to itself. */
const modelRound = 4;

/** @throws UserError when there is nothing to try, or more than a grid can hold */
export function planSearch(space: SearchSpace, admits: Constraint, plan: SearchPlan): PlannedSearch {
  const { method = 'grid', maxTries = usualTries, seed = 0 } = plan;
  if (!(Number.isInteger(maxTries) && maxTries > 0)) {
    throw new UserError(`maxTries is a whole number above zero, not ${maxTries}.`);
  }
  if (!Number.isSafeInteger(seed)) throw new UserError(`The seed is a whole number, not ${seed}.`);
  switch (method) {
    case 'grid':
      if (plan.maxTries !== undefined) {
        throw new UserError(
          'A grid tries every combination; maxTries goes with the methods random and model.',
        );
      }
      return planGrid(space, admits);
    case 'random': {
      const untried = new Untried(space, admits, seededRandom(seed));
      const tries = Math.min(maxTries, untried.most);
      return { search: randomSearch(untried, tries), tries };
    }
    case 'model': {
      const random = seededRandom(seed);
      const untried = new Untried(space, admits, random);
      const tries = Math.min(maxTries, untried.most);
      return { search: parzenSearch({ space, untried, random, tries, round: modelRound }), tries };
    }
    default:
      throw new UserError(`The method is grid, random or model, not ${method satisfies never}.`);
  }
}

function planGrid(space: SearchSpace, admits: Constraint): PlannedSearch {
  const isSpan = space.dimensions.find(({ kind }) => kind === 'span');
  if (isSpan !== undefined) {
    throw new UserError(
      `A grid needs single values for ${isSpan.name}, such as range(1, 10, 0.5). A span goes with random and model.`,
    );
  }
  if (space.size > mostInGrid) {
    throw new UserError(
      `The grid has ${space.size.toLocaleString('en')} combinations, more than ${mostInGrid.toLocaleString('en')}: use the method random or model.`,
    );
  }
  const admitted = admittedIn(space, admits);
  return { search: gridSearch(space, admitted), tries: admitted.length };
}

function* gridSearch(space: SearchSpace, admitted: readonly number[]): Search {
  for (let from = 0; from < admitted.length; from += gridRound) {
    yield admitted.slice(from, from + gridRound).map((index) => space.at(index));
  }
}

function* randomSearch(untried: Untried, tries: number): Search {
  for (let left = tries; left > 0; left -= gridRound) {
    const round: Params[] = [];
    while (round.length < Math.min(left, gridRound)) {
      const params = untried.draw();
      if (params === null) break;
      round.push(params);
    }
    if (round.length === 0) return;
    yield round;
  }
}
