/**
 * A database server as a child process that lives no longer than this one.
 *
 * What is in its folder is thrown away afterwards, so it is killed, not asked.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface RunningServer {
  readonly uri: string;
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** A server that is told its port and is there as soon as the port answers. */
export async function listening(
  folder: string,
  command: string,
  parameters: (port: number) => readonly string[],
): Promise<RunningServer> {
  const port = await freePort();
  const server = start(folder, command, parameters(port), 'log');
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (server.ended()) throw new Error(await server.lastWords());
    if (Date.now() > deadline) {
      await server.stop();
      throw new Error(`did not listen within ${PATIENCE_MS / 1000} s`);
    }
    await pause(50);
  }
  return { uri: `mongodb://127.0.0.1:${port}/`, stop: server.stop };
}

/** A server that takes a port of its own and writes its URI as the first line on stdout. */
export async function announcing(
  folder: string,
  command: string,
  parameters: readonly string[],
): Promise<RunningServer> {
  const server = start(folder, command, parameters, 'pipe');
  const uri = await new Promise<string | undefined>((resolve) => {
    let text = '';
    const patience = setTimeout(() => resolve(undefined), PATIENCE_MS);
    const settle = (line: string | undefined) => {
      clearTimeout(patience);
      resolve(line);
    };
    server.stdout?.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\n')) settle(text.slice(0, text.indexOf('\n')).trim());
    });
    server.stdout?.once('close', () => settle(undefined));
  });
  if (uri !== undefined) return { uri, stop: server.stop };
  await server.stop();
  throw new Error(await server.lastWords());
}

interface ServerProcess {
  readonly stdout: ChildProcess['stdout'];
  ended(): boolean;
  /** The end of its log, in one line. */
  lastWords(): Promise<string>;
  stop(): Promise<void>;
}

function start(
  folder: string,
  command: string,
  parameters: readonly string[],
  stdout: 'log' | 'pipe',
): ServerProcess {
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'a');
  // Its stdin is a pipe that closes when this process dies, whatever the cause: FerretDB of ours ends by that.
  const child = spawn(command, parameters, { stdio: ['pipe', stdout === 'log' ? log : 'pipe', log] });
  closeSync(log);

  let isEnded = false;
  let failure: string | undefined;
  const end = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure = error.message;
      isEnded = true;
      resolve();
    });
    child.once('exit', () => {
      isEnded = true;
      resolve();
    });
  });
  const kill = () => child.kill('SIGKILL');
  // On Ctrl+C nobody waits for `stop`.
  const abandon = () => {
    kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', abandon);

  return {
    stdout: child.stdout,
    ended: () => isEnded,
    lastWords: async () => {
      const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
      return failure ?? `it ended: ${lines.at(-1)?.slice(0, 300) || 'without a word'}`;
    },
    stop: async () => {
      process.off('exit', abandon);
      kill();
      await end;
    },
  };
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
