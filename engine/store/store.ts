/**
 * The store: collections of documents, and blobs. The contract that `sqlite` and `mongo` fulfil alike.
 *
 * There are no transactions across documents. One document changes at a time, `update` is compare-and-set,
 * and everything built on it can be repeated. A write that returned survives the death of the process.
 */

/** A value that JSON can carry. Instants are ISO 8601 text in UTC; money and quantities are decimal text. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** What every document has. The rest of its fields are `Json`; a field that is `undefined` is not stored. */
export interface StoredDocument {
  readonly _id: string;
}

/** Names a collection, its shape and its indexes. Each room defines its own beside the code that uses it. */
export interface CollectionDefinition<T extends StoredDocument> {
  /** `^[a-z][a-z_]*$` */
  readonly name: string;
  /** Groups of fields that are unique together. Documents in which a field is missing or null are not compared. */
  readonly unique: readonly (readonly (keyof T & string)[])[];
  /** Groups of fields that are searched or sorted by. */
  readonly indexes: readonly (readonly (keyof T & string)[])[];
}

export function defineCollection<T extends StoredDocument>(
  name: string,
  { unique = [], indexes = [] }: Partial<Pick<CollectionDefinition<T>, 'unique' | 'indexes'>> = {},
): CollectionDefinition<T> {
  return { name, unique, indexes };
}

/**
 * A comparison on one top-level field, with its type: `1` is neither `'1'` nor `true`. A missing field equals `null`; so `exists`
 * asks for a value that is not null. `lt` and the like hold only within one type, text in the order of its UTF-8 bytes.
 */
export type Condition<V> =
  | V
  | { readonly in: readonly V[] }
  | { readonly lt?: V; readonly lte?: V; readonly gt?: V; readonly gte?: V; readonly ne?: V | null }
  | { readonly exists: boolean };

/** All conditions must hold. */
export type Filter<T> = { readonly [K in keyof T]?: Condition<NonNullable<T[K]> | null> };

export interface FindOptions<T> {
  /**
   * Sorted by the first, ties by the next and at last by `_id`, in the last direction; without it by `_id`. What is
   * missing or null comes first. A field that is sorted by holds values of one type.
   */
  readonly sort?: readonly (readonly [keyof T & string, 'ascending' | 'descending'])[];
  readonly limit?: number;
  readonly skip?: number;
}

export interface InsertOptions {
  /** Somebody outside waits for it: it is written before what only the desk itself waits for. */
  readonly awaited?: boolean;
}

export interface Collection<T extends StoredDocument> {
  /** @throws DuplicateKeyError when the `_id` or a unique group of fields is taken */
  insert(document: T, options?: InsertOptions): Promise<void>;
  get(id: string): Promise<T | undefined>;
  find(filter?: Filter<T>, options?: FindOptions<T>): Promise<T[]>;
  /**
   * Compare-and-set: in one step, sets the fields of `changes` if the document still fulfils `expected`.
   * Returns the document as it is afterwards, or `undefined` when nothing was changed.
   * @throws DuplicateKeyError when the change would take a unique group of fields twice
   */
  update(id: string, expected: Filter<T>, changes: Partial<Omit<T, '_id'>>): Promise<T | undefined>;
  /** Removes all that match; returns how many there were. */
  remove(filter: Filter<T>): Promise<number>;
  count(filter?: Filter<T>): Promise<number>;
}

/** Files of a run: charts, CSV, input. A blob is written once under its id and never changes. */
export interface Blobs {
  /** Writing an id again replaces it as a whole. */
  put(id: string, data: Uint8Array): Promise<void>;
  get(id: string): Promise<Uint8Array | undefined>;
  remove(id: string): Promise<void>;
}

export interface Store {
  readonly kind: 'sqlite' | 'mongo';
  /** Creates the collection and its indexes where they are missing. */
  collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>>;
  readonly blobs: Blobs;
  /** Resolves when the store answers. @throws StoreError when it does not */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Something with this key is there already: often not a fault, but the answer "this was done before". */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError';
  readonly collection: string;

  constructor(collection: string, options: { cause?: unknown } = {}) {
    super(`a document with this key is already in "${collection}"`, options);
    this.collection = collection;
  }
}

/** The store did not do what was asked: disk full, connection lost, file damaged. Nothing may be acknowledged. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
