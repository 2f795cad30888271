/**
 * A filter, taken apart and checked: what each store compiles to its own language.
 *
 * Here it is decided what a filter means. Values are compared with their type: `1` is not `'1'` and not `true`, a list or an
 * object equals no value, and text is ordered by its UTF-8 bytes. Missing and null are the same, and are neither less nor greater than anything.
 */
import { checkField, wellFormed } from './document.ts';
import type { Filter, FindOptions } from './store.ts';

export type Scalar = string | number | boolean;

export type Test =
  /** There is a value that is not null; or there is none. */
  | { readonly is: 'present' | 'absent'; readonly field: string }
  /** One of `values`, or absent where `orAbsent`; or the opposite of all that. */
  | {
      readonly is: 'among' | 'not among';
      readonly field: string;
      readonly values: readonly Scalar[];
      readonly orAbsent: boolean;
    }
  | { readonly is: Order; readonly field: string; readonly value: Scalar };

export type Order = 'lt' | 'lte' | 'gt' | 'gte';

/**
 * All of the returned tests must hold.
 * @throws TypeError for what is no filter. A forgotten value must not become "all documents" for `remove`.
 */
export function testsOf<T>(filter: Filter<T>): Test[] {
  return Object.entries(filter).flatMap(([field, condition]) => testsOn(checkField(field), condition));
}

/** @throws TypeError for a limit or skip that is no whole number from 0 on, and for a sort by what is no field */
export function checkOptions<T>({ sort = [], limit = 0, skip = 0 }: FindOptions<T>): void {
  for (const [field] of sort) checkField(field);
  for (const count of [limit, skip]) {
    if (!Number.isSafeInteger(count) || count < 0) throw new TypeError(`${count} is no limit and no skip`);
  }
}

function testsOn(field: string, condition: unknown): Test[] {
  if (condition === null) return [{ is: 'absent', field }];
  if (typeof condition !== 'object') return [among(field, [condition])];
  const parts = Object.entries(condition);
  if (parts.length === 0) throw new TypeError(`the condition on "${field}" is empty`);
  return parts.map(([operator, operand]) => testWith(field, operator, operand));
}

function testWith(field: string, operator: string, operand: unknown): Test {
  switch (operator) {
    case 'in':
      if (!Array.isArray(operand)) throw new TypeError(`"in" on "${field}" needs a list`);
      return among(field, operand);
    case 'ne':
      return operand === null ? { is: 'present', field } : { ...among(field, [operand]), is: 'not among' };
    case 'exists':
      if (typeof operand !== 'boolean') throw new TypeError(`"exists" on "${field}" needs true or false`);
      return { is: operand ? 'present' : 'absent', field };
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { is: operator, field, value: scalar(field, operand) };
    default:
      throw new TypeError(`"${operator}" is no condition (on "${field}")`);
  }
}

function among(field: string, operands: readonly unknown[]): Test & { is: 'among' } {
  const values = operands.filter((operand) => operand !== null).map((operand) => scalar(field, operand));
  return { is: 'among', field, values, orAbsent: operands.includes(null) };
}

function scalar(field: string, operand: unknown): Scalar {
  if (typeof operand === 'string') return wellFormed(operand);
  if (typeof operand === 'boolean' || (typeof operand === 'number' && Number.isFinite(operand)))
    return operand;
  throw new TypeError(`"${field}" can be compared with text, numbers, true and false, not with ${operand}`);
}
