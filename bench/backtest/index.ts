/**
 * What does a backtest cost: beside the plainest loop that finds the same trades, for a short run and a long one, with
 * many closed trades behind it, and for a portfolio?
 *
 * Indicators, checks of the bars and all statistics are included. Each figure is the least of several runs in one
 * process, the plain loop measured between them.
 */
import {
  Backtest,
  crossover,
  type PerSymbol,
  roc,
  type Series,
  Strategy,
  sma,
} from '../../engine/backtest/index.ts';

import type { Bars } from '../../engine/market/bars.ts';
import { plainSmaCross } from './plain-loop.ts';
import { checksums, dailyUniverse, minuteBars } from './series.ts';

const cash = 10_000;

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

/** Opens and closes a trade on each bar until there are so many, then does nothing. */
class ManyTrades extends Strategy<typeof ManyTrades.params> {
  static params = { trades: 0 };

  init() {}

  next() {
    if (this.closedTrades.length + this.trades.length >= this.params.trades) return;
    this.position.close();
    this.buy({ size: 1 });
  }
}

class TopRoc extends Strategy<typeof TopRoc.params> {
  static params = { period: 10, top: 10 };
  roc!: PerSymbol;

  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, this.params.period, { plot: false }));
  }

  next() {
    this.allocation.assumeZero();
    const { roc: momentum } = this;
    this.allocation
      .bucket('top')
      .append(momentum.highest(this.params.top), momentum.above(0))
      .weightEqually()
      .apply();
    this.rebalance({ cashReserve: 0.1 });
  }
}

export async function run(print: (line: string) => void): Promise<void> {
  for (const [bars, times] of [
    [minuteBars(1_000_000), 12],
    [minuteBars(2_148), 300],
  ] as const) {
    const { ownMs, plainMs, trades, equity } = besidePlainLoop(bars, times);
    const count = bars.time.length;
    print(
      `SMA cross, ${count.toLocaleString('en')} bars: ${ms(ownMs)}, ${((ownMs / count) * 1e6).toFixed(0)} ns a bar, ` +
        `${(ownMs / plainMs).toFixed(1)} times the plain loop (${ms(plainMs)}); ${trades} trades, ${equity.toFixed(2)}`,
    );
  }
  print(`(checksums of 1,000,000 bars: ${checksums(minuteBars(1_000_000)).join(' ')})`);
  printCostOfHistory(print);
  printPortfolio(print);
}

function besidePlainLoop(bars: Bars, times: number) {
  let ownMs = Number.POSITIVE_INFINITY;
  let plainMs = Number.POSITIVE_INFINITY;
  let trades = 0;
  let equity = 0;
  for (let time = 0; time < times; time++) {
    const begun = performance.now();
    const result = new Backtest(bars, SmaCross, { cash, finalizeTrades: true }).run();
    const between = performance.now();
    const plain = plainSmaCross(bars, 10, 30, cash);
    plainMs = Math.min(plainMs, performance.now() - between);
    ownMs = Math.min(ownMs, between - begun);
    trades = result.trades.length;
    equity = result.statistics.equityFinal;
    if (plain.trades.length !== trades) throw new Error(`the plain loop found ${plain.trades.length} trades`);
  }
  return { ownMs, plainMs, trades, equity };
}

/** Cost of a bar on which nothing happens, after 100,000 closed trades and after one. */
function printCostOfHistory(print: (line: string) => void): void {
  const bars = minuteBars(400_000);
  const costOf = (trades: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 5; time++) {
      let from = 0;
      let to = 0;
      const onBar = (bar: number) => {
        if (bar === 200_000) from = performance.now();
        if (bar === 399_999) to = performance.now();
      };
      new Backtest(bars, ManyTrades, { cash }).run({ trades }, onBar);
      least = Math.min(least, to - from);
    }
    return (least / 200_000) * 1e6;
  };
  const fresh = costOf(1);
  const late = costOf(100_000);
  print(
    `a bar after 100,000 closed trades: ${late.toFixed(1)} ns, after none ${fresh.toFixed(1)} ns: ${(late / fresh).toFixed(2)} times`,
  );
}

function printPortfolio(print: (line: string) => void): void {
  const universe = dailyUniverse(50, 2_500);
  let least = Number.POSITIVE_INFINITY;
  let trades = 0;
  let equity = 0;
  for (let time = 0; time < 7; time++) {
    const begun = performance.now();
    const result = new Backtest(universe, TopRoc, {
      semantics: 'minitrade',
      cash: 1_000_000,
      failFast: false,
    }).run();
    least = Math.min(least, performance.now() - begun);
    trades = result.trades.length;
    equity = result.statistics.equityFinal;
  }
  print(`portfolio, 50 symbols x 2,500 bars: ${ms(least)}; ${trades} trades, ${equity.toFixed(2)}`);
}

function ms(duration: number): string {
  return `${duration.toFixed(duration < 10 ? 2 : 1)} ms`;
}
