/**
 * Draws a figure: chart.js does the axes and the lines, `paint.ts` what chart.js has no shape for, `lettering.ts` the
 * words. All panels are one chart with stacked value axes, so that they share one plot area and line up to the pixel.
 */
import type { Chart, ChartConfiguration, ChartDataset, Plugin, Scale, ScaleOptions } from 'chart.js';
import type { Canvas, Context } from './canvas.ts';
import { background, chartOptions } from './chart-options.ts';
import {
  type ColumnsLayer,
  type Figure,
  type Layer,
  type LineLayer,
  type MonthsLayer,
  type Panel,
  type PlaceAxis,
  placesOn,
  type TableLayer,
  type ValueAxis,
  type WaterfallLayer,
} from './figure.ts';
import {
  badgeHeight,
  badgePadding,
  drawColumnNames,
  drawHeadline,
  drawPanelTitle,
  drawPlaceLabels,
  widestOf,
} from './lettering.ts';
import { paintOver, paintUnder, placedBadges } from './paint.ts';
import type { PlotArea } from './plot-area.ts';
import type { Point } from './reduce.ts';
import { colors, fontFamily, fontSizes, fonts, layout, size, strokes } from './theme.ts';
import {
  compactText,
  linearTicks,
  logarithmicLabels,
  logarithmicTicks,
  nameTicks,
  type Tick,
  timeTicks,
  valueLabels,
} from './ticks.ts';

/** The figure as a PNG of `theme.size`. */
export function drawFigure(canvas: Canvas, figure: Figure): Uint8Array<ArrayBuffer> {
  return canvas.render(chartConfiguration(figure));
}

function chartConfiguration(figure: Figure): ChartConfiguration<'line'> {
  const heights = panelHeights(figure.panels);
  const ticks = figure.panels.map((panel, index) => axisTicks(panel, heights[index] ?? 0));
  const scales: Record<string, ScaleOptions<'linear' | 'logarithmic'>> = {
    x: barScale(Math.max(1, placesOn(figure.axis))),
  };
  const axisWidth = widthOfLabels(figure.panels, ticks);
  figure.panels.forEach((panel, index) => {
    scales[`gap${index}`] = gapScale(index, roomAbove(figure.panels, index));
    scales[panelScaleId(index)] = panelScale(
      panel,
      index,
      heights[index] ?? 0,
      ticks[index] ?? [],
      axisWidth,
    );
  });
  return {
    type: 'line',
    data: { datasets: figure.panels.flatMap(panelDatasets) },
    options: {
      ...chartOptions({
        left: layout.margin,
        right: size.width - layout.margin,
        top: layout.headline,
        bottom: size.height,
      }),
      scales,
    },
    plugins: [background, figurePlugin(figure)],
  };
}

function panelHeights(panels: readonly Panel[]): number[] {
  const weights = panels.reduce((sum, panel) => sum + panel.weight, 0);
  const gaps = panels.reduce((sum, _, index) => sum + roomAbove(panels, index), 0);
  const room = size.height - layout.headline - layout.timeAxis - gaps;
  return panels.map((panel) => (room * panel.weight) / weights);
}

/** A panel's title, below the labels of an axis that ends with the panel before. */
function roomAbove(panels: readonly Panel[], index: number): number {
  const before = panels[index - 1];
  const isLabelled = before !== undefined && (hasNames(before) || before === lastOnAxis(panels));
  return layout.strip + (isLabelled ? layout.timeAxis : 0);
}

/** The labels of the figure's axis stand below this one. */
function lastOnAxis(panels: readonly Panel[]): Panel | undefined {
  return panels.findLast((panel) => !hasNames(panel));
}

function hasNames(panel: Panel): boolean {
  return columnsOf(panel) !== undefined;
}

/** Panels of columns with names of their own do not share the figure's axis. */
function columnsOf({ layers }: Panel): ColumnsLayer | WaterfallLayer | MonthsLayer | undefined {
  return layers.find(
    (layer) => layer.kind === 'columns' || layer.kind === 'waterfall' || layer.kind === 'months',
  );
}

/** Rows with names in place of a scale of values. */
function rowsOf({ layers }: Panel): TableLayer | MonthsLayer | undefined {
  return layers.find((layer) => layer.kind === 'table' || layer.kind === 'months');
}

/** x: bars side by side, each in the middle of a slot of its own, and some air so that marks on the last one are whole. */
function barScale(bars: number): ScaleOptions<'linear'> {
  const air = bars * 0.008;
  return {
    type: 'linear',
    position: 'bottom',
    min: -0.5 - air,
    max: bars - 0.5 + air,
    grid: { display: false },
    border: { display: false },
    ticks: { display: false },
    afterFit: (scale: Scale) => setExtent(scale, 'height', layout.timeAxis),
  } as ScaleOptions<'linear'>;
}

