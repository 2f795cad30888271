/** The words in a picture: headline, titles, legends, labels. Each knows the room it has and stays inside. */
import type { Context } from './canvas.ts';
import type {
  BadgeLayer,
  ColumnsLayer,
  Headline,
  LabelLayer,
  LegendEntry,
  LineStroke,
  Panel,
  Tone,
} from './figure.ts';
import { hatch } from './hatch.ts';
import type { Area } from './plot-area.ts';
import { colors, fontFamily, fonts, layout, size } from './theme.ts';

export const badgeHeight = 27;
/** Between a badge's text and its right edge. */
export const badgePadding = 10;

const labelPadding = 7;

const titleBaseline = 48;
const tileNameBaseline = 92;
const tileValueBaseline = 130;
const wordGap = 18;

/** Strategy and symbols, what it was run with, from when to when; below, the figures that matter most. */
export function drawHeadline(context: Context, headline: Headline): void {
  const left = layout.margin;
  const right = size.width - layout.margin;
  context.textBaseline = 'alphabetic';

  context.font = fonts.subtitle;
  context.fillStyle = colors.muted;
  context.textAlign = 'right';
  context.fillText(headline.period, right, titleBaseline);
  const periodLeft = right - context.measureText(headline.period).width - wordGap * 2;

  context.textAlign = 'left';
  context.font = fonts.title;
  context.fillStyle = colors.text;
  const title = shortened(context, headline.title, periodLeft - left);
  context.fillText(title, left, titleBaseline);
  const detailLeft = left + context.measureText(title).width + wordGap;

  context.font = fonts.subtitle;
  context.fillStyle = colors.muted;
  context.fillText(shortened(context, headline.detail, periodLeft - detailLeft), detailLeft, titleBaseline);

  const tileWidth = (right - left) / Math.max(1, headline.tiles.length);
  headline.tiles.forEach((tile, index) => {
    const tileLeft = left + index * tileWidth;
    context.font = fonts.tileName;
    context.fillStyle = colors.muted;
    context.fillText(shortened(context, tile.name, tileWidth - wordGap), tileLeft, tileNameBaseline);
    context.fillStyle = toneColor(tile.tone);
    fitFont(context, tile.value, tileWidth - wordGap);
    context.fillText(shortened(context, tile.value, tileWidth - wordGap), tileLeft, tileValueBaseline);
  });
}

/** In the strip above the plot area. */
export function drawPanelTitle(
  context: Context,
  panel: Pick<Panel, 'title' | 'legend' | 'note'>,
  area: Area,
): void {
  const baseline = area.top - 10;
  context.textBaseline = 'alphabetic';

  context.font = fonts.small;
  context.textAlign = 'right';
  context.fillStyle = colors.muted;
  const note = shortened(context, panel.note, (area.right - area.left) / 2);
  context.fillText(note, area.right, baseline);
  const end = area.right - (note === '' ? 0 : context.measureText(note).width + wordGap);

  context.textAlign = 'left';
  context.font = fonts.panelTitle;
  context.fillStyle = colors.text;
  const title = shortened(context, panel.title, end - area.left);
  context.fillText(title, area.left, baseline);
  drawLegend(context, panel.legend, area.left + context.measureText(title).width + wordGap, end, baseline);
}

/** Times or names below a panel; the outermost move inwards rather than out of the picture. */
export function drawPlaceLabels(
  context: Context,
  marks: readonly { readonly pixel: number; readonly label: string }[],
  area: Area,
): void {
  context.font = fonts.small;
  context.fillStyle = colors.muted;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const { pixel, label } of marks) {
    const half = context.measureText(label).width / 2;
    const x = Math.min(Math.max(pixel, area.left - 14 + half), size.width - layout.margin - half);
    context.fillText(label, x, area.bottom + 27);
  }
}

/** Below each column its name, as much of it as there is room for. */
export function drawColumnNames(
  context: Context,
  { columns }: { readonly columns: readonly Pick<ColumnsLayer['columns'][number], 'name'>[] },
  area: Area,
): void {
  const slot = (area.right - area.left) / columns.length;
  context.font = fonts.small;
  context.fillStyle = colors.muted;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  columns.forEach(({ name }, index) => {
    const label = shortened(context, name, slot - 8);
    context.fillText(label, area.left + (index + 0.5) * slot, area.bottom + 27);
  });
}

/** Pixels that the widest of these takes as a label. */
export function widestOf(context: Context, labels: readonly string[]): number {
  context.save();
  context.font = fonts.small;
  const widest = labels.reduce((width, label) => Math.max(width, context.measureText(label).width), 0);
  context.restore();
  return widest;
}

/** A box on the value axis, its middle at this pixel, its words in line with the axis labels. */
export function drawBadge(context: Context, axisLeft: number, middle: number, badge: BadgeLayer): void {
  context.save();
  context.font = fonts.smallBold;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  const width = layout.axisGap + context.measureText(badge.text).width + badgePadding;
  context.fillStyle = badge.color;
  context.beginPath();
  context.roundRect(axisLeft + 2, Math.round(middle - badgeHeight / 2), width, badgeHeight, 4);
  context.fill();
  context.fillStyle = colors.background;
  context.fillText(badge.text, axisLeft + layout.axisGap, Math.round(middle) + 7);
  context.restore();
}

