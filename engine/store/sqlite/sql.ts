/**
 * Filters and sorting as SQL on a table of JSON documents.
 *
 * Values are always bound, and as JSON text: SQLite then reads them as it read the document, to the last digit and character.
 * Only checked names of fields and collections become part of the SQL.
 */
import { checkField } from '../document.ts';
import type { Order, Scalar, Test } from '../filter.ts';
import type { FindOptions } from '../store.ts';

export interface Sql {
  readonly text: string;
  readonly values: readonly (string | number | Uint8Array)[];
}

/** A field's value in SQL: text, a number, 0 or 1 for a boolean, JSON text for lists and objects, NULL for null and missing. */
export function valueIn(field: string): string {
  return field === '_id' ? '_id' : `json_extract(document, '${pathOf(field)}')`;
}

export function pathOf(field: string): string {
  return `$."${checkField(field)}"`;
}

/** What follows WHERE. */
export function where(tests: readonly Test[]): Sql {
  if (tests.length === 0) return { text: 'TRUE', values: [] };
  const parts = tests.map(one);
  return { text: parts.map(({ text }) => text).join(' AND '), values: parts.flatMap(({ values }) => values) };
}

/** ORDER BY, LIMIT and OFFSET. */
export function rest<T>({ sort = [], limit, skip }: FindOptions<T>): Sql {
  // Without a limit all that is found is read, and is to be found quickly. An index that has it in order saves nothing then, and
  // SQLite would take it before one that finds it: the sign keeps that from happening.
  const sign = limit === undefined ? '+' : '';
  const order = sort.map(
    ([field, direction]) => `${sign}${valueIn(field)} ${direction === 'descending' ? 'DESC' : 'ASC'}`,
  );
  const last = sort.at(-1)?.[1] === 'descending' ? 'DESC' : 'ASC';
  return {
    text: `ORDER BY ${[...order, `_id ${last}`].join(', ')} LIMIT ? OFFSET ?`,
    values: [limit ?? -1, skip ?? 0],
  };
}

function one(test: Test): Sql {
  const value = valueIn(test.field);
  switch (test.is) {
    case 'present':
      return { text: `${value} IS NOT NULL`, values: [] };
    case 'absent':
      return { text: `${value} IS NULL`, values: [] };
    case 'among':
      return among(test.field, test.values, test.orAbsent);
    case 'not among': {
      const opposite = among(test.field, test.values, test.orAbsent);
      return { text: `(${opposite.text}) IS NOT TRUE`, values: opposite.values };
    }
    default:
      return {
        text: `(${value} ${signs[test.is]} json_extract(?, '$') AND ${typeOf(test.field)} ${types(test.value)})`,
        values: [JSON.stringify(test.value)],
      };
  }
}

const signs: Readonly<Record<Order, string>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' };

/** One comparison for each type there is, as SQLite takes `true` for 1 and a list for its text. */
function among(field: string, scalars: readonly Scalar[], orAbsent: boolean): Sql {
  const value = valueIn(field);
  const alternatives: string[] = orAbsent ? [`${value} IS NULL`] : [];
  const values: string[] = [];
  for (const type of ['string', 'number', 'boolean'] as const) {
    const ofType = scalars.filter((each) => typeof each === type);
    const [first] = ofType;
    if (first === undefined) continue;
    const match = ofType.length === 1 ? `= json_extract(?, '$')` : 'IN (SELECT value FROM json_each(?))';
    alternatives.push(`${value} ${match} AND ${typeOf(field)} ${types(first)}`);
    values.push(JSON.stringify(ofType.length === 1 ? first : ofType));
  }
  if (alternatives.length === 0) return { text: 'FALSE', values: [] };
  return { text: `(${alternatives.join(' OR ')})`, values };
}

function typeOf(field: string): string {
  return field === '_id' ? `'text'` : `json_type(document, '${pathOf(field)}')`;
}

function types(scalar: Scalar): string {
  if (typeof scalar === 'string') return `= 'text'`;
  return typeof scalar === 'number' ? `IN ('integer', 'real')` : `IN ('true', 'false')`;
}
