import type { AddedStrategy, CheckedStrategy, ListedStrategy, NewStrategy } from '../engine/desk.ts';
import {
  codeAttachment,
  codeFileOptions,
  codeReply,
  codeVersionOption,
  newCode,
  versionsTable,
} from './code-file.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { againOption, mustBeSame } from './name-again.ts';
import { progressOf } from './progress.ts';
import { bold, type Content, code, type Reply, type RichText, rich } from './reply.ts';
import { dayOptions, symbolList, symbolsOption } from './symbols.ts';

export const strategyOption = {
  type: 'string',
  description: 'Strategy, by the name of its file',
  required: true,
  example: 'sma_cross',
  suggest: ({ desk }) => desk.strategyNames(),
} as const satisfies StringOption;

export const strategy = defineCommand({
  name: 'strategy',
  description: 'The strategies: what there is, their code, whether they look ahead, and new ones',
  group: 'Backtests',
  body: {
    subcommands: {
      list: action({
        description: 'All strategies with their parameters',
        role: 'viewer',
        options: {},
        example: '/strategy list',
        run: async ({ desk }) => listReply(await desk.strategies()),
      }),
      show: action({
        description: 'What a strategy is, its versions, and its code as a file',
        role: 'viewer',
        options: { strategy: strategyOption },
        example: '/strategy show sma_cross',
        run: async (context, { strategy: name }) => showReply(context, name),
      }),
      add: action({
        description: 'Add a strategy: its file is compiled, looked at, and checked for look-ahead',
        // Its code runs on the machine of the desk.
        role: 'admin',
        acts: true,
        example: '/strategy add',
        options: codeFileOptions("The strategy's file", 'my_cross'),
        confirm: ({ desk }, { file, name }) => addQuestion(desk, newCode(file, name)),
        async *run({ desk, caller, signal }, { file, name }) {
          const added = yield* progressOf((tell) =>
            desk.addStrategy(newCode(file, name), { by: caller.name, signal, onProgress: tell }),
          );
          return addedReply(added);
        },
      }),
      download: action({
        description: 'The code of a strategy as a file, also of an earlier version',
        role: 'viewer',
        options: {
          strategy: strategyOption,
          version: codeVersionOption,
        },
        example: '/strategy download my_cross 1',
        run: async ({ desk }, { strategy: name, version }) =>
          codeReply(await desk.strategySource(name, version), version),
      }),
      delete: action({
        description: 'Take a strategy that was sent in off the list; its versions can still be downloaded',
        role: 'admin',
        acts: true,
        options: {
          strategy: strategyOption,
          again: { ...againOption, example: 'my_cross' },
        },
        example: '/strategy delete my_cross my_cross',
        run: async ({ desk }, { strategy: name, again }) => {
          mustBeSame(name, again);
          const deleted = await desk.deleteStrategy(name);
          return {
            tone: 'success',
            text: rich`${bold(deleted)} is deleted. Its versions can still be downloaded.`,
          };
        },
      }),
      check: action({
        description: 'Does it use what it could not have known? And how much history does it need?',
        role: 'viewer',
        example: '/strategy check sma_cross SP500',
        options: {
          strategy: strategyOption,
          symbols: symbolsOption,
          ...dayOptions,
          params: { type: 'pairs', description: "The strategy's own parameters, such as fast=10 slow=30" },
        },
        async *run({ desk, signal }, { strategy: name, symbols, from, to, params = {} }) {
          const request = {
            strategy: name,
            symbols: symbolList(symbols),
            params,
            ...(from && { from }),
            ...(to && { to }),
          };
          const checked = yield* progressOf((tell) =>
            desk.research.check(request, { signal, onProgress: tell }),
          );
          return checkReply(checked);
        },
      }),
    },
  },
});

function listReply(strategies: readonly ListedStrategy[]): Reply {
  if (strategies.length === 0) {
    return {
      text: ['There are no strategies. /strategy add takes one as a file.'],
    };
  }
  const text = strategies.flatMap((listed): RichText => {
    if ('problem' in listed) return [...rich`${bold(listed.fileName)}  ⚠️ ${listed.problem}`, '\n'];
    return [...rich`${bold(listed.fileName)}  ${code(paramsText(listed.params))}\n${listed.doc}`, '\n'];
  });
  return { title: 'Strategies', text };
}

