/** A store that lives as long as its test, quick enough for hundreds of desks: the same contract, without a disk. */
import { documentText, uniqueValues } from '../../engine/store/document.ts';
import type { Collection, CollectionDefinition, Store, StoredDocument } from '../../engine/store/store.ts';
import { DuplicateKeyError } from '../../engine/store/store.ts';
import type { ModelDocument, ModelFilter } from './suites/store-model.ts';
import { fulfils, sorted } from './suites/store-model.ts';

export function memoryStore(): Store {
  const collections = new Map<string, Map<string, string>>();
  const blobs = new Map<string, Uint8Array>();
  return {
    kind: 'sqlite',
    async collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>> {
      const documents = collections.get(definition.name) ?? new Map<string, string>();
      collections.set(definition.name, documents);
      return collectionOn<T>(definition, documents);
    },
    blobs: {
      put: async (id, data) => void blobs.set(id, data),
      get: async (id) => blobs.get(id),
      remove: async (id) => void blobs.delete(id),
    },
    ping: async () => undefined,
    close: async () => undefined,
  };
}

function collectionOn<T extends StoredDocument>(
  { name, unique }: CollectionDefinition<T>,
  documents: Map<string, string>,
): Collection<T> {
  const read = (text: string): T => JSON.parse(text);
  const all = () => [...documents.values()].map((text) => JSON.parse(text) as ModelDocument);
  const matching = (filter: object = {}) =>
    all().filter((document) => fulfils(document, filter as ModelFilter));
  const checkUnique = (document: StoredDocument) => {
    for (const group of unique) {
      const values = JSON.stringify(uniqueValues(document, group));
      if (values === undefined) continue;
      const taken = all().some(
        (other) => other._id !== document._id && JSON.stringify(uniqueValues(other, group)) === values,
      );
      if (taken) throw new DuplicateKeyError(name);
    }
  };
  return {
    async insert(document) {
      if (documents.has(document._id)) throw new DuplicateKeyError(name);
      checkUnique(document);
      documents.set(document._id, documentText(document));
    },
    async get(id) {
      const text = documents.get(id);
      return text === undefined ? undefined : read(text);
    },
    async find(filter, { sort = [], limit, skip = 0 } = {}) {
      const found = sorted(matching(filter), sort).slice(skip, limit ? skip + limit : undefined);
      return found.map((document) => read(JSON.stringify(document)));
    },
    async update(id, expected, changes) {
      const text = documents.get(id);
      if (text === undefined || !fulfils(JSON.parse(text), expected as ModelFilter)) return undefined;
      const changed = { ...read(text), ...changes };
      checkUnique(changed);
      documents.set(id, documentText(changed));
      return read(documentText(changed));
    },
    async remove(filter) {
      const gone = matching(filter);
      for (const { _id } of gone) documents.delete(_id);
      return gone.length;
    },
    async count(filter) {
      return matching(filter).length;
    },
  };
}
