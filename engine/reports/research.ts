/** What is asked of a strategy beyond one backtest: does it look ahead, and which parameters suit it best? */
import {
  checkStrategyFile,
  describeStrategies,
  optimizeFile,
  walkForwardFile,
} from '../backtest/apart/apart.ts';
import type { StrategyCheck } from '../backtest/look-ahead-check.ts';
import type { Optimization } from '../backtest/optimize/optimize.ts';
import type { Params, ParamValue, Statistics } from '../backtest/result.ts';
import type { StrategyDescription } from '../backtest/run.ts';
import type { WalkForward } from '../backtest/walk-forward.ts';
import type { Length } from '../backtest/walk-forward-windows.ts';
import type { Bars } from '../market/bars.ts';
import type { Backtests, DataRequest, Subject, TradingOptions, WorkOptions } from './backtests.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import type { ChartedHeatMap } from './charts/request.ts';
import { optimizationCsv, walkForwardCsv } from './optimization-csv.ts';
import type { ReportFile } from './report-file.ts';
import { headline, type StatisticRow, statisticRows } from './statistics.ts';
import type { Strategies } from './strategies.ts';

export interface CheckRequest extends DataRequest {
  readonly strategy: string;
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** A strategy's file as a list shows it: `fileName` is without its ending. One that does not load says why. */
export type ListedStrategy = { readonly fileName: string } & (
  | StrategyDescription
  | { readonly file: string; readonly problem: string }
);

export interface SearchRequest extends DataRequest {
  readonly strategy: string;
  /** The values to try of each parameter; texts are read as the type of the strategy's own value. */
  readonly choices: Readonly<Record<string, readonly ParamValue[]>>;
  /** Formula of parameters, such as `fast < slow`. */
  readonly constraint?: string;
  /** Statistic, or formula of statistics; `sqn` where neither is given. */
  readonly maximize?: string;
  readonly minimize?: string;
  readonly method?: 'grid' | 'random' | 'model';
  readonly maxTries?: number;
  readonly cash: number;
  /** Rate of the traded value; or a fixed sum for each order and a rate. */
  readonly commission: number | readonly [fixed: number, rate: number];
  readonly options?: TradingOptions;
  readonly by: string;
}

export interface OptimizationReport {
  /** Id in the archive of runs. */
  readonly run: string;
  /** Class name. */
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly objective: string;
  readonly best: { readonly params: Params; readonly value: number | null };
  /** How many were made, and the best of them. */
  readonly runs: number;
  readonly top: readonly { readonly params: Params; readonly value: number | null }[];
  /** Of the best run. */
  readonly headline: readonly StatisticRow[];
  readonly statistics: readonly StatisticRow[];
  /** Heat map, chart of the best run, CSV of all runs. */
  readonly files: readonly ReportFile[];
}

export interface WalkForwardRequest extends SearchRequest {
  /** A number of bars, or a length by the calendar. */
  readonly train: Length;
  readonly test: Length;
  /** Training always begins with the first bar. */
  readonly anchored: boolean;
}

export interface WalkForwardReport {
  /** Id in the archive of runs. */
  readonly run: string;
  /** File name of the strategy. */
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly windows: WalkForward['windows'];
  readonly efficiency: number | null;
  readonly warnings: readonly string[];
  /** Of all tests together. */
  readonly headline: readonly StatisticRow[];
  readonly statistics: readonly StatisticRow[];
  /** Chart, CSV of the windows. */
  readonly files: readonly ReportFile[];
}

const mostShown = 5;

export interface ResearchParts {
  readonly backtests: Backtests;
  readonly strategies: Strategies;
  readonly charts: ChartRenderer;
  readonly limits: { readonly timeMs: number; readonly memoryMb: number };
}

export class Research {
  readonly #parts: ResearchParts;

  constructor(parts: ResearchParts) {
    this.#parts = parts;
  }

  /** Every strategy of the folder, each loaded once, apart from the desk. */
  async strategies(): Promise<readonly ListedStrategy[]> {
    const files = await this.#parts.strategies.list();
    const described = await describeStrategies(files.map(({ file }) => file));
    return described.map((strategy, index) => ({ ...strategy, fileName: files[index]?.name ?? '' }));
  }

