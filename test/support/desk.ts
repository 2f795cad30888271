/**
 * A whole desk as a test starts it: the demo's configuration in a temporary folder, real platforms towards local
 * servers, real alerts over HTTP. Nothing in it knows that it is tested.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type App, type AppParts, startApp } from '../../bot/app.ts';
import { type Config, loadConfig } from '../../bot/config/load.ts';
import { createLog } from '../../bot/log.ts';
import { type Clock, systemClock } from '../../engine/clock.ts';
import { handlerNames } from '../../engine/signals/handlers/index.ts';
import { tempFolder } from './temp-store.ts';

export interface DeskSettings {
  /** What stands in `desk.yaml` beside, or instead of, what the demo has. */
  readonly desk?: Readonly<Record<string, unknown>>;
  /** What stands in the book `demo` beside, or instead of, what the demo has. */
  readonly book?: Readonly<Record<string, unknown>>;
  /** An address of MongoDB, for a desk that stores there. */
  readonly mongo?: string;
  readonly endpoints?: AppParts['endpoints'];
  /** Further books by their names, as their files have them. */
  readonly books?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A desk that was started before: its folder is taken over. */
  readonly root?: string;
  readonly clock?: Clock;
}

export interface TestDesk {
  readonly root: string;
  readonly config: Config;
  readonly url: string;
  /** Types a line at the terminal. */
  type(line: string): void;
  /** Types a line, and presses the Confirm of what it asks: lines are answered one after another. */
  confirms(line: string): void;
  /** Everything that the terminal has shown. */
  printed(): string;
  /** Waits until the terminal shows it. */
  shows(text: string | RegExp): Promise<void>;
  /** Sends an alert; answers its status and body. */
  alert(book: string, fields: object): Promise<{ status: number; body: string }>;
  /** Who asked it to stop, when somebody did. */
  stopWanted(): string | undefined;
  /** Who asked it to start anew, when somebody did. */
  restartWanted(): string | undefined;
  stop(): Promise<void>;
}

/** A desk that stops, and whose folder goes, when the test is over. */
export async function startDesk(settings: DeskSettings = {}): Promise<TestDesk> {
  const folder = settings.root ?? (await tempFolder());
  if (settings.root === undefined) await writeDemo(folder, settings);
  const desk = await openDesk(folder, settings);
  onTestFinished(() => desk.stop());
  return desk;
}

/** A desk on a folder that has its configuration; it runs until it is stopped. */
export async function openDesk(
  folder: string,
  { mongo, endpoints, clock = systemClock }: DeskSettings = {},
): Promise<TestDesk> {
  const config = loadConfig({
    root: folder,
    environment: mongo === undefined ? {} : { MONGODB_URI: mongo },
    knownHandlers: handlerNames,
  });
  const log = createLog({
    folder: join(config.dataFolder, 'logs'),
    level: 'debug',
    secrets: config.secrets,
    clock,
  });
  const input = new PassThrough();
  const output = new PassThrough();
  let printed = '';
  output.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  let stopWanted: string | undefined;
  let restartWanted: string | undefined;
  const app: App = await startApp({
    config,
    version: '0.0.0-test',
    clock,
    log,
    terminal: { input, output, color: false },
    onStopWanted: (by) => {
      stopWanted ??= by;
    },
    onRestartWanted: (by) => {
      restartWanted ??= by;
    },
    ...(endpoints && { endpoints }),
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await app.stop();
    log.close();
  };
  const type = (line: string) => void input.write(`${line}\n`);
  return {
    root: folder,
    config,
    url: app.webhookUrl ?? '',
    type,
    confirms(line) {
      type(line);
      type('1');
    },
    printed: () => printed,
    shows: (text) =>
      vi.waitFor(
        () => {
          const found = typeof text === 'string' ? printed.includes(text) : text.test(printed);
          if (!found) throw new Error(`the terminal does not show ${text}, but:\n${printed}`);
        },
        { timeout: 45_000, interval: 20 },
      ),
    async alert(book, fields) {
      const response = await fetch(`${app.webhookUrl}/hooks/${book}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      });
      return { status: response.status, body: await response.text() };
    },
    stopWanted: () => stopWanted,
    restartWanted: () => restartWanted,
    stop,
  };
}

/** `config/demo` with the demo's books, plans and strategies, and a port that the system gives. */
export async function writeDemo(
  root: string,
  { desk = {}, book = {}, books = {} }: DeskSettings,
): Promise<void> {
  const demo = new URL('../../config.example/demo/', import.meta.url);
  const folder = join(root, 'config', 'demo');
  await mkdir(folder, { recursive: true });
  await cp(demo, folder, { recursive: true });
  await rm(join(folder, 'desk.yaml'));
  const settings = {
    platforms: { console: {} },
    sources: { demo: { type: 'demo' } },
    brokers: {
      paper: { type: 'paper', source: 'demo', slippage: '0.0005', fee: '0.001', balances: { USD: '100000' } },
    },
    webhook: { port: 0 },
    ...desk,
  };
  await writeFile(join(folder, 'desk.yaml'), stringify(settings));
  const bookFile = join(folder, 'books', 'demo.yaml');
  const demoBook: unknown = parse(await readFile(bookFile, 'utf8'));
  await writeFile(bookFile, stringify({ ...(demoBook as object), ...book }));
  for (const [name, settings] of Object.entries(books)) {
    await writeFile(join(folder, 'books', `${name}.yaml`), stringify({ name, ...settings }));
  }
}
