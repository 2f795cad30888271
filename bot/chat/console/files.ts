/** Files at the terminal: named by a path on this machine, by whoever sits at it. */
import { open, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf, UserError } from '../../../engine/errors.ts';
import { tooLarge } from '../download.ts';
import type { IncomingFile, IncomingFiles } from '../platform.ts';

export const filesOfTerminal: IncomingFiles = { named: fileAt };

function fileAt(path: string): IncomingFile {
  return {
    name: basename(path),
    async read(maxBytes) {
      try {
        const file = await open(path, 'r');
        try {
          const about = await file.stat();
          if (!about.isFile()) throw new UserError(`${path} is not a file.`);
          if (about.size > maxBytes) throw tooLarge(path, maxBytes);
          return await file.readFile();
        } finally {
          await file.close();
        }
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
      }
    },
  };
}

/** Paths that begin with what is typed, folders with a slash; none where that cannot be read. */
export async function pathsLike(typed: string): Promise<string[]> {
  const before = typed.slice(0, typed.lastIndexOf('/') + 1);
  const begin = typed.slice(before.length);
  try {
    const entries = await readdir(before === '' ? '.' : before, { withFileTypes: true });
    return entries
      .filter(({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')))
      .map((entry) => `${before}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } catch {
    // Nothing to offer: what is typed may be meant all the same.
    return [];
  }
}
