/**
 * The picture of a walk-forward test: the equity of all test windows, one after the other, on bars that the parameters
 * were not fitted to; which parameters each window traded with; and how far the equity fell below its peak.
 */
import { periodText } from '../format.ts';
import { drawdownPanel, equityPanel } from './equity-panels.ts';
import { type BandsLayer, type Figure, type Panel, type TableLayer, toneOf, valueAxis } from './figure.ts';
import { parameterText } from './heat-map.ts';
import { at } from './reduce.ts';
import type { ChartedWalkForward } from './request.ts';
import { limits } from './theme.ts';
import { minus } from './ticks.ts';

export function walkForwardFigure(run: ChartedWalkForward): Figure {
  const bands: BandsLayer = { kind: 'bands', bands: run.windows };
  const against = run.benchmark === null ? null : { label: 'Buy & hold', values: run.benchmark };
  const parameters = parametersPanel(run);
  const equity = equityPanel(run.time, { equity: { label: 'Out of sample', values: run.equity }, against });
  const panels = [
    { ...equity, weight: 3.4 },
    ...(parameters === null ? [] : [parameters]),
    drawdownPanel(run.time, drawdownOf(run.equity)),
  ];
  const change = at(run.equity, run.equity.length - 1) - at(run.equity, 0);
  return {
    headline: {
      title: run.title,
      detail: run.detail,
      period: periodText(run.time),
      tiles: run.headline.map(({ name, value }, index) => ({
        name,
        value: minus(value),
        tone: index === 0 ? toneOf(change) : 'plain',
      })),
    },
    axis: { kind: 'time', time: run.time },
    panels: panels.map((panel) => ({ ...panel, layers: [bands, ...panel.layers] })),
  };
}

/** A row for each parameter; null when the strategy has none. Those that differ between windows come first. */
function parametersPanel({ windows }: ChartedWalkForward): Panel | null {
  const names = [...new Set(windows.flatMap(({ params }) => Object.keys(params)))];
  const rows = names.map((name) => ({
    name,
    cells: windows.map(({ params }) => {
      const value = params[name];
      return value === undefined ? '' : parameterText(value);
    }),
  }));
  const varies = ({ cells }: { readonly cells: readonly string[] }) => new Set(cells).size > 1;
  const ordered = [...rows.filter(varies), ...rows.filter((row) => !varies(row))];
  const shown = ordered.slice(0, limits.tableRows);
  if (shown.length === 0) return null;
  const table: TableLayer = { kind: 'table', stretches: windows, rows: shown };
  const hidden = ordered.slice(shown.length).map(({ name }) => name);
  return {
    title: 'Parameters by window',
    legend: [],
    note: hidden.length === 0 ? '' : `not shown: ${hidden.join(', ')}`,
    weight: 0.28 * shown.length,
    axis: {
      ...valueAxis(null, { unit: 'value', logarithmic: false, above: 0, below: 0 }),
      min: 0,
      max: shown.length,
    },
    layers: [table],
  };
}

/** Fraction below the running peak, 0 to 1. */
function drawdownOf(equity: Float64Array): Float64Array {
  let peak = Number.NaN;
  return equity.map((value) => {
    if (!(value <= peak)) peak = Number.isNaN(value) ? peak : value;
    return peak > 0 ? 1 - value / peak : 0;
  });
}
