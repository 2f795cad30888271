/** The data of the desk as people look at it: sources, the health of a symbol's bars, two sources side by side, charts. */
import { UserError } from '../errors.ts';
import { type Bars, type Interval, intervals, sliceBars } from '../market/bars.ts';
import { type BarsComparison, compareBars } from '../market/compare.ts';
import { type Inspection, inspectBars } from '../market/inspect.ts';
import { type Period, startOfPeriod } from '../market/period.ts';
import type { BarsFile, IntakePreview, Market, Source } from '../market/sources/source.ts';
import type { Backtests } from './backtests.ts';
import { chartIndicators } from './chart-indicators.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import { comparisonCsv } from './comparison-csv.ts';
import type { ReportFile } from './report-file.ts';

export interface SourceReport {
  readonly name: string;
  readonly timezone: string;
  /** How many symbols; not more than are counted. Null where they are found by name only. */
  readonly symbols: number | null;
  readonly more: boolean;
  readonly some: readonly string[];
  /** Whether files of bars can be sent in. */
  readonly takesFiles: boolean;
  /** What of it is kept in the store; null where it keeps nothing. */
  readonly kept: { readonly series: number; readonly bars: number; readonly bytes: number } | null;
  /** Why it does not answer. */
  readonly problem: string;
}

export interface DataInspection {
  readonly symbol: string;
  readonly source: string;
  readonly interval: Interval;
  readonly inspection: Inspection;
  /** Bars in each interval that the source has of it; null where counting would mean to fetch them all. */
  readonly counts: readonly { readonly interval: Interval; readonly bars: number | null }[];
  /** Undefined where the source does not tell. */
  readonly market: Market | undefined;
}

export interface ComparedSources {
  readonly symbol: string;
  readonly interval: Interval;
  readonly sources: readonly [string, string];
  readonly periods: readonly [Stretch, Stretch];
  readonly comparison: BarsComparison;
  /** Every bar that differs; undefined where none does. */
  readonly file: ReportFile | undefined;
}

export interface Stretch {
  readonly bars: number;
  /** Milliseconds UTC. */
  readonly first: number;
  readonly last: number;
}

export interface ChartQuery {
  readonly symbols: readonly string[];
  readonly period?: Period;
  readonly source?: string;
  readonly interval?: Interval;
  /** `{ sma: '50,200' }` */
  readonly indicators: Readonly<Record<string, string>>;
}

export interface MarketChart {
  readonly symbols: readonly string[];
  readonly source: string;
  readonly interval: Interval;
  readonly bars: number;
  /** Milliseconds UTC. */
  readonly first: number;
  readonly last: number;
  readonly file: ReportFile;
}

const mostCounted = 10_000;
const someSymbols = 8;
/** On a chart for which no period is asked. */
const usualBars = 130;
const hourMs = 3_600_000;
/** A generous length by the calendar of one bar: closed markets have fewer. */
const calendarMs: Readonly<Record<Interval, number>> = {
  '1m': hourMs / 12,
  '5m': hourMs / 2.4,
  '15m': 1.25 * hourMs,
  '30m': 2.5 * hourMs,
  '1h': 5 * hourMs,
  '4h': 15 * hourMs,
  '1d': 36 * hourMs,
  '1w': 8 * 24 * hourMs,
  '1mo': 32 * 24 * hourMs,
};

export class MarketData {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #backtests: Backtests;
  readonly #charts: ChartRenderer;

  constructor(parts: {
    readonly sources: ReadonlyMap<string, Source>;
    readonly backtests: Backtests;
    readonly charts: ChartRenderer;
  }) {
    this.#sources = parts.sources;
    this.#backtests = parts.backtests;
    this.#charts = parts.charts;
  }

