/**
 * The store on MongoDB 5 or newer: for a desk with many workers, or where there is a MongoDB already.
 *
 * Durability: write concern `majority` with journal. A write that returned is in the journal of most members of the replica set, and
 * survives the loss of any minority of them; on a single server it survives the death of the process and a power loss.
 * Compare-and-set needs a server that finds and modifies in one step. MongoDB does. FerretDB 1.x does not.
 */
import type { Db } from 'mongodb';
import { MongoClient } from 'mongodb';
import { reasonOf, UserError } from '../../errors.ts';
import { checkCollection, checkField } from '../document.ts';
import type { Collection, CollectionDefinition, Store, StoredDocument } from '../store.ts';
import { MongoBlobs } from './blobs.ts';
import { MongoCollection } from './collection.ts';
import { placeOf, storeError, withoutCredentials } from './faults.ts';
import type { MongoDocument } from './query.ts';
import { Turns } from './turns.ts';

/** How long a server may be away, or silent, before an operation fails. */
const SELECTION_MS = 5_000;
const SILENCE_MS = 20_000;

export interface MongoStore extends Store {
  readonly kind: 'mongo';
  /** The database itself, for what keeps its own collections in it. */
  readonly database: Db;
}

/**
 * @throws StoreError in one line when no server answers within a few seconds, or it lets nobody in
 * @throws UserError when the address is not one that the driver understands
 */
export async function openMongoStore({
  uri,
  database,
}: {
  readonly uri: string;
  readonly database: string;
}): Promise<MongoStore> {
  const place = placeOf(uri, database);
  const client = clientFor(uri, place);
  try {
    await client.connect();
    await client.db(database).command({ ping: 1 });
  } catch (error) {
    await client.close();
    throw storeError(place, error);
  }
  return new StoreOnMongo(client, client.db(database), place);
}

function clientFor(uri: string, place: string): MongoClient {
  try {
    return new MongoClient(uri, {
      appName: 'outcry',
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SILENCE_MS,
      writeConcern: { w: 'majority', journal: true },
      readConcernLevel: 'majority',
      readPreference: 'primary',
      ignoreUndefined: true,
    });
  } catch (error) {
    // Nothing is asked of the network yet: whatever is wrong is wrong in the address.
    const reason = withoutCredentials(reasonOf(error));
    throw new UserError(`the address of the store (${place}) is not right: ${reason}`, { cause: error });
  }
}

class StoreOnMongo implements MongoStore {
  readonly kind = 'mongo';
  readonly database: Db;
  readonly blobs: MongoBlobs;
  readonly #client: MongoClient;
  readonly #place: string;
  readonly #turns = new Turns();
  /** Those that are prepared, by their definitions. */
  readonly #collections = new Map<object, unknown>();

  constructor(client: MongoClient, database: Db, place: string) {
    this.#client = client;
    this.database = database;
    this.#place = place;
    this.blobs = new MongoBlobs(database, place);
  }

  async collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>> {
    const known = this.#collections.get(definition);
    if (known !== undefined) return known as Collection<T>;
    const name = checkCollection(definition.name);
    for (const field of [...definition.unique, ...definition.indexes].flat()) checkField(field);
    const documents = this.database.collection<MongoDocument>(name);
    const collection = new MongoCollection<T>(documents, definition, this.#place, this.#turns);
    await collection.prepare();
    this.#collections.set(definition, collection);
    return collection;
  }

  async ping(): Promise<void> {
    try {
      await this.database.command({ ping: 1 });
    } catch (error) {
      throw storeError(this.#place, error);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
