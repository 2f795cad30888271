/**
 * Opens the store that the configuration names. What is not used is not imported: MongoDB's driver alone takes 90 MB.
 */
import type { Store } from './store.ts';

// Whichever store there is, the folder is locked: it holds attachments and logs too.
export { lockDataFolder } from './sqlite/lock.ts';

export type StoreSettings =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'mongo'; readonly uri: string; readonly database: string };

export interface StoreRequest {
  readonly store: StoreSettings;
  /** The data folder, in which SQLite has its file. */
  readonly folder: string;
}

/**
 * @throws StoreError in one line when the store cannot be used
 * @throws UserError for an address that MongoDB's driver does not understand
 */
export async function openStore({ store, folder }: StoreRequest): Promise<Store> {
  switch (store.kind) {
    case 'sqlite': {
      const { openSqliteStore } = await import('./sqlite/store.ts');
      return openSqliteStore({ folder });
    }
    case 'mongo': {
      const { openMongoStore } = await import('./mongo/store.ts');
      return openMongoStore(store);
    }
    default:
      return store satisfies never;
  }
}