/** The room above a panel: chart.js stacks axes without a distance between them. */
function gapScale(index: number, height: number): ScaleOptions<'linear'> {
  return {
    type: 'linear',
    position: 'right',
    display: false,
    stack: 'panels',
    stackWeight: height,
    weight: 2 * index,
  } as ScaleOptions<'linear'>;
}

function panelScale(
  panel: Panel,
  index: number,
  height: number,
  ticks: readonly Tick[],
  width: (context: Context) => number,
): ScaleOptions<'linear' | 'logarithmic'> {
  const { axis } = panel;
  const labels = new Map(ticks.map(({ value, label }) => [value, label]));
  return {
    type: axis.kind,
    position: 'right',
    stack: 'panels',
    stackWeight: height,
    weight: 2 * index + 1,
    min: axis.min,
    max: axis.max,
    grid: { display: rowsOf(panel) === undefined, color: colors.grid, drawTicks: false },
    border: { display: false },
    ticks: {
      color: colors.muted,
      font: { family: fontFamily, size: fontSizes.small },
      padding: layout.axisGap,
      autoSkip: false,
      callback: (value: string | number) => labels.get(Number(value)) ?? '',
    },
    afterBuildTicks: (scale: Scale) => {
      scale.ticks = ticks.map(({ value }) => ({ value }));
    },
    afterFit: (scale: Scale) => setExtent(scale, 'width', width(scale.chart.ctx as Context)),
  } as ScaleOptions<'linear'>;
}

/** A fixed extent, and no room for overhanging labels: otherwise these would move the plot area. */
function setExtent(scale: Scale, side: 'width' | 'height', pixels: number): void {
  scale[side] = pixels;
  scale.paddingLeft = 0;
  scale.paddingRight = 0;
  scale.paddingTop = 0;
  scale.paddingBottom = 0;
}

/** Where a badge lies over a label, the line stays and the label goes. */
function axisTicks(panel: Panel, height: number): Tick[] {
  const named = rowsOf(panel);
  if (named !== undefined) return rowTicks(named);
  const { axis } = panel;
  const { min, max } = axis;
  const values =
    axis.kind === 'logarithmic'
      ? logarithmicTicks(min, max, (layout.labelDistance * Math.log10(max / min)) / height)
      : linearTicks(min, max, Math.max(2, Math.floor(height / (layout.labelDistance * 1.5))));
  const pixel = pixelsFromTop(axis, height);
  // From the top: in a panel with room for one label, the highest says more than the lowest.
  const apart: number[] = [];
  for (const value of values.toReversed()) {
    const above = apart.at(-1);
    if (above === undefined || pixel(value) - pixel(above) >= layout.labelDistance) apart.push(value);
  }
  const labels = tickLabels(axis, apart);
  const unit = axis.unit === 'percent' ? '%' : '';
  const badges = placedBadges(panel.layers, pixel, 0, height);
  const isCovered = (value: number) =>
    badges.some(({ middle }) => Math.abs(middle - pixel(value)) < (badgeHeight + fontSizes.small) / 2);
  return apart.map((value, index) => ({
    value,
    label: isCovered(value) ? '' : `${labels[index] ?? ''}${unit}`,
  }));
}

/** One in the middle of each row. */
function rowTicks({ rows }: TableLayer | MonthsLayer): Tick[] {
  return rows.map(({ name }, index) => ({ value: rows.length - index - 0.5, label: name }));
}

function tickLabels(axis: ValueAxis, values: readonly number[]): string[] {
  if (axis.kind === 'logarithmic') return logarithmicLabels(values);
  return axis.unit === 'compact' ? values.map(compactText) : valueLabels(values);
}

function pixelsFromTop(axis: ValueAxis, height: number): (value: number) => number {
  const scaled = axis.kind === 'logarithmic' ? Math.log10 : (value: number) => value;
  const span = scaled(axis.max) - scaled(axis.min);
  return (value) => (height * (scaled(axis.max) - scaled(value))) / span;
}

/** All value axes are as wide as the widest label among them. */
function widthOfLabels(
  panels: readonly Panel[],
  ticks: readonly (readonly Tick[])[],
): (context: Context) => number {
  let width: number | null = null;
  return (context) => {
    if (width !== null) return width;
    context.save();
    context.font = fonts.smallBold;
    const labels = ticks.flat().map(({ label }) => label);
    const badges = panels.flatMap(({ layers }) =>
      layers.flatMap((layer) => (layer.kind === 'badge' ? [layer.text] : [])),
    );
    const widest = Math.max(...[...labels, ...badges].map((text) => context.measureText(text).width), 40);
    context.restore();
    width = Math.ceil(widest) + layout.axisGap + badgePadding;
    return width;
  };
}

type LineDataset = ChartDataset<'line', Point[]>;

function panelDatasets(panel: Panel, index: number): LineDataset[] {
  return panel.layers.flatMap((layer) => {
    const dataset = layerDataset(layer);
    return dataset === null ? [] : [{ ...dataset, yAxisID: panelScaleId(index), xAxisID: 'x' }];
  });
}

