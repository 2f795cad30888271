import type { CheckedStrategy, ListedStrategy } from '../engine/desk.ts';
import { action, defineCommand, type StringOption } from './command.ts';
import { progressOf } from './progress.ts';
import { bold, code, type Reply, type RichText, rich } from './reply.ts';
import { suggestSymbols, symbolList } from './symbols.ts';

export const strategyOption = {
  type: 'string',
  description: 'Strategy, by the name of its file',
  required: true,
  example: 'sma_cross',
  suggest: ({ desk }) => desk.strategyNames(),
} as const satisfies StringOption;

export const strategy = defineCommand({
  name: 'strategy',
  description: 'The strategies: what there is, their code, and whether they look ahead',
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
        description: 'The code of a strategy, as a file',
        role: 'viewer',
        options: { strategy: strategyOption },
        example: '/strategy show sma_cross',
        run: async ({ desk }, { strategy: name }) => {
          const { fileName, data } = await desk.strategySource(name);
          return { title: fileName, attachments: [{ name: fileName, type: 'text/plain', data }] };
        },
      }),
      check: action({
        description: 'Does it use what it could not have known? And how much history does it need?',
        role: 'viewer',
        example: '/strategy check sma_cross SP500',
        options: {
          strategy: strategyOption,
          symbols: {
            type: 'string',
            description: 'Symbols, separated by commas',
            required: true,
            example: 'SP500',
            suggest: suggestSymbols,
          },
          from: { type: 'date', description: 'First day; without it from the beginning' },
          to: { type: 'date', description: 'Last day; without it to the newest' },
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
            desk.checkStrategy(request, { signal, onProgress: tell }),
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
      text: ['There are no strategies. Add one as a file in the folder strategies/ of the configuration.'],
    };
  }
  const text = strategies.flatMap((listed): RichText => {
    if ('problem' in listed) return [...rich`${bold(listed.fileName)}  ⚠️ ${listed.problem}`, '\n'];
    const params = Object.entries(listed.params).map(([name, value]) => `${name}=${value}`);
    return [...rich`${bold(listed.fileName)}  ${code(params.join(' '))}\n${listed.doc}`, '\n'];
  });
  return { title: 'Strategies', text };
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
