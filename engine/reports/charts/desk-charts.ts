/** Pictures of the desk's own money: what books are worth, what they earned and on what, and one of their trades. */
import { drawdownPanel, equityPanel } from './equity-panels.ts';
import type { Figure, Panel } from './figure.ts';
import { flowPanel, monthsPanel, profitColumnsPanel } from './money-panels.ts';
import { pricePanel } from './price-panels.ts';
import type { ChartedEquity, ChartedProfit, ChartedTrade } from './request.ts';
import { colors } from './theme.ts';

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
    byBook.length > 1 ? profitColumnsPanel('Profit by book', byBook) : null,
    profitColumnsPanel('Profit by symbol', bySymbol),
    flow.length > 0 ? flowPanel('From then to now', flow) : null,
  ];
  return {
    headline,
    axis: { kind: 'names', names: [] },
    panels: panels.filter((panel) => panel !== null),
  };
}

export function tradeFigure({ headline, bars, trades }: ChartedTrade): Figure {
  const price = pricePanel(bars, {
    title: 'Price',
    overlays: [],
    overlayLegend: [],
    overlayRange: null,
    trades: { kind: 'trades', trades },
    tradesNote: '',
    tradeLegend: [
      { label: 'buy', color: colors.muted, swatch: 'buy' },
      { label: 'sell', color: colors.muted, swatch: 'sell' },
    ],
  });
  return { headline, axis: { kind: 'time', time: bars.time }, panels: [price] };
}
