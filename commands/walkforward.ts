import type { WalkForwardReport } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { action, defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { block, bold, type Reply, rich } from './reply.ts';
import { aligned } from './run-reply.ts';
import { searchOptions, searchRequest } from './search-options.ts';

const example =
  '/walkforward sma_cross SP500 fast=5..30/5 slow=20..60/10 constraint="fast < slow" train=3y test=1y';

export const walkforward = defineCommand({
  name: 'walkforward',
  description: 'Would choosing parameters like this have worked? Fit on the past, test on what followed',
  group: 'Backtests',
  body: {
    action: action({
      description: 'Would choosing parameters like this have worked? Fit on the past, test on what followed',
      role: 'viewer',
      example,
      options: {
        ...searchOptions,
        train: {
          type: 'string',
          description: 'Length of each training: 3y, 18m, 26w, 90d, or bars; 3y without it',
        },
        test: { type: 'string', description: 'Length of each test after it; 1y without it' },
        anchored: { type: 'boolean', description: 'Every training begins with the first bar' },
      },
      async *run({ desk, caller, signal }, { train = '3y', test = '1y', anchored = false, ...options }) {
        const request = {
          ...searchRequest(options, { by: caller.name, example }),
          train: lengthOf('train', train),
          test: lengthOf('test', test),
          anchored,
        };
        const report = yield* progressOf((tell) =>
          desk.research.walkForward(request, { signal, onProgress: tell }),
        );
        return walkForwardReply(report);
      },
    }),
  },
});

const units = { y: 'years', m: 'months', w: 'weeks', d: 'days' } as const;

function lengthOf(name: string, text: string) {
  const [, digits = '', unit = ''] = /^(\d{1,6})\s*([ymwd]?)$/i.exec(text.trim()) ?? [];
  const count = Number(digits);
  if (!(count > 0)) {
    throw new UserError(
      `${name}=${text} is no length: write 3y, 18m, 26w, 90d, or a number of bars such as 500.`,
    );
  }
  const known = units[unit.toLowerCase() as keyof typeof units];
  return known === undefined ? count : { [known]: count };
}

function walkForwardReply(report: WalkForwardReport): Reply {
  const { strategy, symbols, windows, efficiency, warnings, headline, statistics, files, run } = report;
  const names = Object.keys(windows[0]?.params ?? {});
  const kept =
    efficiency === null
      ? 'not defined, because the trainings made nothing'
      : `${(efficiency * 100).toFixed(0)} %`;
  return {
    title: `Walk-forward of ${strategy}  ${symbols.join(', ')}`,
    tone: efficiency === null || efficiency <= 0 ? 'warning' : 'success',
    text: [
      ...rich`${bold('Efficiency')} (yearly return of the tests over that of the trainings): ${kept}. Everything below is out of sample.\n`,
      ...warnings.map((warning) => `⚠️ ${warning}\n`),
      block(aligned(statistics)),
      ...rich`Saved as ${run}.`,
    ],
    fields: headline,
    table: {
      columns: [
        { name: 'Test from' },
        { name: 'to' },
        ...names.map((name) => ({ name, align: 'right' as const })),
        { name: 'Trained', align: 'right' },
        { name: 'Tested', align: 'right' },
      ],
      rows: windows.map(({ testStart, testEnd, params, inSample, outOfSample }) => [
        day(testStart),
        day(testEnd),
        ...names.map((name) => String(params[name])),
        percent(inSample.returnAnnualPct),
        percent(outOfSample.returnAnnualPct),
      ]),
    },
    attachments: files,
  };
}

/** Yearly return. */
function percent(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} %` : 'n/a';
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
