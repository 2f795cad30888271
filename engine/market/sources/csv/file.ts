/**
 * One CSV file of bars, read strictly: what is wrong is said with the file's line numbers, and nothing is
 * repaired in silence. Separators comma, semicolon or tab; the common spellings of headers and dates; either one
 * symbol per file, or a long file with a symbol column.
 */
import Papa from 'papaparse';
import { UserError } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import type { Bars, Interval } from '../../bars.ts';
import { instantOf, wallClockOf } from '../../wall-clock.ts';
import { readDates, type WrittenTime } from './dates.ts';

const dayMs = 86_400_000;
const priceColumns = ['open', 'high', 'low', 'close'] as const;
type Column = 'date' | 'clock' | 'symbol' | (typeof priceColumns)[number] | 'adjusted' | 'volume';

const spellings: Readonly<Record<string, Column>> = {
  '': 'date',
  date: 'date',
  datetime: 'date',
  timestamp: 'date',
  time: 'date',
  index: 'date',
  day: 'date',
  unix: 'date',
  unixtime: 'date',
  opentime: 'date',
  open: 'open',
  o: 'open',
  high: 'high',
  h: 'high',
  low: 'low',
  l: 'low',
  close: 'close',
  c: 'close',
  closelast: 'close',
  last: 'close',
  price: 'close',
  adjclose: 'adjusted',
  adjustedclose: 'adjusted',
  closeadj: 'adjusted',
  volume: 'volume',
  vol: 'volume',
  v: 'volume',
  tickvol: 'volume',
  symbol: 'symbol',
  ticker: 'symbol',
};

const shortIntervals: ReadonlyMap<number, Interval> = new Map([
  [1, '1m'],
  [5, '5m'],
  [15, '15m'],
  [30, '30m'],
  [60, '1h'],
  [240, '4h'],
]);

export interface CsvBars extends Bars {
  /** Close adjusted for splits and dividends, where the file has such a column. */
  readonly adjustedClose: Float64Array | null;
}

/** How to read a file: its name for messages, the zone of times without an offset, and where warnings go. */
export interface ReadOptions {
  readonly label: string;
  readonly timezone: string;
  /** The symbol of a file that has no symbol column. */
  readonly symbol: string;
  readonly log: Logger;
}

/**
 * The bars in a CSV text, one entry per symbol.
 * @throws UserError naming file and lines: missing columns, rows with gaps, values that are no prices, double or unreadable dates
 */
