/**
 * A collection as a table: `_id`, and the document as JSON text. What is searched by has an index on the JSON's value.
 */
import { changesOf, documentText, jsonText, uniqueValues, wellFormed } from '../document.ts';
import { checkOptions, testsOf } from '../filter.ts';
import type {
  Collection,
  CollectionDefinition,
  Filter,
  FindOptions,
  InsertOptions,
  StoredDocument,
} from '../store.ts';
import { DuplicateKeyError } from '../store.ts';
import type { Database } from './database.ts';
import { isDuplicate } from './faults.ts';
import { pathOf, rest, where } from './sql.ts';
import type { Writes } from './writes.ts';

export class SqliteCollection<T extends StoredDocument> implements Collection<T> {
  readonly #database: Database;
  readonly #writes: Writes;
  readonly #definition: CollectionDefinition<T>;
  readonly #table: string;

  /** The definition's names are checked, and its table is there. */
  constructor(database: Database, writes: Writes, definition: CollectionDefinition<T>) {
    this.#database = database;
    this.#writes = writes;
    this.#definition = definition;
    this.#table = `"${definition.name}"`;
  }

  async insert(document: T, { awaited = false }: InsertOptions = {}): Promise<void> {
    const text = documentText(document);
    this.#checkUnique(document);
    const values = [wellFormed(document._id), text];
    const insertion = { text: `INSERT INTO ${this.#table} (_id, document) VALUES (?, ?)`, values };
    await this.#writes.do(() => this.#orDuplicate(() => this.#database.change(insertion)), awaited);
  }

  async get(id: string): Promise<T | undefined> {
    const [row] = this.#database.rows({
      text: `SELECT document FROM ${this.#table} WHERE _id = ?`,
      values: [wellFormed(id)],
    });
    return row && documentOf(row);
  }

  async find(filter: Filter<T> = {}, options: FindOptions<T> = {}): Promise<T[]> {
    checkOptions(options);
    const condition = where(testsOf(filter));
    const { text, values } = rest(options);
    const rows = this.#database.rows({
      text: `SELECT document FROM ${this.#table} WHERE ${condition.text} ${text}`,
      values: [...condition.values, ...values],
    });
    return rows.map((row) => documentOf<T>(row));
  }

  /** One statement, and so one step. */
  async update(id: string, expected: Filter<T>, changes: Partial<Omit<T, '_id'>>): Promise<T | undefined> {
    const { set, unset } = changesOf(changes);
    this.#checkUnique(changes);
    const condition = where(testsOf(expected));
    const without =
      unset.length === 0 ? 'document' : `json_remove(document, ${unset.map(quoted).join(', ')})`;
    const updated =
      set.length === 0
        ? without
        : `json_set(${without}, ${set.map(([name]) => `${quoted(name)}, json(?)`).join(', ')})`;
    const change = {
      text: `UPDATE ${this.#table} SET document = ${updated} WHERE _id = ? AND ${condition.text} RETURNING document`,
      values: [...set.map(([, value]) => jsonText(value)), wellFormed(id), ...condition.values],
    };
    const [row] = await this.#writes.do(() => this.#orDuplicate(() => this.#database.rows(change)), false);
    return row && documentOf(row);
  }

  async remove(filter: Filter<T>): Promise<number> {
    const { text, values } = where(testsOf(filter));
    const removal = { text: `DELETE FROM ${this.#table} WHERE ${text}`, values };
    return this.#writes.do(() => this.#database.change(removal), false);
  }

  async count(filter: Filter<T> = {}): Promise<number> {
    const { text, values } = where(testsOf(filter));
    const [row] = this.#database.rows({
      text: `SELECT count(*) AS found FROM ${this.#table} WHERE ${text}`,
      values,
    });
    return Number(row?.['found']);
  }

  #checkUnique(fields: object): void {
    for (const group of this.#definition.unique) uniqueValues(fields, group);
  }

  #orDuplicate<R>(write: () => R): R {
    try {
      return write();
    } catch (error) {
      if (error instanceof Error && isDuplicate(error.cause)) {
        throw new DuplicateKeyError(this.#definition.name, { cause: error.cause });
      }
      throw error;
    }
  }
}

function quoted(field: string): string {
  return `'${pathOf(field)}'`;
}

function documentOf<T>(row: Record<string, unknown>): T {
  return JSON.parse(String(row['document'])) as T;
}
