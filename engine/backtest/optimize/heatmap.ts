/** The outcomes of an optimisation over two of its parameters, for a picture. */
import { UserError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { Params, ParamValue } from '../result.ts';

/** How runs with the same pair of values become one cell. */
export type Aggregate = 'max' | 'min' | 'mean' | ((values: readonly number[]) => number);

export interface Heatmap {
  readonly x: readonly ParamValue[];
  readonly y: readonly ParamValue[];
  /** One row for each value of y, one cell for each of x; null where no run has a value. */
  readonly cells: readonly (readonly (number | null)[])[];
}

interface ValuedRun {
  readonly params: Params;
  readonly value: number | null;
}

/** @throws UserError for a parameter that was not varied */
export function heatmapOf(runs: readonly ValuedRun[], x: string, y: string, aggregate: Aggregate): Heatmap {
  const varied = Object.keys(runs[0]?.params ?? {});
  for (const name of [x, y]) {
    if (!varied.includes(name)) throw notVaried(name, varied);
  }
  const columns = valuesOf(runs, x);
  const rows = valuesOf(runs, y);
  const found = rows.map(() => columns.map((): number[] => []));
  for (const { params, value } of runs) {
    if (value === null) continue;
    found[rows.indexOf(params[y] as ParamValue)]?.[columns.indexOf(params[x] as ParamValue)]?.push(value);
  }
  const combine = typeof aggregate === 'function' ? aggregate : aggregates[aggregate];
  const cells = found.map((row) => row.map((values) => (values.length === 0 ? null : combine(values))));
  return { x: columns, y: rows, cells };
}

const aggregates = {
  max: (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b)),
  min: (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b)),
  mean: (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length,
};

/** Numbers from small to large; texts and booleans as they came. */
function valuesOf(runs: readonly ValuedRun[], name: string): ParamValue[] {
  const values = [...new Set(runs.map(({ params }) => params[name] as ParamValue))];
  return values.every((value) => typeof value === 'number') ? values.sort((a, b) => a - b) : values;
}

function notVaried(name: string, varied: readonly string[]): UserError {
  const near = nearest(name, varied);
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${varied.join(', ')}.`;
  return new UserError(`The parameter "${name}" was not varied. ${hint}`);
}
