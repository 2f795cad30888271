/**
 * Opens the store that the configuration names. What is not used is not imported: MongoDB's driver alone takes 90 MB.
 */
import type { DataFolderLock } from './sqlite/lock.ts';
import type { Store } from './store.ts';

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

/**
 * Takes the data folder for this process, whichever store there is: it holds attachments and logs too.
 * @throws UserError when another desk has it
 */
export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  const lock = await import('./sqlite/lock.ts');
  return lock.lockDataFolder(folder);
}
