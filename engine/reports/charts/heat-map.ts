/**
 * The picture of an optimisation: which parameters did well, and whether their neighbours did too. A best run amid bad
 * ones was luck. Of one parameter the objective is a line, of two it is a map.
 */
import { groupThousands } from '../../money.ts';
import { numberText } from '../format.ts';
import { type ColorScale, colorScale } from './color-scale.ts';
import { type Figure, type Headline, type Layer, type Panel, type Tile, valueAxis } from './figure.ts';
import { at, extent } from './reduce.ts';
import type { ChartedHeatMap, ParameterAxis } from './request.ts';
import { colors } from './theme.ts';
import { compactText, minus, valueText } from './ticks.ts';

export interface HeatMap {
  readonly headline: Headline;
  readonly objective: string;
  readonly x: NamedValues;
  readonly y: NamedValues;
  readonly cells: readonly Cell[];
  /** Places of runs that had no result, or were not made. */
  readonly empty: readonly Place[];
  readonly best: (Place & { readonly text: string; readonly value: number }) | null;
  readonly scale: ColorScale;
}

export interface NamedValues {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Indices into the values of the axes; y counts from the bottom. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Cell extends Place {
  readonly color: string;
  readonly text: string;
  /** For cells with less room. */
  readonly shortText: string;
}

export function heatMapOf(map: ChartedHeatMap, y: ParameterAxis): HeatMap {
  const places = y.values.flatMap((_, row) => map.x.values.map((_, column) => ({ x: column, y: row })));
  const values = places.flatMap((place) => valueAt(map, place) ?? []);
  const scale = colorScale(values);
  const text = textsFor(values);
  const cells = places.flatMap((place): Cell[] => {
    const value = valueAt(map, place);
    if (value === null) return [];
    return [{ ...place, color: scale.color(value), text: text(value), shortText: compact(value) }];
  });
  const best = bestOf(map);
  return {
    headline: headlineOf(map),
    objective: map.objective,
    x: namedValues(map.x),
    y: namedValues(y),
    cells,
    empty: places.filter((place) => valueAt(map, place) === null),
    best: best === null ? null : { ...best, text: text(best.value) },
    scale,
  };
}

/** A line where the parameter is a number; columns where it is a word, which has no order that a line could follow. */
export function sweepFigure(map: ChartedHeatMap): Figure {
  const values = Float64Array.from(map.x.values, (_, x) => {
    const value = valueAt(map, { x, y: 0 }) ?? Number.NaN;
    return Number.isFinite(value) ? value : Number.NaN;
  });
  const isOrdered = map.x.values.every((value) => typeof value === 'number');
  const panel = isOrdered ? linePanel(map, values) : columnsPanel(map, values);
  return {
    headline: headlineOf(map),
    axis: { kind: 'names', names: namedValues(map.x).labels },
    panels: [{ ...panel, title: `${map.objective} by ${map.x.name}`, note: '', weight: 1 }],
  };
}

type PanelParts = Pick<Panel, 'legend' | 'axis' | 'layers'>;

function linePanel(map: ChartedHeatMap, values: Float64Array): PanelParts {
  const points = Array.from(values, (y, x) => ({ x, y }));
  const color = colors.equity;
  const layers: Layer[] = [
    { kind: 'line', points, color, width: 2.5, fill: null },
    { kind: 'dots', points: points.filter(({ y }) => !Number.isNaN(y)), color },
  ];
  const best = bestOf(map);
  if (best !== null && Number.isFinite(best.value)) {
    const place = { x: best.x, y: best.value, color: colors.best };
    layers.push(
      { kind: 'mark', ...place },
      { kind: 'badge', ...place, text: textsFor([...values])(best.value) },
    );
  }
  return {
    legend: best === null ? [] : [{ label: 'best', color: colors.best, swatch: 'dot' }],
    axis: valueAxis(extent([values]), { unit: 'value', logarithmic: false, above: 0.08, below: 0.08 }),
    layers,
  };
}

function columnsPanel({ x }: ChartedHeatMap, values: Float64Array): PanelParts {
  const text = textsFor([...values]);
  const names = namedValues(x).labels;
  const columns = names.map((name, index) => {
    const value = at(values, index);
    return { name, value, text: Number.isNaN(value) ? '' : text(value) };
  });
  const range = extent([values, Float64Array.of(0)]);
  return {
    legend: [],
    axis: valueAxis(range, { unit: 'value', logarithmic: false, above: 0.08, below: 0.08 }),
    layers: [{ kind: 'columns', columns }],
  };
}

/** Null where there is no result. Infinite is one: a run without a loss has an infinite profit factor. */
export function valueAt({ cells }: Pick<ChartedHeatMap, 'cells'>, { x, y }: Place): number | null {
  const value = cells[y]?.[x] ?? null;
  return value === null || Number.isNaN(value) ? null : value;
}

function bestOf(map: ChartedHeatMap): (Place & { readonly value: number }) | null {
  if (map.best === null) return null;
  const { x } = map.best;
  const y = map.y === null ? 0 : map.best.y;
  const value = valueAt(map, { x, y });
  return value === null ? null : { x, y, value };
}

/** The best, where it is, and what an ordinary run brought: the distance between them is what tuning promises. */
function headlineOf(map: ChartedHeatMap): Headline {
  const axes = map.y === null ? [map.x] : [map.x, map.y];
  const values = map.cells
    .flatMap((row, y) => row.flatMap((_, x) => valueAt(map, { x, y }) ?? []))
    .sort((one, other) => one - other);
  const best = bestOf(map);
  const text = textsFor(values);
  const tile = (name: string, value: string): Tile => ({ name, value, tone: 'plain' });
  const bestTiles =
    best === null
      ? []
      : [
          tile(`Best ${map.objective}`, text(best.value)),
          ...axes.map(({ name, values: all }, axis) =>
            tile(`Best ${name}`, parameterText(all[axis === 0 ? best.x : best.y] ?? '')),
          ),
        ];
  const runs = axes.reduce((count, axis) => count * axis.values.length, 1);
  const count = numberText(values.length, 0);
  return {
    title: map.title,
    detail: map.detail,
    period: '',
    tiles: [
      ...bestTiles,
      tile('Median', text(median(values))),
      tile('Results', values.length === runs ? count : `${count} of ${numberText(runs, 0)}`),
    ],
  };
}

function namedValues({ name, values }: ParameterAxis): NamedValues {
  return { name, labels: values.map(parameterText) };
}

/** `0.1 + 0.2` is a step of a grid as often as not, and should read `0.3`. */
export function parameterText(value: ParameterAxis['values'][number]): string {
  return typeof value === 'number' ? minus(String(Number(value.toPrecision(8)))) : String(value);
}

/** All with the same decimals: three digits that count in the largest, freak runs aside. */
function textsFor(values: readonly number[]): (value: number) => string {
  const { min, max } = colorScale(values);
  const largest = Math.max(-min, max);
  const magnitude = largest === 0 ? 0 : Math.floor(Math.log10(largest));
  if (magnitude >= 6 || magnitude < -3) return figureText;
  const places = Math.max(0, Math.min(5, 2 - magnitude));
  return (value) => {
    if (!Number.isFinite(value)) return figureText(value);
    const digits = groupThousands(value.toFixed(places));
    return minus(/[1-9]/.test(digits) ? digits : digits.replace('-', ''));
  };
}

function compact(value: number): string {
  return Number.isFinite(value) ? compactText(Number(value.toPrecision(3))) : figureText(value);
}

function figureText(value: number): string {
  return Number.isFinite(value) ? valueText(value) : minus(numberText(value));
}

function median(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  const low = sorted[Math.ceil(half) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(half)] ?? Number.NaN;
  return low === high ? low : low / 2 + high / 2;
}
