/**
 * The MongoDB of this test run, for a test file that needs one:
 *
 *     const server = await mongoServer();
 *     describe.skipIf(server === undefined)('...', () => { ... server?.uri, server?.database ... });
 *
 * Where no MongoDB can be had the global set-up has said so, and here is `undefined`; with `CI=true` it is an error.
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { Knock } from './global-setup.ts';

export interface TestServer {
  readonly uri: string;
  /** A database name that no other test file, and no other call, has. */
  database(): string;
}

export async function mongoServer(): Promise<TestServer | undefined> {
  const response = await fetch(inject('mongodbDoor'));
  const knock = (await response.json()) as Knock;
  if ('uri' in knock) {
    return { uri: knock.uri, database: () => `outcry_test_${randomBytes(6).toString('hex')}` };
  }
  if (process.env['CI'] === 'true') {
    throw new Error(`CI needs a MongoDB, and none can be had: ${knock.missing}`);
  }
  return undefined;
}
