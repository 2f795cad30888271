/** Runs of Minitrade's engine that are kept without a description: what each of them did stands here, by its name. */
import {
  type BacktestOptions,
  type Bars,
  crossover,
  type Params,
  type Series,
  SignalStrategy,
  Strategy,
  type StrategyClass,
  sma,
  TrailingStrategy,
} from '../../engine/backtest/index.ts';
import { sliceBars } from '../../engine/market/bars.ts';
import type { Portfolio } from './as-plans.ts';
import { CaseMarket } from './case-market.ts';
import { barsOf, type Cell, type Table } from './cases.ts';
import { Comparison, sorted } from './comparison.ts';
import { comparePositions, inOrderOfExit, orderRows, runMinitrade, tradeRows } from './minitrade.ts';
import { ForcedTopRoc, MonthlyPair, Rotate, TopPositiveRoc } from './strategies/portfolios.ts';

type Row = Readonly<Record<string, Cell>>;

export interface Scenario {
  readonly stats: Row;
  readonly positions: Readonly<Record<string, number>> | null;
  readonly trade_start_bar: number;
  readonly trades: readonly Row[];
  readonly orders: readonly Row[];
  /** Time, equity, value of each symbol, cash, drawdown, and its duration. */
  readonly equity_curve?: readonly (readonly Cell[])[];
}

class SmaCross extends Strategy<typeof SmaCross.params> {
  static params = { fast: 10, slow: 30 };
  fast!: Series;
  slow!: Series;

  init() {
    this.fast = this.indicator(sma, this.data.close, this.params.fast);
    this.slow = this.indicator(sma, this.data.close, this.params.slow);
  }

  next() {
    if (crossover(this.fast, this.slow)) {
      this.position.close();
      this.buy();
    } else if (crossover(this.slow, this.fast)) {
      this.position.close();
      this.sell();
    }
  }
}

/** One unit more on each close above the average, and none on a close below it. */
class CloseAgainstSma extends SignalStrategy {
  init() {
    const above = (close: Float64Array) => {
      const mean = sma(close, 10);
      return close.map((value, bar) => (value > (mean[bar] ?? Number.NaN) ? 1 : 0));
    };
    const below = (close: Float64Array) => {
      const mean = sma(close, 10);
      return close.map((value, bar) => (value < (mean[bar] ?? Number.NaN) ? 1 : 0));
    };
    this.setSignal(this.indicator(above, this.data.close), this.indicator(below, this.data.close));
  }
}

class TrailedSma extends TrailingStrategy {
  mean!: Series;

  override init() {
    this.setAtrPeriods(40);
    this.setTrailingStop(3);
    this.mean = this.indicator(sma, this.data.close, 10);
  }

  override next() {
    super.next();
    if (!this.position.isOpen && this.data.close.last > this.mean.last) this.buy();
  }
}

/** Two stop-limit entries on known days. */
class WellKnown extends Strategy {
  init() {}

  next() {
    switch (this.data.now.toISOString().slice(0, 10)) {
      case '2006-10-19':
        this.buy({ stop: 484, limit: 466, size: 100 });
        break;
      case '2007-10-30':
        this.position.close();
        break;
      case '2008-11-11':
        this.sell({ stop: this.data.low.last, limit: 324.9, size: 200 });
        break;
      default:
    }
  }
}

interface Setting {
  readonly data: 'GOOG' | 'EURUSD' | 'GOOG100' | 'thirds' | 'tiny';
  readonly Strategy: StrategyClass;
  readonly params?: Params;
  readonly options?: BacktestOptions;
}

const portfolio: BacktestOptions = { cash: 100_000, commission: 0.001 };
const fromJune = Date.UTC(2006, 5, 1);

const settings: Readonly<Record<string, Setting>> = {
  eurusd_sma_10_30: { data: 'EURUSD', Strategy: SmaCross },
  goog_sma_10_30: { data: 'GOOG', Strategy: SmaCross },
  goog_sma_10_30_excl: { data: 'GOOG', Strategy: SmaCross, options: { exclusiveOrders: true } },
  goog_sma_10_30_toc: { data: 'GOOG', Strategy: SmaCross, options: { tradeOnClose: true } },
  goog_sma_10_20_c001: {
    data: 'GOOG',
    Strategy: SmaCross,
    params: { slow: 20 },
    options: { commission: 0.001 },
  },
  goog_sma_10_20_c002: {
    data: 'GOOG',
    Strategy: SmaCross,
    params: { slow: 20 },
    options: { commission: 0.002 },
  },
  goog100_sma_c01_m1_toc: {
    data: 'GOOG100',
    Strategy: SmaCross,
    options: { cash: 1000, commission: 0.01, margin: 0.1, tradeOnClose: true },
  },
  goog_signal_nofailfast: { data: 'GOOG', Strategy: CloseAgainstSma, options: { failFast: false } },
  goog_trailing: { data: 'GOOG', Strategy: TrailedSma },
  goog_wellknown_m10: { data: 'GOOG', Strategy: WellKnown, options: { margin: 0.1 } },
  multi_monthly: { data: 'thirds', Strategy: MonthlyPair, options: portfolio },
  multi_rotate: { data: 'thirds', Strategy: Rotate, params: { startDay: 0 }, options: { cash: 100_000 } },
  multi_toproc: { data: 'thirds', Strategy: TopPositiveRoc, options: portfolio },
  multi_toproc_force: { data: 'thirds', Strategy: ForcedTopRoc, options: portfolio },
  multi_toproc_lot10: { data: 'thirds', Strategy: TopPositiveRoc, options: { ...portfolio, lotSize: 10 } },
  multi_toproc_toc: {
    data: 'thirds',
    Strategy: TopPositiveRoc,
    options: { cash: 100_000, tradeOnClose: true },
  },
  multi_toproc_tsd: {
    data: 'thirds',
    Strategy: TopPositiveRoc,
    options: { ...portfolio, tradeStart: fromJune },
  },
  multi_toproc_tsd_holding: {
    data: 'thirds',
    Strategy: TopPositiveRoc,
    options: { ...portfolio, cash: 50_000, tradeStart: fromJune, holding: { A: 100, B: 20 } },
  },
  tiny_rotate: { data: 'tiny', Strategy: Rotate, params: { startDay: 0 } },
};

