/**
 * Runs the engine over a folder of reference cases (outcomes of Backtesting.py 0.6.6), and says case by case what
 * differs: integers, bars and times exactly, money and statistics to 1e-9 relative (1e-6 absolute near 0).
 *
 *     node --import tsx test/reference/run-cases.ts CASES_FOLDER DATA_FOLDER
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  Backtest,
  type BacktestOptions,
  type BacktestResult,
  type Bars,
  type Commission,
  type Params,
  recomputeStatistics,
  type Statistics,
} from '../../engine/backtest/index.ts';
import { silentLog } from '../../engine/log.ts';
import { sliceBars } from '../../engine/market/bars.ts';
import { readCsv } from '../../engine/market/sources/csv/file.ts';
import { strategies } from './strategies/index.ts';

export interface CaseOutcome {
  readonly name: string;
  /** Why the case was not run; null where it was. */
  readonly leftOut: string | null;
  readonly differences: readonly string[];
}

type Cell = string | number | boolean | null;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

interface CommissionCase {
  readonly type: string;
  readonly rate: number;
  readonly min: number;
  readonly threshold: number;
  readonly below: number;
  readonly above: number;
}

export interface ReferenceCase {
  readonly name: string;
  readonly peer: string;
  readonly kind?: string;
  readonly quirks?: readonly string[];
  readonly data: {
    readonly file: string;
    readonly from?: number;
    readonly to?: number;
    readonly index?: string;
  };
  readonly strategy: { readonly id: string; readonly params: Readonly<Record<string, unknown>> };
  readonly backtest: Readonly<Record<string, unknown>>;
  readonly optimize?: unknown;
  readonly stats: Readonly<Record<string, Cell>>;
  readonly trades: Table;
  readonly equity: {
    readonly n: number;
    readonly rows: readonly Cell[][];
    readonly [figure: string]: unknown;
  };
  readonly openTrades: Table;
  readonly openOrders: Table;
  readonly rejectedOrders: readonly { readonly bar: number; readonly relative: boolean }[];
  readonly warnings: Readonly<Record<string, number>>;
  readonly recompute?: {
    readonly trades: 'all' | 'long' | 'short';
    readonly riskFreeRate: number;
    readonly stats: Readonly<Record<string, Cell>>;
  };
}

const dayMs = 86_400_000;

const quirks: Readonly<Record<string, string>> = {
  'exclusive-cancels-every-other': 'rests on the peer cancelling only every other order',
  'bankrupt-leaves-every-other-trade-open':
    'rests on the peer closing only every other trade of a bankrupt account',
};

/** Reads a case, plain or gzipped. */
export function readCase(file: string): ReferenceCase {
  const bytes = readFileSync(file);
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as ReferenceCase;
}

/** The case files of a folder, in order of names. */
export function caseFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((entry) => /\.json(\.gz)?$/.test(entry))
    .sort()
    .map((entry) => path.join(folder, entry));
}

/** Runs one case. */
export function runCase(reference: ReferenceCase, dataFolder: string): CaseOutcome {
  const { name } = reference;
  const leftOut = reasonToLeaveOut(reference);
  if (leftOut !== null) return { name, leftOut, differences: [] };
  const Strategy = strategies[reference.strategy.id];
  if (Strategy === undefined) throw new Error(`${name}: no strategy ${reference.strategy.id}`);
  const bars = barsOf(reference, dataFolder);
  const params = paramsOf(reference.strategy.params);
  const result = new Backtest(bars, Strategy, optionsOf(reference.backtest)).run(params);
  const hasTimes = reference.data.index !== 'range';
  return { name, leftOut, differences: new Comparison(reference, result, hasTimes).differences };
}

function reasonToLeaveOut({ peer, quirks: named = [], strategy, backtest, optimize, kind }: ReferenceCase) {
  for (const quirk of named) return quirks[quirk] ?? `rests on a quirk of the peer: ${quirk}`;
  if (kind === 'functions') return 'is a table of functions';
  if (peer !== 'backtesting.py') return `needs the semantics of ${peer}`;
  if (optimize !== undefined) return 'needs optimize()';
  if (backtest['fractionalUnit'] !== undefined) return 'needs fractional units';
  return strategies[strategy.id] === undefined ? `needs the strategy ${strategy.id}` : null;
}

