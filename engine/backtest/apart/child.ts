/** The process apart: does one piece of work in worker threads of its own, and tells the desk what came of it. */
import { existsSync, writeFileSync } from 'node:fs';
import { reasonOf, UserError } from '../../errors.ts';
import { checkStrategyFile } from '../look-ahead-check.ts';
import { optimizeFile } from '../optimize/optimize-file.ts';
import { describeStrategy, runBacktest } from '../run.ts';
import { walkForwardFile } from '../walk-forward-file.ts';
import type { Answers, Described, Tell, Told, Work } from './work.ts';

/** Files that are loaded at once to be described. */
const atOnce = 4;
/** Linux: where the machine's memory runs out, this process is the first to be ended, and not the desk. */
const oomScore = '/proc/self/oom_score_adj';

if (existsSync(oomScore)) writeFileSync(oomScore, '1000');
// Without the desk nobody waits for the answer.
process.once('disconnect', () => process.exit());
process.once('message', (work: Work) => void answer(work));

async function answer(work: Work): Promise<void> {
  try {
    tell({ kind: 'answer', answer: await perform(work) });
  } catch (error) {
    const { stack = '' } = error instanceof Error ? error : {};
    tell({ kind: 'failed', message: reasonOf(error), stack, forUser: error instanceof UserError });
  }
}

async function perform(work: Work): Promise<Answers[Work['kind']]> {
  const told: Tell = {
    onProgress: (progress) => tell({ kind: 'progress', progress }),
    onOutput: (line) => tell({ kind: 'output', line }),
  };
  switch (work.kind) {
    case 'run':
      return runBacktest(work.request, { ...work.options, ...told });
    case 'check':
      return checkStrategyFile(work.request, { ...work.options, ...told });
    case 'describe':
      return describeAll(work.files);
    case 'optimize': {
      const { heatmap: _, ...optimization } = await optimizeFile(work.request, { ...work.options, ...told });
      return optimization;
    }
    case 'walkForward':
      return walkForwardFile(work.request, { ...work.options, ...told });
    default:
      return work satisfies never;
  }
}

async function describeAll(files: readonly string[]): Promise<Described[]> {
  const described = new Array<Described>(files.length);
  const entries = files.entries();
  const describeNext = async () => {
    for (const [index, file] of entries) {
      described[index] = await describeStrategy(file).catch((error: unknown) => ({
        file,
        problem: reasonOf(error),
      }));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, describeNext));
  return described;
}

function tell(told: Told): void {
  process.send?.(told);
}
