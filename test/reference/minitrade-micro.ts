/** Minitrade's smallest cases: a few orders on eight bars. What each of them does stands here, by its name. */
import {
  type BacktestOptions,
  type Bars,
  Strategy,
  type StrategyClass,
  type Weights,
} from '../../engine/backtest/index.ts';
import { UserError } from '../../engine/errors.ts';
import type { Cell, Table } from './cases.ts';
import { Comparison, sorted } from './comparison.ts';
import {
  abortDifferences,
  comparePositions,
  inOrderOfExit,
  orderRows,
  runMinitrade,
  tradeRows,
} from './minitrade.ts';

export interface MicroCases {
  /** Open, high, low, close. */
  readonly data: readonly (readonly number[])[];
  readonly cases: Readonly<Record<string, MicroCase>>;
}

interface MicroCase {
  readonly trades: readonly (readonly Cell[])[];
  readonly orders: readonly (readonly Cell[])[];
  readonly equity: readonly number[];
  /** What could be spent after each bar. */
  readonly cash_col?: readonly number[];
  readonly positions: Readonly<Record<string, number>>;
  readonly error?: string;
  /** Buy & hold, and exposure time. */
  readonly bh?: number;
  readonly expo?: number;
}

interface Script {
  /** What is done on which bar. */
  readonly steps: Readonly<Record<number, (strategy: Strategy) => void>>;
  readonly options?: BacktestOptions;
}

const day = (bar: number) => Date.UTC(2024, 0, 1 + bar);
const close = (portion?: number) => (strategy: Strategy) => strategy.position.close(portion);
const buy = (request: Parameters<Strategy['buy']>[0]) => (strategy: Strategy) => {
  strategy.buy(request);
};
const sell = (request: Parameters<Strategy['sell']>[0]) => (strategy: Strategy) => {
  strategy.sell(request);
};
const stopLoss = (price: number) => (strategy: Strategy) => {
  for (const trade of strategy.trades) trade.sl = price;
};
const weigh = (weights: Weights, options?: Parameters<Strategy['rebalance']>[0]) => (strategy: Strategy) => {
  strategy.allocation.assumeZero();
  strategy.allocation.weights = weights;
  strategy.rebalance(options);
};

const halves = { A: 0.5, B: 0.5 };

