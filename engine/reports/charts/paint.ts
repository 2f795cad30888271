/** Shapes that chart.js does not have: candles, volume, trades, marks on a line and badges on the axis. */
import type { Context } from './canvas.ts';
import type {
  BadgeLayer,
  BandsLayer,
  CandlesLayer,
  ColumnsLayer,
  Layer,
  ReturnsLayer,
  Stretch,
  TableLayer,
  TradeMark,
  TradesLayer,
  VolumeLayer,
} from './figure.ts';
import { badgeHeight, drawBadge, drawLabel } from './lettering.ts';
import { paintMonths, paintWaterfall } from './paint-money.ts';
import type { Area, PlotArea } from './plot-area.ts';
import { at, type Buckets } from './reduce.ts';
import { colors, fonts, limits } from './theme.ts';

/** What lies beneath the lines. */
export function paintUnder(context: Context, plot: PlotArea, layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (layer.kind === 'candles') paintCandles(context, plot, layer);
    else if (layer.kind === 'volume') paintVolume(context, plot, layer);
    else if (layer.kind === 'bands') paintBands(context, plot, layer);
    else if (layer.kind === 'columns' || layer.kind === 'waterfall' || layer.kind === 'returns')
      paintZero(context, plot);
  }
}

/** What lies above them. */
export function paintOver(context: Context, plot: PlotArea, layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (layer.kind === 'trades') paintTrades(context, plot, layer);
    else if (layer.kind === 'returns') paintReturns(context, plot, layer);
    else if (layer.kind === 'columns') paintColumns(context, plot, layer);
    else if (layer.kind === 'waterfall') paintWaterfall(context, plot, layer);
    else if (layer.kind === 'months') paintMonths(context, plot, layer);
    else if (layer.kind === 'table') paintTable(context, plot, layer);
    else if (layer.kind === 'mark') dot(context, plot.x(layer.x), plot.y(layer.y), layer.color);
  }
  paintLabels(context, plot, layers);
  paintBadges(context, plot, layers);
}

const widestBody = 26;

/** Edges on whole pixels: a candle is a few pixels wide, and half a pixel would blur it. */
function bucketSpan(plot: PlotArea, buckets: Buckets, bucket: number): { left: number; width: number } {
  const middle = (plot.x(at(buckets.first, bucket)) + plot.x(at(buckets.last, bucket))) / 2;
  const width = Math.max(1, Math.min(widestBody, Math.floor(buckets.barsEach * plot.slot * 0.72)));
  return { left: Math.round(middle - width / 2), width };
}

/** A body that rose is hollow, one that fell filled; its wick ends at the body. */
function paintCandles(context: Context, plot: PlotArea, { buckets }: CandlesLayer): void {
  for (let bucket = 0; bucket < buckets.close.length; bucket++) {
    const open = at(buckets.open, bucket);
    const close = at(buckets.close, bucket);
    if (Number.isNaN(open) || Number.isNaN(close)) continue;
    const { left, width } = bucketSpan(plot, buckets, bucket);
    const wickWidth = width >= 9 ? 2 : 1;
    const top = Math.round(plot.y(at(buckets.high, bucket)));
    const bottom = Math.round(plot.y(at(buckets.low, bucket)));
    const bodyTop = Math.round(plot.y(Math.max(open, close)));
    const bodyBottom = Math.round(plot.y(Math.min(open, close)));
    const rose = close >= open;
    context.fillStyle = rose ? colors.candleUp : colors.candleDown;
    context.fillRect(left + Math.floor((width - wickWidth) / 2), top, wickWidth, Math.max(1, bottom - top));
    const body = { left, top: bodyTop, width, height: Math.max(1, bodyBottom - bodyTop) };
    paintBody(context, body, rose && isHollow(buckets));
  }
}

function paintVolume(context: Context, plot: PlotArea, { buckets }: VolumeLayer): void {
  for (let bucket = 0; bucket < buckets.volume.length; bucket++) {
    const volume = at(buckets.volume, bucket);
    if (!(volume > 0)) continue;
    const { left, width } = bucketSpan(plot, buckets, bucket);
    const top = Math.round(plot.y(volume));
    const rose = at(buckets.close, bucket) >= at(buckets.open, bucket);
    context.fillStyle = rose ? colors.volumeUp : colors.volumeDown;
    const height = Math.max(1, Math.round(plot.area.bottom) - top);
    paintBody(context, { left, top, width, height }, rose && isHollow(buckets));
  }
}

function isHollow({ close }: Buckets): boolean {
  return close.length <= limits.hollowCandles;
}

/** In the current colour; of a hollow one the rim, as far as there is room for something within it. */
function paintBody(
  context: Context,
  { left, top, width, height }: Readonly<Record<'left' | 'top' | 'width' | 'height', number>>,
  hollow: boolean,
): void {
  context.fillRect(left, top, width, height);
  const rim = width >= 9 ? 2 : 1;
  if (!hollow || width <= 2 * rim || height <= 2 * rim) return;
  context.fillStyle = colors.panel;
  context.fillRect(left + rim, top + rim, width - 2 * rim, height - 2 * rim);
}