function layerDataset(layer: Layer): LineDataset | null {
  switch (layer.kind) {
    case 'line':
      return {
        data: [...layer.points],
        // A value between two gaps has no line to be seen by.
        pointRadius: isolatedRadii(layer),
        pointBackgroundColor: layer.color,
        pointBorderWidth: 0,
        borderColor: layer.color,
        borderWidth: layer.width,
        borderJoinStyle: 'round',
        ...(layer.stroke && { borderDash: [...strokes[layer.stroke]] }),
        fill: layer.fill === null ? false : fillTarget(layer.fill.to),
        ...(layer.fill !== null && { backgroundColor: layer.fill.color }),
      };
    case 'dots':
      return {
        data: [...layer.points],
        showLine: false,
        pointRadius: dotRadius(layer.points.length),
        pointBackgroundColor: layer.color,
        pointBorderWidth: 0,
      };
    case 'candles':
    case 'volume':
    case 'trades':
    case 'returns':
    case 'columns':
    case 'waterfall':
    case 'months':
    case 'bands':
    case 'table':
    case 'mark':
    case 'label':
    case 'badge':
      return null;
    default:
      return layer satisfies never;
  }
}

function dotRadius(dots: number): number {
  if (dots > 300) return 2;
  return dots > 60 ? 3 : 4;
}

function fillTarget(to: 'bottom' | 'zero' | 'before'): 'start' | 'origin' | '-1' {
  if (to === 'bottom') return 'start';
  return to === 'zero' ? 'origin' : '-1';
}

function isolatedRadii(layer: LineLayer): number | number[] {
  const { points, width } = layer;
  if (layer.fill?.to === 'before') return 0;
  const missing = (index: number) => Number.isNaN(points[index]?.y ?? Number.NaN);
  const radii = points.map((_, index) => (missing(index - 1) && missing(index + 1) ? width * 1.5 : 0));
  return radii.some((radius) => radius > 0) ? radii : 0;
}

/** Everything around and between the lines, at its moment in the order of drawing. */
function figurePlugin(figure: Figure): Plugin<'line'> {
  const plots = (chart: Chart<'line'>) =>
    figure.panels.map((panel, index) => ({ panel, plot: plotArea(chart, index) }));
  let marks: Tick[] = [];
  return {
    id: 'figure',
    beforeDraw(chart) {
      const context = chart.ctx as Context;
      marks = placeTicks(context, figure.axis, slotWidth(chart));
      for (const { panel, plot } of plots(chart)) drawPlotGround(context, plot, hasNames(panel) ? [] : marks);
    },
    beforeDatasetsDraw(chart) {
      for (const { panel, plot } of plots(chart)) paintUnder(chart.ctx as Context, plot, panel.layers);
    },
    afterDatasetsDraw(chart) {
      for (const { panel, plot } of plots(chart)) paintOver(chart.ctx as Context, plot, panel.layers);
    },
    afterDraw(chart) {
      const context = chart.ctx as Context;
      drawHeadline(context, figure.headline);
      const last = lastOnAxis(figure.panels);
      for (const { panel, plot } of plots(chart)) {
        drawPanelTitle(context, panel, plot.area);
        const columns = columnsOf(panel);
        if (columns !== undefined) drawColumnNames(context, columns, plot.area);
        if (panel !== last) continue;
        const labels = marks.map(({ value, label }) => ({ pixel: plot.x(value), label }));
        drawPlaceLabels(context, labels, plot.area);
      }
    },
  };
}

const mostTimeTicks = 12;
const timeLabelDistance = 66;

function placeTicks(context: Context, axis: PlaceAxis, slot: number): Tick[] {
  if (axis.kind === 'time') return timeTicks(axis.time, mostTimeTicks, timeLabelDistance / slot);
  return nameTicks(axis.names, (widestOf(context, axis.names) + 2 * layout.axisGap) / slot);
}

function drawPlotGround(context: Context, { area, x }: PlotArea, marks: readonly Tick[]): void {
  context.fillStyle = colors.panel;
  context.fillRect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  context.fillStyle = colors.grid;
  for (const { value } of marks) {
    context.fillRect(Math.floor(x(value)), area.top, 1, area.bottom - area.top);
  }
}

function plotArea(chart: Chart<'line'>, index: number): PlotArea {
  const scale = chart.scales[panelScaleId(index)];
  const bars = chart.scales['x'];
  if (scale === undefined || bars === undefined) throw new Error(`panel ${index} has no axis`);
  const { left, right } = chart.chartArea;
  return {
    area: { left, right, top: scale.top, bottom: scale.bottom },
    x: (bar) => bars.getPixelForValue(bar),
    y: (value) => scale.getPixelForValue(value),
    slot: slotWidth(chart),
  };
}

function slotWidth(chart: Chart<'line'>): number {
  const bars = chart.scales['x'];
  return bars === undefined ? 1 : bars.getPixelForValue(1) - bars.getPixelForValue(0);
}

function panelScaleId(index: number): string {
  return `y${index}`;
}