  /**
   * Repeats the run on data that ends earlier and begins later.
   * @throws UserError for whatever is wrong with the request, its data or the strategy
   */
  async check(request: CheckRequest, work: WorkOptions = {}): Promise<StrategyCheck> {
    const { signal, onProgress } = work;
    const { file } = await this.#parts.strategies.find(request.strategy);
    const bars = await this.#parts.backtests.bars(request, { ...work, what: 'check' });
    return checkStrategyFile(
      { file, bars, params: request.params },
      {
        limits: this.#parts.limits,
        ...(signal && { signal }),
        onProgress: ({ fraction }) => onProgress?.({ text: 'Repeating the run on less data', fraction }),
      },
    );
  }

  /**
   * Runs the strategy with many parameters, on all cores.
   * @throws UserError for whatever is wrong with the request, its data or the strategy
   */
  optimize(request: SearchRequest, work: WorkOptions = {}): Promise<OptimizationReport> {
    return this.#parts.backtests.search(
      'optimization',
      request,
      searchInput(request),
      (subject) => this.#optimize(subject, request, work),
      work,
    );
  }

  async #optimize(
    { file, bars, options }: Subject,
    request: SearchRequest,
    { signal, onProgress }: WorkOptions,
  ) {
    const optimization = await optimizeFile(
      { file, bars, options },
      {
        ...searchOf(request, signal),
        limits: this.#parts.limits,
        onProgress: ({ done, total, best }) =>
          onProgress?.({
            text: `${done} of ${total} runs${best === null ? '' : `, best so far ${best.toPrecision(6)}`}`,
            fraction: done / total,
          }),
      },
    );
    onProgress?.({ text: 'Drawing the charts' });
    const { objective, best, runs } = optimization;
    const { charts } = this.#parts;
    const { strategy, symbols } = best.result;
    const map = heatMapOf(optimization);
    const report = {
      strategy,
      symbols,
      objective,
      best: { params: best.params, value: best.value },
      runs: runs.length,
      top: topOf(runs, request.minimize === undefined ? 1 : -1),
      headline: headline(best.result),
      statistics: statisticRows(best.result.statistics),
      files: [
        ...(map ? [await charts.heatMapChart(map)] : []),
        await charts.backtestChart(best.result, bars),
        optimizationCsv({ strategy, symbols, objective, paramNames: Object.keys(best.params), runs }),
      ],
    };
    const { statistics, time, equity } = best.result;
    return { report, statistics, curve: { time, equity } };
  }

  /**
   * Chooses parameters on one stretch and trades them on the next, again and again.
   * @throws UserError for whatever is wrong with the request, its data or the strategy
   */
  walkForward(request: WalkForwardRequest, work: WorkOptions = {}): Promise<WalkForwardReport> {
    const { train, test, anchored } = request;
    const windows = { train: lengthJson(train), test: lengthJson(test), anchored };
    const input = { ...searchInput(request), windows };
    return this.#parts.backtests.search(
      'walk-forward',
      request,
      input,
      (subject) => this.#walkForward(subject, request, work),
      work,
    );
  }

  async #walkForward(
    { file, bars, options }: Subject,
    request: WalkForwardRequest,
    { signal, onProgress }: WorkOptions,
  ) {
    const { train, test, anchored, strategy, symbols, maximize, minimize } = request;
    const walk = await walkForwardFile(
      { file, bars, options },
      {
        ...searchOf(request, signal),
        train,
        test,
        anchored,
        limits: this.#parts.limits,
        onProgress: ({ window, windows, fraction }) =>
          onProgress?.({ text: `Window ${Math.min(window + 1, windows)} of ${windows}`, fraction }),
      },
    );
    onProgress?.({ text: 'Drawing the chart' });
    const { windows, time, equity, statistics, efficiency, warnings } = walk;
    const objective = maximize ?? minimize ?? 'sqn';
    const rows = headline({ statistics });
    const chart = await this.#parts.charts.walkForwardChart({
      title: `${strategy} on ${symbols.join(', ')}, out of sample`,
      detail: `${windows.length} windows`,
      time,
      equity,
      benchmark: null,
      windows: windows.map(({ testStart, testEnd, params }) => ({
        from: time.indexOf(testStart),
        to: time.indexOf(testEnd),
        params,
      })),
      headline: rows,
    });
    const table = walkForwardCsv({
      strategy,
      symbols,
      objective,
      paramNames: Object.keys(windows[0]?.params ?? {}),
      windows: windows.map(({ trainStart, testStart, testEnd, params, value, outOfSample }) => ({
        train: { start: trainStart, end: lastTimeBefore(testStart, bars) },
        test: { start: testStart, end: testEnd },
        params,
        trainValue: value,
        testValue: testValueOf(outOfSample, objective),
        statistics: outOfSample,
      })),
    });
    const report = {
      ...{ strategy, symbols, windows, efficiency, warnings },
      headline: rows,
      statistics: statisticRows(statistics),
      files: [chart, table],
    };
    return { report, statistics, curve: { time, equity } };
  }
}

