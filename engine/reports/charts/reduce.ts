/** Fewer points for the same picture: a chart has about a thousand pixel columns, and a run may have a million bars. */

export interface Point {
  /** Bar index; a bar stands in the middle of its slot. */
  readonly x: number;
  /** NaN breaks the line. */
  readonly y: number;
}

/** Neighbouring bars as one: columns of equal length, one entry per bucket. */
export interface Buckets {
  /** How many bars a bucket holds; the last one may hold fewer. */
  readonly barsEach: number;
  /** Index of the first and the last bar of each bucket. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

export interface PriceColumns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/**
 * At most `most` buckets of equal size: the first open, the highest high, the lowest low, the last close, the sum of
 * the volume. Bars without a figure (NaN) are passed over; a bucket without any has NaN.
 */
export function aggregateBars(bars: PriceColumns, most: number): Buckets {
  const count = bars.close.length;
  const barsEach = Math.max(1, Math.ceil(count / most));
  const length = Math.ceil(count / barsEach);
  const column = () => new Float64Array(length).fill(Number.NaN);
  const buckets = {
    barsEach,
    first: column(),
    last: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
  for (let bucket = 0; bucket < length; bucket++) {
    const from = bucket * barsEach;
    const to = Math.min(count, from + barsEach);
    let open = Number.NaN;
    let high = Number.NaN;
    let low = Number.NaN;
    let close = Number.NaN;
    let volume = Number.NaN;
    for (let bar = from; bar < to; bar++) {
      const barOpen = at(bars.open, bar);
      const barHigh = at(bars.high, bar);
      const barLow = at(bars.low, bar);
      const barClose = at(bars.close, bar);
      const barVolume = at(bars.volume, bar);
      if (Number.isNaN(open)) open = barOpen;
      if (!(barHigh <= high) && !Number.isNaN(barHigh)) high = barHigh;
      if (!(barLow >= low) && !Number.isNaN(barLow)) low = barLow;
      if (!Number.isNaN(barClose)) close = barClose;
      if (!Number.isNaN(barVolume)) volume = Number.isNaN(volume) ? barVolume : volume + barVolume;
    }
    buckets.first[bucket] = from;
    buckets.last[bucket] = to - 1;
    buckets.open[bucket] = open;
    buckets.high[bucket] = high;
    buckets.low[bucket] = low;
    buckets.close[bucket] = close;
    buckets.volume[bucket] = volume;
  }
  return buckets;
}

/**
 * The points of a line that decide its look in `columns` pixel columns: of each column the first, the lowest, the
 * highest and the last value, so that no extreme is lost. This is M4: U. Jugel, Z. Jerzak, G. Hackenbroich, V. Markl,
 * "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014. (LTTB looks as good but may leave out the
 * peak that a label names.)
 *
 * Runs of NaN at the border of a column stay as one NaN point, so that a gap is not drawn over. Short series are
 * answered whole.
 */
export function decimateLine(values: Float64Array, columns: number): Point[] {
  const count = values.length;
  const points: Point[] = [];
  if (count <= columns * pointsPerColumn) {
    for (let bar = 0; bar < count; bar++) addPoint(points, bar, at(values, bar));
    return points;
  }
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * count) / columns);
    const to = Math.floor(((column + 1) * count) / columns);
    addColumn(points, values, from, to);
  }
  return points;
}

/** Bars of which the last one of each of `most` equal stretches is shown: for what is drawn as a level, not as a line. */
export function sampleBars(count: number, most: number): number[] {
  const length = Math.min(count, most);
  return Array.from({ length }, (_, index) => Math.floor(((index + 1) * count) / length) - 1);
}

/** Lowest and highest finite value of all columns; null when there is none. */
export function extent(columns: readonly Float64Array[]): { min: number; max: number } | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    for (let index = 0; index < column.length; index++) {
      const value = at(column, index);
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : null;
}

/** A value of a column; NaN beyond its end. */
export function at(column: Float64Array, index: number): number {
  return column[index] ?? Number.NaN;
}

const pointsPerColumn = 4;

function addColumn(points: Point[], values: Float64Array, from: number, to: number): void {
  let first = -1;
  let lowest = -1;
  let highest = -1;
  let last = -1;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let bar = from; bar < to; bar++) {
    const value = at(values, bar);
    if (!Number.isFinite(value)) continue;
    if (first < 0) first = bar;
    last = bar;
    if (value < low) {
      low = value;
      lowest = bar;
    }
    if (value > high) {
      high = value;
      highest = bar;
    }
  }
  if (first !== from) addPoint(points, from, Number.NaN);
  if (first < 0) return;
  const inOrder = lowest < highest ? [first, lowest, highest, last] : [first, highest, lowest, last];
  let previous = -1;
  for (const bar of inOrder) {
    if (bar !== previous) addPoint(points, bar, at(values, bar));
    previous = bar;
  }
  if (last !== to - 1) addPoint(points, to - 1, Number.NaN);
}

/** One NaN in a row breaks a line as well as a thousand do. */
function addPoint(points: Point[], x: number, y: number): void {
  const finite = Number.isFinite(y);
  if (!finite) {
    const before = points.at(-1);
    if (before === undefined || Number.isNaN(before.y)) return;
  }
  points.push({ x, y: finite ? y : Number.NaN });
}
