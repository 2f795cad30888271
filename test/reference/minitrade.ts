/** A case of Minitrade against the engine's answer. */
import {
  Backtest,
  type BacktestOptions,
  type BacktestResult,
  type Bars,
  type OrderRecord,
  type Params,
  type StrategyClass,
} from '../../engine/backtest/index.ts';
import { UserError } from '../../engine/errors.ts';
import { barsOf, type Cell, optionsOf, paramsOf, type ReferenceCase, type Table } from './cases.ts';
import { Comparison, sorted } from './comparison.ts';

export interface MinitradeCase extends ReferenceCase {
  /** signalTime, ticker, side, size: what waited after each bar. */
  readonly orders: Table;
  /** bar, event, ticker, size, price */
  readonly fills: Table;
  /** bar, value of each symbol, Cash */
  readonly allocation: Table;
  readonly finalPositions: Readonly<Record<string, number>> | null;
  readonly tradeStartBar: number;
  /** When the peer aborts. */
  readonly error?: string;
}

export interface MinitradeRun {
  readonly bars: readonly Bars[];
  readonly Strategy: StrategyClass;
  readonly params: Params;
  readonly options: BacktestOptions;
}

/** What differs, in words. */
export function differencesOf(
  reference: MinitradeCase,
  Strategy: StrategyClass,
  dataFolder: string,
): string[] {
  const run: MinitradeRun = {
    bars: barsOf(reference.data, dataFolder),
    Strategy,
    params: paramsOf(Strategy, reference.strategy.params),
    options: optionsOf(reference.backtest),
  };
  if (reference.error !== undefined) return abortDifferences(run, reference.error, reference.fills);
  const result = runMinitrade(run);
  const comparison = new Comparison(result, true);
  comparison.statistics('stats', reference.stats, result.statistics);
  comparison.table('trades', inOrderOfExit(reference.trades), inOrderOfExit(tradeRows(result, comparison)));
  comparison.equity(reference.equity);
  comparison.table('orders', sorted(reference.orders), sorted(orderRows(result, comparison)));
  comparison.table('fills', sorted(reference.fills), sorted(fillRows(result)));
  comparison.table('allocation', reference.allocation, allocationRows(result, reference.allocation));
  comparePositions(comparison, reference.finalPositions, result);
  comparison.compare('tradeStartBar', reference.tradeStartBar, result.firstBar);
  return comparison.differences;
}

export function runMinitrade({ bars, Strategy, params, options }: MinitradeRun): BacktestResult {
  return new Backtest(bars, Strategy, { ...options, semantics: 'minitrade' }).run(params);
}

/** The run must end as the peer's did: for want of the same money, after the same fills. */
export function abortDifferences(run: MinitradeRun, error: string, fills: Table | null): string[] {
  const [has, needs] = [...error.matchAll(/(?:has|needs) (\d+)/g)].map((match) => Number(match[1]));
  let message = 'nothing: the run went on to its end';
  try {
    runMinitrade(run);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    ({ message } = thrown);
  }
  const amounts = [...message.matchAll(/(?:takes|only) ([\d,]+)/g)].map((match) =>
    Number(match[1]?.replaceAll(',', '')),
  );
  const differences: string[] = [];
  if (amounts[0] !== needs || amounts[1] !== has) {
    differences.push(`error: expected "${error}", got "${message}"`);
  }
  if (fills === null) return differences;
  // The same run goes on when such orders are dropped; its first fills are those until the abort.
  const result = runMinitrade({ ...run, options: { ...run.options, failFast: false } });
  const comparison = new Comparison(result, true);
  const own = fillRows(result);
  comparison.table('fills', fills, { ...own, rows: own.rows.slice(0, fills.rows.length) });
  return [...differences, ...comparison.differences];
}

export function tradeRows({ trades, time }: BacktestResult, comparison: Comparison): Table {
  return {
    columns: [
      ...['Ticker', 'Size', 'EntryBar', 'ExitBar', 'EntryPrice', 'ExitPrice', 'PnL', 'ReturnPct'],
      ...['EntryTime', 'ExitTime', 'Duration', 'Tag'],
    ],
    rows: trades.map((trade) => [
      ...[trade.symbol, trade.size, trade.entryBar, trade.exitBar, trade.entryPrice, trade.exitPrice],
      ...[trade.pnl, trade.returnFraction, comparison.time(trade.entryBar), comparison.time(trade.exitBar)],
      comparison.days((time[trade.exitBar ?? 0] ?? Number.NaN) - (time[trade.entryBar] ?? Number.NaN)),
      trade.tag,
    ]),
  };
}

/** Within a bar the peer closes in no certain order. */
export function inOrderOfExit({ columns, rows }: Table): Table {
  const keys = ['ExitBar', 'Ticker', 'EntryBar', 'Size'].map((name) => columns.indexOf(name));
  const compare = (a: Cell | undefined, b: Cell | undefined) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : Number(a !== b);
  return {
    columns,
    rows: rows.toSorted((a, b) => keys.map((key) => compare(a[key], b[key])).find((sign) => sign !== 0) ?? 0),
  };
}

/** What waited after each bar, once for every bar that it waited; with the units that it came to. */
export function orderRows(
  { orders, fills, firstBar, time, statistics }: BacktestResult,
  comparison: Comparison,
): Table {
  const units = new Map<OrderRecord, number>();
  for (const fill of fills) {
    if (fill.order !== null) units.set(fill.order, (units.get(fill.order) ?? 0) + fill.units);
  }
  // A bankrupt account is not looked at any more.
  const end = statistics.equityFinal > 0 ? time.length : (orders.at(-1)?.doneBar ?? 0);
  const rows: Cell[][] = [];
  for (const order of orders) {
    const { symbol, signalBar, doneBar, side, size } = order;
    const asked = side === 'buy' ? size : -size;
    const row = [
      comparison.time(signalBar),
      symbol,
      side === 'buy' ? 'Buy' : 'Sell',
      units.get(order) ?? Math.trunc(asked),
    ];
    const last = Math.min(doneBar ?? end, end);
    for (let bar = Math.max(signalBar, firstBar); bar < last; bar++) rows.push(row);
  }
  return { columns: ['signalTime', 'ticker', 'side', 'size'], rows };
}

function fillRows({ fills }: BacktestResult): Table {
  return {
    columns: ['bar', 'event', 'ticker', 'size', 'price'],
    rows: fills.map(({ bar, effect, symbol, units, price }) => [bar, effect, symbol, units, price]),
  };
}

function allocationRows({ symbols, allocation }: BacktestResult, { rows }: Table): Table {
  return {
    columns: ['bar', ...symbols, 'Cash'],
    rows: rows.map(([bar]) => {
      const at = Number(bar);
      const values = allocation.values.map((column) => column[at] ?? null);
      return [at, ...values, allocation.available[at] ?? null];
    }),
  };
}

export function comparePositions(
  comparison: Comparison,
  expected: Readonly<Record<string, number>> | null,
  { positions, allocation }: BacktestResult,
): void {
  if (expected === null) return;
  const { Cash: cash = 0, ...units } = expected;
  comparison.compare('positions: Cash', cash, Math.trunc(allocation.available.at(-1) ?? Number.NaN));
  for (const [symbol, size] of Object.entries(units)) {
    const own = positions.find((position) => position.symbol === symbol)?.units ?? null;
    comparison.compare(`positions: ${symbol}`, size, own);
  }
}
