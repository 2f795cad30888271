/**
 * A store in memory, as strict as the real ones: it refuses what JSON cannot carry, hands out copies, holds unique keys.
 *
 * What it keeps outlives the objects that use it, so a test "restarts" a desk by building new ones on the same store.
 * `onCall` stands before and after each call that touches the data: there a test may fail it, or end the world.
 */
import type {
  Blobs,
  Collection,
  CollectionDefinition,
  Condition,
  Filter,
  FindOptions,
  Store,
  StoredDocument,
} from '../../engine/store/store.ts';
import { DuplicateKeyError } from '../../engine/store/store.ts';

/** Called around each call; what it throws, the caller gets. */
export type CallHook = (moment: 'before' | 'after', call: string) => Promise<void> | void;

type Row = Record<string, unknown>;

export class MemoryStore implements Store {
  readonly kind = 'sqlite';
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #blobs = new Map<string, Uint8Array>();
  onCall: CallHook = () => undefined;

  async collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>> {
    const rows = this.#rows.get(definition.name) ?? new Map<string, Row>();
    this.#rows.set(definition.name, rows);
    return memoryCollection(definition, rows, (call, work) =>
      this.#called(`${definition.name}.${call}`, work),
    );
  }

  readonly blobs: Blobs = {
    put: (id, data) => this.#called('blobs.put', () => void this.#blobs.set(id, data.slice())),
    get: (id) => this.#called('blobs.get', () => this.#blobs.get(id)?.slice()),
    remove: (id) => this.#called('blobs.remove', () => void this.#blobs.delete(id)),
  };

  async ping(): Promise<void> {}

  async close(): Promise<void> {}

  async #called<R>(call: string, work: () => R): Promise<R> {
    await this.onCall('before', call);
    const result = work();
    await this.onCall('after', call);
    return result;
  }
}

function memoryCollection<T extends StoredDocument>(
  { name, unique }: CollectionDefinition<T>,
  rows: Map<string, Row>,
  called: <R>(call: string, work: () => R) => Promise<R>,
): Collection<T> {
  const copy = (row: Row) => structuredClone(row) as unknown as T;
  const matching = (filter: Filter<T>) => [...rows.values()].filter((row) => matches(row, filter));
  const checkUnique = (row: Row) => {
    for (const group of unique) {
      const key = group.map((field) => row[field] ?? null);
      if (key.includes(null)) continue;
      for (const other of rows.values()) {
        if (other['_id'] === row['_id']) continue;
        if (group.every((field, index) => other[field] === key[index])) throw new DuplicateKeyError(name);
      }
    }
  };
  return {
    insert: (document) =>
      called('insert', () => {
        const row = asStored(document);
        if (rows.has(document._id)) throw new DuplicateKeyError(name);
        checkUnique(row);
        rows.set(document._id, row);
      }),
    get: (id) =>
      called('get', () => {
        const row = rows.get(id);
        return row && copy(row);
      }),
    find: (filter = {}, options = {}) =>
      called('find', () => {
        const { skip = 0, limit } = options;
        const found = matching(filter).sort(comparator<T>(options));
        return found.slice(skip, limit === undefined ? undefined : skip + limit).map(copy);
      }),
    update: (id, expected, changes) =>
      called('update', () => {
        const row = rows.get(id);
        if (!row || !matches(row, expected)) return undefined;
        if ('_id' in changes) throw new TypeError('an update cannot change the _id');
        const changed = asStored({ ...row, ...changes });
        checkUnique(changed);
        rows.set(id, changed);
        return copy(changed);
      }),
    remove: (filter) =>
      called('remove', () => {
        const gone = matching(filter);
        for (const row of gone) rows.delete(String(row['_id']));
        return gone.length;
      }),
    count: (filter = {}) => called('count', () => matching(filter).length),
  };
}

/** A copy as JSON would carry it. @throws TypeError for a value that it would not carry unchanged */
function asStored(document: object): Row {
  const row: Row = {};
  for (const [field, value] of Object.entries(document)) {
    if (value !== undefined) row[field] = jsonCopy(value, field);
  }
  return row;
}

function jsonCopy(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => jsonCopy(item, `${path}.${index}`));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, jsonCopy(item, `${path}.${key}`)]));
  }
  throw new TypeError(`"${path}" holds what a store cannot keep: ${String(value)}`);
}

function matches<T>(row: Row, filter: Filter<T>): boolean {
  return Object.entries(filter).every(([field, condition]) =>
    holds(row[field] ?? null, condition as Condition<unknown>),
  );
}

function holds(value: unknown, condition: Condition<unknown>): boolean {
  if (condition === undefined) throw new TypeError('a condition cannot be undefined');
  if (condition === null || typeof condition !== 'object') return value === condition;
  return Object.entries(condition).every(([operator, operand]) => {
    switch (operator) {
      case 'in':
        return (operand as unknown[]).includes(value);
      case 'exists':
        return (value !== null) === operand;
      case 'ne':
        return value !== operand;
      case 'lt':
        return value !== null && compare(value, operand) < 0;
      case 'lte':
        return value !== null && compare(value, operand) <= 0;
      case 'gt':
        return value !== null && compare(value, operand) > 0;
      case 'gte':
        return value !== null && compare(value, operand) >= 0;
      default:
        throw new TypeError(`there is no comparison "${operator}"`);
    }
  });
}

function comparator<T>({ sort = [] }: FindOptions<T>): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const [field, direction] of sort) {
      const order = compare(a[field] ?? null, b[field] ?? null);
      if (order !== 0) return direction === 'ascending' ? order : -order;
    }
    return compare(a['_id'], b['_id']);
  };
}

/** Text by code units, as SQLite's and MongoDB's binary order has it for the ASCII of our stamps and decimals. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}
