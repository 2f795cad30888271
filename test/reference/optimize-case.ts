/** A case of Backtesting.py's optimize() against the engine's. */
import {
  Backtest,
  type BacktestResult,
  type ParamValue,
  type StrategyClass,
} from '../../engine/backtest/index.ts';
import { type BacktestingPyCase, compareRun } from './backtesting-py.ts';
import { barsOf, type Cell, optionsOf, type Table } from './cases.ts';
import { Comparison } from './comparison.ts';

export interface OptimizeCase extends BacktestingPyCase {
  readonly optimize: {
    readonly grid: Readonly<Record<string, readonly ParamValue[]>>;
    readonly constraint?: string;
    readonly maximize: string;
  };
  readonly best: Readonly<Record<string, ParamValue>>;
  /** The varied parameters and the value, in the grid's order. */
  readonly heatmap: Table;
}

type Aim = 'sqn' | 'equityFinal' | ((result: BacktestResult) => number);

const aims: Readonly<Record<string, Aim>> = {
  SQN: 'sqn',
  'Equity Final [$]': 'equityFinal',
  'fn:minusMaxDrawdownTimesReturn': ({ statistics }) => -statistics.maxDrawdownPct * statistics.returnPct,
  'fn:equityIfAtLeast10Trades': ({ statistics }) =>
    statistics.trades >= 10 ? statistics.equityFinal : Number.NaN,
};

export async function optimizeDifferences(
  reference: OptimizeCase,
  Strategy: StrategyClass,
  dataFolder: string,
): Promise<string[]> {
  const { grid, constraint, maximize } = reference.optimize;
  const aim = aims[maximize];
  if (aim === undefined) throw new Error(`${reference.name}: no aim ${maximize}`);
  const backtest = new Backtest(barsOf(reference.data, dataFolder), Strategy, optionsOf(reference.backtest));
  const { best, runs } = await backtest.optimize({
    params: grid,
    maximize: aim,
    ...(constraint !== undefined && { constraint }),
  });
  const comparison = new Comparison(best.result, reference.data.index !== 'range');
  for (const [name, value] of Object.entries(reference.best)) {
    comparison.compare(`best: ${name}`, value, best.params[name] ?? null);
  }
  const { columns } = reference.heatmap;
  const rows = runs.map(({ params, value }): Cell[] =>
    columns.map((name) => (name === 'value' ? value : (params[name] ?? null))),
  );
  comparison.table('heatmap', reference.heatmap, { columns, rows });
  return [...comparison.differences, ...compareRun(reference, best.result)];
}
