/** A store of SQLite in a temporary folder, gone after the test. */
import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { openSqliteStore } from '../../engine/store/sqlite/store.ts';
import type { Store } from '../../engine/store/store.ts';
import { memoryFolder } from './memory-folder.ts';

export async function tempFolder(): Promise<string> {
  const folder = await memoryFolder('outcry-test-');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function tempStore(): Promise<Store> {
  const store = await openSqliteStore({ folder: await tempFolder() });
  onTestFinished(() => store.close());
  return store;
}
