import type { RunComparison, RunKind, RunRecord, RunReport } from '../engine/desk.ts';
import { action, defineCommand, type StringOption } from './command.ts';
import { block, bold, code, type Reply, type RichText, rich } from './reply.ts';
import { aligned } from './run-reply.ts';
import { maySeeRun } from './run-sight.ts';
import { strategyOption } from './strategy.ts';
import type { Times } from './times.ts';

/** Looked through for those that the reader may see; the platforms show 25 of them. */
const mostSuggested = 100;

const runOption = {
  type: 'string',
  description: 'Its id, as /run list shows it',
  example: 'run-3f9a1c0b7d',
  suggest: async ({ desk, caller }) => {
    const newest = await desk.runs.list({ limit: mostSuggested });
    return newest
      .filter((record) => maySeeRun(record, caller, desk))
      .map((record) => ({ value: record._id, name: `${whatOf(record)} · ${record._id}` }));
  },
  required: true,
  concerns: 'run',
} as const satisfies StringOption;

const kinds = ['backtest', 'optimization', 'walk-forward'] as const satisfies readonly RunKind[];

export const run = defineCommand({
  name: 'run',
  description: 'Earlier runs: backtests, optimisations, walk-forwards and runs of plans',
  group: 'Backtests',
  body: {
    subcommands: {
      list: action({
        description: 'The newest runs',
        role: 'viewer',
        example: '/run list strategy=sma_cross',
        options: {
          limit: { type: 'integer', description: 'How many; 10 without it', min: 1, max: 100 },
          kind: { type: 'choice', description: 'Only runs of this kind', choices: kinds },
          strategy: { ...strategyOption, description: 'Only runs of this strategy', required: false },
          plan: {
            type: 'string',
            description: 'Only runs of this plan',
            suggest: ({ desk }) => desk.plans.names(),
          },
        },
        run: async ({ desk, times }, { limit = 10, kind, strategy, plan }) =>
          listReply(
            await desk.runs.list({
              limit,
              ...(kind && { kind }),
              ...(strategy !== undefined && { strategy }),
              ...(plan !== undefined && { plan }),
            }),
            times,
          ),
      }),
      show: action({
        description: 'One run again: what was asked, its figures, its chart and files',
        role: 'viewer',
        example: '/run show run-3f9a1c0b7d',
        options: { run: runOption },
        run: async ({ desk, times }, { run: id }) => showReply(await desk.runs.show(id), times),
      }),
      compare: action({
        description: 'Two runs side by side: all figures, and one chart',
        role: 'viewer',
        example: '/run compare run-3f9a1c0b7d run-81d2e07c44',
        options: { one: runOption, other: runOption },
        run: async ({ desk }, { one, other }) => compareReply(await desk.runs.compare(one, other)),
      }),
    },
  },
});

function listReply(runs: readonly RunRecord[], times: Times): Reply {
  if (runs.length === 0) return { text: ['There is no such run yet. /backtest makes one.'] };
  const [newest, before] = runs.filter(({ state }) => state === 'done');
  return {
    title: 'Runs',
    text: runs.flatMap(
      (record): RichText => [
        ...rich`${code(record._id)}  ${bold(whatOf(record))}\n`,
        `${resultOf(record, times)}\n`,
      ],
    ),
    buttons: [
      ...(newest ? [{ label: 'Show newest', command: ['run', 'show'], options: { run: newest._id } }] : []),
      ...(newest && before
        ? [
            {
              label: 'Compare the two newest',
              command: ['run', 'compare'],
              options: { one: before._id, other: newest._id },
            },
          ]
        : []),
    ],
  };
}

function whatOf({ kind, plan, input }: RunRecord): string {
  const what = kind === 'backtest' ? input.strategy : `${input.strategy}, ${kind}`;
  const symbols = input.symbols.length > 3 ? `${input.symbols.length} symbols` : input.symbols.join(', ');
  return `${what} on ${symbols}${plan === null ? '' : `, plan ${plan}`}`;
}

function resultOf({ state, reason, statistics, by, startedAt }: RunRecord, times: Times): string {
  const when = `${times.minute(startedAt)} by ${by}`;
  if (state === 'running') return `⏳ runs since ${when}`;
  if (state === 'failed') return `⛔ ${reason ?? 'failed'} (${when})`;
  const figure = (name: string) => statistics?.[name] ?? null;
  const [result, sharpe] = [figure('returnPct'), figure('sharpeRatio')];
  const figures = [
    ...(result === null ? [] : [`${result > 0 ? '+' : ''}${result.toFixed(2)}%`]),
    ...(sharpe === null ? [] : [`Sharpe ${sharpe.toFixed(2)}`]),
  ];
  return [...figures, when].join(', ');
}

function showReply({ record, headline, statistics, files }: RunReport, times: Times): Reply {
  const { _id, state, reason, input, finishedAt } = record;
  const params = Object.entries(input.params).map(([name, value]) => `${name}=${value}`);
  const asked = [
    `${input.interval} bars from ${input.source}`,
    `${input.from ?? 'the beginning'} to ${input.to ?? 'the newest'}`,
    `cash ${input.cash}`,
    `commission ${typeof input.commission === 'number' ? input.commission : input.commission.join(' + ')}`,
  ].join(', ');
  const choices = Object.entries(input.search?.choices ?? {}).map(
    ([name, values]) => `${name}=${values.length > 8 ? `${values.length} values` : values.join(',')}`,
  );
  const ended = finishedAt === null ? '' : `Ended ${times.minute(finishedAt)}. `;
  return {
    title: [whatOf(record), ...params].join('  '),
    tone: state === 'failed' ? 'danger' : state === 'running' ? 'info' : 'success',
    fields: headline,
    text: [
      ...(state === 'failed' ? rich`⛔ ${reason ?? 'It failed.'}\n` : []),
      ...(state === 'running' ? ['It still runs.\n'] : []),
      `${asked}.${choices.length > 0 ? ` Tried ${choices.join(' ')}.` : ''}`,
      ...(statistics.length > 0 ? [block(aligned(statistics))] : ['\n']),
      ...rich`${ended}${code(_id)} by ${record.by}.`,
    ],
    attachments: files,
  };
}

function compareReply({ runs, rows, files, warning }: RunComparison): Reply {
  const [one, other] = runs;
  const label = (record: RunRecord) => record._id.replace(/^run-/, '');
  return {
    title: `${label(one)} and ${label(other)}`,
    text: [
      ...rich`${bold(label(one))}  ${whatOf(one)}${paramsOf(one)}\n${bold(label(other))}  ${whatOf(other)}${paramsOf(other)}`,
      ...(warning === '' ? [] : [`\n⚠️ ${warning}`]),
    ],
    table: {
      columns: [
        { name: 'Figure' },
        { name: label(one), align: 'right' },
        { name: label(other), align: 'right' },
      ],
      rows: rows.map(({ name, values }) => [name, ...values]),
    },
    attachments: files,
  };
}

function paramsOf({ input }: RunRecord): string {
  const params = Object.entries(input.params).map(([name, value]) => `${name}=${value}`);
  return params.length > 0 ? `  ${params.join(' ')}` : '';
}
