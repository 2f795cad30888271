/** Pictures of the desk's own money: what books are worth, what they earned and on what, and one of their trades. */
import { drawdownPanel, equityPanel } from './equity-panels.ts';
import type { Figure, LabelLayer, LegendEntry, LineLayer, Panel, TradeLevel } from './figure.ts';
import { flowPanel, monthsPanel } from './money-panels.ts';
import { pricePanel } from './price-panels.ts';
import { profitPanel } from './profit-panels.ts';
import type { ChartedEquity, ChartedProfit, ChartedTrade } from './request.ts';
import { colors } from './theme.ts';
import { valueText } from './ticks.ts';

export function equityFigure({ headline, time, equity, capital, drawdown, months }: ChartedEquity): Figure {
  const monthly = monthsPanel(months);
  return {
    headline,
    axis: { kind: 'time', time },
    panels: [
      equityPanel(time, {
        equity: { label: 'Equity', values: equity },
        against: { label: 'Realised', values: capital },
      }),
      drawdownPanel(time, drawdown),
      ...(monthly === null ? [] : [monthly]),
    ],
  };
}

/** By book only where there are several. */
export function profitFigure({ headline, byBook, bySymbol, flow }: ChartedProfit): Figure {
  const panels: (Panel | null)[] = [
    byBook.length > 1 ? profitPanel('Profit by book', byBook) : null,
    profitPanel('Profit by symbol', bySymbol),
    flow.length > 0 ? flowPanel('From then to now', flow) : null,
  ];
  return {
    headline,
    axis: { kind: 'names', names: [] },
    panels: panels.filter((panel) => panel !== null),
  };
}

/** Prices of entry, exit, stop and take profit stand in the legend; a line has but two letters, or it would cover candles. */
export function tradeFigure({ headline, bars, trades, levels }: ChartedTrade): Figure {
  const levelPrices = levels.map(({ price }) => price);
  const price = pricePanel(bars, {
    title: 'Price',
    overlays: [...levels.map(levelLine), ...newestOf(levels).map(levelLabel)],
    overlayLegend: newestOf(levels).map(levelLegend),
    overlayRange:
      levels.length === 0 ? null : { min: Math.min(...levelPrices), max: Math.max(...levelPrices) },
    trades: { kind: 'trades', trades },
    tradesNote: '',
    tradeLegend: trades.flatMap(({ long, entryPrice, exitPrice }): LegendEntry[] => [
      { label: `entry ${valueText(entryPrice)}`, color: colors.muted, swatch: long ? 'buy' : 'sell' },
      { label: `exit ${valueText(exitPrice)}`, color: colors.muted, swatch: long ? 'sell' : 'buy' },
    ]),
  });
  return { headline, axis: { kind: 'time', time: bars.time }, panels: [price] };
}

const levelStyles = {
  stop: { color: colors.loss, stroke: 'dashed', letters: 'SL' },
  'take profit': { color: colors.gain, stroke: 'dash-dot', letters: 'TP' },
} as const;

/** Half a bar to each side, so that one that rested within a bar is seen. */
function levelLine({ is, price, fromBar, toBar }: TradeLevel): LineLayer {
  const { color, stroke } = levelStyles[is];
  const points = [fromBar - 0.5, toBar + 0.5].map((x) => ({ x, y: price }));
  return { kind: 'line', points, color, stroke, width: 2.5, fill: null };
}

function levelLabel({ is, price, fromBar }: TradeLevel): LabelLayer {
  const { color, letters } = levelStyles[is];
  return { kind: 'label', x: fromBar - 0.5, y: price, text: letters, color };
}

function levelLegend({ is, price }: TradeLevel): LegendEntry {
  const { color, stroke, letters } = levelStyles[is];
  return { label: `${is} (${letters}) ${valueText(price)}`, color, swatch: stroke };
}

/** The newest of each kind. */
function newestOf(levels: readonly TradeLevel[]): readonly TradeLevel[] {
  return (['stop', 'take profit'] as const).flatMap(
    (is) => levels.findLast((level) => level.is === is) ?? [],
  );
}
