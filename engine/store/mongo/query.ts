/**
 * Filters and sorting in MongoDB's language.
 */
import type { Document, Filter as Query, Sort } from 'mongodb';
import type { Test } from '../filter.ts';
import type { FindOptions } from '../store.ts';

/** A document as it lies in MongoDB. */
export interface MongoDocument extends Document {
  readonly _id: string;
}

export function queryOf(tests: readonly Test[]): Query<MongoDocument> {
  return tests.length === 0 ? {} : { $and: tests.map(one) };
}

/** Ties follow `_id` in the direction of the last field, so that an index can be read either way. */
export function sortOf<T>({ sort = [] }: FindOptions<T>): Sort {
  const fields = new Map<string, 1 | -1>();
  let direction: 1 | -1 = 1;
  for (const [field, order] of sort) {
    direction = order === 'descending' ? -1 : 1;
    if (!fields.has(field)) fields.set(field, direction);
  }
  return fields.has('_id') ? fields : fields.set('_id', direction);
}

function one(test: Test): Query<MongoDocument> {
  const { field } = test;
  switch (test.is) {
    case 'absent':
      return notList(field, null);
    case 'present':
      return { $nor: [notList(field, null)] };
    case 'among':
      return notList(field, { $in: [...test.values, ...(test.orAbsent ? [null] : [])] });
    case 'not among':
      return { $nor: [notList(field, { $in: [...test.values, ...(test.orAbsent ? [null] : [])] })] };
    default:
      return notList(field, { [`$${test.is}`]: test.value });
  }
}

/** MongoDB looks into lists: without this, `{ tags: 'a' }` would also find `{ tags: ['a', 'b'] }`. */
function notList(field: string, condition: unknown): Query<MongoDocument> {
  if (field === '_id') return { _id: condition } as Query<MongoDocument>;
  return {
    $and: [{ [field]: condition }, { [field]: { $not: { $type: 'array' } } }],
  } as Query<MongoDocument>;
}
