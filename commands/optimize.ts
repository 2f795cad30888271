import type { OptimizationReport } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { choicesOf } from './choices.ts';
import { action, defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { bold, type Reply, rich } from './reply.ts';
import { aligned } from './run-reply.ts';
import { strategyOption } from './strategy.ts';
import { suggestSymbols, symbolList } from './symbols.ts';

const example =
  '/optimize sma_cross SP500 fast=5..30/5 slow=20..60/10 constraint="fast < slow" maximize=sharpeRatio';

export const optimize = defineCommand({
  name: 'optimize',
  description: 'Find the parameters with which a strategy did best: heat map and all runs as CSV',
  group: 'Backtests',
  body: {
    action: action({
      description: 'Find the parameters with which a strategy did best: heat map and all runs as CSV',
      role: 'viewer',
      example,
      options: {
        strategy: strategyOption,
        symbols: {
          type: 'string',
          description: 'Symbols, separated by commas',
          required: true,
          example: 'SP500',
          suggest: suggestSymbols,
        },
        params: { type: 'pairs', description: 'What to vary: fast=5..30/5 slow=20,50,100' },
        constraint: { type: 'string', description: 'Only combinations for which this holds: fast < slow' },
        maximize: {
          type: 'string',
          description: 'Statistic or formula of statistics; sqn without it',
          example: 'sharpeRatio',
        },
        minimize: { type: 'string', description: 'Statistic or formula that is to be small instead' },
        method: {
          type: 'choice',
          description: 'grid tries all; random some; model learns where to look',
          choices: ['grid', 'random', 'model'],
        },
        tries: { type: 'integer', description: 'At most so many runs', min: 1, max: 100_000 },
        from: { type: 'date', description: 'First day; without it from the beginning' },
        to: { type: 'date', description: 'Last day; without it to the newest' },
        cash: { type: 'number', description: 'Cash to begin with; 100,000 without it', min: 1 },
        commission: {
          type: 'number',
          description: 'Rate of the traded value, such as 0.001',
          min: 0,
          max: 0.1,
        },
        source: {
          type: 'string',
          description: 'Where the bars come from',
          suggest: ({ desk }) => desk.sourceNames,
        },
      },
      async *run(
        { desk, signal },
        { strategy, symbols, params = {}, cash = 100_000, commission = 0, ...options },
      ) {
        if (Object.keys(params).length === 0) {
          throw new UserError(`Say which parameters to vary, and over which values. Example: ${example}`);
        }
        const { tries, constraint, maximize, minimize, method, from, to, source } = options;
        const choices = Object.fromEntries(
          Object.entries(params).map(([name, text]) => [name, choicesOf(name, text)]),
        );
        const report = yield* progressOf((tell) =>
          desk.optimize(
            {
              strategy,
              symbols: symbolList(symbols),
              choices,
              cash,
              commission,
              ...(tries !== undefined && { maxTries: tries }),
              ...(constraint !== undefined && { constraint }),
              ...(maximize !== undefined && { maximize }),
              ...(minimize !== undefined && { minimize }),
              ...(method && { method }),
              ...(from && { from }),
              ...(to && { to }),
              ...(source !== undefined && { source }),
            },
            { signal, onProgress: tell },
          ),
        );
        return optimizationReply(report);
      },
    }),
  },
});

function optimizationReply({
  strategy,
  symbols,
  objective,
  best,
  runs,
  top,
  headline,
  statistics,
  files,
}: OptimizationReport): Reply {
  const params = Object.entries(best.params).map(([name, value]) => `${name}=${value}`);
  const value = best.value === null ? 'no run closed a trade' : `${objective} ${best.value.toPrecision(6)}`;
  const names = Object.keys(best.params);
  return {
    title: `Optimum of ${strategy}  ${symbols.join(', ')}`,
    tone: best.value === null ? 'warning' : 'success',
    text: rich`${bold(params.join('  '))}: ${value}, the best of ${String(runs)} runs. What was best is not what will be: /walkforward shows how well choosing like this would have worked.\n${{ block: aligned(statistics) }}`,
    fields: headline,
    table: {
      columns: [
        ...names.map((name) => ({ name, align: 'right' as const })),
        { name: objective, align: 'right' },
      ],
      rows: top.map((run) => [
        ...names.map((name) => String(run.params[name])),
        run.value === null ? '' : run.value.toPrecision(6),
      ]),
    },
    attachments: files,
  };
}