/**
 * A buy points up to its price from below, a sell points down to it from above. Gain is filled and loss is hollow. A
 * thin line joins entry and exit. Where one trade ends and the next begins at the same price, the marks stand in line.
 */
function paintTrades(context: Context, plot: PlotArea, { trades }: TradesLayer): void {
  context.save();
  clipTo(context, plot.area);
  context.lineWidth = 1.5;
  context.setLineDash([3, 3]);
  for (const trade of trades) {
    context.strokeStyle = tradeColor(trade);
    context.beginPath();
    context.moveTo(plot.x(trade.entryBar), plot.y(trade.entryPrice));
    context.lineTo(plot.x(trade.exitBar), plot.y(trade.exitPrice));
    context.stroke();
  }
  context.setLineDash([]);
  const half = markHalfWidth(trades.length, plot.area.bottom - plot.area.top);
  const taken = new Map<string, number>();
  const mark = (trade: TradeMark, bar: number, price: number, buy: boolean) => {
    const place = `${bar} ${buy}`;
    const before = taken.get(place) ?? 0;
    taken.set(place, before + 1);
    const distance = 3 + before * (half * 1.9 + 3);
    triangle(context, plot.x(bar), plot.y(price), buy, half, distance, trade);
  };
  for (const trade of trades) {
    if (!trade.open) mark(trade, trade.exitBar, trade.exitPrice, !trade.long);
  }
  for (const trade of trades) mark(trade, trade.entryBar, trade.entryPrice, trade.long);
  context.restore();
}

/** Largest first, so that small ones are not covered. */
function paintReturns(context: Context, plot: PlotArea, { returns }: ReturnsLayer): void {
  const largest = returns.length <= 60 ? 12 : 9;
  const smallest = returns.length <= 60 ? 6 : 4.5;
  context.save();
  context.lineJoin = 'round';
  for (const { bar, percent, long, gain, share } of returns.toSorted(
    (one, other) => other.share - one.share,
  )) {
    // The area tells the size, as area is what an eye compares.
    const half = Math.max(smallest, largest * Math.sqrt(share));
    const up = long ? -1 : 1;
    const x = plot.x(bar);
    const y = plot.y(percent);
    context.beginPath();
    context.moveTo(x, y + up * half);
    context.lineTo(x - half, y - up * half * 0.8);
    context.lineTo(x + half, y - up * half * 0.8);
    context.closePath();
    context.lineWidth = 3.5;
    context.strokeStyle = colors.panel;
    context.stroke();
    context.fillStyle = gain ? colors.gain : colors.panel;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = tradeColor({ gain });
    context.stroke();
  }
  context.restore();
}

const widestColumn = 72;

/** Gain is filled and loss is hollow, as with trades. The figure stands at the column's end where there is room. */
function paintColumns(context: Context, plot: PlotArea, { columns }: ColumnsLayer): void {
  const { left, right, top, bottom } = plot.area;
  const slot = (right - left) / columns.length;
  const width = Math.round(Math.min(widestColumn, slot * 0.62));
  const zero = Math.round(plot.y(0));
  context.save();
  context.font = fonts.small;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  columns.forEach(({ value, text }, index) => {
    if (!Number.isFinite(value)) return;
    const middle = left + (index + 0.5) * slot;
    const x = Math.round(middle - width / 2);
    const end = Math.round(plot.y(value));
    const gain = value >= 0;
    const height = Math.max(2, Math.abs(end - zero));
    if (gain) {
      context.fillStyle = colors.gain;
      context.fillRect(x, zero - height, width, height);
    } else {
      context.strokeStyle = colors.loss;
      context.lineWidth = 2;
      context.strokeRect(x + 1, zero + 1, width - 2, Math.max(1, height - 2));
    }
    const baseline = gain ? zero - height - 6 : zero + height + 19;
    const isInside = baseline - 15 >= top && baseline + 3 <= bottom;
    if (!isInside || context.measureText(text).width > slot - 6) return;
    context.fillStyle = colors.text;
    context.fillText(text, middle, baseline);
  });
  context.restore();
}

function paintZero(context: Context, plot: PlotArea): void {
  const { left, right } = plot.area;
  context.fillStyle = colors.others;
  context.fillRect(left, Math.round(plot.y(0)), right - left, 1);
}

function paintBands(context: Context, plot: PlotArea, { bands }: BandsLayer): void {
  context.fillStyle = colors.band;
  bands.forEach((band, index) => {
    if (index % 2 === 0) return;
    const { left, right } = edges(plot, band);
    context.fillRect(left, plot.area.top, right - left, plot.area.bottom - plot.area.top);
  });
}

/** On whole pixels, where the bar before the first and the bar behind the last one begin and end. */
function edges(plot: PlotArea, { from, to }: Stretch): { left: number; right: number } {
  return { left: Math.round(plot.x(from - 0.5)), right: Math.round(plot.x(to + 0.5)) };
}

