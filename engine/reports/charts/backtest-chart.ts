/**
 * The picture of a backtest: was it worth it, how deep did it fall, what did it trade, and why.
 *
 * Equity against buy and hold, drawdown, then for one symbol what its trades brought, its price with trades and
 * overlaid indicators, and its volume; for several the allocation, the closes from a common start and the profit of
 * each. Below, indicators with a scale of their own, which take the room of the trades' returns or the profits.
 */
import { groupThousands } from '../../money.ts';
import { periodText } from '../format.ts';
import { headline } from '../statistics.ts';
import { alignBars } from './align.ts';
import { type Allocation, allocationOf, largestShares } from './allocation.ts';
import { drawdownPanel, type EquityLine, equityPanel } from './equity-panels.ts';
import {
  type Figure,
  type Headline,
  type Layer,
  type LegendEntry,
  type Panel,
  type TradeMark,
  type TradesLayer,
  toneOf,
  valueAxis,
} from './figure.ts';
import { indicatorPanel, overlaysOf } from './indicator-panels.ts';
import {
  closesPanel,
  type PricePanelParts,
  pricePanel,
  type SymbolCloses,
  volumePanel,
} from './price-panels.ts';
import { profitPanel, realisedProfits, returnsPanel } from './profit-panels.ts';
import { at, type Point, type PriceColumns } from './reduce.ts';
import type { ChartedBars, ChartedRun } from './request.ts';
import { colors, limits, paletteColor } from './theme.ts';
import { minus } from './ticks.ts';

export function backtestFigure(run: ChartedRun, bars: readonly ChartedBars[]): Figure {
  const prices = new Map(bars.map((each) => [each.symbol, alignBars(run.time, each)]));
  const [symbol] = run.symbols;
  const single = run.symbols.length === 1 && symbol !== undefined ? prices.get(symbol) : undefined;
  const overlays = single === undefined ? [] : run.indicators.filter(({ overlay }) => overlay);
  const separate = run.indicators.filter(({ overlay }) => !overlay);
  const unseen = [
    ...separate.slice(limits.indicatorPanels),
    ...(single === undefined ? run.indicators.filter(({ overlay }) => overlay) : []),
  ];
  const panels = [
    equityPanel(run.time, equityLines(run)),
    drawdownPanel(run.time, run.drawdown),
    ...(single === undefined
      ? portfolioPanels(run, prices, separate.length === 0)
      : symbolPanels(run, symbol ?? '', single, overlays, separate.length === 0)),
    ...separate
      .slice(0, limits.indicatorPanels)
      .map((plot, index) => indicatorPanel(plot, { index, several: run.symbols.length > 1 })),
  ];
  return {
    headline: runHeadline(run),
    axis: { kind: 'time', time: run.time },
    panels: unseen.length === 0 ? panels : withNote(panels, `not shown: ${namesOf(unseen)}`),
  };
}

type Indicator = ChartedRun['indicators'][number];

function runHeadline(run: ChartedRun): Headline {
  const [first = ''] = run.symbols;
  const many = run.symbols.length > 1;
  const params = Object.entries(run.params).map(([name, value]) => `${name} ${value}`);
  const words = [...params, ...(many ? [run.symbols.join(', ')] : [])];
  return {
    title: `${run.strategy} on ${many ? `${run.symbols.length} symbols` : first}`,
    detail: words.join(' · '),
    period: periodText(run.time),
    tiles: headline(run).map(({ name, value }, index) => ({
      name,
      value: minus(value),
      tone: index === 0 ? toneOf(run.statistics.returnPct) : 'plain',
    })),
  };
}

function equityLines(run: ChartedRun): { equity: EquityLine; against: EquityLine } {
  return {
    equity: { label: 'Strategy', values: run.equity },
    against: { label: 'Buy & hold', values: run.buyAndHold },
  };
}

function symbolPanels(
  run: ChartedRun,
  symbol: string,
  prices: PriceColumns,
  overlays: readonly Indicator[],
  withReturns: boolean,
): Panel[] {
  const trades = tradeMarks(run, prices);
  const parts: PricePanelParts = {
    title: symbol,
    ...overlaysOf(overlays),
    trades: trades.layer,
    tradesNote: trades.note,
    tradeLegend: trades.layer.trades.length === 0 ? [] : tradeLegend,
  };
  const volume = volumePanel(prices);
  const returns = withReturns ? returnsPanel(run.trades, run.time.length) : null;
  return [
    ...(returns === null ? [] : [returns]),
    pricePanel(prices, parts),
    ...(volume === null ? [] : [volume]),
  ];
}

const tradeLegend: readonly LegendEntry[] = [
  { label: 'buy', color: colors.muted, swatch: 'buy' },
  { label: 'sell', color: colors.muted, swatch: 'sell' },
  { label: 'gain', color: colors.gain, swatch: 'filled' },
  { label: 'loss', color: colors.loss, swatch: 'hollow' },
];