  sources(): Promise<readonly SourceReport[]> {
    return Promise.all([...this.#sources.values()].map(sourceReport));
  }

  /** @throws UserError for an unknown symbol or source, or an interval that it does not have */
  async inspect({
    symbol,
    source: name,
    interval = '1d',
  }: {
    readonly symbol: string;
    readonly source?: string;
    readonly interval?: Interval;
  }): Promise<DataInspection> {
    const source = await this.#backtests.source({
      symbols: [symbol],
      ...(name !== undefined && { source: name }),
    });
    const bars = await barsOf(source, symbol, interval);
    const counts = [];
    for (const each of source.remote?.intervals ?? intervals) {
      if (source.remote && each !== interval) {
        counts.push({ interval: each, bars: null });
        continue;
      }
      const counted = each === interval ? bars : await barsIfAny(source, symbol, each);
      if (counted) counts.push({ interval: each, bars: counted.time.length });
    }
    const market = await source.market?.(symbol);
    return {
      symbol: bars.symbol,
      source: source.name,
      interval,
      inspection: inspectBars(bars),
      counts,
      market,
    };
  }

  /** @throws UserError for an unknown symbol or source, or an interval that one of them does not have */
  async compare({
    symbol,
    one,
    other,
    interval = '1d',
  }: {
    readonly symbol: string;
    readonly one: string;
    readonly other: string;
    readonly interval?: Interval;
  }): Promise<ComparedSources> {
    const [first, second] = [this.#named(one), this.#named(other)];
    if (first === second) throw new UserError('These are the same source. Name two.');
    const bars = await barsOf(first, symbol, interval);
    const others = await barsOf(second, symbol, interval);
    const sources = [first.name, second.name] as const;
    const comparison = compareBars(bars, others);
    return {
      symbol: bars.symbol,
      interval,
      sources,
      periods: [stretchOf(bars), stretchOf(others)],
      comparison,
      file: comparisonCsv(bars.symbol, sources, [bars, others], comparison),
    };
  }

  /** What a file would bring into a source. @throws UserError when it has no such files, or this one is wrong */
  previewImport(source: string, file: BarsFile): Promise<IntakePreview> {
    return this.#intake(source).check(file);
  }

  /** @throws UserError as `previewImport` */
  import(source: string, file: BarsFile): Promise<IntakePreview> {
    return this.#intake(source).take(file);
  }

  /** Those whose bars are kept in the store. */
  keeping(): readonly string[] {
    return [...this.#sources.values()].filter(({ library }) => library).map(({ name }) => name);
  }

  /**
   * Drops what is kept of a symbol, or of the whole source, so that it is fetched anew. Returns how many series there were.
   * @throws UserError when the source keeps nothing, or not this symbol
   */
  async forget(name: string, symbol?: string): Promise<number> {
    const { library } = this.#named(name);
    if (!library)
      throw new UserError(`Source ${name} keeps no bars: each request is answered by the source itself.`);
    const count = await library.forget(symbol);
    if (count > 0 || symbol === undefined) return count;
    throw new UserError(
      `Source ${name} keeps nothing of ${symbol}. Symbols are spelled as the source spells them.`,
    );
  }

  /** Those into which files can be sent. */
  importable(): readonly string[] {
    return [...this.#sources.values()].filter(({ intake }) => intake).map(({ name }) => name);
  }

  /** @throws UserError for an unknown symbol, source or indicator, or a period without bars */
  async chart(query: ChartQuery): Promise<MarketChart> {
    const { symbols, period, source: name, interval = '1d', indicators } = query;
    const asked = Object.keys(indicators).length > 0;
    if (asked && symbols.length > 1) {
      throw new UserError('Indicators are drawn for one symbol at a time. Name one, or leave them out.');
    }
    const source = await this.#backtests.source({ symbols, ...(name !== undefined && { source: name }) });
    const newest = await Promise.all(symbols.map((symbol) => source.lastPrice(symbol)));
    const last = new Date(Math.max(...newest.map(({ at }) => at.getTime())));
    const start = period === 'max' ? undefined : startOf(period, last, interval);
    const before = warmUpMs(indicators, interval);
    const all = await source.bars({
      symbols,
      interval,
      adjusted: true,
      unfinished: true,
      ...(start && { from: new Date(start.getTime() - before) }),
    });
    const plots = all[0] && asked ? chartIndicators(all[0], indicators) : [];
    const shown = all.map((bars) => sliceBars(bars, firstShown(bars, start, period), bars.time.length));
    const [first] = shown;
    const cut = (all[0]?.time.length ?? 0) - (first?.time.length ?? 0);
    const file = await this.#charts.priceChart(
      shown,
      plots.map((plot) => ({ ...plot, lines: plot.lines.map((line) => line.subarray(cut)) })),
    );
    return {
      symbols: shown.map(({ symbol }) => symbol),
      source: source.name,
      interval,
      bars: first?.time.length ?? 0,
      first: Math.min(...shown.map(({ time }) => time[0] ?? Number.POSITIVE_INFINITY)),
      last: Math.max(...shown.map(({ time }) => time.at(-1) ?? Number.NEGATIVE_INFINITY)),
      file,
    };
  }

  #named(name: string): Source {
    const source = this.#sources.get(name);
    if (source) return source;
    throw new UserError(`There is no source "${name}". There are: ${[...this.#sources.keys()].join(', ')}.`);
  }

  #intake(name: string) {
    const { intake } = this.#named(name);
    if (intake) return intake;
    const able = this.importable().join(', ');
    throw new UserError(
      `Source ${name} takes no files. ${able === '' ? 'Add a source of the type csv in desk.yaml.' : `These do: ${able}.`}`,
    );
  }
}

