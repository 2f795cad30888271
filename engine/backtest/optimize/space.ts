/** What an optimisation may choose from: for each parameter a list of values, or a span of real numbers. */
import { UserError } from '../../errors.ts';
import { mergeParams, type Parametrised } from '../params.ts';
import type { Params, ParamValue } from '../result.ts';

/** Every real number between two; not for a grid, which needs steps. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type Choices = readonly ParamValue[] | Span;
export type ParamChoices = Readonly<Record<string, Choices>>;

/** Numbers have an order that a model can learn from; texts and booleans have none. */
export type Dimension =
  | { readonly kind: 'ordered' | 'unordered'; readonly name: string; readonly values: readonly ParamValue[] }
  | ({ readonly kind: 'span'; readonly name: string } & Span);

export type Constraint = (params: Params) => boolean;

/**
 * Numbers from `from` up to, not including, `to`, as Python's range: `range(5, 30, 5)` is 5, 10, 15, 20, 25. Fractions
 * come out as they are written: `range(0.1, 0.4, 0.1)` is 0.1, 0.2, 0.3.
 * @throws UserError for a step of zero, or one that leads away from `to`
 */
export function range(from: number, to: number, step = 1): number[] {
  const count = Math.ceil((to - from) / step - 1e-9);
  if (!(Math.abs(step) > 0 && Number.isFinite(count)) || count < 0) {
    throw new UserError(`A range from ${from} to ${to} cannot be walked in steps of ${step}.`);
  }
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)));
}

/** All real numbers from one to another, for the methods `random` and `model`. */
export function span(from: number, to: number): Span {
  if (!(from < to && Number.isFinite(to - from))) {
    throw new UserError(`A span goes from a number up to a larger one, not from ${from} to ${to}.`);
  }
  return { from, to };
}

/** The combinations of a search, numbered: the last parameter changes fastest. */
export class SearchSpace {
  readonly dimensions: readonly Dimension[];
  /** Number of combinations before any constraint; infinite with a span. */
  readonly size: number;

  /** @throws UserError for a parameter or value that is none of the strategy's, or nothing to choose from */
  constructor(strategy: Parametrised, params: ParamChoices) {
    const entries = Object.entries(params);
    if (entries.length === 0) {
      throw new UserError(`Say which parameters of ${strategy.name} to vary, and over which values.`);
    }
    this.dimensions = entries.map(([name, choices]) => dimensionOf(strategy, name, choices));
    this.size = this.dimensions.reduce(
      (size, dimension) =>
        size * ('values' in dimension ? dimension.values.length : Number.POSITIVE_INFINITY),
      1,
    );
  }

  /** The combination of a number from 0 to below `size`. */
  at(index: number): Params {
    let rest = index;
    const chosen: [string, ParamValue][] = [];
    for (const dimension of this.dimensions.toReversed()) {
      if (!('values' in dimension)) throw new Error(`${dimension.name} is a span and cannot be numbered`);
      const { name, values } = dimension;
      chosen.unshift([name, values[rest % values.length] as ParamValue]);
      rest = Math.floor(rest / values.length);
    }
    return Object.fromEntries(chosen);
  }

  /** A combination, given what to choose in each dimension. */
  choose(pick: (dimension: Dimension) => ParamValue): Params {
    return Object.fromEntries(this.dimensions.map((dimension) => [dimension.name, pick(dimension)]));
  }
}

/**
 * Numbers of the combinations that a constraint admits, in order.
 * @throws UserError when it admits none
 */
export function admittedIn(space: SearchSpace, admits: Constraint): number[] {
  const admitted: number[] = [];
  for (let index = 0; index < space.size; index++) if (admits(space.at(index))) admitted.push(index);
  if (admitted.length > 0) return admitted;
  throw new UserError(`The constraint admits none of the ${space.size.toLocaleString('en')} combinations.`);
}

/** Names a combination, however its parameters are ordered. */
export function keyOf(params: Params): string {
  return JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function dimensionOf(strategy: Parametrised, name: string, choices: Choices): Dimension {
  if (!isList(choices)) {
    const { from, to } = span(choices.from, choices.to);
    mergeParams(strategy, { [name]: from });
    return { kind: 'span', name, from, to };
  }
  const values = [...new Set(choices)];
  if (values.length === 0) throw new UserError(`There is no value to try for the parameter ${name}.`);
  for (const value of values) mergeParams(strategy, { [name]: value });
  const numbers = values.filter((value) => typeof value === 'number');
  const isSorted = numbers.every((value, index) => index === 0 || value > (numbers[index - 1] as number));
  const isOrdered = isSorted && numbers.length === values.length;
  return { kind: isOrdered ? 'ordered' : 'unordered', name, values };
}

function isList(choices: Choices): choices is readonly ParamValue[] {
  return Array.isArray(choices);
}
