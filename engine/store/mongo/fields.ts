/**
 * Fields as MongoDB keeps them: as they are, save for what it refuses or takes for something of its own.
 *
 * An alert may hold any JSON: keys with dots or dollars, a key `_bsontype` that the driver would obey, lists in lists (which
 * FerretDB does not take), depth beyond MongoDB's hundred levels. Such a field is kept as its JSON text under one key.
 */
import type { Json } from '../store.ts';

const textKey = '%json';
const greatestDepth = 50;

/** A field's value for MongoDB. `value` holds what JSON can carry, and nothing else. */
export function fieldForMongo(value: Json): unknown {
  return isPlain(value, 0, false) ? value : { [textKey]: JSON.stringify(value) };
}

export function fieldFromMongo(value: unknown): unknown {
  const text =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    (value as { [textKey]?: unknown })[textKey];
  return typeof text === 'string' ? JSON.parse(text) : value;
}

function isPlain(value: Json | undefined, depth: number, inList: boolean): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > greatestDepth) return false;
  if (Array.isArray(value)) return !inList && value.every((item: Json) => isPlain(item, depth + 1, true));
  return Object.entries(value).every(([key, part]) => isPlainKey(key) && isPlain(part, depth + 1, false));
}

function isPlainKey(key: string): boolean {
  return !/[.$%\0\p{Surrogate}]/u.test(key) && key !== '' && key !== '_bsontype' && key !== '__proto__';
}
