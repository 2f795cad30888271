/**
 * A store with somebody standing at its door: `onCall` is called before and after each call that touches the data.
 * There a test may fail the call, lose its reply, or never let it through.
 */
import type {
  Blobs,
  Collection,
  CollectionDefinition,
  Store,
  StoredDocument,
} from '../../engine/store/store.ts';

/** What it throws, the caller gets. */
export type OnCall = (moment: 'before' | 'after', call: string) => Promise<void>;

export class WatchedStore implements Store {
  readonly kind: Store['kind'];
  readonly blobs: Blobs;
  readonly #store: Store;
  readonly #onCall: OnCall;

  constructor(store: Store, onCall: OnCall) {
    this.kind = store.kind;
    this.#store = store;
    this.#onCall = onCall;
    this.blobs = {
      put: (id, data) => this.#watched('blobs.put', () => store.blobs.put(id, data)),
      get: (id) => this.#watched('blobs.get', () => store.blobs.get(id)),
      remove: (id) => this.#watched('blobs.remove', () => store.blobs.remove(id)),
    };
  }

  async collection<T extends StoredDocument>(definition: CollectionDefinition<T>): Promise<Collection<T>> {
    const inner = await this.#store.collection(definition);
    const watched = <R>(call: string, work: () => Promise<R>) =>
      this.#watched(`${definition.name}.${call}`, work);
    return {
      insert: (document) => watched('insert', () => inner.insert(document)),
      get: (id) => watched('get', () => inner.get(id)),
      find: (filter, options) => watched('find', () => inner.find(filter, options)),
      update: (id, expected, changes) => watched('update', () => inner.update(id, expected, changes)),
      remove: (filter) => watched('remove', () => inner.remove(filter)),
      count: (filter) => watched('count', () => inner.count(filter)),
    };
  }

  ping(): Promise<void> {
    return this.#watched('ping', () => this.#store.ping());
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #watched<R>(call: string, work: () => Promise<R>): Promise<R> {
    await this.#onCall('before', call);
    const result = await work();
    await this.#onCall('after', call);
    return result;
  }
}
