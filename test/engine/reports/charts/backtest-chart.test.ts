import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '../../../../engine/backtest/result.ts';
import type { Bars } from '../../../../engine/market/bars.ts';
import { backtestFigure } from '../../../../engine/reports/charts/backtest-chart.ts';
import type { Figure, Layer } from '../../../../engine/reports/charts/figure.ts';
import { backtestRequest } from '../../../../engine/reports/charts/request.ts';
import { sampleBars, sampleRun, sampleTrade } from '../sample-run.ts';

function figureOf(run: BacktestResult, bars: readonly Bars[]): Figure {
  const request = backtestRequest(run, bars);
  if (request.kind !== 'backtest') throw new Error('not a backtest');
  return backtestFigure(request.run, request.bars);
}

function panelOf(figure: Figure, title: string) {
  const panel = figure.panels.find((each) => each.title === title);
  if (panel === undefined) throw new Error(`no panel ${title}`);
  return panel;
}

function layersOf<Kind extends Layer['kind']>(figure: Figure, title: string, kind: Kind) {
  return panelOf(figure, title).layers.filter(
    (layer): layer is Extract<Layer, { kind: Kind }> => layer.kind === kind,
  );
}

const titlesOf = (figure: Figure) => figure.panels.map(({ title }) => title);

describe('which panels there are', () => {
  const rsi = {
    name: 'RSI 14',
    symbol: null,
    overlay: false,
    scatter: false,
    color: null,
    lines: [new Float64Array(60).fill(50)],
  };

  it('for one symbol: equity, drawdown, returns of its trades, price, volume', () => {
    const bars = sampleBars();
    const titles = ['Equity', 'Drawdown', 'Return per trade', 'ACME', 'Volume'];
    expect(titlesOf(figureOf(sampleRun([bars]), [bars]))).toEqual(titles);
  });

  it('for several: equity, drawdown, allocation, closes, profit of each', () => {
    const bars = [sampleBars({ symbol: 'A' }), sampleBars({ symbol: 'B', seed: 2 })];
    const titles = ['Equity', 'Drawdown', 'Allocation', 'Closes, first = 100', 'Realised profit by symbol'];
    expect(titlesOf(figureOf(sampleRun(bars), bars))).toEqual(titles);
  });

  it('an indicator with a panel of its own takes the room of the returns, or of the profits', () => {
    const bars = [sampleBars({ symbol: 'A' }), sampleBars({ symbol: 'B', seed: 2 })];
    const overrides = { indicators: [rsi] };
    const several = titlesOf(figureOf(sampleRun(bars, { overrides }), bars));
    expect(several.slice(3)).toEqual(['Closes, first = 100', 'RSI 14']);
    const one = titlesOf(figureOf(sampleRun(bars.slice(0, 1), { overrides }), bars));
    expect(one).toEqual(['Equity', 'Drawdown', 'A', 'Volume', 'RSI 14']);
  });

  it('without a closed trade there are no returns and no profits', () => {
    const bars = [sampleBars({ symbol: 'A' }), sampleBars({ symbol: 'B', seed: 2 })];
    const openTrades = [sampleTrade({ symbol: 'A', exitBar: null, exitPrice: null })];
    const options = { tradeEvery: 0, overrides: { openTrades } };
    expect(titlesOf(figureOf(sampleRun(bars, options), bars))).not.toContain('Realised profit by symbol');
    const one = figureOf(sampleRun(bars.slice(0, 1), options), bars);
    expect(titlesOf(one)).not.toContain('Return per trade');
  });

  it('where the bars of one symbol are missing, its share is unknown: no allocation', () => {
    const bars = [sampleBars({ symbol: 'A' }), sampleBars({ symbol: 'B', seed: 2 })];
    const figure = figureOf(sampleRun(bars), bars.slice(0, 1));
    expect(titlesOf(figure)).not.toContain('Allocation');
    expect(panelOf(figure, 'Closes, first = 100').note).toContain('1 of 2 symbols');
  });

  it('bars of symbols that were not traded are not drawn', () => {
    const bars = sampleBars();
    const figure = figureOf(sampleRun([bars]), [sampleBars({ symbol: 'OTHER' }), bars]);
    expect(titlesOf(figure)).not.toContain('OTHER');
    expect(titlesOf(figure)).toContain('ACME');
  });
});

