/**
 * What SQLite says when it fails, as one line for the person at the desk.
 */
import { reasonOf } from '../../errors.ts';
import { StoreError } from '../store.ts';

/** Result codes: https://www.sqlite.org/rescode.html */
const advice: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/FULL/, 'the disk is full: free some space'],
  [
    /READONLY/,
    'it cannot be written: check the rights of its folder, and whether the disk is mounted read-only',
  ],
  [/CORRUPT|NOTADB/, 'the file is damaged: put it aside and restore a backup'],
  [/CANTOPEN/, 'it cannot be opened: check that its folder exists and may be written'],
  [/BUSY|LOCKED/, 'another program holds it: close that program'],
  [/IOERR/, 'the disk failed to read or write: check its health and its free space'],
];

/** `code` is the symbolic result code, as `SQLITE_FULL`; on opening libsql gives only a number inside the message. */
export function storeError(file: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = codeOf(thrown);
  const known = advice.find(([pattern]) => pattern.test(code));
  const line = known?.[1] ?? reasonOf(thrown).split('\n', 1)[0];
  return new StoreError(`the store ${file} failed: ${line}${code === '' ? '' : ` (${code})`}`, {
    cause: thrown,
  });
}

/** The symbolic result code, or nothing where there is none. */
export function codeOf(thrown: unknown): string {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code.startsWith('SQLITE_')) return code;
  return /Unable to open connection .*: 14/.test(String(message)) ? 'SQLITE_CANTOPEN' : '';
}

export function isDuplicate(thrown: unknown): boolean {
  return ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'].includes(codeOf(thrown));
}
