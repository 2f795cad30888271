/**
 * What does a backtest cost: a long run and a short one, a grid on all cores, a portfolio, its memory, and a bar with many
 * closed trades behind it? Beside the Python peers on the same bars, and beside the plainest loop that finds the same trades.
 *
 * Indicators, checks of the bars and all statistics are included, and with the grid the start of its threads. Each figure
 * is the least of several runs in one process; the first search of a process also compiles the engine for its threads, and
 * the others do not. The peers are installed by pip into a temporary folder; without Python or a network the line says so,
 * and there are only our own figures.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Backtest, type PerSymbol, range, roc, Strategy } from '../../engine/backtest/index.ts';
import { optimizeFile } from '../../engine/backtest/optimize/optimize-file.ts';
import type { Bars } from '../../engine/market/bars.ts';
import { type PeerFigures, type PeerMode, type Peers, pythonPeers } from './peer.ts';
import { plainSmaCross } from './plain-loop.ts';
import { checksums, dailyUniverse, minuteBars } from './series.ts';
import SmaCross from './sma-cross.ts';

const cash = 10_000;
const strategyFile = fileURLToPath(new URL('./sma-cross.ts', import.meta.url));
const memoryScript = fileURLToPath(new URL('./peak-memory.ts', import.meta.url));

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
  const long = minuteBars(1_000_000);
  const short = minuteBars(2_148);
  const universe = dailyUniverse(50, 2_500);
  checkGenerator(long, universe);
  const peers = await pythonPeers({ long, short, portfolio: universe }, print);
  try {
    await printSingle(print, peers, long, 'long', 12);
    await printSingle(print, peers, short, 'short', 300);
    await printGrid(print, peers, short);
    await printPortfolio(print, peers, universe);
    await printMemory(print, peers);
    printCostOfHistory(print);
  } finally {
    await peers.close();
  }
}

/** Sums of open, high, low and close that every port of the generator must have, whatever its language. */
function checkGenerator(long: Bars, universe: readonly Bars[]): void {
  const sums = universe.map(checksums);
  const total = [0, 1, 2, 3].map((column) => sums.reduce((sum, own) => sum + (own[column] ?? 0), 0));
  const found = [...checksums(long), ...total].join(' ');
  const expected =
    '45596562449435 45647936374537 45545184388437 45596482095398 15416846077965 15555665827883 15283822177954 15421966308071';
  if (found !== expected) throw new Error(`the bars are not those of the generator: ${found}`);
}

interface Figures {
  readonly ms: number;
  readonly outcome: Readonly<Record<string, unknown>>;
}

/** Our figures beside the peer's, and whether both came to the same. */
function printBeside(
  print: (line: string) => void,
  what: string,
  own: Figures,
  peer: PeerFigures | string,
  more = '',
): void {
  const outcome = Object.entries(own.outcome).map(([name, value]) => `${name} ${shown(value)}`);
  print(`${what}: ${ms(own.ms)}${more}; ${outcome.join(', ')}`);
  if (typeof peer === 'string') {
    print(`    ${peer}`);
    return;
  }
  const peerMs = peer.seconds * 1000;
  print(
    `    ${(peerMs / own.ms).toFixed(0)} times as fast as the peer (${ms(peerMs)})${sameText(own, peer)}`,
  );
}

function sameText({ outcome }: Figures, peer: PeerFigures): string {
  const different = Object.keys(outcome).filter((name) => !isSame(outcome[name], peer.outcome[name]));
  if (different.length === 0) return ', same outcome';
  return `, BUT ITS OUTCOME DIFFERS: ${different.map((name) => `${name} ${shown(peer.outcome[name])}`).join(', ')}`;
}

function isSame(own: unknown, peer: unknown): boolean {
  if (typeof own !== 'number' || typeof peer !== 'number')
    return JSON.stringify(own) === JSON.stringify(peer);
  return Math.abs(own - peer) <= 1e-9 * Math.abs(peer);
}

async function printSingle(
  print: (line: string) => void,
  peers: Peers,
  bars: Bars,
  mode: PeerMode,
  times: number,
): Promise<void> {
  const { ownMs, plainMs, trades, equity } = besidePlainLoop(bars, times);
  const count = bars.time.length;
  const more = `, ${((ownMs / count) * 1e6).toFixed(0)} ns a bar, ${(ownMs / plainMs).toFixed(1)} times the plain loop (${ms(plainMs)})`;
  const own = { ms: ownMs, outcome: { trades, equity } };
  printBeside(print, `SMA cross, ${count.toLocaleString('en')} bars`, own, await peers.measure(mode), more);
}

/** 500 combinations; the start of the threads counts. */
async function printGrid(print: (line: string) => void, peers: Peers, bars: Bars): Promise<void> {
  const options = { cash, commission: 0.002, finalizeTrades: true };
  const params = { fast: range(5, 30), slow: range(30, 70, 2) };
  let least = Number.POSITIVE_INFINITY;
  let outcome = {};
  for (let time = 0; time < 15; time++) {
    const begun = performance.now();
    const { best, runs } = await optimizeFile(
      { file: strategyFile, bars: [bars], options },
      { params, maximize: 'sqn' },
    );
    least = Math.min(least, performance.now() - begun);
    outcome = { runs: runs.length, best: [best.params['fast'], best.params['slow']], value: best.value };
  }
  const what = 'grid of 500, 2,148 bars, all cores, start of threads included';
  printBeside(print, what, { ms: least, outcome }, await peers.measure('grid'));
}

async function printPortfolio(
  print: (line: string) => void,
  peers: Peers,
  universe: readonly Bars[],
): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let outcome = {};
  for (let time = 0; time < 7; time++) {
    const begun = performance.now();
    const { statistics } = new Backtest(universe, TopRoc, {
      semantics: 'minitrade',
      cash: 1_000_000,
      failFast: false,
    }).run();
    least = Math.min(least, performance.now() - begun);
    outcome = { trades: statistics.trades, equity: statistics.equityFinal };
  }
  const what = 'portfolio, 50 symbols x 2,500 bars';
  printBeside(print, what, { ms: least, outcome }, await peers.measure('portfolio'));
}

/** Of a process that does nothing but one run over a million bars. */
async function printMemory(print: (line: string) => void, peers: Peers): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    memoryScript,
    path.join(peers.folder, 'long.f64'),
  ]);
  const { peakKb } = JSON.parse(stdout) as { peakKb: number };
  const peer = await peers.measure('long');
  const beside =
    typeof peer === 'string' ? peer : `${(peakKb / peer.peakKb).toFixed(2)} of the peer's ${mb(peer.peakKb)}`;
  print(`memory at its peak, 1,000,000 bars: ${mb(peakKb)}`);
  print(`    ${beside}`);
}

function besidePlainLoop(bars: Bars, times: number) {
  let ownMs = Number.POSITIVE_INFINITY;
  let plainMs = Number.POSITIVE_INFINITY;
  let trades = 0;
  let equity = 0;
  for (let time = 0; time < times; time++) {
    const begun = performance.now();
    const { statistics } = new Backtest(bars, SmaCross, { cash, finalizeTrades: true }).run();
    const between = performance.now();
    const plain = plainSmaCross(bars, 10, 30, cash);
    plainMs = Math.min(plainMs, performance.now() - between);
    ownMs = Math.min(ownMs, between - begun);
    trades = statistics.trades;
    equity = statistics.equityFinal;
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

function shown(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : String(value);
}

function mb(kb: number): string {
  return `${(kb / 1024).toFixed(0)} MiB`;
}

function ms(duration: number): string {
  return `${duration.toFixed(duration < 10 ? 2 : 1)} ms`;
}
