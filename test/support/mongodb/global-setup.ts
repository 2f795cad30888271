/**
 * A door to MongoDB for the tests of one vitest run.
 *
 * Nothing is started until a test file knocks (`mongoServer` in `server.ts`), so a run of unrelated tests costs nothing.
 * The first knock starts a server, all later ones share it, and it ends with the run.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startServer } from './find-server.ts';
import type { RunningServer } from './server-process.ts';

/** What the door answers. */
export type Knock = { readonly uri: string } | { readonly missing: string };

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where to ask for the server: an HTTP address on this machine. */
    mongodbDoor: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<RunningServer> | undefined;

  async function answer(): Promise<Knock> {
    try {
      started ??= startServer(say);
      return { uri: (await started).uri };
    } catch (error) {
      return { missing: error instanceof Error ? error.message : String(error) };
    }
  }

  const door = createServer((_request, response) => {
    answer().then((knock) => response.end(JSON.stringify(knock)));
  });
  door.requestTimeout = 0; // the first knock may wait for a build
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  project.provide('mongodbDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}/`);

  return async () => {
    door.close();
    door.closeAllConnections();
    await (await started?.catch(() => undefined))?.stop();
  };
}

function say(line: string): void {
  process.stderr.write(`[mongodb] ${line}\n`);
}
