/** The Python peers, measured in the same run: installed into a folder of their own, fed with the same bars. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reasonOf } from '../../engine/errors.ts';
import type { Bars } from '../../engine/market/bars.ts';

const execute = promisify(execFile);
const driver = fileURLToPath(new URL('./peer.py', import.meta.url));
/** Kept, so that only the first run installs anything. */
const home = path.join(tmpdir(), 'outcry-bench-peers');
const python = path.join(home, 'bin', 'python');
const patienceMs = 600_000;

export type PeerMode = 'long' | 'short' | 'grid' | 'portfolio';

export interface PeerFigures {
  readonly seconds: number;
  readonly outcome: Readonly<Record<string, unknown>>;
  /** Largest resident memory of the process, in kB. */
  readonly peakKb: number;
}

export interface Peers {
  /** Where the bars are, one file of doubles each. */
  readonly folder: string;
  /** Its figures; or in a line why there are none. */
  measure(mode: PeerMode): Promise<PeerFigures | string>;
  close(): Promise<void>;
}

/** Installs the peers where they are not yet, and writes the bars down for them. */
export async function pythonPeers(
  bars: { readonly long: Bars; readonly short: Bars; readonly portfolio: readonly Bars[] },
  print: (line: string) => void,
): Promise<Peers> {
  const problems = await install(print);
  const folder = await mkdtemp(path.join(tmpdir(), 'outcry-bench-bars-'));
  await Promise.all([
    writeBars(folder, 'long', bars.long),
    writeBars(folder, 'short', bars.short),
    ...bars.portfolio.map((own) => writeBars(folder, own.symbol, own)),
    writeFile(
      path.join(folder, 'portfolio.json'),
      JSON.stringify(bars.portfolio.map(({ symbol }) => symbol)),
    ),
  ]);
  return {
    folder,
    async measure(mode) {
      const problem = mode === 'portfolio' ? problems.minitrade : problems.backtesting;
      if (problem !== null) return problem;
      try {
        const { stdout } = await execute(python, [driver, folder, mode], { timeout: patienceMs });
        return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PeerFigures;
      } catch (error) {
        return `the peer failed: ${reasonOf(error).trim().split('\n').at(-1)}`;
      }
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** Why one cannot be measured; null where it can. */
async function install(
  print: (line: string) => void,
): Promise<{ backtesting: string | null; minitrade: string | null }> {
  try {
    if (!existsSync(python)) {
      print(`(installing the Python peers into ${home})`);
      await mkdir(home, { recursive: true });
      await execute('python3', ['-m', 'venv', home], { timeout: patienceMs });
    }
    await pip('backtesting==0.6.6', 'pandas<3', 'numpy<2', 'tqdm');
  } catch (error) {
    const why = `no Python peer here: ${firstLine(error)}`;
    return { backtesting: why, minitrade: why };
  }
  try {
    // Without what it depends on, which is most of PyPI: the driver says what it needs of that.
    await pip('--no-deps', 'minitrade==0.1.40');
    return { backtesting: null, minitrade: null };
  } catch (error) {
    return { backtesting: null, minitrade: `no Minitrade here: ${firstLine(error)}` };
  }
}

async function pip(...what: string[]): Promise<void> {
  const quiet = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await execute(python, [...quiet, ...what], { timeout: patienceMs });
}

function firstLine(error: unknown): string {
  const lines = reasonOf(error).trim().split('\n');
  return lines.find((line) => line.startsWith('ERROR')) ?? lines[0] ?? '';
}

/** Six columns of doubles in `NAME.f64`, one after the other: time, open, high, low, close, volume. */
async function writeBars(folder: string, name: string, bars: Bars): Promise<void> {
  const columns = [bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume];
  const bytes = columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength));
  await writeFile(path.join(folder, `${name}.f64`), Buffer.concat(bytes));
}