/** The trades with the largest profits and losses, as many as can be told apart, in their order of time. */
function tradeMarks(run: ChartedRun, prices: PriceColumns): { layer: TradesLayer; note: string } {
  const { trades } = run;
  const last = run.time.length - 1;
  const shown = Array.from(trades.pnl.keys())
    .filter((trade) => trades.symbol[trade] === 0)
    .sort((one, other) => Math.abs(at(trades.pnl, other)) - Math.abs(at(trades.pnl, one)) || one - other)
    .slice(0, limits.trades)
    .sort((one, other) => at(trades.entryBar, one) - at(trades.entryBar, other) || one - other);
  const marks = shown.map((trade): TradeMark => {
    const open = Number.isNaN(at(trades.exitBar, trade));
    return {
      long: at(trades.size, trade) > 0,
      gain: at(trades.pnl, trade) >= 0,
      entryBar: at(trades.entryBar, trade),
      entryPrice: at(trades.entryPrice, trade),
      exitBar: open ? last : at(trades.exitBar, trade),
      exitPrice: open ? lastFinite(prices.close) : at(trades.exitPrice, trade),
      open,
    };
  });
  const all = trades.pnl.length;
  const note = shown.length < all ? `largest ${shown.length} of ${groupThousands(String(all))} trades` : '';
  return { layer: { kind: 'trades', trades: marks }, note };
}

function portfolioPanels(
  run: ChartedRun,
  prices: ReadonlyMap<string, PriceColumns>,
  withProfits: boolean,
): Panel[] {
  const profits = withProfits
    ? profitPanel('Realised profit by symbol', realisedProfits(run.symbols, run.trades))
    : null;
  return [...marketPanels(run, prices), ...(profits === null ? [] : [profits])];
}

/** Both panels show the same symbols in the same colours: where there are too many, those that weighed most. */
function marketPanels(run: ChartedRun, prices: ReadonlyMap<string, PriceColumns>): Panel[] {
  const known = run.symbols.flatMap((symbol): SymbolCloses[] => {
    const columns = prices.get(symbol);
    return columns === undefined ? [] : [{ symbol, close: columns.close }];
  });
  if (known.length === 0) return [];
  if (known.length < run.symbols.length) {
    const shown = known.slice(0, limits.symbols);
    return [closesPanel(shown, run.symbols.length - shown.length)];
  }
  const closes = known.map(({ close }) => close);
  const allocation = allocationOf(run.trades, closes, run.equity, limits.areaSamples);
  const weighty = largestShares(allocation, limits.symbols);
  const shown = weighty.flatMap((symbol) => known[symbol] ?? []);
  return [
    allocationPanel(allocation, shareGroups(known, weighty)),
    closesPanel(shown, known.length - shown.length),
  ];
}

/** Symbols that share a layer of the allocation: one each, and what is left together. */
interface ShareGroup {
  readonly label: string;
  readonly color: string;
  readonly members: readonly number[];
}

function shareGroups(known: readonly SymbolCloses[], weighty: readonly number[]): ShareGroup[] {
  const groups = weighty.map((symbol, index) => ({
    label: known[symbol]?.symbol ?? '',
    color: paletteColor(index),
    members: [symbol],
  }));
  const others = known.flatMap((_, symbol) => (weighty.includes(symbol) ? [] : [symbol]));
  if (others.length === 0) return groups;
  return [...groups, { label: `${others.length} others`, color: colors.others, members: others }];
}

/** Longs stacked above zero and shorts below; what is not covered is cash. */
function allocationPanel(allocation: Allocation, groups: readonly ShareGroup[]): Panel {
  const layers: Layer[] = [];
  let low = 0;
  let high = 0;
  for (const side of [1, -1]) {
    const sum = new Float64Array(allocation.bars.length);
    let isFirst = true;
    for (const { color, members } of groups) {
      let isEmpty = true;
      for (const member of members) {
        allocation.percent[member]?.forEach((share, index) => {
          if (share * side <= 0) return;
          sum[index] = at(sum, index) + share;
          isEmpty = false;
        });
      }
      if (isEmpty) continue;
      const points = Array.from(allocation.bars, (x, index): Point => ({ x, y: at(sum, index) }));
      for (const { y } of points) {
        low = Math.min(low, y);
        high = Math.max(high, y);
      }
      const to = isFirst ? 'zero' : 'before';
      layers.push({
        kind: 'line',
        points,
        color,
        width: 0,
        fill: { to, color: `${color}b0` },
      });
      isFirst = false;
    }
  }
  return {
    title: 'Allocation',
    legend: groups.map(({ label, color }) => ({ label, color, swatch: 'area' })),
    note: '',
    weight: 2,
    axis: valueAxis(
      { min: low, max: high > 0 || low < 0 ? high : 100 },
      { unit: 'percent', logarithmic: false, above: 0.04, below: low < 0 ? 0.04 : 0 },
    ),
    layers,
  };
}

function lastFinite(column: Float64Array): number {
  for (let index = column.length - 1; index >= 0; index--) {
    if (Number.isFinite(at(column, index))) return at(column, index);
  }
  return Number.NaN;
}

function namesOf(plots: readonly Indicator[]): string {
  return plots.map(({ name }) => name).join(', ');
}

function withNote(panels: readonly Panel[], note: string): Panel[] {
  return panels.map((panel, index) =>
    index < panels.length - 1
      ? panel
      : { ...panel, note: panel.note === '' ? note : `${panel.note} · ${note}` },
  );
}