describe('the price', () => {
  const drawn = (count: number) => {
    const bars = sampleBars({ count });
    return figureOf(sampleRun([bars]), [bars]);
  };

  it('is candles up to 300 bars, bundled candles up to 1,500, then a line of closes', () => {
    expect(layersOf(drawn(300), 'ACME', 'candles')[0]?.buckets.barsEach).toBe(1);
    expect(layersOf(drawn(1500), 'ACME', 'candles')[0]?.buckets.barsEach).toBe(5);
    expect(panelOf(drawn(1500), 'ACME').note).toContain('5 bars to a candle');
    expect(layersOf(drawn(1501), 'ACME', 'candles')).toEqual([]);
    expect(layersOf(drawn(1501), 'ACME', 'line')).toHaveLength(1);
  });

  it('an overlay far away does not flatten it', () => {
    const bars = sampleBars();
    const far = { name: 'far', symbol: null, overlay: true, scatter: false, color: null };
    const indicators = [{ ...far, lines: [new Float64Array(60).fill(1e6)] }];
    const { axis } = panelOf(figureOf(sampleRun([bars], { overrides: { indicators } }), [bars]), 'ACME');
    expect(axis.max).toBeLessThan(2 * Math.max(...bars.high));
  });
});

describe('trades', () => {
  const bars = sampleBars({ count: 1000 });

  it('of many the largest are marked, gains and losses alike, and the picture says so', () => {
    const trades = Array.from({ length: 400 }, (_, index) =>
      sampleTrade({ entryBar: index, exitBar: index + 1, pnl: index % 2 === 0 ? index : -index }),
    );
    const figure = figureOf(sampleRun([bars], { overrides: { trades } }), [bars]);
    const [layer] = layersOf(figure, 'ACME', 'trades');
    expect(layer?.trades.map(({ entryBar }) => entryBar)).toEqual(
      Array.from({ length: 120 }, (_, index) => 280 + index),
    );
    expect(panelOf(figure, 'ACME').note).toContain('largest 120 of 400 trades');
  });

  it('an open trade reaches to the last close and has no exit', () => {
    const open = sampleTrade({ entryBar: 990, exitBar: null, exitPrice: null, pnl: -5, size: -1 });
    const figure = figureOf(sampleRun([bars], { tradeEvery: 0, overrides: { openTrades: [open] } }), [bars]);
    expect(layersOf(figure, 'ACME', 'trades')[0]?.trades).toEqual([
      {
        long: false,
        gain: false,
        entryBar: 990,
        entryPrice: 100,
        exitBar: 999,
        exitPrice: bars.close[999],
        open: true,
      },
    ]);
  });
});

describe('equity and drawdown', () => {
  const bars = sampleBars({ count: 5 });
  const run = (equity: number[], drawdown: number[]) =>
    figureOf(
      sampleRun([bars], {
        tradeEvery: 0,
        overrides: { equity: Float64Array.from(equity), drawdown: Float64Array.from(drawdown) },
      }),
      [bars],
    );

  it('peak, last value and deepest drawdown are marked with their figures and dates', () => {
    const figure = run([10_000, 20_000, 10_000, 15_000, 16_000], [0, 0, 0.5, 0.25, 0.2]);
    expect(layersOf(figure, 'Equity', 'mark')).toMatchObject([{ x: 1, y: 20_000 }]);
    expect(panelOf(figure, 'Equity').legend.map(({ label }) => label)).toContain('Peak 20,000 on 2 Jan 2020');
    expect(layersOf(figure, 'Equity', 'badge').map(({ text }) => text)).toContain('16,000');
    expect(layersOf(figure, 'Drawdown', 'mark')).toMatchObject([{ x: 2, y: -50 }]);
    expect(panelOf(figure, 'Drawdown').legend.map(({ label }) => label)).toEqual(['−50.0% on 3 Jan 2020']);
  });

  it('a run that never traded has no peak and no drawdown to mark', () => {
    const figure = run([1, 1, 1, 1, 1], [0, 0, 0, 0, 0]);
    expect(layersOf(figure, 'Equity', 'mark')).toEqual([]);
    expect(layersOf(figure, 'Drawdown', 'mark')).toEqual([]);
  });

  it('is logarithmic when it spans more than five times, and says so', () => {
    const figure = run([100, 200, 400, 500, 1000], [0, 0, 0, 0, 0]);
    expect(panelOf(figure, 'Equity')).toMatchObject({ note: 'log scale', axis: { kind: 'logarithmic' } });
  });
});
