/**
 * A picture before it is drawn: a headline, and panels one below the other on one axis.
 *
 * What a chart shows is decided in `backtest-chart.ts` and its like, which build a figure; how it is drawn is decided
 * in `draw.ts`. x is always a place on the axis, most often a bar index, so that all panels line up and closed markets
 * leave no gaps.
 */
import type { Buckets, Point } from './reduce.ts';

export interface Figure {
  readonly headline: Headline;
  readonly axis: PlaceAxis;
  readonly panels: readonly Panel[];
}

/** What stands side by side: bars at their times, milliseconds UTC, or the values of a parameter. */
export type PlaceAxis =
  | { readonly kind: 'time'; readonly time: Float64Array }
  | { readonly kind: 'names'; readonly names: readonly string[] };

export function placesOn(axis: PlaceAxis): number {
  return axis.kind === 'time' ? axis.time.length : axis.names.length;
}

export interface Headline {
  readonly title: string;
  /** Beside the title, in a quieter voice; shortened where it does not fit. */
  readonly detail: string;
  /** At the right end: from when to when. */
  readonly period: string;
  readonly tiles: readonly Tile[];
}

export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly tone: Tone;
}

export type Tone = 'plain' | 'gain' | 'loss';

export function toneOf(result: number): Tone {
  if (result === 0 || Number.isNaN(result)) return 'plain';
  return result > 0 ? 'gain' : 'loss';
}

export interface Panel {
  readonly title: string;
  readonly legend: readonly LegendEntry[];
  /** At the right end of the title's line, such as "log scale". */
  readonly note: string;
  /** Height relative to the other panels. */
  readonly weight: number;
  readonly axis: ValueAxis;
  /** Later ones are drawn over earlier ones of their kind. */
  readonly layers: readonly Layer[];
}

export interface ValueAxis {
  readonly kind: 'linear' | 'logarithmic';
  readonly min: number;
  readonly max: number;
  readonly unit: 'value' | 'percent' | 'compact';
}

export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly swatch:
    | 'line'
    | LineStroke
    | 'area'
    | 'dot'
    | 'buy'
    | 'sell'
    | 'filled'
    | 'hollow'
    | 'frame'
    | 'hatch';
}

export type Layer =
  | LineLayer
  | DotsLayer
  | CandlesLayer
  | VolumeLayer
  | TradesLayer
  | ReturnsLayer
  | ColumnsLayer
  | WaterfallLayer
  | MonthsLayer
  | BandsLayer
  | TableLayer
  | MarkLayer
  | LabelLayer
  | BadgeLayer;

export interface LineLayer {
  readonly kind: 'line';
  readonly points: readonly Point[];
  readonly color: string;
  readonly width: number;
  /** Down to the lower edge, to zero, or to the line layer before it. */
  readonly fill: { readonly to: 'bottom' | 'zero' | 'before'; readonly color: string } | null;
  /** Drawn through where not given. */
  readonly stroke?: LineStroke;
}

/** How a line is broken, so that it is told from others without its colour. */
export type LineStroke = 'dashed' | 'dash-dot';

export interface DotsLayer {
  readonly kind: 'dots';
  readonly points: readonly Point[];
  readonly color: string;
}

export interface CandlesLayer {
  readonly kind: 'candles';
  readonly buckets: Buckets;
}

export interface VolumeLayer {
  readonly kind: 'volume';
  readonly buckets: Buckets;
}

export interface TradeMark {
  readonly long: boolean;
  readonly gain: boolean;
  readonly entryBar: number;
  readonly entryPrice: number;
  readonly exitBar: number;
  readonly exitPrice: number;
  /** Not closed yet: its exit is the last close, and has no mark. */
  readonly open: boolean;
}

/** The price of an order that rested while a trade was open. */
export interface TradeLevel {
  readonly is: 'stop' | 'take profit';
  readonly price: number;
  readonly fromBar: number;
  readonly toBar: number;
}

export interface TradesLayer {
  readonly kind: 'trades';
  readonly trades: readonly TradeMark[];
}

/** What each trade brought, at the bar of its exit: a triangle up for a long, down for a short. */
export interface ReturnsLayer {
  readonly kind: 'returns';
  readonly returns: readonly TradeReturn[];
}

