/** The picture of two runs side by side: what became of 100, and how far each fell below its peak. */
import { periodText, signedPercentText } from '../format.ts';
import { type Figure, type Layer, type Panel, type Tile, toneOf, valueAxis } from './figure.ts';
import { line } from './price-panels.ts';
import { at, extent } from './reduce.ts';
import type { ChartedComparison, ComparedRun } from './request.ts';
import { colors, palette } from './theme.ts';
import { minus, valueText } from './ticks.ts';

export function comparisonFigure({ title, runs }: ChartedComparison): Figure {
  const time = commonTimes(runs);
  const lines = runs.map((run, index) => {
    const values = fromHundred(interpolated(run, time));
    return { label: run.label, color: runColors[index] ?? colors.text, values, below: drawdownOf(values) };
  });
  return {
    headline: { title, detail: '', period: periodText(time), tiles: runs.flatMap(tilesOf) },
    axis: { kind: 'time', time },
    panels: [equityPanel(lines, time.length - 1), drawdownPanel(lines)],
  };
}

interface ComparedLine {
  readonly label: string;
  readonly color: string;
  readonly values: Float64Array;
  /** Percent below the peak, 0 or less. */
  readonly below: Float64Array;
}

/** Far apart in lightness as well as in hue. */
const runColors = [colors.equity, palette[0]] as const;
/** As many as a line has points on the picture. */
const mostTimes = 1_100;
const dayMs = 86_400_000;

/** Evenly from the first to the last time of both; midnights where both runs know nothing smaller. */
function commonTimes(runs: readonly ComparedRun[]): Float64Array {
  const first = Math.min(...runs.map(({ time }) => at(time, 0)));
  const last = Math.max(...runs.map(({ time }) => at(time, time.length - 1)));
  const daily = runs.every(({ time }) => time.every((each) => each % dayMs === 0));
  const unit = daily ? dayMs : 60_000;
  const count = Math.max(2, Math.min(mostTimes, Math.floor((last - first) / unit) + 1));
  const step = (last - first) / (count - 1);
  return Float64Array.from({ length: count }, (_, index) =>
    index === count - 1 ? last : Math.floor((first + index * step) / unit) * unit,
  );
}

/** Between two known values on the straight line; NaN before the run began and after it ended. */
function interpolated({ time, equity }: ComparedRun, wanted: Float64Array): Float64Array {
  let next = 0;
  return wanted.map((moment) => {
    while (next < time.length && at(time, next) < moment) next++;
    if (at(time, next) === moment) return at(equity, next);
    if (next === 0 || next === time.length) return Number.NaN;
    const [from, to] = [at(time, next - 1), at(time, next)];
    const share = (moment - from) / (to - from);
    return at(equity, next - 1) * (1 - share) + at(equity, next) * share;
  });
}

function fromHundred(equity: Float64Array): Float64Array {
  const first = equity.find(Number.isFinite) ?? Number.NaN;
  return equity.map((value) => (value / first) * 100);
}

function drawdownOf(values: Float64Array): Float64Array {
  let peak = Number.NaN;
  return values.map((value) => {
    if (!(value <= peak) && !Number.isNaN(value)) peak = value;
    return (value / peak - 1) * 100;
  });
}

/** Of what is known of the run, not of the points that are drawn: these may pass a low by. */
function tilesOf({ label, equity }: ComparedRun): Tile[] {
  const values = fromHundred(equity);
  const change = (values.findLast(Number.isFinite) ?? Number.NaN) - 100;
  const deepest = extent([drawdownOf(values)])?.min ?? Number.NaN;
  return [
    { name: label, value: minus(signedPercentText(change)), tone: toneOf(change) },
    { name: 'Max. Drawdown', value: minus(signedPercentText(deepest)), tone: 'plain' },
  ];
}

function equityPanel(lines: readonly ComparedLine[], last: number): Panel {
  const axis = valueAxis(extent(lines.map(({ values }) => values)), {
    unit: 'value',
    logarithmic: true,
    above: 0.06,
    below: 0.06,
  });
  const layers: Layer[] = lines.map(({ values, color }) => ({ ...line(values, color), width: 2.5 }));
  for (const { values, color } of lines) {
    const y = at(values, last);
    if (Number.isFinite(y)) layers.push({ kind: 'badge', x: last, y, text: valueText(y), color });
  }
  return {
    title: 'Equity, start = 100',
    legend: lines.map(({ label, color }) => ({ label, color, swatch: 'line' })),
    note: axis.kind === 'logarithmic' ? 'log scale' : '',
    weight: 3,
    axis,
    layers,
  };
}

function drawdownPanel(lines: readonly ComparedLine[]): Panel {
  const range = extent(lines.map(({ below }) => below));
  return {
    title: 'Drawdown',
    legend: [],
    note: '',
    weight: 1.4,
    axis: valueAxis(
      { min: range !== null && range.min < 0 ? range.min : -1, max: 0 },
      { unit: 'percent', logarithmic: false, above: 0, below: 0.1 },
    ),
    layers: lines.map(({ below, color }) => ({ ...line(below, color), width: 1.5 })),
  };
}
