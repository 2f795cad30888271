/**
 * One desk on a data folder: the second is refused.
 *
 * Two desks on one folder would both trade the same books. The lock is an exclusive transaction on a small database of its own,
 * `desk.lock`: the operating system lets go of it when the process ends, however it ends, so nothing has to be cleaned up after a
 * crash. No other part of the process may open that file, for on POSIX closing it would drop the lock.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { reasonOf, UserError } from '../../errors.ts';
import { StoreError } from '../store.ts';
import { Database } from './database.ts';
import { codeOf } from './faults.ts';

export interface DataFolderLock {
  /** Lets go of the folder. Without it, the end of the process does. */
  release(): void;
}

/** @throws UserError when another desk has it, or when the folder cannot be written */
export async function lockDataFolder(folder: string): Promise<DataFolderLock> {
  const pidFile = join(folder, 'desk.pid');
  let database: Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    database = new Database(join(folder, 'desk.lock'), { patienceMs: 0 });
    database.execute('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    database?.close();
    throw new UserError(refusal(resolve(folder), pidFile, error), { cause: error });
  }
  const held = database;
  return {
    release: () => {
      rmSync(pidFile, { force: true }); // first, for afterwards it may be the next desk's
      held.close();
    },
  };
}

function refusal(folder: string, pidFile: string, error: unknown): string {
  if (error instanceof StoreError && /BUSY|LOCKED/.test(codeOf(error.cause))) {
    return `another desk is running on the data folder ${folder}${holder(pidFile)}: stop it first, or give this desk a data folder of its own`;
  }
  return `the data folder ${folder} cannot be used: ${reasonOf(error)}`;
}

function holder(pidFile: string): string {
  try {
    return ` (process ${readFileSync(pidFile, 'utf8').trim()})`;
  } catch {
    return ''; // it is just starting: who it is matters less than that it is there
  }
}
