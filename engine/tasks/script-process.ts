/**
 * A script in a process of its own, with limits. It has nothing of the desk's environment, which may hold secrets, and
 * by Node's permission model (https://nodejs.org/api/permissions.html) it reads and writes only in the folders that it
 * is given, and starts no other process. The network is open to it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export interface ScriptLimits {
  readonly timeMs: number;
  readonly memoryMb: number;
}

export interface ScriptRequest {
  /** Compiled, JavaScript. */
  readonly file: string;
  /** Where it works: its own folder, which it may change. */
  readonly folder: string;
  /** Other folders that it may change. */
  readonly writable: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ScriptLimits;
  readonly signal?: AbortSignal;
  /** Told the last line that it printed. */
  readonly onOutput?: (line: string) => void;
}

/** `itself`: with its code. Else the desk ended it: it used too much, or somebody cancelled it. */
export type EndedBy = 'itself' | 'time' | 'memory' | 'output' | 'cancelled';

export interface ScriptEnd {
  readonly endedBy: EndedBy;
  /** What it ended with; null where it was ended. */
  readonly exitCode: number | null;
  /** What it printed, errors among it, as far as it was allowed to. */
  readonly output: string;
  /** The error that it did not catch. */
  readonly failure: Error | null;
}

/** What a script may print. */
const mostOutputBytes = 1024 * 1024;
/** What Node takes before it runs any script. */
const ownMb = 80;
const watchMs = 200;
const start = new URL('./script-start.mjs', import.meta.url);

/** Runs it to its end, whatever that is; rejects only when no process could be started. */
export function runScript(request: ScriptRequest): Promise<ScriptEnd> {
  const { folder, environment, limits, signal, onOutput } = request;
  if (signal?.aborted) {
    return Promise.resolve({ endedBy: 'cancelled', exitCode: null, output: '', failure: null });
  }
  const child = spawn(process.execPath, argumentsOf(request), {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  yieldMemoryFirst(child);
  const output = gathered(child.stdio[1], child.stdio[2]);
  const told = gathered(child.stdio[3]);
  return new Promise((resolve, reject) => {
    let endedBy: EndedBy = 'itself';
    const end = (by: EndedBy) => {
      if (endedBy === 'itself') endedBy = by;
      child.kill('SIGKILL');
    };
    const onAbort = () => end('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    output.onGrown((text, bytes) => {
      if (bytes > mostOutputBytes) end('output');
      const line = text.trimEnd().split('\n').at(-1);
      if (line) onOutput?.(line);
    });
    const timeout = setTimeout(() => end('time'), limits.timeMs);
    const watch = setInterval(() => {
      if (residentMb(child) > limits.memoryMb + ownMb) end('memory');
    }, watchMs);
    const stopWatching = () => {
      clearTimeout(timeout);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (error) => {
      stopWatching();
      reject(error);
    });
    // Not at once when it exits: what it said last may still be on its way.
    child.once('close', (exitCode) => {
      stopWatching();
      const text = clean(output.text().slice(0, mostOutputBytes));
      const outOfMemory =
        endedBy === 'itself' && exitCode !== 0 && /JavaScript heap out of memory/.test(text);
      resolve({
        endedBy: outOfMemory ? 'memory' : endedBy,
        exitCode: endedBy === 'itself' ? exitCode : null,
        output: outOfMemory ? withoutDump(text) : text,
        failure: failureIn(told.text()),
      });
    });
  });
}

/** V8 prints its own stack when it runs out of memory: it is about Node, not about the script. */
function withoutDump(text: string): string {
  const begins = text.indexOf('<--- Last few GCs --->');
  return begins < 0 ? text : text.slice(0, begins).trimEnd();
}

function argumentsOf({ file, folder, writable, limits }: ScriptRequest): string[] {
  const starter = fileURLToPath(start);
  const own = [folder, ...writable].map((each) => `${each}/*`);
  const flags = process.allowedNodeEnvironmentFlags;
  return [
    flags.has('--permission') ? '--permission' : '--experimental-permission',
    ...(flags.has('--allow-net') ? ['--allow-net'] : []), // newer Node closes the network, too
    '--disable-warning=ExperimentalWarning',
    ...[file, starter, ...own].map((each) => `--allow-fs-read=${each}`),
    ...own.map((each) => `--allow-fs-write=${each}`),
    '--enable-source-maps',
    `--max-old-space-size=${limits.memoryMb}`,
    `--import=${start.href}`,
    file,
  ];
}

/** Linux: where the machine's memory runs out, this process is the first to be ended, and not the desk. */
function yieldMemoryFirst({ pid }: ChildProcess): void {
  try {
    if (process.platform === 'linux') writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It has ended already, or may not be told so: its limit holds all the same.
  }
}

/** What the system says that it takes, buffers outside of V8's heap included; 0 where only the heap is limited. */
function residentMb({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended, or this system has no such files
  }
}

function gathered(...streams: readonly (ChildProcess['stdio'][number] | undefined)[]) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let listener: (text: string, bytes: number) => void = () => undefined;
  for (const stream of streams) {
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // Of what comes after too much, nothing is kept.
      if (bytes - chunk.length <= mostOutputBytes) chunks.push(chunk);
      listener(chunk.toString('utf8'), bytes);
    });
  }
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    onGrown: (told: typeof listener) => {
      listener = told;
    },
  };
}

/** Without colours and what else moves a terminal. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001B\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}

const failureForm = z.object({ name: z.string(), message: z.string(), stack: z.string().optional() });

function failureIn(text: string): Error | null {
  if (text === '') return null;
  try {
    const { name, message, stack } = failureForm.parse(JSON.parse(text));
    const failure = new Error(message);
    failure.name = name;
    if (stack !== undefined) failure.stack = stack;
    return failure;
  } catch {
    return null; // a script may write what it likes there
  }
}
