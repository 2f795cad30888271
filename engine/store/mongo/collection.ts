/**
 * A collection of MongoDB.
 *
 * Unique groups: MongoDB's unique indexes compare documents that lack a field, its partial indexes cannot say "not null", and FerretDB
 * 1.24 has none. So a document carries each of its unique groups once more, as one field of text that is left out where
 * the group is not compared; on that field lies a sparse unique index.
 */
import type { Collection as MongoCollectionOfDriver, Filter as Query } from 'mongodb';
import { changesOf, documentText, jsonText, uniqueValues, wellFormed } from '../document.ts';
import { checkOptions, testsOf } from '../filter.ts';
import type {
  Collection,
  CollectionDefinition,
  Filter,
  FindOptions,
  InsertOptions,
  Json,
  StoredDocument,
} from '../store.ts';
import { DuplicateKeyError } from '../store.ts';
import { isDuplicate, storeError } from './faults.ts';
import { fieldForMongo, fieldFromMongo } from './fields.ts';
import type { MongoDocument } from './query.ts';
import { queryOf, sortOf } from './query.ts';
import type { Turns } from './turns.ts';

export class MongoCollection<T extends StoredDocument> implements Collection<T> {
  readonly #documents: MongoCollectionOfDriver<MongoDocument>;
  readonly #definition: CollectionDefinition<T>;
  readonly #place: string;
  readonly #turns: Turns;

  constructor(
    documents: MongoCollectionOfDriver<MongoDocument>,
    definition: CollectionDefinition<T>,
    place: string,
    turns: Turns,
  ) {
    this.#documents = documents;
    this.#definition = definition;
    this.#place = place;
    this.#turns = turns;
  }

  /** Creates what indexes are missing. */
  async prepare(): Promise<void> {
    const { unique, indexes } = this.#definition;
    await this.#guarded(async () => {
      for (const group of unique) {
        await this.#documents.createIndex({ [uniqueField(group)]: 1 }, { unique: true, sparse: true });
      }
      for (const group of [...unique, ...indexes]) {
        await this.#documents.createIndex(new Map([...group, '_id'].map((field) => [field, 1])));
      }
    });
  }

  async insert(document: T, { awaited = false }: InsertOptions = {}): Promise<void> {
    const fields = plain(documentText(document));
    const stored: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields)) stored[name] = fieldForMongo(value);
    for (const group of this.#definition.unique) {
      const key = uniqueKey(fields, group);
      if (key !== undefined) stored[uniqueField(group)] = key;
    }
    const insert = () => this.#documents.insertOne(stored as unknown as MongoDocument);
    await this.#guarded(insert, awaited ? this.#turns.awaited : this.#turns.others);
  }

  async get(id: string): Promise<T | undefined> {
    const found = await this.#guarded(() => this.#documents.findOne({ _id: wellFormed(id) }));
    return found === null ? undefined : documentOf(found);
  }

  async find(filter: Filter<T> = {}, options: FindOptions<T> = {}): Promise<T[]> {
    checkOptions(options);
    const query = queryOf(testsOf(filter));
    const { limit, skip = 0 } = options;
    if (limit === 0) return []; // to MongoDB it means "no limit"
    const found = await this.#guarded(() =>
      this.#documents
        .find(query, { sort: sortOf(options), skip, ...(limit !== undefined && { limit }) })
        .toArray(),
    );
    return found.map((document) => documentOf<T>(document));
  }

  async update(id: string, expected: Filter<T>, changes: Partial<Omit<T, '_id'>>): Promise<T | undefined> {
    const { set, unset } = changesOf(changes);
    const changed = plain(jsonText(Object.fromEntries(set)));
    const query = { $and: [{ _id: wellFormed(id) }, queryOf(testsOf(expected))] } as Query<MongoDocument>;
    const touched = this.#definition.unique.filter((group) => group.some((field) => field in changes));

    for (;;) {
      const setting: Record<string, unknown> = {};
      const unsetting: string[] = [...unset];
      const unchanged: Query<MongoDocument>[] = [];
      for (const [name, value] of Object.entries(changed)) setting[name] = fieldForMongo(value);

      if (touched.length > 0) {
        // A group that is changed in part has its other part in the document: read it, and write only while that stands.
        const before = await this.#guarded(() => this.#documents.findOne(query));
        if (before === null) return undefined;
        const fields: Record<string, unknown> = { ...before, ...changed };
        for (const name of unset) delete fields[name];
        for (const group of touched) {
          const key = uniqueKey(fields, group);
          if (key === undefined) unsetting.push(uniqueField(group));
          else setting[uniqueField(group)] = key;
          for (const field of group) {
            if (!(field in changes))
              unchanged.push({ [field]: before[field] ?? null } as Query<MongoDocument>);
          }
        }
      }

      const after = await this.#guarded(() =>
        Object.keys(setting).length + unsetting.length === 0
          ? this.#documents.findOne(query)
          : this.#documents.findOneAndUpdate(
              { $and: [query, ...unchanged] } as Query<MongoDocument>,
              {
                ...(Object.keys(setting).length > 0 && { $set: setting }),
                ...(unsetting.length > 0 && {
                  $unset: Object.fromEntries(unsetting.map((name) => [name, ''])),
                }),
              },
              { returnDocument: 'after' },
            ),
      );
      if (after !== null) return documentOf(after);
      if (unchanged.length === 0) return undefined;
    }
  }

  async remove(filter: Filter<T>): Promise<number> {
    const query = queryOf(testsOf(filter));
    const { deletedCount } = await this.#guarded(() => this.#documents.deleteMany(query));
    return deletedCount;
  }

  async count(filter: Filter<T> = {}): Promise<number> {
    const query = queryOf(testsOf(filter));
    return this.#guarded(() => this.#documents.countDocuments(query));
  }

  async #guarded<R>(work: () => Promise<R>, inTurn = this.#turns.others): Promise<R> {
    try {
      return await inTurn(work);
    } catch (error) {
      if (isDuplicate(error)) throw new DuplicateKeyError(this.#definition.name, { cause: error });
      throw storeError(this.#place, error);
    }
  }
}

/** No field of a document can have this name, for it has a dash. */
function uniqueField(group: readonly string[]): string {
  return `unique-${group.join('-')}`;
}

function uniqueKey(fields: object, group: readonly string[]): string | undefined {
  const values = uniqueValues(fields, group);
  return values && JSON.stringify(values);
}

function plain(text: string): Record<string, Json> {
  return JSON.parse(text) as Record<string, Json>;
}

function documentOf<T>(stored: MongoDocument): T {
  const fields = Object.entries(stored).filter(([name]) => !name.startsWith('unique-'));
  return Object.fromEntries(fields.map(([name, value]) => [name, fieldFromMongo(value)])) as T;
}
