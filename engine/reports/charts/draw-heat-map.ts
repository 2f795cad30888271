/**
 * Draws a heat map: the cells are chartjs-chart-matrix, what is around and upon them is painted here. A cell is a
 * whole number of pixels, so that none is wider than its neighbour and no edge is blurred.
 */
import type { ChartConfiguration, Plugin } from 'chart.js';
import type { Canvas, Context } from './canvas.ts';
import { background, chartOptions } from './chart-options.ts';
import { textColorOn } from './color-scale.ts';
import type { LegendEntry } from './figure.ts';
import { hatch } from './hatch.ts';
import type { HeatMap, NamedValues, Place } from './heat-map.ts';
import { badgeHeight, drawBadge, drawHeadline, drawPanelTitle, shortened, widestOf } from './lettering.ts';
import type { Area } from './plot-area.ts';
import { colors, fontSizes, fonts, layout, size } from './theme.ts';
import { linearTicks, nameTicks, type Tick, valueLabels, valueText } from './ticks.ts';

/** The map as a PNG of `theme.size`. */
export function drawHeatMap(canvas: Canvas, map: HeatMap): Uint8Array<ArrayBuffer> {
  return canvas.render(chartConfiguration(map, gridOf(canvas.measure, map)));
}

interface Grid {
  readonly area: Area;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Between two cells; none where they are small. */
  readonly gap: number;
  readonly scaleLabels: readonly Tick[];
}

const axisNameHeight = 30;
const barGap = 28;
const barWidth = 26;
const widestLabel = 150;

function gridOf(context: Context, map: HeatMap): Grid {
  const left = layout.margin + axisNameHeight + labelWidth(context, map.y) + layout.axisGap;
  const top = layout.headline + layout.strip;
  const height = size.height - top - layout.timeAxis - axisNameHeight;
  const scaleLabels = labelsOfScale(map, height);
  const badge = map.best === null ? [] : [map.best.text];
  const labels = [...scaleLabels.map(({ label }) => label), ...badge];
  const scaleWidth = barGap + barWidth + widestOf(context, labels) + 3 * layout.axisGap;
  const width = size.width - layout.margin - scaleWidth - left;
  const cellWidth = Math.floor(width / map.x.labels.length);
  const cellHeight = Math.floor(height / map.y.labels.length);
  const right = left + cellWidth * map.x.labels.length;
  const bottom = top + cellHeight * map.y.labels.length;
  return {
    area: { left, right, top, bottom },
    cellWidth,
    cellHeight,
    gap: gapBetween(Math.min(cellWidth, cellHeight)),
    scaleLabels,
  };
}

function gapBetween(cell: number): number {
  if (cell >= 24) return 2;
  return cell >= 10 ? 1 : 0;
}

function labelWidth(context: Context, { labels }: NamedValues): number {
  return Math.ceil(Math.min(widestLabel, widestOf(context, labels)));
}

function chartConfiguration(map: HeatMap, grid: Grid): ChartConfiguration<'matrix'> {
  const { area, cellWidth, cellHeight, gap } = grid;
  const axis = (count: number) => ({
    type: 'linear' as const,
    display: false,
    offset: false,
    min: 0,
    max: count,
  });
  return {
    type: 'matrix',
    data: {
      datasets: [
        {
          // The upper left corner of a cell, not its middle: half a pixel would blur it.
          data: map.cells.map(({ x, y }) => ({ x, y: y + 1 })),
          anchorX: 'left',
          anchorY: 'top',
          width: cellWidth - gap,
          height: cellHeight - gap,
          backgroundColor: map.cells.map(({ color }) => color),
        },
      ],
    },
    options: {
      ...chartOptions(area),
      scales: { x: axis(map.x.labels.length), y: { ...axis(map.y.labels.length), reverse: false } },
    },
    plugins: [background, heatMapPlugin(map, grid)],
  };
}

/** Everything around, beneath and upon the cells, at its moment in the order of drawing. */
function heatMapPlugin(map: HeatMap, grid: Grid): Plugin<'matrix'> {
  return {
    id: 'heat-map',
    beforeDraw(chart) {
      const context = chart.ctx as Context;
      hatch(
        context,
        map.empty.map((place) => cellArea(grid, place)),
      );
    },
    afterDatasetsDraw(chart) {
      const context = chart.ctx as Context;
      paintTexts(context, map, grid);
      if (map.best !== null) paintFrame(context, cellArea(grid, map.best));
    },
    afterDraw(chart) {
      const context = chart.ctx as Context;
      drawHeadline(context, map.headline);
      const words = { title: map.objective, legend: legendOf(map), note: noteOf(map) };
      drawPanelTitle(context, words, grid.area);
      paintColumnLabels(context, map, grid);
      paintRowLabels(context, map, grid);
      paintScale(context, map, grid);
    },
  };
}

