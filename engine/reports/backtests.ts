/** A backtest with all that is asked of it afterwards: bars fetched, run in its worker, drawn, written as CSV, archived. */
import { runBacktest } from '../backtest/apart/apart.ts';
import type { BacktestResult, ParamValue } from '../backtest/result.ts';
import type { SendableOptions } from '../backtest/run.ts';
import type { StrategyStorage } from '../backtest/storage.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Bars, Interval } from '../market/bars.ts';
import type { Source, SymbolInfo } from '../market/sources/source.ts';
import { nearest } from '../nearest.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import { equityCsv, ordersCsv, tradesCsv } from './csv.ts';
import type { ReportFile } from './report-file.ts';
import {
  newRunId,
  type RunInput,
  type RunKind,
  type RunOutcome,
  type Runs,
  type SearchInput,
} from './runs.ts';
import { headline, type StatisticRow, statisticRows } from './statistics.ts';
import type { Strategies } from './strategies.ts';
import type { WorkOptions } from './work.ts';

export type { WorkOptions } from './work.ts';

/** Which bars. */
export interface DataRequest {
  readonly symbols: readonly string[];
  /** Without it the first source that knows all symbols. */
  readonly source?: string;
  readonly interval?: Interval;
  /** First and last day, midnight UTC. */
  readonly from?: Date;
  readonly to?: Date;
}

export interface BacktestRequest extends DataRequest {
  /** File name in the strategies folder, without its ending. */
  readonly strategy: string;
  /** Text is read as the type of the strategy's own value. */
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly cash: number;
  /** Rate of the traded value; or a fixed sum for each order and a rate. */
  readonly commission: number | readonly [fixed: number, rate: number];
  readonly options?: TradingOptions;
  /** A person, or `schedule`. */
  readonly by: string;
}

/** What else may be asked of the simulated broker. */
export type TradingOptions = Omit<SendableOptions, 'cash' | 'commission' | 'storage'>;

/** A run that is in the archive as begun, and its request with all that was left open filled in. */
export interface BegunRun {
  /** Id in the archive of runs. */
  readonly run: string;
  readonly request: BacktestRequest;
  readonly file: string;
  readonly source: Source;
  /** What the strategy kept in an earlier run. */
  readonly storage: StrategyStorage;
}

/** What a search runs over. */
export interface Subject {
  readonly file: string;
  readonly bars: readonly Bars[];
  readonly options: SendableOptions;
}

interface SimulatedRun extends Pick<BegunRun, 'file' | 'request' | 'storage'> {
  readonly bars: readonly Bars[];
  readonly from?: TradingFrom;
}

/** From when a simulation trades, and with what it begins. */
export interface TradingFrom {
  readonly tradeStart: Date;
  /** That of the request where not given. */
  readonly cash?: number;
  /** Units by symbol. */
  readonly holding?: Readonly<Record<string, number>>;
}

export interface BacktestReport {
  /** Id in the archive of runs. */
  readonly run: string;
  readonly result: BacktestResult;
  readonly bars: readonly Bars[];
  /** The figures that fit on a phone, and all of them. */
  readonly headline: readonly StatisticRow[];
  readonly statistics: readonly StatisticRow[];
  /** What the user should know before they believe the figures. */
  readonly warnings: readonly string[];
  /** Chart, then CSV of trades, orders and equity. */
  readonly files: readonly ReportFile[];
}

export interface BacktestsParts {
  readonly strategies: Strategies;
  /** By name; the first that knows a symbol is asked. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly runs: Runs;
  readonly charts: ChartRenderer;
  readonly limits: { readonly timeMs: number; readonly memoryMb: number };
  readonly log: Logger;
  /** In a process of its own where not given: the code of a strategy may do anything. */
  readonly simulate?: typeof runBacktest;
}

/** Looked through for a similar one when a symbol is not known. */
const mostSymbols = 10_000;

export class Backtests {
  readonly #parts: BacktestsParts;

  constructor(parts: BacktestsParts) {
    this.#parts = parts;
  }

  /** @throws UserError for whatever is wrong with the request, its data or the strategy */
  async run(request: BacktestRequest, work: WorkOptions = {}): Promise<BacktestReport> {
    const begun = await this.begin(request, { run: newRunId(), plan: null });
    try {
      const report = await this.compute(begun, await this.fetch(begun, work), work);
      await this.finish(report);
      return report;
    } catch (error) {
      await this.fail(begun.run, error);
      throw error;
    }
  }

  /**
   * First of the four parts of a run, for who has more to do before it is finished: stores that it begins.
   * @throws UserError when there is no such strategy or source
   * @throws DuplicateKeyError when a run with this id was begun before
   */
  async begin(
    request: BacktestRequest,
    { run, plan }: { run: string; plan: string | null },
  ): Promise<BegunRun> {
    const { file } = await this.#parts.strategies.find(request.strategy);
    const source = await this.source(request);
    const input = inputOf(request, source.name);
    await this.#parts.runs.begin(run, { plan, by: request.by, input });
    return {
      run,
      request,
      file,
      source,
      storage: plan === null ? {} : await this.#parts.runs.storageOf(plan),
    };
  }