function barsOf({ data }: ReferenceCase, folder: string): Bars {
  const text = readFileSync(path.join(folder, data.file), 'utf8');
  const [all] = readCsv(text, {
    label: data.file,
    timezone: 'UTC',
    symbol: path.parse(data.file).name,
    log: silentLog,
  });
  if (all === undefined) throw new Error(`${data.file} has no bars`);
  const bars = sliceBars(all, data.from ?? 0, data.to ?? all.time.length);
  return data.index === 'range' ? { ...bars, time: bars.time.map((_, index) => index) } : bars;
}

/** Null stands for the strategy's own default; a script goes over as text. */
function paramsOf(params: Readonly<Record<string, unknown>>): Params {
  const given = Object.entries(params).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]),
  ) as Params;
}

function optionsOf(given: Readonly<Record<string, unknown>>): BacktestOptions {
  const names: Readonly<Record<string, keyof BacktestOptions>> = {
    cash: 'cash',
    spread: 'spread',
    margin: 'margin',
    trade_on_close: 'tradeOnClose',
    hedging: 'hedging',
    exclusive_orders: 'exclusiveOrders',
    finalize_trades: 'finalizeTrades',
  };
  const { commission, ...rest } = given;
  const options = Object.entries(rest).map(([name, value]) => {
    const own = names[name];
    if (own === undefined) throw new Error(`the option ${name} of a case is not known`);
    return [own, value];
  });
  if (commission !== undefined) options.push(['commission', commissionOf(commission)]);
  return Object.fromEntries(options);
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

/** One case against the engine's answer. */
class Comparison {
  readonly differences: string[] = [];
  readonly #result: BacktestResult;
  readonly #hasTimes: boolean;

  constructor(reference: ReferenceCase, result: BacktestResult, hasTimes: boolean) {
    this.#result = result;
    this.#hasTimes = hasTimes;
    this.#statistics('stats', reference.stats, result.statistics);
    this.#table('trades', reference.trades, tradeRows(result, this.#time, this.#days));
    this.#equity(reference);
    this.#table('openTrades', reference.openTrades, openTradeRows(result));
    this.#table('openOrders', sorted(reference.openOrders), sorted(openOrderRows(result)));
    this.#rejections(reference);
    const { recompute } = reference;
    if (recompute !== undefined) {
      const wanted = (size: number) => (recompute.trades === 'long' ? size > 0 : size < 0);
      const trades =
        recompute.trades === 'all' ? result.trades : result.trades.filter(({ size }) => wanted(size));
      const again = recomputeStatistics(result, trades, recompute.riskFreeRate);
      this.#statistics('recompute', recompute.stats, again);
    }
  }

  readonly #time = (bar: number | null): Cell => {
    const time = bar === null ? undefined : this.#result.time[bar];
    if (time === undefined) return null;
    return this.#hasTimes ? new Date(time).toISOString().slice(0, 19) : time;
  };

  readonly #days = (durationMs: number): number => (this.#hasTimes ? durationMs / dayMs : durationMs);

  #statistics(where: string, expected: Readonly<Record<string, Cell>>, own: Statistics): void {
    const rows = statisticRows(own, this.#hasTimes, this.#days);
    for (const [name, value] of Object.entries(expected)) {
      if (!rows.has(name)) this.differences.push(`${where}: ${name} is missing`);
      else this.#compare(`${where}: ${name}`, value, rows.get(name) ?? null);
    }
    if (!('Commissions [$]' in expected)) this.#compare(`${where}: commissions`, 0, own.commissions);
  }

  #equity({ equity }: ReferenceCase): void {
    const own = this.#result.equity;
    this.#compare('equity: bars', equity.n, own.length);
    this.#compare(
      'equity: sum',
      equity['sum'] as Cell,
      own.reduce((a, b) => a + b, 0),
    );
    this.#compare(
      'equity: min',
      equity['min'] as Cell,
      own.reduce((a, b) => Math.min(a, b)),
    );
    this.#compare(
      'equity: max',
      equity['max'] as Cell,
      own.reduce((a, b) => Math.max(a, b)),
    );
    for (const [bar, time, value, drawdown] of equity.rows) {
      const at = Number(bar);
      this.#compare(`equity: time of bar ${bar}`, time ?? null, this.#time(at));
      this.#compare(`equity: bar ${bar}`, value ?? null, own[at] ?? null);
      this.#compare(`equity: drawdown at bar ${bar}`, drawdown ?? null, this.#result.drawdown[at] ?? null);
    }
  }

  #rejections({ rejectedOrders, warnings }: ReferenceCase): void {
    const own = this.#result.orders
      .filter(({ outcome }) => outcome === 'rejected')
      .toSorted((a, b) => (a.doneBar ?? 0) - (b.doneBar ?? 0))
      .map(({ doneBar, size }) => ({ bar: doneBar, relative: size < 1 }));
    const text = (list: readonly object[]) => JSON.stringify(list);
    if (text(own) !== text(rejectedOrders)) {
      this.differences.push(`rejectedOrders: expected ${text(rejectedOrders)}, got ${text(own)}`);
    }
    const said = this.#result.warnings
      .map((line) => /^(\d+) times a stop loss/.exec(line)?.[1])
      .find(Boolean);
    this.#compare('warnings: contingent-same-bar', warnings['contingent-same-bar'] ?? 0, Number(said ?? 0));
  }

  #table(where: string, expected: Table, own: Table): void {
    if (expected.rows.length !== own.rows.length) {
      this.differences.push(`${where}: expected ${expected.rows.length} rows, got ${own.rows.length}`);
    }
    for (const [index, row] of expected.rows.entries()) {
      const ownRow = own.rows[index];
      if (ownRow === undefined) break;
      for (const [column, name] of expected.columns.entries()) {
        this.#compare(
          `${where}[${index}].${name}`,
          row[column] ?? null,
          ownRow[own.columns.indexOf(name)] ?? null,
        );
      }
    }
  }

  #compare(where: string, expected: Cell, own: Cell): void {
    const [a, b] = [asNumber(expected), asNumber(own)];
    const same = typeof a === 'number' && typeof b === 'number' ? isClose(a, b) : a === b;
    if (!same) this.differences.push(`${where}: expected ${expected}, got ${own}`);
  }
}

