/**
 * Colours for the values of a heat map, told apart by people with every kind of colour vision and on a grey print.
 *
 * Where values lie on both sides of zero the scale diverges from it: blue above, vermilion below, darkest at zero, as
 * in F. Crameri's "berlin" (F. Crameri, G. E. Shephard, P. J. Heron, "The misuse of colour in science communication",
 * Nature Communications 11, 2020); blue and vermilion are of the set of M. Okabe and K. Ito. Both sides have the same
 * steps, so that a loss is as bright as a gain of its size. Otherwise the scale is viridis (S. van der Walt and
 * N. Smith, 2015, https://bids.github.io/colormap/): lightness rises evenly from the lowest to the highest value.
 */
import { colors } from './theme.ts';

export interface ColorScale {
  readonly kind: 'sequential' | 'diverging';
  /** Values beyond have the colour of the end. */
  readonly min: number;
  readonly max: number;
  /** Whether there are values beyond the ends. */
  readonly more: { readonly below: boolean; readonly above: boolean };
  /** `#rrggbb` */
  readonly color: (value: number) => string;
}

/**
 * A scale for these values, of which the infinite ones count as beyond the end. So do values farther out than three
 * times the distance of the quartiles (J. W. Tukey, "Exploratory Data Analysis", 1977, calls them far out): one
 * freak run would leave all others the same colour.
 */
export function colorScale(values: readonly number[]): ColorScale {
  const sorted = values.filter(Number.isFinite).sort((one, other) => one - other);
  const lowest = sorted[0] ?? 0;
  const highest = sorted.at(-1) ?? 0;
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const fence = 3 * (third - first);
  const isFenced = fence > 0 && Number.isFinite(fence);
  const min = isFenced ? (sorted.find((value) => value >= first - fence) ?? lowest) : lowest;
  const max = isFenced ? (sorted.findLast((value) => value <= third + fence) ?? highest) : highest;
  const more = {
    below: min > lowest || values.includes(Number.NEGATIVE_INFINITY),
    above: max < highest || values.includes(Number.POSITIVE_INFINITY),
  };
  if (min < 0 && max > 0) {
    const reach = Math.max(-min, max);
    const color = (value: number) =>
      value < 0 ? rampColor(below, -value / reach) : rampColor(above, value / reach);
    return { kind: 'diverging', min, max, more, color };
  }
  // Halves, because the distance of two large values may be no number any more.
  const half = max / 2 - min / 2;
  const color = (value: number) =>
    rampColor(viridis, half > 0 ? (clamp(value, min, max) / 2 - min / 2) / half : middle(value, min));
  return { kind: 'sequential', min, max, more, color };
}

/** Of all values equal there is no low and no high; one that is infinite is beyond them. */
function middle(value: number, only: number): number {
  if (value === only) return 0.5;
  return value > only ? 1 : 0;
}

/** Dark words on light colours and light words on dark ones; WCAG 2.2, "relative luminance". */
export function textColorOn(color: string): string {
  const [red, green, blue] = channels(color).map((value) => linearLight(value / 255));
  const luminance = 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  return luminance > 0.2 ? colors.background : colors.text;
}

const zero = '#252e3c';
const above = [zero, '#2f5f9c', '#4f9df5', '#c4e2ff'] as const;
const below = [zero, '#8f4329', '#f2683c', '#ffd3bf'] as const;
const viridis = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
] as const;

/** From the first colour at 0 to the last at 1; in between, mixed. */
function rampColor(ramp: readonly string[], fraction: number): string {
  const place = clamp(Number.isNaN(fraction) ? 0 : fraction, 0, 1) * (ramp.length - 1);
  const index = Math.min(Math.floor(place), ramp.length - 2);
  const from = channels(ramp[index] ?? zero);
  const to = channels(ramp[index + 1] ?? zero);
  const mixed = from.map((value, channel) =>
    Math.round(value + ((to[channel] ?? 0) - value) * (place - index)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function linearLight(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.floor((sorted.length - 1) * fraction)] ?? 0;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
