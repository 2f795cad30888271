/** Indicators over a price, and those with a scale of their own in panels below it. */
import type { IndicatorPlot } from '../../backtest/result.ts';
import { type Layer, type Panel, valueAxis } from './figure.ts';
import { line, type PricePanelParts } from './price-panels.ts';
import { decimateLine, extent } from './reduce.ts';
import { limits, paletteColor } from './theme.ts';

/** Those that share the price's scale. */
export function overlaysOf(
  plots: readonly IndicatorPlot[],
): Pick<PricePanelParts, 'overlays' | 'overlayLegend' | 'overlayRange'> {
  return {
    overlays: plots.flatMap((plot, index) => overlayLayers(plot, index)),
    overlayLegend: plots.map((plot, index) => ({
      label: plot.name,
      color: overlayColor(plot, index),
      swatch: plot.scatter ? 'dot' : 'line',
    })),
    overlayRange: extent(plots.flatMap(({ lines }) => [...lines])),
  };
}

/** One with a scale of its own; of several symbols it says whose it is. */
export function indicatorPanel(
  plot: IndicatorPlot,
  { index, several }: { readonly index: number; readonly several: boolean },
): Panel {
  const lines = plot.lines.slice(0, limits.linesPerIndicator);
  const range = extent(lines);
  const ofSymbol = several && plot.symbol !== null ? `${plot.symbol} ` : '';
  return {
    title: `${ofSymbol}${plot.name}`,
    legend: [],
    note: range === null ? 'no values' : '',
    weight: 1.3,
    axis: valueAxis(range, { unit: 'value', logarithmic: false, above: 0.1, below: 0.1 }),
    layers: lines.map((values, nth) => {
      const color = (nth === 0 ? ownColor(plot.color) : null) ?? paletteColor(index + nth);
      return plot.scatter ? dots(values, color) : line(values, color);
    }),
  };
}

function overlayLayers(plot: IndicatorPlot, index: number): Layer[] {
  const color = overlayColor(plot, index);
  return plot.lines
    .slice(0, limits.linesPerIndicator)
    .map((values) => (plot.scatter ? dots(values, color) : line(values, color)));
}

function overlayColor(plot: IndicatorPlot, index: number): string {
  return ownColor(plot.color) ?? paletteColor(index);
}

function dots(values: Float64Array, color: string): Layer {
  const points = decimateLine(values, limits.lineColumns).filter(({ y }) => !Number.isNaN(y));
  return { kind: 'dots', points, color };
}

/** A strategy names its colours as it likes; what is no CSS colour of the common forms is not one. */
function ownColor(color: string | null): string | null {
  return color !== null && /^(#[0-9a-f]{3,8}|[a-z]+|(rgb|hsl)a?\([\d\s.,%/]+\))$/i.test(color) ? color : null;
}