export function readCsv(text: string, { label, timezone, symbol, log }: ReadOptions): CsvBars[] {
  const parsed = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimitersToGuess: [',', ';', '\t'],
    skipEmptyLines: false,
  });
  const separator = parsed.meta.delimiter;
  const lines = parsed.data
    .map((cells, index) => ({ line: index + 1, cells: cells.map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const header = lines[0];
  if (header === undefined) throw new UserError(`${label} is empty.`);
  const columns = columnsOf(header.cells, label);
  const rows = lines.slice(1);
  if (rows.length === 0) throw new UserError(`${label} has a header but no bars.`);
  const problems = new Problems(label);
  problems.check(rows, ({ cells }) =>
    cells.length < header.cells.length ? `${cells.length} of ${header.cells.length} columns` : undefined,
  );
  problems.report();

  const dates = readDates(rows.map(({ cells }) => dateCell(cells, columns)));
  if ('problem' in dates) {
    throw new UserError(`${label} line ${rows[dates.row]?.line ?? 1} ${dates.problem}.`);
  }
  const decimalComma = separator === ';' && usesDecimalComma(rows, columns);
  const records = rows.map(({ line, cells }, index) => {
    const figure = (column: Column) => numberOf(cells[columns.get(column) ?? -1], decimalComma);
    return {
      line,
      written: dates.times[index] ?? { wallClock: Number.NaN, instant: null },
      symbol: columns.has('symbol') ? (cells[columns.get('symbol') ?? -1] ?? '') : symbol,
      open: figure('open'),
      high: figure('high'),
      low: figure('low'),
      close: figure('close'),
      volume: figure('volume'),
      adjusted: figure('adjusted'),
    };
  });
  problems.check(records, (record) => priceProblem(record, columns.has('adjusted')));
  problems.report();

  const bySymbol = new Map<string, BarRecord[]>();
  for (const record of records) {
    const own = bySymbol.get(record.symbol);
    if (own === undefined) bySymbol.set(record.symbol, [record]);
    else own.push(record);
  }
  return [...bySymbol].map(([name, own]) => barsOf(name, own, { label, timezone, log, columns }));
}

/** Whether the header has a symbol column. */
export function hasSymbolColumn(text: string): boolean {
  const firstLine = text.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? '';
  const cells = firstLine.split(/[,;\t]/).map((cell) => spellings[keyOf(cell)]);
  return cells.includes('symbol');
}

interface BarRecord {
  readonly line: number;
  readonly written: WrittenTime;
  readonly symbol: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly adjusted: number;
}

function columnsOf(header: readonly string[], label: string): ReadonlyMap<Column, number> {
  const columns = new Map<Column, number>();
  for (const [index, title] of header.entries()) {
    const key = keyOf(title);
    if (key === '' && index > 0) continue;
    const column = key === 'time' && columns.has('date') ? 'clock' : spellings[key];
    if (column !== undefined && !columns.has(column)) columns.set(column, index);
  }
  const missing = (['date', ...priceColumns] as const).filter((column) => !columns.has(column));
  if (missing.length > 0) {
    throw new UserError(
      `${label} has no column ${missing.join(', ')}. Its header is "${header.join(', ')}"; it needs date, open, high, low and close.`,
    );
  }
  return columns;
}

function keyOf(title: string): string {
  return title.toLowerCase().replace(/[^a-z]/g, '');
}

function dateCell(cells: readonly string[], columns: ReadonlyMap<Column, number>): string {
  const date = cells[columns.get('date') ?? -1] ?? '';
  const clock = columns.get('clock');
  return clock === undefined ? date : `${date} ${cells[clock] ?? ''}`;
}

type Row = { readonly line: number; readonly cells: readonly string[] };

function usesDecimalComma(rows: readonly Row[], columns: ReadonlyMap<Column, number>): boolean {
  const prices = priceColumns.map((column) => columns.get(column) ?? -1);
  return rows.some(({ cells }) => prices.some((index) => cells[index]?.includes(',')));
}

/** NaN for anything that is not wholly a number. Thousands may be grouped, and a currency sign may lead. */
function numberOf(cell: string | undefined, decimalComma: boolean): number {
  if (cell === undefined || cell === '') return Number.NaN;
  const bare = cell.replace(/^[$€£]/, '');
  const plain = decimalComma
    ? bare.replaceAll('.', '').replace(',', '.')
    : /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare)
      ? bare.replaceAll(',', '')
      : bare;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : Number.NaN;
}

function priceProblem(record: BarRecord, hasAdjusted: boolean): string | undefined {
  for (const column of priceColumns) {
    const price = record[column];
    if (!Number.isFinite(price)) return `no number for ${column}`;
    if (price <= 0) return `${column} of ${price}, prices must be above zero`;
  }
  if (record.high < record.low) return `a high of ${record.high} below the low of ${record.low}`;
  if (hasAdjusted && !(record.adjusted > 0)) return 'no price for the adjusted close';
  return record.symbol === '' ? 'no symbol' : undefined;
}

interface BuildOptions {
  readonly label: string;
  readonly timezone: string;
  readonly log: Logger;
  readonly columns: ReadonlyMap<Column, number>;
}

function barsOf(symbol: string, unsorted: readonly BarRecord[], options: BuildOptions): CsvBars {
  const { label, log, columns } = options;
  const records = sortedByTime(symbol, unsorted, options);
  const interval = intervalOf(
    records.map(({ written }) => written.wallClock),
    label,
  );
  const time = Float64Array.from(records, ({ written }) => barTime(written, interval, options.timezone));
  const problems = new Problems(label);
  problems.check(records, (_, index) => {
    const previous = records[index - 1];
    return previous !== undefined && time[index] === time[index - 1]
      ? `the same time as line ${previous.line}`
      : undefined;
  });
  problems.report();
  const outside = records.filter(
    ({ open, high, low, close }) => open > high || open < low || close > high || close < low,
  );
  if (outside.length > 0) {
    log.warn(
      { file: label, symbol, lines: outside.slice(0, 20).map(({ line }) => line) },
      `${label}: ${outside.length} bars of ${symbol} open or close outside of their high and low, first on line ${outside[0]?.line}`,
    );
  }
  return {
    symbol,
    interval,
    time,
    open: Float64Array.from(records, ({ open }) => open),
    high: Float64Array.from(records, ({ high }) => high),
    low: Float64Array.from(records, ({ low }) => low),
    close: Float64Array.from(records, ({ close }) => close),
    volume: Float64Array.from(records, ({ volume }) => volume),
    extra: {},
    adjustedClose: columns.has('adjusted') ? Float64Array.from(records, ({ adjusted }) => adjusted) : null,
  };
}

/** Newest first is a common order and is turned round; any other disorder is sorted, and logged as a warning. */
function sortedByTime(
  symbol: string,
  records: readonly BarRecord[],
  { label, log }: BuildOptions,
): readonly BarRecord[] {
  const wallClock = (index: number) => records[index]?.written.wallClock ?? Number.NaN;
  const falls = records.findIndex((_, index) => index > 0 && wallClock(index) < wallClock(index - 1));
  if (falls < 0) return records;
  const newestFirst = records.every((_, index) => index === 0 || wallClock(index) <= wallClock(index - 1));
  if (newestFirst) return records.toReversed();
  log.warn(
    { file: label, symbol, line: records[falls]?.line },
    `${label}: bars of ${symbol} are not in order of time, first on line ${records[falls]?.line}; they were sorted`,
  );
  return records.toSorted((a, b) => a.written.wallClock - b.written.wallClock);
}

/** The usual step between bars. Steps of a day and more may vary (weekends, months), so the median decides. */
function intervalOf(wallClocks: readonly number[], label: string): Interval {
  const steps = wallClocks
    .slice(1)
    .map((time, index) => time - (wallClocks[index] ?? 0))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  const median = steps[(steps.length - 1) >> 1] ?? dayMs;
  if (median >= 27 * dayMs) return '1mo';
  if (median >= 6 * dayMs) return '1w';
  if (median >= 0.9 * dayMs) return '1d';
  const interval = shortIntervals.get(median / 60_000);
  if (interval !== undefined) return interval;
  throw new UserError(
    `${label} has bars ${median / 60_000} minutes apart; bars may be ${[...shortIntervals.values()].join(', ')}, 1d, 1w or 1mo.`,
  );
}

/** A bar of a day and more is known by its session's date; a shorter one by its instant. */
function barTime({ wallClock, instant }: WrittenTime, interval: Interval, timezone: string): number {
  const daily = interval === '1d' || interval === '1w' || interval === '1mo';
  if (!daily) return instant ?? instantOf(wallClock, timezone);
  const isEpoch = instant !== null && instant === wallClock;
  const sessionClock = isEpoch && instant % dayMs !== 0 ? wallClockOf(instant, timezone) : wallClock;
  return Math.floor(sessionClock / dayMs) * dayMs;
}

/** Collects what is wrong with rows, and reports all of one check in a single line. */
class Problems {
  readonly #label: string;
  readonly #found: { line: number; problem: string }[] = [];

  constructor(label: string) {
    this.#label = label;
  }

  check<R extends { readonly line: number }>(
    rows: readonly R[],
    problemOf: (row: R, index: number) => string | undefined,
  ): void {
    for (const [index, row] of rows.entries()) {
      const problem = problemOf(row, index);
      if (problem !== undefined) this.#found.push({ line: row.line, problem });
    }
  }

  report(): void {
    const first = this.#found[0];
    if (first === undefined) return;
    const others = this.#found.slice(1, 6).map(({ line }) => line);
    const hidden = this.#found.length - 1 - others.length;
    const more =
      others.length === 0
        ? ''
        : ` Also wrong: line ${others.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}.`;
    throw new UserError(`${this.#label} line ${first.line} has ${first.problem}.${more}`);
  }
}