/** Equal neighbours are written once, between lines to both ends; an ellipsis stands for what has no room. */
function paintTable(context: Context, plot: PlotArea, { stretches, rows }: TableLayer): void {
  context.save();
  context.font = fonts.small;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  rows.forEach(({ cells }, row) => {
    const middle = Math.round(plot.y(rows.length - row - 0.5));
    for (const { text, first, last } of runsOfEqual(cells)) {
      const from = stretches[first];
      const to = stretches[last];
      if (from === undefined || to === undefined) continue;
      const { left, right } = edges(plot, { from: from.from, to: to.to });
      const written = context.measureText(text).width <= right - left ? text : '…';
      const half = context.measureText(written).width / 2 + 8;
      const centre = (left + right) / 2;
      context.fillStyle = colors.others;
      if (last > first && centre - half > left + 8) {
        context.fillRect(left + 8, middle, centre - half - left - 8, 1);
        context.fillRect(centre + half, middle, right - 8 - centre - half, 1);
      }
      context.fillStyle = colors.text;
      context.fillText(written, centre, middle + 7);
    }
  });
  context.restore();
}

interface RunOfEqual {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** `a a b` is two runs: cells 0 to 1, and cell 2. */
export function runsOfEqual(cells: readonly string[]): RunOfEqual[] {
  const runs: RunOfEqual[] = [];
  cells.forEach((text, index) => {
    const before = runs.at(-1);
    if (before?.text === text) runs[runs.length - 1] = { ...before, last: index };
    else runs.push({ text, first: index, last: index });
  });
  return runs;
}

/** Smaller where there are many, or little height, so that the price stays visible. */
function markHalfWidth(trades: number, height: number): number {
  const wanted = trades <= 25 ? 10 : trades <= 60 ? 8 : 5.5;
  return Math.max(5, Math.min(wanted, height / 26));
}

function triangle(
  context: Context,
  x: number,
  y: number,
  up: boolean,
  half: number,
  distance: number,
  trade: TradeMark,
): void {
  const away = up ? 1 : -1;
  const tip = y + away * distance;
  const base = tip + away * half * 1.7;
  context.beginPath();
  context.moveTo(x, tip);
  context.lineTo(x - half, base);
  context.lineTo(x + half, base);
  context.closePath();
  context.lineJoin = 'round';
  // A dark rim separates the mark from candles of its own colour.
  context.lineWidth = half > 6 ? 5 : 3.5;
  context.strokeStyle = colors.panel;
  context.stroke();
  context.fillStyle = trade.gain ? tradeColor(trade) : colors.panel;
  context.fill();
  context.lineWidth = half > 6 ? 2 : 1.5;
  context.strokeStyle = tradeColor(trade);
  context.stroke();
}

export function tradeColor(trade: Pick<TradeMark, 'gain'>): string {
  return trade.gain ? colors.gain : colors.loss;
}

function paintLabels(context: Context, { area, x, y }: PlotArea, layers: readonly Layer[]): void {
  const labels = layers.filter((layer) => layer.kind === 'label');
  for (const { one: label, middle } of apart(labels, y, area.top, area.bottom)) {
    drawLabel(context, label, { right: x(label.x), middle, leftmost: area.left });
  }
}

function paintBadges(context: Context, plot: PlotArea, layers: readonly Layer[]): void {
  const { top, bottom, right } = plot.area;
  for (const { one: badge, middle } of placedBadges(layers, plot.y, top, bottom)) {
    dot(context, plot.x(badge.x), plot.y(badge.y), badge.color);
    drawBadge(context, right, middle, badge);
  }
}

/** Where the badges of a panel stand, in pixels. */
export function placedBadges(
  layers: readonly Layer[],
  pixel: (value: number) => number,
  top: number,
  bottom: number,
): readonly Placed<BadgeLayer>[] {
  return apart(
    layers.filter((layer) => layer.kind === 'badge'),
    pixel,
    top,
    bottom,
  );
}

interface Placed<T> {
  readonly one: T;
  readonly middle: number;
}

/**
 * Boxes at their values, but none over another and none outside of the plot: down from the top with room for each, then
 * up from the bottom where that pushed some out.
 */
function apart<T extends { readonly y: number }>(
  boxes: readonly T[],
  pixel: (value: number) => number,
  top: number,
  bottom: number,
): readonly Placed<T>[] {
  const placed = boxes
    .map((one) => ({ one, middle: pixel(one.y) }))
    .sort((before, after) => before.middle - after.middle);
  let free = top + badgeHeight / 2;
  for (const place of placed) {
    place.middle = Math.max(place.middle, free);
    free = place.middle + badgeHeight;
  }
  let limit = bottom - badgeHeight / 2;
  for (const place of placed.toReversed()) {
    place.middle = Math.min(place.middle, limit);
    limit = place.middle - badgeHeight;
  }
  return placed;
}

function dot(context: Context, x: number, y: number, color: string): void {
  context.beginPath();
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colors.panel;
  context.stroke();
}

function clipTo(context: Context, { left, right, top, bottom }: Area): void {
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
}
