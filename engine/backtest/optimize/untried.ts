/** Combinations drawn by chance, none of them twice. */
import { UserError } from '../../errors.ts';
import type { Params, ParamValue } from '../result.ts';
import { drawIndex, type Random } from './random.ts';
import { admittedIn, type Constraint, type Dimension, keyOf, type SearchSpace } from './space.ts';

/** Up to so many combinations are written down, so that the last of them can be found; of more, few are drawn. */
const mostListed = 200_000;
/** Draws in a row that hit on nothing new before the space counts as used up. */
const patience = 10_000;

export class Untried {
  /** How many there are to draw; infinite where they are not written down. */
  readonly most: number;
  readonly #space: SearchSpace;
  readonly #admits: Constraint;
  readonly #random: Random;
  readonly #tried = new Set<string>();
  /** Numbers of the admitted combinations that were not drawn; null where there are too many. */
  readonly #left: number[] | null;

  /** @throws UserError when the constraint admits none */
  constructor(space: SearchSpace, admits: Constraint, random: Random) {
    this.#space = space;
    this.#admits = admits;
    this.#random = random;
    this.#left = space.size <= mostListed ? admittedIn(space, admits) : null;
    this.most = this.#left?.length ?? Number.POSITIVE_INFINITY;
  }

  /** One that was not taken yet, each with the same chance; null when none is left. */
  draw(): Params | null {
    for (let misses = 0; misses < patience; misses++) {
      const params = this.#any();
      if (params === null) return null;
      if (this.take(params)) return params;
    }
    if (this.#tried.size > 0) return null;
    throw new UserError(`The constraint admitted none of ${patience.toLocaleString('en')} combinations.`);
  }

  /** Marks it as tried. False when it has been already, or is not admitted. */
  take(params: Params): boolean {
    const key = keyOf(params);
    if (this.#tried.has(key) || !this.#admits(params)) return false;
    this.#tried.add(key);
    return true;
  }

  #any(): Params | null {
    const left = this.#left;
    if (left === null) return this.#space.choose((dimension) => drawFrom(dimension, this.#random));
    if (left.length === 0) return null;
    const position = drawIndex(this.#random, left.length);
    const index = left[position] as number;
    left[position] = left.at(-1) as number;
    left.pop();
    return this.#space.at(index);
  }
}

function drawFrom(dimension: Dimension, random: Random): ParamValue {
  if (dimension.kind === 'span') return dimension.from + random() * (dimension.to - dimension.from);
  return dimension.values[drawIndex(random, dimension.values.length)] as ParamValue;
}