const scripts: Readonly<Record<string, Script>> = {
  market_buy_all: { steps: { 0: buy({}) } },
  market_buy_10_close_bar3: { steps: { 0: buy({ size: 10 }), 3: close() } },
  toc_buy_10_close_bar3: { steps: { 0: buy({ size: 10 }), 3: close() }, options: { tradeOnClose: true } },
  commission_1pct: { steps: { 0: buy({ size: 10 }), 3: close() }, options: { commission: 0.01 } },
  commission_short: { steps: { 0: sell({ size: 10 }), 3: close() }, options: { commission: 0.01 } },
  half_equity: { steps: { 0: buy({ size: 0.5 }) } },
  margin_10x: { steps: { 0: buy({}), 3: close() }, options: { margin: 0.1 } },
  limit_buy_hit: { steps: { 0: buy({ size: 10, limit: 97 }) } },
  limit_buy_gap: { steps: { 1: buy({ size: 10, limit: 109 }) } },
  limit_never: { steps: { 0: buy({ size: 10, limit: 90 }) } },
  stop_buy: { steps: { 0: buy({ size: 10, stop: 111 }) } },
  stop_limit: { steps: { 0: buy({ size: 10, stop: 111, limit: 110 }) } },
  stop_limit_hi: { steps: { 0: buy({ size: 10, stop: 111, limit: 111.5 }) } },
  sl_hit: { steps: { 0: buy({ size: 10, sl: 97 }) } },
  tp_hit: { steps: { 0: buy({ size: 10, tp: 111 }) } },
  sl_tp_same_bar: { steps: { 2: buy({ size: 10, sl: 98, tp: 105.5 }) } },
  sl_tp_entry_bar: { steps: { 1: buy({ size: 10, sl: 104.5, tp: 111 }) } },
  stop_entry_sl_same_bar: { steps: { 1: buy({ size: 10, stop: 111, sl: 105 }) } },
  sl_gap_through: { steps: { 1: buy({ size: 10, sl: 104.2 }) } },
  short_sl_tp: { steps: { 0: sell({ size: 10, sl: 111, tp: 90 }) } },
  fifo_partial: { steps: { 0: buy({ size: 10 }), 1: buy({ size: 5 }), 3: sell({ size: 12 }) } },
  flip: { steps: { 0: buy({ size: 10 }), 3: sell({ size: 25 }) } },
  hedging: { steps: { 0: buy({ size: 10 }), 2: sell({ size: 4 }) }, options: { hedging: true } },
  exclusive: { steps: { 0: buy({ size: 10 }), 2: sell({ size: 4 }) }, options: { exclusiveOrders: true } },
  close_half_twice: { steps: { 0: buy({ size: 9 }), 2: close(0.5), 3: close(0.5) } },
  no_liquidity: { steps: { 0: buy({ size: 1000 }) } },
  no_liquidity_ff0: { steps: { 0: buy({ size: 1000 }) }, options: { failFast: false } },
  bad_sl: { steps: { 0: buy({ size: 10, sl: 103 }) } },
  bad_tp_comm: { steps: { 0: buy({ size: 10, tp: 102.5 }) }, options: { commission: 0.01 } },
  trade_sl_update: { steps: { 0: buy({ size: 10 }), 1: stopLoss(90), 2: stopLoss(97.5) } },
  cancel: {
    steps: { 0: buy({ size: 10, limit: 90 }), 1: ({ orders }) => orders[0]?.cancel() },
  },
  tsd: { steps: { 0: buy({ size: 5 }), 4: buy({ size: 5 }) }, options: { tradeStart: day(3) } },
  holding: { steps: { 4: close() }, options: { holding: { Asset: 10 }, tradeStart: day(3) } },
  short_margin_bust: { steps: { 0: sell({ size: 900 }) }, options: { margin: 0.1 } },
  last_bar_order: { steps: { 7: buy({ size: 10 }) } },
  rebal_basic: { steps: { 0: weigh(halves), 2: weigh({ B: 0.5, C: 0.5 }), 4: weigh({ A: 0.3 }) } },
  rebal_same_no_force: { steps: { 0: weigh(halves), 2: weigh(halves) } },
  rebal_same_force: { steps: { 0: weigh(halves), 2: weigh(halves, { force: true }) } },
  rebal_same_force_rtol: { steps: { 0: weigh(halves), 2: weigh(halves, { force: true, rtol: 0.05 }) } },
  rebal_lot10: { steps: { 0: weigh(halves), 2: weigh({ A: 0.2, B: 0.5 }) }, options: { lotSize: 10 } },
  rebal_reserve0_ff: { steps: { 0: weigh({ A: 1 }, { cashReserve: 0 }) } },
  rebal_reserve0_ff0: { steps: { 0: weigh({ A: 1 }, { cashReserve: 0 }) }, options: { failFast: false } },
  rebal_comm: { steps: { 0: weigh(halves), 2: weigh({ B: 0.5, C: 0.5 }) }, options: { commission: 0.002 } },
};

/** What differs, case by case. */
export function microDifferences({ data, cases }: MicroCases): { name: string; differences: string[] }[] {
  const asset = barsNamed('Asset', data);
  const three = [
    barsNamed('A', data),
    barsNamed(
      'B',
      data.map((row) => row.map((price) => 2 * price)),
    ),
    barsNamed('C', data.toReversed()),
  ];
  return Object.entries(cases).map(([name, expected]) => {
    const script = scripts[name];
    if (script === undefined) throw new Error(`it is not known what ${name} did`);
    const bars = name.startsWith('rebal') ? three : [asset];
    return { name, differences: differencesOf(expected, script, bars) };
  });
}

