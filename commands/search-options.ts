/** What `/optimize` and `/walkforward` have in common: which strategy on which bars, what to vary, and what is best. */
import type { SearchRequest } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { choicesOf } from './choices.ts';
import type { OptionSet, OptionValues } from './command.ts';
import { strategyOption } from './strategy.ts';
import { dayOptions, symbolList, symbolsOption } from './symbols.ts';
import { tradingOptions, tradingRequest } from './trading-options.ts';

export const searchOptions = {
  strategy: strategyOption,
  symbols: symbolsOption,
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
  ...dayOptions,
  source: {
    type: 'string',
    description: 'Where the bars come from',
    suggest: ({ desk }) => desk.sourceNames,
  },
  ...tradingOptions,
} as const satisfies OptionSet;

/** @throws UserError when nothing is to be varied, or over no values; `example` shows how it is written */
export function searchRequest(
  options: OptionValues<typeof searchOptions>,
  { by, example }: { readonly by: string; readonly example: string },
): SearchRequest {
  const { strategy, symbols, params = {} } = options;
  const { tries, constraint, maximize, minimize, method, from, to, source } = options;
  if (Object.keys(params).length === 0) {
    throw new UserError(`Say which parameters to vary, and over which values. Example: ${example}`);
  }
  return {
    strategy,
    symbols: symbolList(symbols),
    choices: Object.fromEntries(Object.entries(params).map(([name, text]) => [name, choicesOf(name, text)])),
    ...tradingRequest(options),
    by,
    ...(tries !== undefined && { maxTries: tries }),
    ...(constraint !== undefined && { constraint }),
    ...(maximize !== undefined && { maximize }),
    ...(minimize !== undefined && { minimize }),
    ...(method && { method }),
    ...(from && { from }),
    ...(to && { to }),
    ...(source !== undefined && { source }),
  };
}