  /** @throws UserError for what is wrong with the data, and when it is cancelled; or the reason for which it was */
  fetch({ request, source }: Pick<BegunRun, 'request' | 'source'>, work: WorkOptions = {}): Promise<Bars[]> {
    return fetchBars(source, request, { ...work, what: 'backtest' });
  }

  /** @throws UserError for what is wrong with the strategy */
  async compute(
    { run, request, file, storage }: Pick<BegunRun, 'run' | 'request' | 'file' | 'storage'>,
    bars: readonly Bars[],
    work: WorkOptions = {},
  ): Promise<BacktestReport> {
    const { onProgress } = work;
    const result = await this.#simulate({ file, request, storage, bars }, work);
    onProgress?.({ text: 'Drawing the chart' });
    const { files, warnings } = await this.#files(result, bars);
    return {
      run,
      result,
      bars,
      headline: headline(result),
      statistics: statisticRows(result.statistics),
      warnings: [...result.warnings, ...warnings],
      files,
    };
  }

  /**
   * The same strategy on the same bars, trading only from a day on: what a plan sends.
   * @throws UserError for what is wrong with the strategy
   */
  simulateFrom(
    from: TradingFrom,
    { request, file, storage }: Pick<BegunRun, 'request' | 'file' | 'storage'>,
    bars: readonly Bars[],
    work: WorkOptions = {},
  ): Promise<BacktestResult> {
    return this.#simulate({ file, request, storage, bars, from }, work);
  }

  #simulate(
    { file, request, storage, bars, from }: SimulatedRun,
    { signal, onProgress }: WorkOptions,
  ): Promise<BacktestResult> {
    const { params, cash, commission } = request;
    const options = {
      ...request.options,
      ...{ cash, commission, storage },
      ...(from && { ...from, tradeStart: from.tradeStart.getTime() }),
    };
    const { simulate = runBacktest } = this.#parts;
    return simulate(
      { file, bars, params, options },
      {
        limits: this.#parts.limits,
        ...(signal && { signal }),
        onProgress: ({ bar, bars: count, fraction }) =>
          onProgress?.({ text: `Bar ${bar + 1} of ${count}`, fraction }),
      },
    );
  }

  /** Stores why nothing came out. */
  fail(run: string, error: unknown): Promise<void> {
    return this.#parts.runs.fail(run, reasonOf(error));
  }

  /** Stores its files before it is finished: for who tells of it before that. */
  keepFiles({ run, files }: BacktestReport): Promise<void> {
    return this.#parts.runs.keepFiles(run, files);
  }

  /** Stores what came out. @param storage what the strategy of a plan keeps for the plan's next run */
  finish({ run, result, files }: BacktestReport, storage?: StrategyStorage): Promise<void> {
    const { statistics, time, equity } = result;
    return this.#parts.runs.finish(run, { statistics, curve: { time, equity }, files }, storage);
  }

  /**
   * A search over the same kind of request, from its beginning to its end in the archive of runs.
   * @throws UserError when there is no such strategy or source, and when it is cancelled while its bars are fetched
   */
  async search<Report extends { readonly files: readonly ReportFile[] }>(
    kind: RunKind,
    request: Omit<BacktestRequest, 'params'>,
    search: SearchInput,
    perform: (subject: Subject) => Promise<{ readonly report: Report } & Omit<RunOutcome, 'files'>>,
    work: WorkOptions = {},
  ): Promise<Report & { readonly run: string }> {
    const { file } = await this.#parts.strategies.find(request.strategy);
    const source = await this.source(request);
    const input = { ...inputOf({ ...request, params: {} }, source.name), search };
    return this.#parts.runs.keep({ kind, by: request.by, input }, async () => {
      const bars = await fetchBars(source, request, { ...work, what: searchNames[kind] });
      const { cash, commission, options } = request;
      return perform({ file, bars, options: { ...options, cash, commission } });
    });
  }

  /**
   * The bars of a request, from its source, else from the first that knows all symbols.
   * @param what is done with them, as people call it
   * @throws UserError for unknown ones, and when it is cancelled
   */
  async bars(request: DataRequest, work: WorkOptions & { readonly what: string }): Promise<Bars[]> {
    return fetchBars(await this.source(request), request, work);
  }

  /** The source that is named, else the first that knows all symbols. @throws UserError when there is none */
  async source({ source: name, symbols }: Pick<BacktestRequest, 'symbols' | 'source'>): Promise<Source> {
    const { sources } = this.#parts;
    if (name !== undefined) {
      const named = sources.get(name);
      if (named) return named;
      throw new UserError(`There is no source "${name}". There are: ${[...sources.keys()].join(', ')}.`);
    }
    if (sources.size === 0)
      throw new UserError('There is no source of bars. Add one under sources in desk.yaml.');
    const unknown = new Set(symbols);
    for (const source of sources.values()) {
      const missing = [];
      for (const symbol of symbols) {
        if (await knows(source, symbol)) unknown.delete(symbol);
        else missing.push(symbol);
      }
      if (missing.length === 0) return source;
    }
    const [first] = unknown;
    if (first === undefined) throw new UserError(`No single source has all of ${symbols.join(', ')}.`);
    throw new UserError(await this.#unknownSymbol(first));
  }

  /** @throws UserError when there is no such source, or it does not know one of the symbols */
  async knownSymbols({
    symbols,
    source: name,
  }: {
    symbols: readonly string[];
    source: string;
  }): Promise<void> {
    const source = await this.source({ symbols, source: name });
    for (const symbol of symbols) {
      if (await knows(source, symbol)) continue;
      const known = await source.symbols('', mostSymbols);
      const near = nearest(
        symbol,
        known.map((info) => info.symbol),
      );
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
      // A source that lists nothing is asked for bars in the dry run.
      if (known.length > 0) throw new UserError(`The source "${name}" does not know "${symbol}".${hint}`);
    }
  }

  async #unknownSymbol(symbol: string): Promise<string> {
    const sources = [...this.#parts.sources.values()];
    const problems: string[] = [];
    const ask = async (source: Source): Promise<readonly SymbolInfo[]> => {
      try {
        return await source.symbols(source.remote?.listsSymbols === false ? symbol : '', mostSymbols);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(error.message);
        return [];
      }
    };
    const found = (await Promise.all(sources.map(ask))).flat();
    const known = [...new Set(found.map((info) => info.symbol))];
    const asked = sources.map(({ name }) => name).join(', ');
    const hints = [hintAt(symbol, known), ...problems].filter((hint) => hint !== '');
    return [`No source knows the symbol "${symbol}" (asked: ${asked}).`, ...hints].join(' ');
  }

  async #files(
    result: BacktestResult,
    bars: readonly Bars[],
  ): Promise<{ files: ReportFile[]; warnings: string[] }> {
    const tables = [tradesCsv(result), ordersCsv(result), equityCsv(result)];
    try {
      return { files: [await this.#parts.charts.backtestChart(result, bars), ...tables], warnings: [] };
    } catch (error) {
      // The figures are there; a picture that could not be drawn does not take them away.
      this.#parts.log.error(
        { err: error, strategy: result.strategy },
        'the chart of a backtest could not be drawn',
      );
      return { files: tables, warnings: [`There is no chart: ${reasonOf(error)}`] };
    }
  }
}