/** A scenario of several symbols, to be run as a plan; undefined for any other. */
export function scenarioPortfolio(name: string, dataFolder: string): Portfolio | undefined {
  const setting = settings[name];
  if (setting?.data !== 'thirds') return undefined;
  const { data, Strategy: Class, params = {}, options = {} } = setting;
  const market = new CaseMarket(barsFor(data, dataFolder), options.tradeOnClose ?? false);
  return { market, Strategy: Class, params, options };
}

/** What differs, in words. */
export function scenarioDifferences(name: string, expected: Scenario, dataFolder: string): string[] {
  const setting = settings[name];
  if (setting === undefined) throw new Error(`it is not known what ${name} did`);
  const { data, Strategy: Class, params = {}, options = {} } = setting;
  const result = runMinitrade({ bars: barsFor(data, dataFolder), Strategy: Class, params, options });
  const comparison = new Comparison(result, true);
  comparison.statistics('stats', withDays(expected.stats), result.statistics);
  const columns = ['Ticker', 'Size', 'EntryBar', 'ExitBar', 'EntryPrice', 'ExitPrice', 'PnL', 'ReturnPct'];
  const trades = tableOf(expected.trades, [...columns, 'EntryTime', 'ExitTime', 'Tag']);
  comparison.table('trades', inOrderOfExit(trades), inOrderOfExit(tradeRows(result, comparison)));
  const orders = tableOf(expected.orders, ['SignalTime', 'Ticker', 'Side', 'Size']);
  const own = { ...orderRows(result, comparison), columns: orders.columns };
  comparison.table('orders', sorted(orders), sorted(own));
  comparePositions(comparison, expected.positions, result);
  comparison.compare('trade_start_bar', expected.trade_start_bar, result.firstBar);
  for (const [bar, [time = null, ...row]] of (expected.equity_curve ?? []).entries()) {
    comparison.compare(`equity: time of bar ${bar}`, time, comparison.time(bar));
    const { equity, allocation, drawdown } = result;
    const figures = [equity, ...allocation.values, allocation.available, drawdown];
    for (const [index, column] of figures.entries()) {
      comparison.compare(`equity[${bar}] column ${index}`, row[index] ?? null, column[bar] ?? null);
    }
  }
  return comparison.differences;
}

function barsFor(data: Setting['data'], folder: string): Bars[] {
  const all = (file: string) => barsOf({ file }, folder).map((bars) => ({ ...bars, symbol: 'Asset' }));
  switch (data) {
    case 'EURUSD':
      return all('EURUSD.csv');
    case 'GOOG':
      return all('GOOG.csv');
    case 'GOOG100':
      return all('GOOG.csv').map((bars) => sliceBars(bars, 0, 100));
    case 'thirds':
      return all('GOOG.csv').flatMap((bars) =>
        ['A', 'B', 'C'].map((symbol, third) => ({
          ...sliceBars(bars, third * 600, (third + 1) * 600),
          time: bars.time.subarray(0, 600),
          symbol,
        })),
      );
    case 'tiny':
      return tinyBars();
    default:
      return data satisfies never;
  }
}

/** Five days on which three symbols rise alike: each opens one higher than before, and closes three above its open. */
function tinyBars(): Bars[] {
  const open = Float64Array.from([1, 2, 3, 4, 5]);
  const close = open.map((price) => price + 3);
  const time = open.map((_, day) => Date.UTC(2020, 0, 1 + day));
  return ['A', 'B', 'C'].map((symbol) => ({
    symbol,
    interval: '1d',
    time,
    open,
    high: close,
    low: open,
    close,
    volume: open,
    extra: {},
  }));
}

/** Durations are written as `3116.0d`. */
function withDays(stats: Row): Row {
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => {
      const days = /^([\d.]+)d$/.exec(String(value))?.[1];
      return [name, days === undefined ? value : Number(days)];
    }),
  );
}

function tableOf(rows: readonly Row[], columns: readonly string[]): Table {
  return { columns, rows: rows.map((row) => columns.map((name) => row[name] ?? null)) };
}
