/** Bars and backtest results made of a seed: what the reports are shown in the tests. */
import type { BacktestResult, OrderRecord, Statistics, Trade } from '../../../engine/backtest/result.ts';
import type { Bars } from '../../../engine/market/bars.ts';

const dayMs = 86_400_000;

/** Numbers in [0, 1), the same ones for the same seed (a linear congruential generator: Park and Miller 1988). */
export function seeded(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

export interface SampleBars {
  readonly symbol?: string;
  readonly count?: number;
  readonly seed?: number;
  readonly start?: number;
  readonly stepMs?: number;
}

/** A random walk that is drawn back to 100, with a volume. */
export function sampleBars(options: SampleBars = {}): Bars {
  const { symbol = 'ACME', count = 60, seed = 1, start = Date.UTC(2020, 0, 1), stepMs = dayMs } = options;
  const random = seeded(seed);
  const column = () => new Float64Array(count);
  const bars = {
    time: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
  let price = 100;
  for (let bar = 0; bar < count; bar++) {
    const close = price * (1 + (random() - 0.5) * 0.04) + (100 - price) * 0.002;
    bars.time[bar] = start + bar * stepMs;
    bars.open[bar] = price;
    bars.close[bar] = close;
    bars.high[bar] = Math.max(price, close) * (1 + random() * 0.01);
    bars.low[bar] = Math.min(price, close) * (1 - random() * 0.01);
    bars.volume[bar] = Math.round(1000 + random() * 9000);
    price = close;
  }
  return { symbol, interval: '1d', extra: {}, ...bars };
}

export interface SampleRun {
  /** A trade is opened every so many bars and held for half of them; 0 for none. */
  readonly tradeEvery?: number;
  readonly overrides?: Partial<BacktestResult>;
}

/** A run that bought each symbol in equal parts now and then. All symbols have the bars of the first. */
export function sampleRun(bars: readonly Bars[], options: SampleRun = {}): BacktestResult {
  const { tradeEvery = 20, overrides = {} } = options;
  const time = bars[0]?.time ?? new Float64Array(0);
  const cash = 10_000;
  const trades = bars.flatMap((each) => sampleTrades(each, tradeEvery, cash / bars.length));
  const equity = new Float64Array(time.length).fill(cash);
  const buyAndHold = new Float64Array(time.length);
  const drawdown = new Float64Array(time.length);
  let peak = 0;
  for (let bar = 0; bar < time.length; bar++) {
    let value = cash;
    for (const trade of trades) {
      const close = bars.find(({ symbol }) => symbol === trade.symbol)?.close[bar] ?? 0;
      if (bar >= (trade.exitBar ?? time.length)) value += trade.pnl;
      else if (bar >= trade.entryBar) value += trade.size * (close - trade.entryPrice);
    }
    equity[bar] = value;
    peak = Math.max(peak, value);
    drawdown[bar] = 1 - value / peak;
    for (const { open, close } of bars) {
      buyAndHold[bar] = (buyAndHold[bar] ?? 0) + ((cash / bars.length) * (close[bar] ?? 0)) / (open[0] ?? 1);
    }
  }
  return {
    strategy: 'SmaCross',
    params: { fast: 10, slow: 20 },
    symbols: bars.map(({ symbol }) => symbol),
    cash,
    time,
    equity,
    drawdown,
    buyAndHold,
    semantics: 'backtesting.py',
    firstBar: 0,
    heldFrom: 0,
    trades,
    openTrades: [],
    heldTrades: [],
    orders: [],
    nextOrders: [],
    fills: [],
    allocation: { values: bars.map(() => new Float64Array(time.length)), available: equity },
    positions: [],
    indicators: [],
    records: [],
    portfolio: { symbols: [], turnoverAnnualPct: 0, averageExposurePct: 0, mostSymbols: 0 },
    storage: {},
    statistics: sampleStatistics({
      returnPct: ((equity.at(-1) ?? cash) / cash - 1) * 100,
      trades: trades.length,
    }),
    warnings: [],
    ...overrides,
  };
}

function sampleTrades(bars: Bars, every: number, cash: number): Trade[] {
  const trades: Trade[] = [];
  if (every === 0) return trades;
  for (let bar = Math.floor(every / 4); bar + every / 2 < bars.time.length; bar += every) {
    const exitBar = bar + Math.floor(every / 2);
    const entryPrice = bars.open[bar] ?? 0;
    const exitPrice = bars.open[exitBar] ?? 0;
    const size = Math.floor(cash / entryPrice);
    trades.push(
      sampleTrade({
        symbol: bars.symbol,
        size,
        entryBar: bar,
        entryPrice,
        exitBar,
        exitPrice,
        pnl: size * (exitPrice - entryPrice),
        returnFraction: exitPrice / entryPrice - 1,
      }),
    );
  }
  return trades;
}

export function sampleTrade(overrides: Partial<Trade> = {}): Trade {
  return {
    symbol: 'ACME',
    size: 10,
    entryBar: 1,
    entryPrice: 100,
    exitBar: 3,
    exitPrice: 110,
    pnl: 100,
    returnFraction: 0.1,
    commission: 0,
    stopLoss: null,
    takeProfit: null,
    tag: null,
    ...overrides,
  };
}

export function sampleOrder(overrides: Partial<OrderRecord> = {}): OrderRecord {
  return {
    symbol: 'ACME',
    signalBar: 0,
    sequence: 0,
    side: 'buy',
    size: 10,
    limit: null,
    stop: null,
    stopLoss: null,
    takeProfit: null,
    purpose: 'entry',
    tag: null,
    outcome: 'filled',
    doneBar: 1,
    ...overrides,
  };
}

export function sampleStatistics(overrides: Partial<Statistics> = {}): Statistics {
  return {
    start: Date.UTC(2000, 0, 3),
    end: Date.UTC(2020, 3, 17),
    durationMs: 7409 * dayMs,
    exposureTimePct: 95.5,
    equityFinal: 28141.547,
    equityPeak: 31000,
    commissions: 1234.5,
    returnPct: 181.41547,
    buyAndHoldReturnPct: 97.5,
    returnAnnualPct: 5.25,
    volatilityAnnualPct: 18.1,
    cagrPct: 5.2,
    sharpeRatio: 0.29,
    sortinoRatio: 0.44,
    calmarRatio: 0.16,
    alphaPct: 3.5,
    beta: 0.4,
    maxDrawdownPct: -33.08,
    avgDrawdownPct: -5.58,
    maxDrawdownDurationMs: 512 * dayMs,
    avgDrawdownDurationMs: 41.4 * dayMs,
    trades: 1094,
    winRatePct: 54.255,
    bestTradePct: 57.12,
    worstTradePct: -16.63,
    avgTradePct: 2.07,
    maxTradeDurationMs: 121 * dayMs,
    avgTradeDurationMs: 33 * dayMs,
    profitFactor: 2.19,
    expectancyPct: 2.61,
    sqn: 1.99,
    kellyCriterion: 0.2941,
    ...overrides,
  };
}