const searchNames: Readonly<Record<RunKind, string>> = {
  backtest: 'backtest',
  optimization: 'optimisation',
  'walk-forward': 'walk-forward',
};

/** @throws UserError for what is wrong with the data, and when it is cancelled; or the reason for which it was */
async function fetchBars(
  source: Source,
  request: DataRequest,
  { signal, onProgress, what }: WorkOptions & { readonly what: string },
): Promise<Bars[]> {
  onProgress?.({ text: `Fetching bars of ${request.symbols.join(', ')}` });
  try {
    signal?.throwIfAborted();
    return await source.bars({ ...barsRequest(request), ...(signal && { signal }) });
  } catch (error) {
    if (!signal?.aborted) throw error;
    const reason: unknown = signal.reason;
    const isPlain = !(reason instanceof Error) || reason.name === 'AbortError';
    throw isPlain ? new UserError(`The ${what} was cancelled.`) : reason;
  }
}

function barsRequest({ symbols, interval = '1d', from, to }: DataRequest) {
  return { symbols, interval, adjusted: true, ...(from && { from }), ...(to && { to }) };
}

function inputOf(request: BacktestRequest, source: string): RunInput {
  const { strategy, params, symbols, interval = '1d', from, to, cash, commission, options = {} } = request;
  const { holding, ...plain } = options;
  return {
    ...{ strategy, params, symbols, source, interval },
    from: from ? dayOf(from) : null,
    to: to ? dayOf(to) : null,
    ...{ cash, commission },
    options: { ...plain, ...(holding && { holding: { ...holding } }) },
  };
}

function hintAt(symbol: string, known: readonly string[]): string {
  const near = nearest(symbol, known);
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`;
  if (known.length === 0) return '';
  return `There are: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', ...' : ''}.`;
}

/** A source that cannot be asked just now knows nothing: perhaps another one does. */
async function knows(source: Source, symbol: string): Promise<boolean> {
  if (await source.chosen?.(symbol)) return true;
  const found = await source.symbols(symbol, 50).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
  return found.some((known) => known.symbol.toUpperCase() === symbol.toUpperCase());
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
