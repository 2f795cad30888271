import { action, defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { backtestReply } from './run-reply.ts';
import { strategyOption } from './strategy.ts';
import { dayOptions, symbolList, symbolsOption } from './symbols.ts';
import { singleRunOptions, tradingOptions, tradingRequest } from './trading-options.ts';

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
        symbols: symbolsOption,
        ...dayOptions,
        source: {
          type: 'string',
          description: 'Where the bars come from; without it the first source that knows the symbols',
          suggest: ({ desk }) => desk.sourceNames,
        },
        params: { type: 'pairs', description: "The strategy's own parameters, such as fast=10 slow=30" },
        ...tradingOptions,
        ...singleRunOptions,
      },
      async *run({ desk, caller, signal }, { strategy, symbols, from, to, source, params = {}, ...trading }) {
        const report = yield* progressOf((tell) =>
          desk.backtest(
            {
              strategy,
              symbols: symbolList(symbols),
              params,
              ...tradingRequest(trading),
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
