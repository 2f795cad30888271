import { action, defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { backtestReply } from './run-reply.ts';
import { strategyOption } from './strategy.ts';
import { suggestSymbols, symbolList } from './symbols.ts';

export const backtest = defineCommand({
  name: 'backtest',
  description: 'Run a strategy over history: statistics, a chart and CSV files',
  group: 'Backtests',
  body: {
    action: action({
      description: 'Run a strategy over history: statistics, a chart and CSV files',
      role: 'viewer',
      example: '/backtest sma_cross SP500 fast=20 slow=50 from=2010-01-01',
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
        cash: { type: 'number', description: 'Cash to begin with; 100,000 without it', min: 1 },
        commission: {
          type: 'number',
          description: 'Rate of the traded value, such as 0.001; 0 without it',
          min: 0,
          max: 0.1,
        },
        source: {
          type: 'string',
          description: 'Where the bars come from; without it the first source that knows the symbols',
          suggest: ({ desk }) => desk.sourceNames,
        },
        params: { type: 'pairs', description: "The strategy's own parameters, such as fast=10 slow=30" },
      },
      async *run(
        { desk, caller, signal },
        { strategy, symbols, from, to, cash = 100_000, commission = 0, source, params = {} },
      ) {
        const report = yield* progressOf((tell) =>
          desk.backtest(
            {
              strategy,
              symbols: symbolList(symbols),
              params,
              cash,
              commission,
              by: caller.name,
              ...(from && { from }),
              ...(to && { to }),
              ...(source !== undefined && { source }),
            },
            { signal, onProgress: tell },
          ),
        );
        return backtestReply(report);
      },
    }),
  },
});
