/**
 * A document as JSON text: the one form in which both stores take it, so that both give back the same.
 */
import type { StoredDocument } from './store.ts';

/** What a field or a collection's field group may be called: it becomes part of a query. */
const fieldName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws TypeError for a name that cannot be a top-level field: a fault of ours, or an attack */
export function checkField(name: string): string {
  if (!fieldName.test(name)) throw new TypeError(`"${name}" cannot be a field's name`);
  return name;
}

/** @throws TypeError for a name that cannot be a collection's */
export function checkCollection(name: string): string {
  if (!/^[a-z][a-z_]*$/.test(name)) throw new TypeError(`"${name}" cannot be a collection's name`);
  return name;
}

/**
 * A document's JSON text. Fields that are `undefined` are left out, -0 becomes 0, half of a surrogate pair becomes U+FFFD.
 * @throws TypeError for what JSON would silently lose: NaN and the infinities; and for a field's name that is none
 */
export function documentText(document: StoredDocument): string {
  if (typeof document._id !== 'string' || document._id === '') {
    throw new TypeError('a document needs an _id of text');
  }
  for (const name of Object.keys(document)) checkField(name);
  return jsonText(document);
}

/** The JSON text of any value, under the rules of `documentText`. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (name, part: unknown) => {
    if (typeof part === 'number' && !Number.isFinite(part)) {
      throw new TypeError(`${part} in "${name}" cannot be stored`);
    }
    return typeof part === 'string' ? wellFormed(part) : part;
  });
}

/** Text as UTF-8 can carry it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\u{fffd}');
}

/**
 * What an update sets and what it takes away, `undefined` being what is not stored.
 * @throws TypeError when it would change the `_id`, and as `documentText` does
 */
export function changesOf(changes: object): { readonly set: [string, unknown][]; readonly unset: string[] } {
  const fields = Object.entries(changes);
  for (const [name] of fields) {
    if (checkField(name) === '_id') throw new TypeError('an _id cannot be changed');
  }
  return {
    set: fields.filter(([, value]) => value !== undefined),
    unset: fields.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}

/**
 * A unique group's values in a document; `undefined` where one is missing or null, as it is not compared then.
 * @throws TypeError when one is a list or an object: stores differ on when those are equal
 */
export function uniqueValues(document: object, group: readonly string[]): readonly unknown[] | undefined {
  const fields = document as Readonly<Record<string, unknown>>;
  const values = group.map((name) => fields[name] ?? null);
  const odd = group.find((_, position) => values[position] !== null && typeof values[position] === 'object');
  if (odd !== undefined)
    throw new TypeError(`"${odd}" is unique: it must be text, a number, true, false or null`);
  return values.includes(null) ? undefined : values;
}