function cellArea({ area, cellWidth, cellHeight, gap }: Grid, { x, y }: Place): Area {
  const left = area.left + x * cellWidth;
  const top = area.bottom - (y + 1) * cellHeight;
  return { left, right: left + cellWidth - gap, top, bottom: top + cellHeight - gap };
}

/** All cells have their figure written, or none: in full, else short where that fits. */
function paintTexts(context: Context, map: HeatMap, grid: Grid): void {
  const { cellWidth, cellHeight } = grid;
  if (cellHeight < badgeHeight - 3) return;
  const fits = (texts: readonly string[]) => widestOf(context, texts) <= cellWidth - 8;
  const inFull = fits(map.cells.map(({ text }) => text));
  if (!inFull && !fits(map.cells.map(({ shortText }) => shortText))) return;
  context.font = fonts.small;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const cell of map.cells) {
    const { left, right, top, bottom } = cellArea(grid, cell);
    context.fillStyle = textColorOn(cell.color);
    context.fillText(
      inFull ? cell.text : cell.shortText,
      (left + right) / 2,
      Math.round((top + bottom) / 2) + 7,
    );
  }
}

/** Seen even where a cell is a few pixels small: around it, light on dark. */
function paintFrame(context: Context, { left, right, top, bottom }: Area): void {
  const smallest = 15;
  const addX = Math.max(0, Math.ceil((smallest - (right - left)) / 2));
  const addY = Math.max(0, Math.ceil((smallest - (bottom - top)) / 2));
  const frame = [
    left - addX - 1,
    top - addY - 1,
    right - left + 2 * addX + 2,
    bottom - top + 2 * addY + 2,
  ] as const;
  context.save();
  context.lineJoin = 'round';
  context.strokeStyle = colors.background;
  context.lineWidth = 8;
  context.strokeRect(...frame);
  context.strokeStyle = colors.best;
  context.lineWidth = 4;
  context.strokeRect(...frame);
  context.restore();
}

function legendOf({ best, empty }: HeatMap): LegendEntry[] {
  return [
    ...(best === null ? [] : [{ label: 'best', color: colors.best, swatch: 'frame' } as const]),
    ...(empty.length === 0 ? [] : [{ label: 'no result', color: colors.hatch, swatch: 'hatch' } as const]),
  ];
}

function noteOf({ scale: { more, min, max } }: HeatMap): string {
  const ends = [...(more.below ? [min] : []), ...(more.above ? [max] : [])].map(valueText);
  return ends.length === 0 ? '' : `colours end at ${ends.join(' and ')}`;
}

function paintColumnLabels(context: Context, { x, best }: HeatMap, { area, cellWidth, gap }: Grid): void {
  const widest = Math.min(widestLabel, widestOf(context, x.labels));
  const middle = (column: number) => area.left + (column + 0.5) * cellWidth - gap / 2;
  const baseline = area.bottom + 27;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'center';
  const bestWidth = best === null ? 0 : badgeWidth(context, x.labels[best.x] ?? '');
  const every = nameTicks(x.labels, Math.min(widest + 16, widestLabel) / cellWidth);
  context.font = fonts.small;
  context.fillStyle = colors.muted;
  for (const { value, label } of every) {
    const text = shortened(context, label, Math.max(cellWidth - 8, Math.min(widestLabel, widest)));
    const distance = best === null ? Number.POSITIVE_INFINITY : Math.abs(middle(value) - middle(best.x));
    if (distance < (bestWidth + context.measureText(text).width) / 2 + 6) continue;
    context.fillText(text, middle(value), baseline);
  }
  if (best !== null) {
    const left = middle(best.x) - bestWidth / 2;
    paintBestLabel(context, x.labels[best.x] ?? '', left, baseline - 7);
  }
  context.font = fonts.smallBold;
  context.fillStyle = colors.text;
  context.textAlign = 'center';
  const name = shortened(context, x.name, area.right - area.left);
  context.fillText(name, (area.left + area.right) / 2, baseline + axisNameHeight);
}

