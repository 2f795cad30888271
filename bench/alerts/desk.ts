/** A whole desk as a process of its own, as `npm start` starts it, with many books, in a folder that is thrown away. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { openStore } from '../../engine/store/index.ts';
import type { Store } from '../../engine/store/store.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const startScript: string = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).scripts.start;

export interface DeskPlan {
  readonly books: number;
  /** What `desk.yaml` says of the one broker, with the price source `demo` at hand. */
  readonly broker: object;
  readonly currency: string;
  readonly home?: string;
  /** An address of MongoDB with a database; SQLite where not given. */
  readonly mongo?: string;
}

export interface BenchDesk {
  readonly url: string;
  /** Starts it; resolves when it takes alerts. */
  start(): Promise<void>;
  /** `SIGKILL` leaves no time for anything. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Its store, while it does not run. */
  readonly store: () => Promise<Store>;
  /** Throws all of it away. */
  remove(): void;
}

export const brokerName = 'bench';

export async function benchDesk(plan: DeskPlan): Promise<BenchDesk> {
  const root = mkdtempSync(join(tmpdir(), 'outcry-bench-alerts-'));
  for (const part of ['bot', 'commands', 'engine', 'package.json', 'tsconfig.json']) {
    cpSync(join(project, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  const port = await freePort();
  writeConfig(root, plan, port);
  const url = `http://127.0.0.1:${port}`;
  const environment = plan.mongo === undefined ? {} : { MONGODB_URI: plan.mongo };
  let child: ChildProcess | undefined;
  return {
    url,
    async start() {
      const [, ...args] = startScript.split(' ');
      // Its stdin stays open: at its end the desk would leave.
      child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...environment, OUTCRY_ENV: 'bench' },
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      while (!(await isWell(url))) {
        if (child.exitCode !== null) throw new Error(`the desk has ended with ${child.exitCode}`);
        await pause(50);
      }
    },
    async stop(signal = 'SIGTERM') {
      const ending = child;
      child = undefined;
      if (!ending || ending.exitCode !== null) return;
      const ended = once(ending, 'exit');
      ending.kill(signal);
      await ended;
    },
    store: () =>
      openStore({
        store:
          plan.mongo === undefined
            ? { kind: 'sqlite' }
            : { kind: 'mongo', uri: plan.mongo, database: new URL(plan.mongo).pathname.slice(1) },
        folder: join(root, 'data', 'bench'),
      }),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function writeConfig(root: string, { books, broker, currency, home }: DeskPlan, port: number): void {
  const folder = join(root, 'config', 'bench');
  mkdirSync(join(folder, 'books'), { recursive: true });
  cpSync(join(project, 'config.example', 'demo', 'data'), join(folder, 'data'), { recursive: true });
  const desk = {
    platforms: { console: { enabled: true, role: 'admin' } },
    store: 'sqlite',
    sources: { demo: { type: 'demo' } },
    brokers: { [brokerName]: broker },
    webhook: { host: '127.0.0.1', port },
  };
  writeFileSync(join(folder, 'desk.yaml'), stringify(desk));
  for (let index = 0; index < books; index++) {
    const book = {
      name: `book-${index}`,
      currency,
      capital: '10000',
      broker: brokerName,
      ...(home !== undefined && { home }),
      handler: { name: 'order' },
      key: `bench-key-${index}`,
      staleAfterSeconds: 3600,
    };
    writeFileSync(join(folder, 'books', `${book.name}.yaml`), stringify(book));
  }
}

async function isWell(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).status === 200;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A program of `processes/`, which answers each message with one. */
export function helper(program: string) {
  const child = fork(new URL(`processes/${program}.ts`, import.meta.url), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    async ask<T>(question: object): Promise<T> {
      child.send(question);
      return this.next<T>();
    },
    async next<T>(): Promise<T> {
      const [answer] = await once(child, 'message');
      return answer as T;
    },
    end: () => child.disconnect(),
  };
}