async function sourceReport(source: Source): Promise<SourceReport> {
  const { name, timezone } = source;
  const takesFiles = source.intake !== undefined;
  const kept = source.library ? await source.library.size() : null;
  if (source.remote?.listsSymbols === false) {
    return { name, timezone, symbols: null, more: false, some: [], takesFiles, kept, problem: '' };
  }
  try {
    const found = await source.symbols('', mostCounted);
    const some = found.slice(0, someSymbols).map(({ symbol }) => symbol);
    return {
      name,
      timezone,
      symbols: found.length,
      more: found.length === mostCounted,
      some,
      takesFiles,
      kept,
      problem: '',
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, timezone, symbols: 0, more: false, some: [], takesFiles, kept, problem: error.message };
  }
}

async function barsOf(source: Source, symbol: string, interval: Interval): Promise<Bars> {
  const [bars] = await source.bars({ symbols: [symbol], interval, adjusted: false });
  if (bars && bars.time.length > 0) return bars;
  throw new UserError(`Source ${source.name} has no bars of ${symbol}.`);
}

/** Undefined for an interval that the source does not have. */
async function barsIfAny(source: Source, symbol: string, interval: Interval): Promise<Bars | undefined> {
  try {
    return await barsOf(source, symbol, interval);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function stretchOf({ time }: Bars): Stretch {
  return { bars: time.length, first: time[0] ?? Number.NaN, last: time.at(-1) ?? Number.NaN };
}

function startOf(period: Exclude<Period, 'max'> | undefined, last: Date, interval: Interval): Date {
  if (period) return startOfPeriod(period, last);
  return new Date(last.getTime() - usualBars * calendarMs[interval]);
}

function firstShown({ time }: Bars, start: Date | undefined, period: Period | undefined): number {
  if (period === undefined) return Math.max(0, time.length - usualBars);
  const index = start ? time.findIndex((moment) => moment >= start.getTime()) : 0;
  return index < 0 ? time.length : index;
}

/** Bars before the first that is shown, so that indicators are what they were at the time. */
function warmUpMs(indicators: Readonly<Record<string, string>>, interval: Interval): number {
  const numbers = Object.values(indicators).flatMap((text) => text.split(',').map(Number));
  const longest = Math.max(50, ...numbers.filter((number) => Number.isFinite(number)));
  const bars = Object.keys(indicators).length === 0 ? 0 : 4 * Math.min(longest, 2_000);
  return bars * calendarMs[interval];
}
