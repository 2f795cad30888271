import type { OptimizationReport } from '../engine/desk.ts';
import { action, defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { bold, type Reply, rich } from './reply.ts';
import { aligned } from './run-reply.ts';
import { searchOptions, searchRequest } from './search-options.ts';

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
      options: searchOptions,
      async *run({ desk, caller, signal }, options) {
        const request = searchRequest(options, { by: caller.name, example });
        const report = yield* progressOf((tell) =>
          desk.research.optimize(request, { signal, onProgress: tell }),
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
  run: id,
}: OptimizationReport): Reply {
  const params = Object.entries(best.params).map(([name, value]) => `${name}=${value}`);
  const value = best.value === null ? 'no run closed a trade' : `${objective} ${best.value.toPrecision(6)}`;
  const names = Object.keys(best.params);
  return {
    title: `Optimum of ${strategy}  ${symbols.join(', ')}`,
    tone: best.value === null ? 'warning' : 'success',
    text: rich`${bold(params.join('  '))}: ${value}, the best of ${String(runs)} runs. What was best is not what will be: /walkforward shows how well choosing like this would have worked.\n${{ block: aligned(statistics) }}Saved as ${id}.`,
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