async function addQuestion(desk: CommandContext['desk'], strategy: NewStrategy): Promise<Content> {
  const { description, replaces } = await desk.previewStrategy(strategy);
  const running = (await desk.plans.list()).filter(
    ({ settings, enabled }) => enabled && settings.strategy === strategy.name,
  );
  const plans = running.map(({ settings }) => settings.name).join(', ');
  const params = paramsText(description.params);
  return {
    title: replaces ? `Replace ${strategy.name}, version ${replaces.version}?` : `Add ${strategy.name}?`,
    text: [
      ...rich`${bold(description.name)}  ${code(params)}\n${description.doc}`,
      ...(replaces
        ? rich`\nThere is a ${bold(strategy.name)} already, sent in by ${replaces.by} on ${replaces.addedAt.slice(0, 10)}. It is kept, and what uses that name runs the new one from now on. To keep both, give another name.`
        : []),
      ...(plans === ''
        ? []
        : rich`\n⚠️ ${bold(plans)} ${running.length === 1 ? 'trades' : 'trade'} with it from the next run on, without another dry run. /plan disable stops that.`),
      '\nIt is checked for look-ahead before it is added.',
    ],
  };
}

function addedReply({ added, check, why }: AddedStrategy): Reply {
  const { name, version } = added;
  const verdict = check
    ? `No look-ahead found: ${check.lookAhead.orders} orders on the data of the demo were compared with runs that ended earlier.`
    : `It could not be checked for look-ahead on the data of the demo: ${why} Check it with /strategy check on its own data before it trades.`;
  return {
    title: `${name} is added, version ${version}`,
    tone: check ? 'success' : 'warning',
    text: [verdict],
    buttons: [{ label: 'Show', command: ['strategy', 'show'], options: { strategy: name } }],
  };
}

async function showReply({ desk, times }: CommandContext, name: string): Promise<Reply> {
  const source = await desk.strategySource(name);
  const { fileName } = source;
  const stem = fileName.slice(0, fileName.lastIndexOf('.'));
  const listed = (await desk.strategies()).find((each) => each.fileName === stem);
  const versions = await desk.strategyVersions(stem);
  const about: RichText =
    listed === undefined
      ? []
      : 'problem' in listed
        ? rich`⚠️ ${listed.problem}`
        : rich`${bold(listed.name)}  ${code(paramsText(listed.params))}\n${listed.doc}`;
  return {
    title: fileName,
    text: about,
    attachments: [codeAttachment(source)],
    ...versionsTable(versions, times),
  };
}

function paramsText(params: Readonly<Record<string, string | number | boolean>>): string {
  const pairs = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return pairs.length > 0 ? pairs.join(' ') : 'no parameters';
}

function checkReply({ lookAhead, stability }: CheckedStrategy): Reply {
  const honest = lookAhead.findings.length === 0;
  const compared = `${lookAhead.orders} orders and ${lookAhead.indicators} lines of indicators were compared with ${lookAhead.cuts.length} runs that ended earlier.`;
  const verdict: RichText = honest
    ? rich`${bold('No look-ahead found.')} ${compared}`
    : rich`${bold('It looks ahead.')} ${compared}\n${lookAhead.findings.map(({ explanation }) => `⛔ ${explanation}`).join('\n')}`;
  const needs = stability.stableFrom.map(({ tolerance, bars }) =>
    bars === null
      ? `not within ${tolerance} on the ${stability.bars} bars there are`
      : `${bars} bars of history for a difference below ${tolerance}`,
  );
  return {
    title: `Check of ${lookAhead.strategy}`,
    tone: honest ? 'success' : 'danger',
    text: [
      ...verdict,
      ...(stability.lines.length === 0 ? [] : rich`\nIts indicators need ${needs.join(', ')}.`),
    ],
    ...(stability.lines.length > 0 && {
      table: {
        columns: [
          { name: 'Indicator' },
          ...stability.stableFrom.map(({ tolerance }) => ({
            name: `Bars for ${tolerance}`,
            align: 'right' as const,
          })),
        ],
        rows: stability.lines.map(({ name, stableFrom }) => [
          name,
          ...stableFrom.map(({ bars }) => (bars === null ? 'never' : String(bars))),
        ]),
      },
    }),
  };
}
