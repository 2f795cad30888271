/**
 * Strategies in a process of their own, one for each piece of work: the desk uses these in place of the functions of the same
 * names that start threads.
 *
 * A thread shares its process: where V8 cannot make an object for lack of memory, or the system runs out of it, all of the
 * process ends, and no limit on a thread prevents it. A desk must not end by what a strategy does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.ts';
import type { StrategyCheck } from '../look-ahead-check.ts';
import { heatmapOf } from '../optimize/heatmap.ts';
import type { Optimization, OptimizeProgress } from '../optimize/optimize.ts';
import type { BacktestResult } from '../result.ts';
import type { BacktestRequest, RunProgress } from '../run.ts';
import type { WalkForward, WalkForwardProgress } from '../walk-forward.ts';
import type {
  Answers,
  CheckRequest,
  Described,
  OptimizeApartOptions,
  OptimizeFileRequest,
  SendableRunOptions,
  Told,
  WalkForwardApartOptions,
  Work,
} from './work.ts';

export type { Described } from './work.ts';

export interface Watching<Progress> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told each line that the strategy prints. */
  readonly onOutput?: (line: string) => void;
}

/** @throws UserError as `runBacktest` of `run.ts` */
export function runBacktest(
  request: BacktestRequest,
  options: SendableRunOptions & Watching<RunProgress> = {},
): Promise<BacktestResult> {
  const { watching, rest } = split(options);
  return apart<'run', RunProgress>({ kind: 'run', request, options: rest }, request.file, watching);
}

/** @throws UserError as `checkStrategyFile` of `look-ahead-check.ts` */
export function checkStrategyFile(
  request: CheckRequest,
  options: SendableRunOptions & Watching<RunProgress> = {},
): Promise<StrategyCheck> {
  const { watching, rest } = split(options);
  return apart<'check', RunProgress>({ kind: 'check', request, options: rest }, request.file, watching);
}

/** @throws UserError as `optimizeFile` of `optimize-file.ts` */
export async function optimizeFile(
  request: OptimizeFileRequest,
  options: OptimizeApartOptions & Watching<OptimizeProgress>,
): Promise<Optimization> {
  const { watching, rest } = split(options);
  const work: Work = { kind: 'optimize', request, options: rest };
  const optimization = await apart<'optimize', OptimizeProgress>(work, request.file, watching);
  return {
    ...optimization,
    heatmap: (x, y, aggregate = 'max') => heatmapOf(optimization.runs, x, y, aggregate),
  };
}

/** @throws UserError as `walkForwardFile` of `walk-forward-file.ts` */
export function walkForwardFile(
  request: OptimizeFileRequest,
  options: WalkForwardApartOptions & Watching<WalkForwardProgress>,
): Promise<WalkForward> {
  const { watching, rest } = split(options);
  const work: Work = { kind: 'walkForward', request, options: rest };
  return apart<'walkForward', WalkForwardProgress>(work, request.file, watching);
}

/** Each file as `describeStrategy` of `run.ts` says it, or why it does not load. */
export async function describeStrategies(files: readonly string[]): Promise<readonly Described[]> {
  const [file] = files;
  if (file === undefined) return [];
  try {
    return await apart<'describe', never>({ kind: 'describe', files }, file, {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (files.length === 1) return [{ file, problem: error.message }];
    // One of them ended the process: apart from the others it is found.
    const described: Described[] = [];
    for (const each of files) described.push(...(await describeStrategies([each])));
    return described;
  }
}

function split<Options extends Watching<never>>(options: Options) {
  const { signal, onProgress, onOutput, ...rest } = options;
  const watching = {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(onOutput && { onOutput }),
  };
  return { watching: watching as Pick<Options, keyof Watching<never>>, rest };
}

const start = fileURLToPath(new URL('./child-start.mjs', import.meta.url));
const cancelledText: Record<Work['kind'], string> = {
  run: 'The backtest was cancelled.',
  check: 'The check was cancelled.',
  describe: 'The description was cancelled.',
  optimize: 'The optimisation was cancelled.',
  walkForward: 'The walk-forward was cancelled.',
};

function apart<Kind extends Work['kind'], Progress>(
  work: Work & { readonly kind: Kind },
  file: string,
  { signal, onProgress, onOutput }: Watching<Progress>,
): Promise<Answers[Kind]> {
  const cancelled = () => new UserError(cancelledText[work.kind]);
  if (signal?.aborted) return Promise.reject(cancelled());
  const child = fork(start, {
    execArgv: [],
    // Nothing of the desk's environment, which may hold secrets, but where temporary files go.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name === 'TMPDIR')),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const lastWords = tailOf(child);
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      signal?.removeEventListener('abort', onAbort);
      child.removeAllListeners();
      // A message that it can no longer be given is of no interest.
      child.on('error', () => undefined);
      child.kill('SIGKILL');
      settle();
    };
    const onAbort = () => end(() => reject(cancelled()));
    signal?.addEventListener('abort', onAbort, { once: true });
    child.on('message', (told: Told) => {
      switch (told.kind) {
        case 'progress':
          onProgress?.(told.progress as Progress);
          return;
        case 'output':
          onOutput?.(told.line);
          return;
        case 'answer':
          end(() => resolve(told.answer as Answers[Kind]));
          return;
        case 'failed':
          end(() => reject(failureOf(told)));
          return;
        default:
          told satisfies never;
      }
    });
    child.once('error', (error) => end(() => reject(error)));
    // Not at once: what it said last may still be on its way.
    child.once('close', (code, by) =>
      end(() => reject(new UserError(endText(path.basename(file), by ?? `code ${code}`, lastWords())))),
    );
    child.send(work);
  });
}

function failureOf({ message, stack, forUser }: Extract<Told, { kind: 'failed' }>): Error {
  if (forUser) return new UserError(message);
  const error = new Error(message);
  error.stack = stack;
  return error;
}

/** Why a process ended that nobody ended. */
function endText(name: string, how: string, lastWords: string): string {
  const memory =
    /out of memory|invalid (?:size|array length|table size)/i.test(lastWords) || how === 'SIGKILL';
  const why = memory ? 'asked for more memory than there is' : 'ended';
  return `${name} ${why}, and its process was ended with it (${how}). The desk goes on.`;
}

/** The end of what a process writes to its error output. */
function tailOf({ stderr }: ChildProcess): () => string {
  let tail = '';
  stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-8192);
  });
  return () => tail;
}
