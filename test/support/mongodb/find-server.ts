/**
 * Finds a server that speaks MongoDB's protocol, and starts it where it is not running yet. In this order:
 *
 * 1. `MONGODB_TEST_URI`: a server that is there already; each test file makes databases of its own on it
 * 2. `mongod` on the PATH
 * 3. `ferretdb` (1.x, which can keep its data in SQLite) on the PATH or in Go's bin folder
 * 4. FerretDB 1.24 built with Go, where Go is; see `ferretdb/main.go`
 * 5. mongodb-memory-server's download of `mongod`
 *
 * A way that fails says why, and the next one is tried.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { memoryFolder } from '../memory-folder.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { RunningServer } from './server-process.ts';
import { announcing, listening } from './server-process.ts';

/** Starts the server, or answers `undefined` where what it needs is not on this machine. */
type Way = (folder: string, say: (line: string) => void) => Promise<RunningServer | undefined>;

const ways: readonly (readonly [name: string, way: Way])[] = [
  ['mongod', mongod],
  ['ferretdb', ferretdb],
  ['FerretDB built with Go', builtFerretdb],
  ["mongodb-memory-server's download", memoryServer],
];

/** @throws Error in one line, naming each way and why it did not work */
export async function startServer(say: (line: string) => void): Promise<RunningServer> {
  const given = process.env['MONGODB_TEST_URI'];
  if (given !== undefined && given !== '') return { uri: given, stop: async () => undefined };

  const reasons: string[] = [];
  for (const [name, way] of ways) {
    const folder = await memoryFolder('outcry-mongodb-');
    try {
      const server = await way(folder, say);
      if (server !== undefined) {
        return {
          uri: server.uri,
          stop: async () => {
            await server.stop();
            await rm(folder, { recursive: true, force: true, maxRetries: 3 });
          },
        };
      }
      reasons.push(`${name}: not on this machine`);
    } catch (error) {
      reasons.push(`${name}: ${firstLine(error)}`);
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  const reason = reasons.join('; ');
  say(`NO MONGODB: its suites are SKIPPED. Set MONGODB_TEST_URI, or install mongod or Go. (${reason})`);
  throw new Error(reason);
}

async function mongod(folder: string): Promise<RunningServer | undefined> {
  const command = await onPath('mongod');
  if (command === undefined) return undefined;
  return listening(folder, command, (port) => [
    ...['--dbpath', folder],
    ...['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'],
  ]);
}

async function ferretdb(folder: string): Promise<RunningServer | undefined> {
  const command = (await onPath('ferretdb')) ?? (await inGoBin('ferretdb'));
  if (command === undefined) return undefined;
  const server = await listening(folder, command, (port) => [
    '--handler=sqlite',
    `--sqlite-url=file:${folder}/`,
    `--listen-addr=127.0.0.1:${port}`,
    `--state-dir=${folder}`,
    '--telemetry=disable',
    '--log-level=warn',
  ]);
  return gated(server);
}

async function builtFerretdb(
  folder: string,
  say: (line: string) => void,
): Promise<RunningServer | undefined> {
  if ((await onPath('go')) === undefined) return undefined;
  // Go keeps what it compiled: only the first build takes long. A program of its own for each run cannot be overwritten
  // by another run while it works.
  const program = join(folder, 'ferretdb.exe');
  const patience = setTimeout(() => say('building FerretDB with Go; the first time takes a minute'), 4_000);
  try {
    await promisify(execFile)(
      'go',
      ['build', '-trimpath', '-tags', 'ferretdb_no_postgresql', '-o', program, '.'],
      { cwd: fileURLToPath(new URL('ferretdb/', import.meta.url)), timeout: 10 * 60_000 },
    );
  } finally {
    clearTimeout(patience);
  }
  const data = join(folder, 'data');
  await mkdir(data);
  return gated(await announcing(folder, program, [data]));
}

async function gated(ferret: RunningServer): Promise<RunningServer> {
  const address = new URL(ferret.uri);
  const gate = await oneAtATime(address.hostname, Number(address.port));
  return {
    uri: `mongodb://127.0.0.1:${gate.port}/`,
    stop: async () => {
      gate.close();
      await ferret.stop();
    },
  };
}

async function memoryServer(folder: string, say: (line: string) => void): Promise<RunningServer> {
  const { MongoMemoryServer } = await import('mongodb-memory-server-core');
  say("asking mongodb-memory-server for a mongod; the first time it's downloaded");
  const server = await MongoMemoryServer.create({ instance: { dbPath: folder } });
  return {
    uri: server.getUri(),
    stop: async () => {
      await server.stop({ doCleanup: false, force: true });
    },
  };
}

async function onPath(command: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return firstExecutable(folders.map((folder) => join(folder, command)));
}

async function inGoBin(command: string): Promise<string | undefined> {
  const folders = (process.env['GOPATH'] ?? join(homedir(), 'go')).split(delimiter);
  return firstExecutable(folders.map((folder) => join(folder, 'bin', command)));
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  for (const path of paths) {
    const executable = await access(path + ending, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path + ending;
  }
  return undefined;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