function asNumber(cell: Cell): Cell {
  if (cell === 'Infinity') return Number.POSITIVE_INFINITY;
  if (cell === '-Infinity') return Number.NEGATIVE_INFINITY;
  return typeof cell === 'number' && Number.isNaN(cell) ? null : cell;
}

function isClose(expected: number, own: number): boolean {
  if (expected === own) return true;
  if (Number.isInteger(expected) && Number.isInteger(own)) return false;
  const distance = Math.abs(expected - own);
  return distance <= 1e-9 * Math.abs(expected) || (Math.abs(expected) < 1e-3 && distance <= 1e-6 * 1e-3);
}

function statisticRows(
  own: Statistics,
  hasTimes: boolean,
  days: (durationMs: number) => number,
): ReadonlyMap<string, Cell> {
  const time = (at: number): Cell => (hasTimes ? new Date(at).toISOString().slice(0, 19) : at);
  return new Map<string, Cell>([
    ['Start', time(own.start)],
    ['End', time(own.end)],
    ['Duration', days(own.durationMs)],
    ['Exposure Time [%]', own.exposureTimePct],
    ['Equity Final [$]', own.equityFinal],
    ['Equity Peak [$]', own.equityPeak],
    ['Commissions [$]', own.commissions],
    ['Return [%]', own.returnPct],
    ['Buy & Hold Return [%]', own.buyAndHoldReturnPct],
    ['Return (Ann.) [%]', own.returnAnnualPct],
    ['Volatility (Ann.) [%]', own.volatilityAnnualPct],
    ['CAGR [%]', own.cagrPct],
    ['Sharpe Ratio', own.sharpeRatio],
    ['Sortino Ratio', own.sortinoRatio],
    ['Calmar Ratio', own.calmarRatio],
    ['Alpha [%]', own.alphaPct],
    ['Beta', own.beta],
    ['Max. Drawdown [%]', own.maxDrawdownPct],
    ['Avg. Drawdown [%]', own.avgDrawdownPct],
    ['Max. Drawdown Duration', days(own.maxDrawdownDurationMs)],
    ['Avg. Drawdown Duration', days(own.avgDrawdownDurationMs)],
    ['# Trades', own.trades],
    ['Win Rate [%]', own.winRatePct],
    ['Best Trade [%]', own.bestTradePct],
    ['Worst Trade [%]', own.worstTradePct],
    ['Avg. Trade [%]', own.avgTradePct],
    ['Max. Trade Duration', days(own.maxTradeDurationMs)],
    ['Avg. Trade Duration', days(own.avgTradeDurationMs)],
    ['Profit Factor', own.profitFactor],
    ['Expectancy [%]', own.expectancyPct],
    ['SQN', own.sqn],
    ['Kelly Criterion', own.kellyCriterion],
  ]);
}