function paintRowLabels(context: Context, { y, best }: HeatMap, { area, cellHeight, gap }: Grid): void {
  const middle = (row: number) => area.bottom - (row + 0.5) * cellHeight - gap / 2;
  const right = area.left - layout.axisGap;
  const bestRow = best?.y ?? Number.NaN;
  context.textBaseline = 'alphabetic';
  context.font = fonts.small;
  context.fillStyle = colors.muted;
  context.textAlign = 'right';
  for (const { value, label } of nameTicks(y.labels, layout.labelDistance / cellHeight)) {
    if (Math.abs(middle(value) - middle(bestRow)) < layout.labelDistance) continue;
    context.fillText(shortened(context, label, widestLabel), right, Math.round(middle(value)) + 7);
  }
  if (best !== null) {
    const label = y.labels[bestRow] ?? '';
    paintBestLabel(context, label, right + 6 - badgeWidth(context, label), Math.round(middle(bestRow)));
  }
  context.save();
  context.translate(layout.margin + 17, (area.top + area.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.font = fonts.smallBold;
  context.fillStyle = colors.text;
  context.textAlign = 'center';
  context.fillText(shortened(context, y.name, area.bottom - area.top), 0, 0);
  context.restore();
}

const bestPadding = 6;

function badgeWidth(context: Context, label: string): number {
  context.save();
  context.font = fonts.smallBold;
  const width = context.measureText(shortened(context, label, widestLabel)).width + 2 * bestPadding;
  context.restore();
  return width;
}

/** On the axes, the parameters of the best run in the colour of its frame. */
function paintBestLabel(context: Context, label: string, left: number, middle: number): void {
  const width = badgeWidth(context, label);
  context.save();
  context.fillStyle = colors.best;
  context.beginPath();
  context.roundRect(left, Math.round(middle - badgeHeight / 2), width, badgeHeight, 4);
  context.fill();
  context.font = fonts.smallBold;
  context.fillStyle = colors.background;
  context.textAlign = 'left';
  context.fillText(shortened(context, label, widestLabel), left + bestPadding, Math.round(middle) + 7);
  context.restore();
}

/** Round values, and at an end beyond which there are more, that end with a sign that says so. */
function labelsOfScale({ scale }: HeatMap, height: number): Tick[] {
  const { min, max, more } = scale;
  const values = linearTicks(min, max, Math.floor(height / (2.2 * layout.labelDistance)));
  const labels = valueLabels(values);
  const ends: Tick[] = [
    ...(more.below ? [{ value: min, label: `≤ ${valueText(min)}` }] : []),
    ...(more.above ? [{ value: max, label: `≥ ${valueText(max)}` }] : []),
  ];
  const pixel = pixelsOfScale(min, max, 0, height);
  const isFree = (value: number) =>
    ends.every((end) => Math.abs(pixel(end.value) - pixel(value)) >= layout.labelDistance);
  const round = values.map((value, index) => ({ value, label: labels[index] ?? '' }));
  return [...round.filter(({ value }) => isFree(value)), ...ends];
}

/** A scale without extent has its only value in the middle. */
function pixelsOfScale(min: number, max: number, top: number, bottom: number): (value: number) => number {
  const half = max / 2 - min / 2;
  return (value) => {
    if (!(half > 0)) return (top + bottom) / 2;
    return bottom - (bottom - top) * Math.max(0, Math.min(1, (value / 2 - min / 2) / half));
  };
}

function paintScale(context: Context, { scale, best }: HeatMap, { area, scaleLabels }: Grid): void {
  const left = area.right + barGap;
  const right = left + barWidth;
  const { min, max } = scale;
  const rows = area.bottom - area.top;
  for (let row = 0; row < rows; row++) {
    const fraction = rows > 1 ? 1 - row / (rows - 1) : 0.5;
    context.fillStyle = scale.color(min * (1 - fraction) + max * fraction);
    context.fillRect(left, area.top + row, barWidth, 1);
  }
  const pixel = pixelsOfScale(min, max, area.top, area.bottom);
  const bestPixel = best === null ? Number.NaN : pixel(best.value);
  context.font = fonts.small;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  for (const { value, label } of scaleLabels) {
    const middle = Math.round(pixel(value));
    if (Math.abs(middle - bestPixel) < (badgeHeight + fontSizes.small) / 2) continue;
    context.fillStyle = colors.background;
    context.fillRect(right - 6, middle, 6, 1);
    context.fillStyle = colors.muted;
    context.fillText(label, right + layout.axisGap, Math.min(middle + 7, area.bottom + 7));
  }
  if (best === null) return;
  drawBadge(context, right, bestPixel, { kind: 'badge', x: 0, y: 0, text: best.text, color: colors.best });
}
