/**
 * A TypeScript program of the tests as a process of its own, to be killed or refused.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** The next line on stdout; rejects, with what stderr says, when there is none any more. */
  line(): Promise<string>;
  /** All lines until its end that were not taken yet. */
  rest(): Promise<string[]>;
  /** Ends it with SIGKILL, and waits for that. */
  kill(): Promise<void>;
}

/**
 * @param program a TypeScript file
 * @param shell a POSIX shell's words before the program, such as `ulimit -f 100 && exec`
 */
export function startChild(
  program: URL,
  parameters: readonly string[],
  { shell, ...options }: SpawnOptions & { shell?: string } = {},
): Child {
  const command = [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    fileURLToPath(program),
    ...parameters,
  ];
  const [file, ...words] = shell === undefined ? command : ['sh', '-c', `${shell} "$@"`, 'sh', ...command];
  const child = spawn(file ?? '', words, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });

  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += String(chunk);
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => {
      const next = await lines.next();
      if (next.done) throw new Error(`the process ended: ${complaint}`);
      return next.value;
    },
    rest: async () => {
      const all: string[] = [];
      for (;;) {
        const next = await lines.next();
        if (next.done) return all;
        all.push(next.value);
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
