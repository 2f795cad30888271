/**
 * Blobs as rows beside the collections' tables. No collection can have this table's name.
 */
import { wellFormed } from '../document.ts';
import type { Blobs } from '../store.ts';
import type { Database } from './database.ts';

export class SqliteBlobs implements Blobs {
  readonly #database: Database;

  constructor(database: Database) {
    database.execute(
      'CREATE TABLE IF NOT EXISTS "_blobs" (id TEXT NOT NULL PRIMARY KEY, data BLOB NOT NULL)',
    );
    this.#database = database;
  }

  async put(id: string, data: Uint8Array): Promise<void> {
    this.#database.change({
      text: 'INSERT INTO "_blobs" (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data',
      values: [wellFormed(id), Buffer.from(data.buffer, data.byteOffset, data.byteLength)],
    });
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    const [row] = this.#database.rows({
      text: 'SELECT data FROM "_blobs" WHERE id = ?',
      values: [wellFormed(id)],
    });
    return row && new Uint8Array(row['data'] as Buffer);
  }

  async remove(id: string): Promise<void> {
    this.#database.change({ text: 'DELETE FROM "_blobs" WHERE id = ?', values: [wellFormed(id)] });
  }
}
