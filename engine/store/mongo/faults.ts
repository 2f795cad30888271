/**
 * What the driver says when it fails, as one line without credentials.
 */
import { MongoServerError } from 'mongodb';
import { reasonOf } from '../../errors.ts';
import { StoreError } from '../store.ts';

export function storeError(place: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const reason = reasonOf(thrown).split('\n', 1)[0] ?? '';
  return new StoreError(`the store on MongoDB at ${place} failed: ${withoutCredentials(reason)}`, {
    cause: thrown,
  });
}

export function isDuplicate(thrown: unknown): boolean {
  if (!(thrown instanceof MongoServerError)) return false;
  // FerretDB 1.24 gives an update that violates a unique index as an internal error, with SQLite's words.
  return thrown.code === 11000 || (thrown.code === 1 && /UNIQUE constraint failed/.test(thrown.message));
}

/** Hosts and database of a URI: enough to know which one it is, and nothing that opens it. */
export function placeOf(uri: string, database: string): string {
  const hosts = /^mongodb(?:\+srv)?:\/\/(?:[^/]*@)?([^/?]*)/.exec(uri)?.[1];
  return `${hosts ?? 'an unreadable address'}/${database}`;
}

export function withoutCredentials(text: string): string {
  return text.replace(/(mongodb(?:\+srv)?:\/\/)[^/\s]*@/g, '$1');
}
