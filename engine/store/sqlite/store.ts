/**
 * The store in one SQLite file, `desk.db`: no server, nothing to compile. The default.
 *
 * Durability: write-ahead log with `synchronous=FULL`. A write that returned is on the disk: it survives `kill -9`, and a power
 * loss as far as the disk keeps its own promise. Nothing else of this process may open or read the file: on POSIX,
 * closing it anywhere in a process drops SQLite's locks on it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkCollection } from '../document.ts';
import type { Collection, CollectionDefinition, Store, StoredDocument } from '../store.ts';
import { SqliteBlobs } from './blobs.ts';
import { SqliteCollection } from './collection.ts';
import { Database } from './database.ts';
import { storeError } from './faults.ts';
import { valueIn } from './sql.ts';
import { type NextTurn, Writes } from './writes.ts';

/**
 * @param folder the data folder; it is made where it is missing, readable by this user alone
 * @param nextTurn when what was gathered is written; as soon as the event loop comes round where not given
 * @throws StoreError in one line when the folder or the file cannot be used
 */
export async function openSqliteStore({
  folder,
  nextTurn,
}: {
  readonly folder: string;
  readonly nextTurn?: NextTurn;
}): Promise<Store> {
  const file = join(folder, 'desk.db');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storeError(file, error);
  }
  const database = new Database(file);
  try {
    database.rows({ text: 'PRAGMA journal_mode = WAL', values: [] });
    database.execute('PRAGMA synchronous = FULL');
    return new SqliteStore(database, new Writes(database, nextTurn));
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly kind = 'sqlite';
  readonly blobs: SqliteBlobs;
  readonly #database: Database;
  readonly #writes: Writes;
  /** Those that are prepared, by their definitions. */
  readonly #collections = new Map<object, unknown>();
  #isClosed = false;

  constructor(database: Database, writes: Writes) {
    this.#database = database;
    this.#writes = writes;
    this.blobs = new SqliteBlobs(database);
  }

  async collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>> {
    const known = this.#collections.get(definition);
    if (known !== undefined) return known as Collection<T>;
    const name = checkCollection(definition.name);
    this.#database.execute(
      `CREATE TABLE IF NOT EXISTS "${name}" (_id TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL)`,
    );
    for (const group of definition.unique) this.#index(name, 'unique', group);
    for (const group of definition.indexes) this.#index(name, 'index', group);
    const collection = new SqliteCollection<T>(this.#database, this.#writes, definition);
    this.#collections.set(definition, collection);
    return collection;
  }

  /** In a unique index SQLite holds NULL to be different from NULL: a document that lacks a field is not compared. */
  #index(table: string, kind: 'unique' | 'index', group: readonly string[]): void {
    const keys = [...group.map(valueIn), ...(kind === 'index' ? ['_id'] : [])].join(', ');
    this.#database.execute(
      `CREATE ${kind === 'unique' ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS "${table} ${kind} ${group.join(' ')}" ON "${table}" (${keys})`,
    );
  }

  async ping(): Promise<void> {
    this.#database.rows({ text: 'SELECT count(*) FROM sqlite_master', values: [] });
  }

  /** Again: does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#writes.finish();
    // libsql finishes its statements only when they are collected, and so the log would stay: empty it into the file here.
    this.#database.rows({ text: 'PRAGMA wal_checkpoint(TRUNCATE)', values: [] });
    this.#database.close();
  }
}
