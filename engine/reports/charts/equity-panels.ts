/** Panels that show how money fared: equity against something to compare it with, and how far it fell below its peak. */
import { dateText, percentText } from '../format.ts';
import { type Layer, type LegendEntry, type Panel, valueAxis } from './figure.ts';
import { line } from './price-panels.ts';
import { at, extent } from './reduce.ts';
import { colors } from './theme.ts';
import { minus, valueText } from './ticks.ts';

export interface EquityLine {
  readonly label: string;
  readonly values: Float64Array;
}

/** `against` is drawn beneath; null for equity alone. */
export function equityPanel(
  time: Float64Array,
  { equity, against }: { readonly equity: EquityLine; readonly against: EquityLine | null },
): Panel {
  const { values } = equity;
  const columns = against === null ? [values] : [against.values, values];
  const axis = valueAxis(extent(columns), { unit: 'value', logarithmic: true, above: 0.08, below: 0.06 });
  const layers: Layer[] = [];
  const legend: LegendEntry[] = [{ label: equity.label, color: colors.equity, swatch: 'line' }];
  if (against !== null) {
    layers.push({ ...line(against.values, colors.benchmark), width: 1.5 });
    legend.push({ label: against.label, color: colors.benchmark, swatch: 'line' });
  }
  layers.push({
    ...line(values, colors.equity),
    width: 2.5,
    fill: { to: 'bottom', color: colors.equityArea },
  });
  const peak = highestBar(values);
  const highest = at(values, peak);
  const isFlat = highest === extent([values])?.min;
  if (!isFlat && Number.isFinite(highest)) {
    layers.push({ kind: 'mark', x: peak, y: highest, color: colors.equity });
    const label = `Peak ${valueText(highest)} on ${dateText(at(time, peak))}`;
    legend.push({ label, color: colors.equity, swatch: 'dot' });
  }
  const last = time.length - 1;
  const badge = (column: Float64Array, color: string) => {
    const y = at(column, last);
    if (Number.isFinite(y)) layers.push({ kind: 'badge', x: last, y, text: valueText(y), color });
  };
  if (against !== null) badge(against.values, colors.benchmark);
  badge(values, colors.equity);
  return {
    title: 'Equity',
    legend,
    note: axis.kind === 'logarithmic' ? 'log scale' : '',
    weight: 3,
    axis,
    layers,
  };
}

/** `drawdown` is the fraction below the running peak, 0 to 1. */
export function drawdownPanel(time: Float64Array, drawdown: Float64Array): Panel {
  const below = drawdown.map((fraction) => -100 * fraction);
  const deepest = highestBar(drawdown);
  const depth = at(below, deepest);
  const layers: Layer[] = [
    { ...line(below, colors.drawdown), width: 1.5, fill: { to: 'zero', color: colors.drawdownArea } },
  ];
  if (depth < 0) layers.push({ kind: 'mark', x: deepest, y: depth, color: colors.drawdown });
  const label = `${minus(percentText(depth, 1))} on ${dateText(at(time, deepest))}`;
  return {
    title: 'Drawdown',
    legend: depth < 0 ? [{ label, color: colors.drawdown, swatch: 'dot' }] : [],
    note: '',
    weight: 1.3,
    axis: valueAxis(
      { min: depth < 0 ? depth : -1, max: 0 },
      { unit: 'percent', logarithmic: false, above: 0, below: 0.18 },
    ),
    layers,
  };
}

function highestBar(column: Float64Array): number {
  let highest = 0;
  for (let bar = 1; bar < column.length; bar++) {
    if (!(at(column, bar) <= at(column, highest)) && !Number.isNaN(at(column, bar))) highest = bar;
  }
  return highest;
}
