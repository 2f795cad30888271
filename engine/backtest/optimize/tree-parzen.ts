/**
 * A search that learns: the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for
 * Hyper-Parameter Optimization", NIPS 2011).
 *
 * The runs so far are split into the good ones and the rest, and a density is estimated for each: l(x) and g(x). Of some
 * candidates drawn from l the one with the largest l(x) / g(x) is tried next, which is the one with the largest expected
 * improvement (section 4.1 there). The densities are mixtures with one component for each run and one for the prior, and
 * a component is a product over the parameters (as in section 3.4 of Falkner, Klein and Hutter, "BOHB", ICML 2018), so that
 * it is learned, too, which values go together.
 */
import type { Params, ParamValue } from '../result.ts';
import { drawIndex, drawNormal, type Random } from './random.ts';
import type { Scores, Search } from './rounds.ts';
import type { Dimension, SearchSpace } from './space.ts';
import type { Untried } from './untried.ts';

export interface ParzenTerms {
  readonly space: SearchSpace;
  readonly untried: Untried;
  readonly random: Random;
  /** Runs at most. */
  readonly tries: number;
  /** Runs that are proposed together. */
  readonly round: number;
}

/** Runs by chance before there is something to learn from. */
const startUp = 16;
/** Share of the runs that counts as good, and how many at most: with more of them the density would stay wide. */
const goodShare = 0.15;
const mostGood = 25;
const candidates = 32;

export function* parzenSearch({ space, untried, random, tries, round }: ParzenTerms): Search {
  const runs: Run[] = [];
  let left = tries;
  const learn = (batch: readonly Params[], scores: Scores) => {
    for (const [index, params] of batch.entries()) {
      runs.push({ point: pointOf(space, params), score: scores[index] ?? Number.NEGATIVE_INFINITY });
    }
  };
  while (left > 0) {
    const isStart = runs.length < startUp;
    const wanted = Math.min(left, isStart ? startUp : round);
    const propose = isStart ? () => null : proposer(space, untried, random, runs);
    const batch: Params[] = [];
    while (batch.length < wanted) {
      const params = propose() ?? untried.draw();
      if (params === null) break;
      batch.push(params);
    }
    if (batch.length === 0) return;
    learn(batch, yield batch);
    left -= batch.length;
  }
}

interface Run {
  readonly point: readonly number[];
  readonly score: number;
}

/** Draws the next combination from what is known; null when all candidates have been tried. */
function proposer(
  space: SearchSpace,
  untried: Untried,
  random: Random,
  runs: readonly Run[],
): () => Params | null {
  const sorted = runs.toSorted((a, b) => b.score - a.score);
  const count = Math.min(Math.ceil(goodShare * runs.length), mostGood);
  const good = new Density(space.dimensions, sorted.slice(0, count));
  const rest = new Density(space.dimensions, sorted.slice(count));
  return () => {
    const drawn = Array.from({ length: candidates }, () => {
      const point = good.draw(random);
      return { point, gain: good.logAt(point) - rest.logAt(point) };
    });
    for (const { point } of drawn.sort((a, b) => b.gain - a.gain)) {
      const params = paramsAt(space, point);
      if (untried.take(params)) return params;
    }
    return null;
  };
}

/**
 * A mixture over the points of the search. A number is a place from 0 to 1 (the list of values divided into cells, or the
 * span), with a normal kernel cut off there; of texts and booleans it is the index, and a kernel keeps it or draws any.
 */
class Density {
  readonly #dimensions: readonly Dimension[];
  readonly #runs: readonly Run[];
  readonly #width: number;

  constructor(dimensions: readonly Dimension[], runs: readonly Run[]) {
    this.#dimensions = dimensions;
    this.#runs = runs;
    // Scott's rule for the exponent; a fifth of the range for a single run.
    this.#width = Math.max(0.2 * runs.length ** (-1 / (dimensions.length + 4)), 0.01);
  }

  draw(random: Random): number[] {
    const centre = this.#runs[drawIndex(random, this.#runs.length + 1)]?.point;
    return this.#dimensions.map((dimension, index) => {
      const at = centre?.[index];
      if (dimension.kind === 'unordered') {
        return at === undefined || random() < 0.5 ? drawIndex(random, dimension.values.length) : at;
      }
      if (at === undefined) return toCell(dimension, random());
      for (;;) {
        const place = at + this.#width * drawNormal(random);
        if (place >= 0 && place < 1) return toCell(dimension, place);
      }
    });
  }

  /** Logarithm of the density at a point. */
  logAt(point: readonly number[]): number {
    let sum = 0;
    for (let run = -1; run < this.#runs.length; run++) sum += this.#component(this.#runs[run]?.point, point);
    return Math.log(sum / (this.#runs.length + 1));
  }

  /** Of one run, or (undefined) of the prior, which is even. */
  #component(centre: readonly number[] | undefined, point: readonly number[]): number {
    let density = 1;
    for (let index = 0; index < this.#dimensions.length; index++) {
      const dimension = this.#dimensions[index] as Dimension;
      const place = point[index] as number;
      const at = centre?.[index];
      if (dimension.kind === 'unordered') {
        const even = 1 / dimension.values.length;
        density *= at === undefined ? even : 0.5 * even + (place === at ? 0.5 : 0);
      } else if (at !== undefined) {
        const width = this.#width;
        const distance = (place - at) / width;
        const inside = normalBelow((1 - at) / width) - normalBelow(-at / width);
        density *= Math.exp(-0.5 * distance * distance) / (Math.sqrt(2 * Math.PI) * width * inside);
      }
    }
    return density;
  }
}

function pointOf({ dimensions }: SearchSpace, params: Params): number[] {
  return dimensions.map((dimension) => {
    const value = params[dimension.name] as ParamValue;
    if (dimension.kind === 'span')
      return ((value as number) - dimension.from) / (dimension.to - dimension.from);
    const index = dimension.values.indexOf(value);
    return dimension.kind === 'ordered' ? (index + 0.5) / dimension.values.length : index;
  });
}

function paramsAt(space: SearchSpace, point: readonly number[]): Params {
  return Object.fromEntries(
    space.dimensions.map((dimension, index) => {
      const place = point[index] as number;
      if (dimension.kind === 'span')
        return [dimension.name, dimension.from + place * (dimension.to - dimension.from)];
      const { values } = dimension;
      const at = dimension.kind === 'ordered' ? Math.floor(place * values.length) : place;
      return [dimension.name, values[at] as ParamValue];
    }),
  );
}

/** The middle of the cell that a place lies in; of a span the place itself. */
function toCell(dimension: Dimension, place: number): number {
  if (dimension.kind !== 'ordered') return place;
  const cells = dimension.values.length;
  return (Math.floor(place * cells) + 0.5) / cells;
}

/** The normal distribution function, to 1e-7 (Abramowitz and Stegun, 26.2.17). */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(x));
  const tail =
    Math.exp(-0.5 * x * x) *
    0.398_942_280_4 *
    t *
    (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return x > 0 ? 1 - tail : tail;
}