function tradeRows(
  { trades, time }: BacktestResult,
  timeText: (bar: number | null) => Cell,
  days: (durationMs: number) => number,
): Table {
  return {
    columns: [
      ...[
        'Size',
        'EntryBar',
        'ExitBar',
        'EntryPrice',
        'ExitPrice',
        'SL',
        'TP',
        'PnL',
        'Commission',
        'ReturnPct',
      ],
      ...['EntryTime', 'ExitTime', 'Duration', 'Tag'],
    ],
    rows: trades.map((trade) => [
      trade.size,
      trade.entryBar,
      trade.exitBar,
      trade.entryPrice,
      trade.exitPrice,
      trade.stopLoss,
      trade.takeProfit,
      trade.pnl,
      trade.commission,
      trade.returnFraction,
      timeText(trade.entryBar),
      timeText(trade.exitBar),
      days((time[trade.exitBar ?? 0] ?? Number.NaN) - (time[trade.entryBar] ?? Number.NaN)),
      trade.tag,
    ]),
  };
}

function openTradeRows({ openTrades }: BacktestResult): Table {
  return {
    columns: ['size', 'entryBar', 'entryPrice', 'sl', 'tp', 'tag'],
    rows: openTrades.map(({ size, entryBar, entryPrice, stopLoss, takeProfit, tag }) => [
      ...[size, entryBar, entryPrice, stopLoss, takeProfit],
      tag,
    ]),
  };
}

function openOrderRows({ orders }: BacktestResult): Table {
  return {
    columns: ['size', 'limit', 'stop', 'sl', 'tp', 'closesTrade'],
    rows: orders
      .filter(({ outcome }) => outcome === 'pending')
      .map(({ side, size, limit, stop, stopLoss, takeProfit, purpose }) => [
        ...[side === 'buy' ? size : -size, limit, stop, stopLoss, takeProfit],
        purpose !== 'entry',
      ]),
  };
}

function sorted({ columns, rows }: Table): Table {
  const key = (row: readonly Cell[]) => JSON.stringify(row);
  return { columns, rows: rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

function main([folder, dataFolder]: readonly string[]): void {
  if (folder === undefined || dataFolder === undefined) {
    throw new Error('say the folder of the cases and the folder of their data');
  }
  let equal = 0;
  let different = 0;
  const leftOut: string[] = [];
  for (const file of caseFiles(folder)) {
    const { name, leftOut: reason, differences } = runCase(readCase(file), dataFolder);
    if (reason !== null) leftOut.push(`${name}: ${reason}`);
    else if (differences.length === 0) equal++;
    else {
      different++;
      console.log(`${name}: ${differences.length} differences`);
      for (const line of differences.slice(0, 5)) console.log(`    ${line}`);
    }
  }
  for (const line of leftOut) console.log(`left out: ${line}`);
  console.log(`${equal} equal, ${different} different, ${leftOut.length} left out`);
  process.exitCode = different > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