export interface TradeReturn {
  readonly bar: number;
  readonly percent: number;
  readonly long: boolean;
  readonly gain: boolean;
  /** Size of the position relative to the largest, 0 to 1. */
  readonly share: number;
}

/** Columns from zero, each with its name below: these share the panel's width among themselves, not the figure's axis. */
export interface ColumnsLayer {
  readonly kind: 'columns';
  readonly columns: readonly { readonly name: string; readonly value: number; readonly text: string }[];
}

/** What stands at the moment; what was paid in or out; what was won, lost or charged. */
export type FlowKind = 'total' | 'payment' | 'result';

/**
 * Columns of which each begins where the one before it ended, and totals that stand on zero: how one amount became
 * another.
 */
export interface WaterfallLayer {
  readonly kind: 'waterfall';
  readonly columns: readonly {
    readonly name: string;
    readonly from: number;
    readonly to: number;
    readonly is: FlowKind;
    readonly text: string;
  }[];
}

/** A cell for each month of each year, and one for the year: these share the panel's width, not the figure's axis. */
export interface MonthsLayer {
  readonly kind: 'months';
  readonly columns: readonly { readonly name: string }[];
  /** From the top; as many cells as columns. Null for a month without any figure. */
  readonly rows: readonly {
    readonly name: string;
    readonly cells: readonly ({ readonly text: string; readonly color: string } | null)[];
  }[];
}

/** Stretches of bars, first to last, every second one on a lighter ground. */
export interface BandsLayer {
  readonly kind: 'bands';
  readonly bands: readonly Stretch[];
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Words under stretches of bars, row by row from the top. The rows' names stand where the labels of values would. */
export interface TableLayer {
  readonly kind: 'table';
  readonly stretches: readonly Stretch[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[] }[];
}

/** A dot on a line. Its words stand in the legend: beside it they would lie over some line more often than not. */
export interface MarkLayer {
  readonly kind: 'mark';
  readonly x: number;
  readonly y: number;
  readonly color: string;
}

/** A short word in a box, where a line begins. */
export interface LabelLayer {
  readonly kind: 'label';
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
}

/** The last point of a line: a dot, and its value in a box on the value axis. */
export interface BadgeLayer {
  readonly kind: 'badge';
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
}

/**
 * An axis from `min` to `max` with some air; logarithmic when asked to be where the range allows, and spans more than
 * five times. `above` and `below` are the fractions of the height that stay free.
 *
 * Whatever the range, the axis is one on which ticks can be counted: a strategy may compute anything, and a loop over
 * a step that is lost in rounding would end the whole process, not this thread alone.
 */
export function valueAxis(
  range: { readonly min: number; readonly max: number } | null,
  options: {
    readonly unit: ValueAxis['unit'];
    readonly logarithmic: boolean;
    readonly above: number;
    readonly below: number;
  },
): ValueAxis {
  const min = drawable(range?.min ?? 0);
  const max = drawable(range?.max ?? 1);
  const { unit, above, below } = options;
  if (options.logarithmic && min > 0 && max / min > logarithmicFrom) {
    const span = Math.log10(max / min) / (1 - above - below);
    return {
      kind: 'logarithmic',
      unit,
      min: min * 10 ** (-span * below),
      max: max * 10 ** (span * above),
    };
  }
  // A flat line stands in the middle.
  const size = Math.max(Math.abs(min), Math.abs(max));
  const isFlat = max - min <= size * 1e-9;
  const flat = isFlat ? size * 0.01 || 1 : 0;
  const span = (max - min + 2 * flat) / (1 - above - below);
  return { kind: 'linear', unit, min: min - flat - span * below, max: max + flat + span * above };
}

/** Up to this ratio of the highest to the lowest value a linear axis still shows the small ones. */
const logarithmicFrom = 5;

/** Nothing beyond is a price or an amount, and squares and logarithms of what is within stay numbers. */
const largest = 1e100;
const smallest = 1e-60;

function drawable(value: number): number {
  if (Math.abs(value) < smallest) return 0;
  return Math.max(-largest, Math.min(largest, value));
}