function differencesOf(
  expected: MicroCase,
  { steps, options = {} }: Script,
  bars: readonly Bars[],
): string[] {
  const run = { bars, Strategy: scripted(steps), params: {}, options };
  const { error } = expected;
  if (error?.startsWith('ValueError')) return refusal(error, () => runMinitrade(run));
  if (error !== undefined) return abortDifferences(run, error, null);
  const result = runMinitrade(run);
  const comparison = new Comparison(result, true);
  for (const [bar, equity] of expected.equity.entries()) {
    comparison.compare(`equity of bar ${bar}`, equity, result.equity[bar] ?? null);
  }
  for (const [bar, available] of (expected.cash_col ?? []).entries()) {
    comparison.compare(`available on bar ${bar}`, available, result.allocation.available[bar] ?? null);
  }
  comparePositions(comparison, expected.positions, result);
  if (expected.bh !== undefined) {
    comparison.compare('buy and hold', expected.bh, result.statistics.buyAndHoldReturnPct);
    comparison.compare('exposure', expected.expo ?? null, result.statistics.exposureTimePct);
  }
  compareTrades(comparison, expected, tradeRows(result, comparison));
  compareOrders(comparison, expected, orderRows(result, comparison));
  return comparison.differences;
}

/** Bars and prices; of one symbol with the return, rounded to eight places. */
function compareTrades(comparison: Comparison, { trades }: MicroCase, own: Table): void {
  const isPortfolio = typeof trades[0]?.[2] === 'string';
  const columns = isPortfolio
    ? ['EntryBar', 'ExitBar', 'Ticker', 'Size', 'EntryPrice', 'ExitPrice', 'PnL']
    : ['EntryBar', 'ExitBar', 'Size', 'EntryPrice', 'ExitPrice', 'PnL', 'ReturnPct'];
  const fraction = own.columns.indexOf('ReturnPct');
  const rounded = own.rows.map((row) =>
    row.map((cell, index) => (index === fraction ? Number(Number(cell).toFixed(8)) : cell)),
  );
  comparison.table(
    'trades',
    inOrderOfExit({ columns, rows: trades }),
    inOrderOfExit({ ...own, rows: rounded }),
  );
}

/** Day and units, and the symbol or the side. */
function compareOrders(comparison: Comparison, { orders }: MicroCase, own: Table): void {
  const isPortfolio = orders[0]?.[1] === 'A' || orders[0]?.[1] === 'B';
  const rows = own.rows.map(([time, symbol, side, size]): Cell[] => {
    const date = String(time).slice(0, 10);
    return isPortfolio ? [date, symbol ?? null, size ?? null] : [date, side ?? null, Math.abs(Number(size))];
  });
  const columns = ['day', 'what', 'size'];
  const expected = orders.map(([date = null, what = null, size = null]) => [
    date,
    what,
    isPortfolio ? size : Math.abs(Number(size)),
  ]);
  comparison.table('orders', sorted({ columns, rows: expected }), sorted({ columns, rows }));
}

/** The order must be refused in words, with the prices that do not go together. */
function refusal(error: string, run: () => unknown): string[] {
  const prices = [...error.matchAll(/\d[\d.]*/g)].map(([price]) => price);
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    const { message } = thrown;
    const isSame = prices.every((price) => message.includes(String(Number(price))));
    return isSame ? [] : [`error: expected "${error}", got "${message}"`];
  }
  return [`error: expected "${error}", but the run went on`];
}

function scripted(steps: Script['steps']): StrategyClass {
  return class Scripted extends Strategy {
    init() {}
    next() {
      steps[this.data.bar]?.(this);
    }
  };
}

function barsNamed(symbol: string, data: readonly (readonly number[])[]): Bars {
  const column = (index: number) => Float64Array.from(data, (row) => row[index] ?? Number.NaN);
  return {
    symbol,
    interval: '1d',
    time: Float64Array.from(data, (_, bar) => day(bar)),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(0),
    extra: {},
  };
}
