/** The files of reference cases: what they look like, and the bars, options and parameters that they name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type {
  BacktestOptions,
  Bars,
  Commission,
  Params,
  StrategyClass,
} from '../../engine/backtest/index.ts';
import { silentLog } from '../../engine/log.ts';
import { sliceBars } from '../../engine/market/bars.ts';
import { readCsv } from '../../engine/market/sources/csv/file.ts';

export type Cell = string | number | boolean | null;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface DataCase {
  readonly file: string;
  /** Rows of the file, before anything else. */
  readonly from?: number;
  readonly to?: number;
  /** `range`: the times are replaced by 0, 1, 2, ... */
  readonly index?: string;
}

export interface EquityCase {
  readonly n: number;
  /** [bar, time, equity, drawdown] */
  readonly rows: readonly Cell[][];
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** What all cases share. */
export interface ReferenceCase {
  readonly name: string;
  readonly peer: string;
  readonly kind?: string;
  readonly quirks?: readonly string[];
  readonly data: DataCase;
  readonly strategy: { readonly id: string; readonly params: Readonly<Record<string, unknown>> };
  readonly backtest: Readonly<Record<string, unknown>>;
  readonly stats: Readonly<Record<string, Cell>>;
  readonly trades: Table;
  readonly equity: EquityCase;
}

/** Reads a case, plain or gzipped. */
export function readJson(file: string): unknown {
  return JSON.parse(textOf(file));
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** The case files of a folder, in order of names. */
export function caseFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((entry) => /\.json(\.gz)?$/.test(entry))
    .sort()
    .map((entry) => path.join(folder, entry));
}

/** The bars of all symbols of a file, plain or gzipped; a row slice counts the rows of the times. */
export function barsOf(data: DataCase, folder: string): Bars[] {
  const file = path.join(folder, data.file);
  const text = textOf(existsSync(file) ? file : `${file}.gz`);
  const symbol = path.parse(data.file).name;
  const all = readCsv(text, { label: data.file, timezone: 'UTC', symbol, log: silentLog });
  const times = [...new Set(all.flatMap(({ time }) => Array.from(time)))].sort((a, b) => a - b);
  const from = times[data.from ?? 0] ?? Number.POSITIVE_INFINITY;
  const to = times[data.to ?? times.length] ?? Number.POSITIVE_INFINITY;
  const cut = all.map((bars) => {
    const first = bars.time.findIndex((at) => at >= from);
    const end = bars.time.findIndex((at) => at >= to);
    return sliceBars(bars, first, end < 0 ? bars.time.length : end);
  });
  return data.index === 'range'
    ? cut.map((bars) => ({ ...bars, time: bars.time.map((_, index) => index) }))
    : cut;
}

/** Null stands for the strategy's own default. What the strategy takes as text, such as a script, goes over as JSON. */
export function paramsOf(
  { params: own = {} }: StrategyClass,
  params: Readonly<Record<string, unknown>>,
): Params {
  const given = Object.entries(params).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => {
      const isText = typeof own[name] === 'string' && typeof value !== 'string';
      return [name, isText ? JSON.stringify(value) : value];
    }),
  ) as Params;
}

const optionNames: Readonly<Record<string, keyof BacktestOptions>> = {
  cash: 'cash',
  spread: 'spread',
  margin: 'margin',
  trade_on_close: 'tradeOnClose',
  hedging: 'hedging',
  exclusive_orders: 'exclusiveOrders',
  finalize_trades: 'finalizeTrades',
  fail_fast: 'failFast',
  lot_size: 'lotSize',
  holding: 'holding',
  fractionalUnit: 'fractional',
};

export function optionsOf({
  commission,
  trade_start_date: start,
  ...rest
}: ReferenceCase['backtest']): BacktestOptions {
  const options = Object.entries(rest).map(([name, value]) => {
    const own = optionNames[name];
    if (own === undefined) throw new Error(`the option ${name} of a case is not known`);
    return [own, value];
  });
  if (commission !== undefined) options.push(['commission', commissionOf(commission)]);
  if (start !== undefined) options.push(['tradeStart', Date.parse(`${start}T00:00:00Z`)]);
  return Object.fromEntries(options);
}

interface CommissionCase {
  readonly type: string;
  readonly rate: number;
  readonly min: number;
  readonly threshold: number;
  readonly below: number;
  readonly above: number;
}

function commissionOf(given: unknown): Commission {
  if (typeof given === 'number' || Array.isArray(given)) return given as Commission;
  const { type, rate, min, threshold, below, above } = given as CommissionCase;
  if (type === 'perShare') return (size) => Math.max(min, Math.abs(size) * rate);
  if (type === 'tiered') {
    return (size, price) => {
      const value = Math.abs(size) * price;
      return value * (value < threshold ? below : above);
    };
  }
  throw new Error(`the commission ${type} of a case is not known`);
}
