/** What the committed pictures show: for each kind of chart the data of one or more pictures, the same every time. */
import type { IndicatorPlot, Trade } from '../../../../engine/backtest/result.ts';
import type { Bars } from '../../../../engine/market/bars.ts';
import type { ChartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import type { ChartedWalkForward, ComparedRun } from '../../../../engine/reports/charts/request.ts';
import { chartedBars } from '../../../../engine/reports/charts/request.ts';
import type { ReportFile } from '../../../../engine/reports/report-file.ts';
import { sampleBars, sampleRun, sampleTrade } from '../sample-run.ts';

export type ChartKind = Exclude<keyof ChartRenderer, 'close'>;

/** By kind, and by the name of the picture's file. */
export const pictures: Readonly<
  Record<ChartKind, Readonly<Record<string, (renderer: ChartRenderer) => Promise<ReportFile>>>>
> = {
  backtestChart: {
    'backtest-of-one-symbol': (renderer) => {
      const trades = [
        closed({ size: 10, entryBar: 8, entryPrice: 102, exitBar: 20, exitPrice: 105.5 }),
        closed({ size: 8, entryBar: 24, entryPrice: 105.5, exitBar: 33, exitPrice: 103.5 }),
        closed({ size: -4, entryBar: 44, entryPrice: 109, exitBar: 50, exitPrice: 112 }),
        closed({ size: -10, entryBar: 52, entryPrice: 110, exitBar: 56, exitPrice: 107.5 }),
      ];
      const indicators = [indicator('SMA 5', average(acme, 5), true)];
      return renderer.backtestChart(sampleRun([acme], { overrides: { trades, indicators } }), [acme]);
    },
    'backtest-of-several-symbols': (renderer) =>
      renderer.backtestChart(sampleRun([acme, globex, initech]), [acme, globex, initech]),
  },
  priceChart: {
    'price-of-one-symbol': (renderer) =>
      renderer.priceChart(
        [acme],
        [
          indicator('SMA 5', average(acme, 5), true),
          indicator('SMA 20', average(acme, 20), true),
          indicator('Range', rangeOf(acme), false),
        ],
      ),
    // So many that their bodies are too narrow to be hollow.
    'price-in-narrow-candles': (renderer) =>
      renderer.priceChart([sampleBars({ symbol: 'ACME', seed: 1, count: 260 })]),
    'price-of-several-symbols': (renderer) => renderer.priceChart([acme, globex, initech]),
  },
  comparisonChart: {
    comparison: (renderer) =>
      renderer.comparisonChart({
        title: 'SmaCross: 10/20 against 5/40',
        runs: [comparedRun('10/20', acme), comparedRun('5/40', globex)],
      }),
  },
  heatMapChart: {
    'optimisation-of-two-parameters': (renderer) =>
      renderer.heatMapChart({
        title: 'SmaCross on ACME',
        detail: '2020-01-01 – 2020-03-01',
        objective: 'Sharpe Ratio',
        x: { name: 'fast', values: [5, 10, 15, 20, 25, 30] },
        y: { name: 'slow', values: [10, 20, 30, 40, 50] },
        cells: [
          [-0.4, null, null, null, null, null],
          [0.1, 0.35, null, null, null, null],
          [0.42, 0.9, 0.77, 0.2, null, null],
          [0.3, 1.25, 1.6, 0.85, 0.11, null],
          [-0.2, 0.6, 1.1, 0.7, -0.1, -0.9],
        ],
        best: { x: 2, y: 3 },
      }),
    'optimisation-of-one-parameter': (renderer) =>
      renderer.heatMapChart({
        ...sweep,
        x: { name: 'fast', values: [5, 10, 15, 20, 25, 30] },
        cells: [[0.2, 0.9, 1.6, null, 0.4, -0.3]],
        best: { x: 2, y: 0 },
      }),
    'optimisation-of-words': (renderer) =>
      renderer.heatMapChart({
        ...sweep,
        x: { name: 'exit', values: ['trailing', 'fixed', 'none'] },
        cells: [[1.6, 0.4, -0.7]],
        best: { x: 0, y: 0 },
      }),
  },
  walkForwardChart: {
    'walk-forward': (renderer) => renderer.walkForwardChart(walkForward),
  },
  equityChart: {
    equity: (renderer) => {
      const run = sampleRun([acme]);
      return renderer.equityChart({
        headline: {
          title: 'Book demo',
          detail: 'PAPER, USD',
          period: '2020-01-01 – 2020-02-29',
          tiles: [
            { name: 'Profit', value: '+103.00 USD', tone: 'gain' },
            { name: 'Equity', value: '10,103.00 USD', tone: 'plain' },
          ],
        },
        time: run.time,
        equity: run.equity,
        capital: run.equity.map((value) => Math.floor(value / 200) * 200),
        drawdown: run.drawdown,
        months: [
          { year: 2020, months: [-0.042, 0.0115, ...new Array(10).fill(null)], total: -0.031 },
          {
            year: 2019,
            months: [null, 0.02, 0.031, -0.008, 0, 0.004, 0.052, -0.021, 0.013, 0.007, -0.03, 0.018],
            total: 0.1042,
          },
        ],
      });
    },
  },
  profitChart: {
    profit: (renderer) =>
      renderer.profitChart({
        headline: {
          title: 'Profit of 2 books',
          detail: 'USD',
          period: '2020-01-01 – 2020-02-29',
          tiles: [{ name: 'Profit', value: '+321.50 USD', tone: 'gain' }],
        },
        byBook: [
          { name: 'demo', value: 412.3 },
          { name: 'rotation', value: -90.8 },
        ],
        bySymbol: Array.from({ length: 14 }, (_, index) => ({
          name: `SYM${index}`,
          value: 180 - 30 * index,
        })),
        flow: [
          { name: 'Before', value: 2000, is: 'total' },
          { name: 'Paid in', value: 500, is: 'payment' },
          { name: 'Gains', value: 612.3, is: 'result' },
          { name: 'Losses', value: -270.8, is: 'result' },
          { name: 'Fees', value: -20, is: 'result' },
          { name: 'Now', value: 2821.5, is: 'total' },
        ],
      }),
  },
  divergenceChart: {
    divergence: (renderer) => {
      const simulated = sampleRun([acme]).equity;
      const difference = simulated.map((_, day) => -Math.floor(day / 10) * 4);
      return renderer.divergenceChart({
        headline: {
          title: 'Book demo',
          detail: 'against its simulation, USD',
          period: '2020-01-01 – 2020-02-29',
          tiles: [{ name: 'Difference', value: '−20.00 USD', tone: 'loss' }],
        },
        time: acme.time,
        book: simulated.map((value, day) => value + (difference[day] ?? 0)),
        simulated,
        difference,
        parts: [
          { name: 'Simulated', value: 103, is: 'total' },
          { name: 'Prices', value: 4.5, is: 'result' },
          { name: 'Fees', value: -24.5, is: 'result' },
          { name: 'Book', value: 83, is: 'total' },
        ],
      });
    },
  },
  tradeChart: {
    'trade-that-lost': (renderer) => renderer.tradeChart(closedTrade(false)),
    'trade-that-won': (renderer) => renderer.tradeChart(closedTrade(true)),
  },
};

const acme = sampleBars({ symbol: 'ACME', seed: 1 });
const globex = sampleBars({ symbol: 'GLOBEX', seed: 2 });
const initech = sampleBars({ symbol: 'INITECH', seed: 3 });

const sweep = { title: 'SmaCross on ACME', detail: '', objective: 'Sharpe Ratio', y: null } as const;

const walkForward: ChartedWalkForward = {
  title: 'SmaCross on ACME',
  detail: 'train 40 bars, test 15',
  time: acme.time,
  equity: acme.close.map((close) => close * 100),
  benchmark: globex.close.map((close) => close * 100),
  windows: [10, 10, 15, 20].map((fast, window) => ({
    from: window * 15,
    to: window * 15 + 14,
    params: { fast, slow: 40, exit: window < 3 ? 'trailing' : 'none' },
  })),
  headline: [
    { name: 'Return', value: '+11.33%' },
    { name: 'Efficiency', value: '0.61' },
  ],
};

function closedTrade(gain: boolean) {
  const [entryPrice, exitPrice] = gain ? [105, 110] : [105, 108];
  return {
    headline: {
      title: `${gain ? 'Long' : 'Short'} ACME`,
      detail: 'book demo',
      period: '2020-01-01 – 2020-02-29',
      tiles: [{ name: 'Profit', value: gain ? '+50.00 USD' : '−30.00 USD', tone: gain ? 'gain' : 'loss' }],
    },
    bars: chartedBars(acme),
    trades: [{ long: gain, gain, entryBar: 20, entryPrice, exitBar: 44, exitPrice, open: false }],
    levels: [
      { is: 'stop', price: gain ? 102 : 110, fromBar: 20, toBar: 44 },
      { is: 'take profit', price: gain ? 112 : 100, fromBar: 20, toBar: 44 },
    ],
  } as const;
}

function closed(
  trade: Pick<Trade, 'size' | 'entryBar' | 'entryPrice'> & Record<'exitBar' | 'exitPrice', number>,
) {
  const { size, entryPrice, exitPrice } = trade;
  const returnFraction = Math.sign(size) * (exitPrice / entryPrice - 1);
  return sampleTrade({ ...trade, pnl: size * (exitPrice - entryPrice), returnFraction });
}

function comparedRun(label: string, bars: Bars): ComparedRun {
  return { label, time: bars.time, equity: bars.close };
}

function indicator(name: string, values: Float64Array, overlay: boolean): IndicatorPlot {
  return { name, symbol: null, lines: [values], overlay, scatter: false, color: null };
}

/** Of the last so many closes; NaN until there are as many. */
function average({ close }: Bars, length: number): Float64Array {
  return close.map((_, bar) => {
    if (bar < length - 1) return Number.NaN;
    return close.subarray(bar - length + 1, bar + 1).reduce((sum, value) => sum + value, 0) / length;
  });
}

function rangeOf({ high, low }: Bars): Float64Array {
  return high.map((value, bar) => value - (low[bar] ?? value));
}
