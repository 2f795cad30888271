/** All runs of an optimisation, and all windows of a walk-forward, as CSV files. */
import type { Params, Statistics } from '../backtest/result.ts';
import { type Cell, csvFile, timeCell } from './csv-file.ts';
import { type ReportFile, symbolsInName } from './report-file.ts';

export interface OptimizationTable {
  readonly strategy: string;
  readonly symbols: readonly string[];
  /** What was maximized or minimized; the name of its column. */
  readonly objective: string;
  readonly paramNames: readonly string[];
  readonly runs: readonly {
    readonly params: Params;
    /** Null for a run without a result. */
    readonly value: number | null;
    readonly statistics?: Partial<Statistics>;
  }[];
}

/** One row per run, as they come: its parameters, the objective, and every statistic that is a number. */
export function optimizationCsv(table: OptimizationTable): ReportFile {
  const { strategy, symbols, objective, paramNames, runs } = table;
  const statistics = statisticColumns(runs);
  return csvFile(
    [strategy, symbolsInName(symbols), 'optimization'],
    distinct([...paramNames, objective, ...statistics.names]),
    runs.map((run) => [...paramNames.map((name) => run.params[name]), run.value, ...statistics.cells(run)]),
  );
}

export interface WalkForwardTable {
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly objective: string;
  readonly paramNames: readonly string[];
  readonly windows: readonly {
    /** Times of the first and the last bar, milliseconds UTC. */
    readonly train: { readonly start: number; readonly end: number };
    readonly test: { readonly start: number; readonly end: number };
    /** Found on the training bars, traded on the test bars. */
    readonly params: Params;
    /** The objective on either; null where there is none. */
    readonly trainValue: number | null;
    readonly testValue: number | null;
    /** Of the test. */
    readonly statistics?: Partial<Statistics>;
  }[];
}

/** One row per window: from when to when it was fitted and tested, its parameters, what they promised and brought. */
export function walkForwardCsv(table: WalkForwardTable): ReportFile {
  const { strategy, symbols, objective, paramNames, windows } = table;
  const statistics = statisticColumns(windows);
  const times = windows.flatMap(({ train, test }) => [train.start, train.end, test.start, test.end]);
  const time = timeCell(times);
  const columns = [
    'Window',
    'Train Start',
    'Train End',
    'Test Start',
    'Test End',
    ...paramNames,
    `${objective} (train)`,
    `${objective} (test)`,
    ...statistics.names,
  ];
  return csvFile(
    [strategy, symbolsInName(symbols), 'walk-forward'],
    distinct(columns),
    windows.map((window, index) => [
      index + 1,
      time(window.train.start),
      time(window.train.end),
      time(window.test.start),
      time(window.test.end),
      ...paramNames.map((name) => window.params[name]),
      window.trainValue,
      window.testValue,
      ...statistics.cells(window),
    ]),
  );
}

interface WithStatistics {
  readonly statistics?: Partial<Statistics>;
}

/** The statistics that any row has, in the order in which they first come. */
function statisticColumns(rows: readonly WithStatistics[]): {
  readonly names: readonly string[];
  readonly cells: (row: WithStatistics) => readonly Cell[];
} {
  const keys = new Set<string>();
  for (const { statistics = {} } of rows) {
    for (const [key, value] of Object.entries(statistics)) if (typeof value === 'number') keys.add(key);
  }
  const cellOf = ({ statistics = {} }: WithStatistics) => {
    const values = new Map<string, unknown>(Object.entries(statistics));
    return [...keys].map((key) => cell(key, values.get(key)));
  };
  return { names: Array.from(keys, statisticHeading), cells: cellOf };
}

function cell(key: string, value: unknown): Cell {
  if (typeof value !== 'number') return null;
  return isMoment(key) && Number.isFinite(value) ? timeCell([value])(value) : value;
}

function isMoment(key: string): boolean {
  return key === 'start' || key === 'end';
}

/** `maxDrawdownPct` is `Max Drawdown [%]`, `durationMs` is `Duration [ms]`. */
export function statisticHeading(key: string): string {
  const unit = /(Pct|Ms)$/.exec(key)?.[1];
  const stem = unit === undefined ? key : key.slice(0, -unit.length);
  const words = stem.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/^./, (first) => first.toUpperCase());
  if (unit === undefined) return words;
  return `${words} [${unit === 'Pct' ? '%' : 'ms'}]`;
}

/** A parameter may be called as a statistic is. Columns of one name would be one column to whoever reads them by name. */
function distinct(columns: readonly string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let count = 2; taken.has(name); count++) name = `${column} (${count})`;
    taken.add(name);
    return name;
  });
}
