/**
 * How soon is the demo desk ready, how much memory does it hold when idle, and how fast does it answer?
 *
 * A real desk is started as a process of its own, talked to over its standard input and over HTTP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** As `npm start` does it, without npm's own process around it. */
const startScript: string = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).scripts.start;
const port = 18_080;
const starts = 5;
const alerts = 300;
const pings = 100;

export async function run(print: (line: string) => void): Promise<void> {
  const bare = await Promise.all([bareStart()]);
  const readyMs: number[] = [];
  for (let start = 0; start < starts; start++) {
    const desk = await startedDesk();
    readyMs.push(desk.readyMs);
    await desk.stop();
  }
  print(`node with tsx and nothing else, start to end   ${bare[0]?.toFixed(0)} ms`);
  print(
    `start to ready of the demo, median of ${starts}        ${median(readyMs).toFixed(0)} ms (${(median(readyMs) / (bare[0] ?? 1)).toFixed(1)} x)`,
  );

  const desk = await startedDesk();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  print(`resident memory, idle for 3 s                  ${desk.memoryMb().toFixed(0)} MB`);

  const alertMs: number[] = [];
  const emptyMs: number[] = [];
  for (let sent = 0; sent < alerts; sent++) {
    emptyMs.push(await timed(() => fetch(`http://127.0.0.1:${port}/healthz`)));
    alertMs.push(await timed(() => sendAlert(sent)));
  }
  print(
    `alert to 200, median of ${alerts}                    ${median(alertMs).toFixed(2)} ms, p99 ${quantile(alertMs, 0.99).toFixed(2)} ms (${(median(alertMs) / median(emptyMs)).toFixed(1)} x /healthz)`,
  );

  const pingMs: number[] = [];
  for (let sent = 0; sent < pings; sent++)
    pingMs.push(await timed(() => desk.asks('/ping', /Here\. The store answered/)));
  print(
    `/ping at the terminal, median of ${pings}           ${median(pingMs).toFixed(2)} ms, p99 ${quantile(pingMs, 0.99).toFixed(2)} ms`,
  );
  await desk.stop();
}

interface RunningDesk {
  readonly readyMs: number;
  memoryMb(): number;
  /** Types a line and waits for the answer. */
  asks(line: string, answer: RegExp): Promise<void>;
  stop(): Promise<void>;
}

/** The demo in a folder of its own, so that no data of the user is touched. */
async function startedDesk(): Promise<RunningDesk> {
  const root = mkdtempSync(join(tmpdir(), 'outcry-bench-'));
  for (const part of ['bot', 'commands', 'engine', 'config.example', 'package.json', 'tsconfig.json']) {
    cpSync(join(project, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  const yaml = join(root, 'config.example/demo/desk.yaml');
  writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('port: 8080', `port: ${port}`));

  const startedAt = performance.now();
  const [, ...args] = startScript.split(' ');
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const output = listen(child);
  await output.until(/Desk demo is up/);
  return {
    readyMs: performance.now() - startedAt,
    memoryMb: () => residentMb(child),
    async asks(line, answer) {
      output.forget();
      child.stdin?.write(`${line}\n`);
      await output.until(answer);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function listen(child: ChildProcess) {
  let text = '';
  let look: () => void = () => undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    look();
  });
  return {
    forget: () => {
      text = '';
    },
    until: (expected: RegExp) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (expected.test(text)) resolve();
        };
        look();
      }),
  };
}

async function bareStart(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', '0'], { cwd: project, stdio: 'inherit' });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - startedAt;
}

/** VmRSS of Linux's /proc; elsewhere not measured. */
function residentMb({ pid }: ChildProcess): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? Number.NaN) / 1024;
}

async function sendAlert(index: number): Promise<Response> {
  const body = JSON.stringify({
    key: 'demo-key-1234',
    id: `bench-${index}`,
    action: index % 2 === 0 ? 'buy' : 'sell',
    symbol: 'SP500',
    quantity: 1,
  });
  const response = await fetch(`http://127.0.0.1:${port}/hooks/demo`, { method: 'POST', body });
  if (response.status !== 200) throw new Error(`the alert was answered with ${response.status}`);
  return response;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const result = await work();
  if (result instanceof Response) await result.text();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