/** A word in a box that ends here, or, without room for that, begins at the leftmost pixel. */
export function drawLabel(
  context: Context,
  { text, color }: LabelLayer,
  { right, middle, leftmost }: Readonly<Record<'right' | 'middle' | 'leftmost', number>>,
): void {
  context.save();
  context.font = fonts.smallBold;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  const width = Math.ceil(context.measureText(text).width) + 2 * labelPadding;
  const left = Math.max(leftmost, Math.round(right) - width);
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(left, Math.round(middle - badgeHeight / 2), width, badgeHeight, 4);
  context.fill();
  context.fillStyle = colors.background;
  context.fillText(text, left + width / 2, Math.round(middle) + 7);
  context.restore();
}

/** Widths of a legend's parts, in pixels. */
interface LegendSpacing {
  readonly swatch: number;
  readonly swatchGap: number;
  readonly entryGap: number;
}

const roomy: LegendSpacing = { swatch: 22, swatchGap: 8, entryGap: wordGap };
const tight: LegendSpacing = { swatch: 14, swatchGap: 6, entryGap: 12 };

/** As many entries as there is room for, then how many there are besides. */
function drawLegend(
  context: Context,
  entries: readonly LegendEntry[],
  start: number,
  end: number,
  baseline: number,
): void {
  context.font = fonts.small;
  const width = (text: string) => context.measureText(text).width;
  const widthOfAll = entries.reduce(
    (sum, { label }) => sum + roomy.swatch + roomy.swatchGap + width(label) + roomy.entryGap,
    -roomy.entryGap,
  );
  const { swatch, swatchGap, entryGap } = widthOfAll <= end - start ? roomy : tight;
  const more = (count: number) => `+${count} more`;
  let x = start;
  for (const [index, entry] of entries.entries()) {
    const rest = entries.length - index - 1;
    const reserved = rest === 0 ? 0 : entryGap + width(more(rest));
    const room = end - reserved - x - swatch - swatchGap;
    if (width(entry.label) > room && (index > 0 || room < 60)) {
      context.fillStyle = colors.muted;
      context.fillText(more(rest + 1), x, baseline);
      return;
    }
    const label = shortened(context, entry.label, room);
    drawSwatch(context, entry, x, swatch, baseline - 7);
    context.fillStyle = colors.muted;
    context.fillText(label, x + swatch + swatchGap, baseline);
    x += swatch + swatchGap + width(label) + entryGap;
  }
}

/** A swatch is short: the same strokes, closer together. */
const strokesOfSwatch: Readonly<Record<LineStroke, number[]>> = { dashed: [8, 5], 'dash-dot': [9, 4, 3, 4] };

function drawSwatch(
  context: Context,
  { color, swatch }: LegendEntry,
  left: number,
  width: number,
  middle: number,
): void {
  context.save();
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = 4;
  const centre = left + width / 2;
  switch (swatch) {
    case 'line':
    case 'dashed':
    case 'dash-dot':
      if (swatch !== 'line') context.setLineDash(strokesOfSwatch[swatch]);
      context.beginPath();
      context.moveTo(left, middle);
      context.lineTo(left + width, middle);
      context.stroke();
      break;
    case 'dot':
      context.beginPath();
      context.arc(centre, middle, 6, 0, 2 * Math.PI);
      context.fill();
      break;
    case 'area':
      context.fillRect(left, middle - 8, width, 16);
      break;
    case 'buy':
    case 'sell': {
      const up = swatch === 'buy' ? 1 : -1;
      context.beginPath();
      context.moveTo(centre, middle - up * 8);
      context.lineTo(centre - 9, middle + up * 7);
      context.lineTo(centre + 9, middle + up * 7);
      context.fill();
      break;
    }
    case 'filled':
    case 'hollow':
      context.lineWidth = 2.5;
      context.beginPath();
      context.rect(centre - 7, middle - 7, 14, 14);
      if (swatch === 'filled') context.fill();
      context.stroke();
      break;
    case 'frame':
      context.lineWidth = 3;
      context.strokeRect(centre - 8, middle - 8, 16, 16);
      break;
    case 'hatch':
      hatch(context, [{ left, top: middle - 8, right: left + width, bottom: middle + 8 }]);
      break;
    default:
      swatch satisfies never;
  }
  context.restore();
}

/** The text, or as much of its beginning as fits, with an ellipsis. */
export function shortened(context: Context, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  const letters = Array.from(text);
  let fits = 0;
  let beyond = letters.length;
  while (beyond - fits > 1) {
    const middle = (fits + beyond) >> 1;
    if (context.measureText(`${letters.slice(0, middle).join('')}…`).width <= width) fits = middle;
    else beyond = middle;
  }
  return fits === 0
    ? ''
    : `${letters
        .slice(0, fits)
        .join('')
        .replace(/[\s·,]+$/, '')}…`;
}

/** The tile's font, smaller where the value would not fit: a number must not be cut. Only long words are, after that. */
function fitFont(context: Context, text: string, width: number): void {
  for (let pixels = 34; pixels >= 18; pixels -= 2) {
    context.font = `600 ${pixels}px ${fontFamily}`;
    if (context.measureText(text).width <= width) return;
  }
}

function toneColor(tone: Tone): string {
  if (tone === 'plain') return colors.text;
  return tone === 'gain' ? colors.gain : colors.loss;
}
