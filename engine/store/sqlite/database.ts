/**
 * One open SQLite file: its statements, and its failures as `StoreError`s.
 *
 * libsql works synchronously: between the begin and the end of a statement nothing else of this process runs.
 */
import Libsql from 'libsql';
import { storeError } from './faults.ts';
import type { Sql } from './sql.ts';

export class Database {
  readonly file: string;
  readonly #connection: Libsql.Database;
  /** Prepared once. There are as many as there are shapes of queries in the code. */
  readonly #statements = new Map<string, Libsql.Statement>();

  /**
   * Opens the file, and creates it where it is missing.
   * @param patienceMs how long to wait for another process that holds it
   * @throws StoreError
   */
  constructor(file: string, { patienceMs = 5_000 } = {}) {
    this.file = file;
    this.#connection = this.#guarded(() => new Libsql(file, { timeout: patienceMs }));
  }

  /** Reads, or writes with RETURNING. @throws StoreError */
  rows({ text, values }: Sql): Record<string, unknown>[] {
    // Always to the last row: a statement that is left half-way would keep its change from being committed.
    return this.#guarded(() => this.#prepared(text).all(...values) as Record<string, unknown>[]);
  }

  /** Writes; returns how many rows changed. @throws StoreError, with SQLite's own error as its cause */
  change({ text, values }: Sql): number {
    return this.#guarded(() => this.#prepared(text).run(...values).changes);
  }

  /** Statements without values. @throws StoreError */
  execute(text: string): void {
    this.#guarded(() => this.#connection.exec(text));
  }

  close(): void {
    this.#statements.clear();
    this.#guarded(() => this.#connection.close());
  }

  #prepared(text: string): Libsql.Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(this.file, error);
    }
  }
}