function searchInput({ choices, constraint, maximize, minimize, method, maxTries }: SearchRequest) {
  return {
    choices,
    constraint: constraint ?? null,
    maximize: maximize ?? null,
    minimize: minimize ?? null,
    method: method ?? null,
    tries: maxTries ?? null,
  };
}

function lengthJson(length: Length) {
  return typeof length === 'number' ? length : { ...length };
}

/** What of a request the search needs to know. */
function searchOf(
  { choices, constraint, maximize, minimize, method, maxTries }: SearchRequest,
  signal: AbortSignal | undefined,
) {
  return {
    params: choices,
    ...(constraint !== undefined && { constraint }),
    ...(maximize !== undefined && { maximize }),
    ...(minimize !== undefined && { minimize }),
    ...(method && { method }),
    ...(maxTries !== undefined && { maxTries }),
    ...(signal && { signal }),
  };
}

/** Of the bar before an instant; with several symbols, of whichever is latest. */
function lastTimeBefore(instant: number, bars: readonly Bars[]): number {
  return Math.max(
    ...bars.map(({ time }) => time.findLast((each) => each < instant) ?? Number.NEGATIVE_INFINITY),
  );
}

/** The objective of a test, where it is a plain statistic. */
function testValueOf(statistics: Statistics, objective: string): number | null {
  const value = new Map(Object.entries(statistics)).get(objective);
  return value === undefined || Number.isNaN(value) ? null : value;
}

function topOf(runs: Optimization['runs'], sign: 1 | -1): OptimizationReport['top'] {
  return runs
    .filter(({ value }) => value !== null)
    .sort((a, b) => sign * ((b.value ?? 0) - (a.value ?? 0)))
    .slice(0, mostShown)
    .map(({ params, value }) => ({ params, value }));
}

/** Over the first two parameters that have more than one value; undefined where none has, or no run a result. */
function heatMapOf({ objective, best, heatmap, runs }: Optimization): ChartedHeatMap | undefined {
  const varied = Object.keys(best.params).filter(
    (name) => new Set(runs.map(({ params }) => params[name])).size > 1,
  );
  const [x, y] = varied;
  if (x === undefined || best.value === null) return undefined;
  const { strategy, symbols, time } = best.result;
  const map = heatmap(x, y ?? x);
  const day = (bar: number) => new Date(time.at(bar) ?? 0).toISOString().slice(0, 10);
  return {
    title: `${strategy} on ${symbols.join(', ')}`,
    detail: `${day(0)} – ${day(-1)}`,
    objective,
    x: { name: x, values: map.x },
    y: y === undefined ? null : { name: y, values: map.y },
    cells: y === undefined ? [map.cells.map((row, index) => row[index] ?? null)] : map.cells,
    best: {
      x: map.x.indexOf(best.params[x] ?? ''),
      y: y === undefined ? 0 : map.y.indexOf(best.params[y] ?? ''),
    },
  };
}
