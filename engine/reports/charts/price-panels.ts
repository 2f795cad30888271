/** Panels that show a market: its price with what lies over it, its volume, and several closes from a common start. */

import { numberText } from '../format.ts';
import {
  type Layer,
  type LegendEntry,
  type LineLayer,
  type Panel,
  type TradesLayer,
  valueAxis,
} from './figure.ts';
import { aggregateBars, decimateLine, extent, type PriceColumns } from './reduce.ts';
import { colors, limits, paletteColor } from './theme.ts';

/** What lies over the price. */
export interface PricePanelParts {
  readonly title: string;
  readonly overlays: readonly Layer[];
  readonly overlayLegend: readonly LegendEntry[];
  readonly overlayRange: { readonly min: number; readonly max: number } | null;
  readonly trades: TradesLayer;
  readonly tradesNote: string;
  readonly tradeLegend: readonly LegendEntry[];
}

/** Candles while a candle stands for a few bars at most, else a line of closes. */
export function pricePanel(prices: PriceColumns, parts: PricePanelParts): Panel {
  const buckets = aggregateBars(prices, limits.candles);
  const asCandles = buckets.barsEach <= limits.barsPerCandle;
  const range = asCandles ? extent([prices.high, prices.low]) : extent([prices.close]);
  const air = parts.trades.trades.length === 0 ? 0.06 : 0.15;
  const axis = valueAxis(withOverlays(range, parts.overlayRange), {
    unit: 'value',
    logarithmic: true,
    above: air,
    below: air,
  });
  const price: Layer = asCandles ? { kind: 'candles', buckets } : line(prices.close, colors.close);
  const notes = [
    asCandles ? candlesNote(buckets.close.length) : '',
    asCandles && buckets.barsEach > 1 ? `${buckets.barsEach} bars to a candle` : '',
    parts.tradesNote,
    axis.kind === 'logarithmic' ? 'log scale' : '',
  ];
  return {
    title: parts.title,
    legend: [...parts.overlayLegend, ...parts.tradeLegend],
    note: notes.filter((note) => note !== '').join(' · '),
    weight: 4.4,
    axis,
    layers: [price, ...parts.overlays, parts.trades],
  };
}

/** How candles that rose are known from those that fell. */
function candlesNote(candles: number): string {
  return candles <= limits.hollowCandles ? 'hollow: rose' : 'light: rose';
}

/** Null when the source has no volume. */
export function volumePanel(prices: PriceColumns): Panel | null {
  const buckets = aggregateBars(prices, limits.candles);
  const range = extent([buckets.volume]);
  if (range === null || range.max <= 0) return null;
  return {
    title: 'Volume',
    legend: [],
    note: buckets.barsEach > 1 ? `${numberText(buckets.barsEach, 0)} bars to a column` : '',
    weight: 0.9,
    axis: valueAxis(
      { min: 0, max: range.max },
      { unit: 'compact', logarithmic: false, above: 0.08, below: 0 },
    ),
    layers: [{ kind: 'volume', buckets }],
  };
}

export interface SymbolCloses {
  readonly symbol: string;
  readonly close: Float64Array;
}

/** Each close as a multiple of its first, times 100; at most `limits.symbols`. `hidden` more are told in a note. */
export function closesPanel(symbols: readonly SymbolCloses[], hidden: number): Panel {
  const shown = symbols.map(({ symbol, close }, index) => ({
    symbol,
    color: paletteColor(index),
    relative: fromHundred(close),
  }));
  const axis = valueAxis(extent(shown.map(({ relative }) => relative)), {
    unit: 'value',
    logarithmic: true,
    above: 0.06,
    below: 0.06,
  });
  const notes = [
    hidden > 0 ? `${shown.length} of ${shown.length + hidden} symbols` : '',
    axis.kind === 'logarithmic' ? 'log scale' : '',
  ];
  return {
    title: 'Closes, first = 100',
    legend: shown.map(({ symbol, color }) => ({ label: symbol, color, swatch: 'line' })),
    note: notes.filter((note) => note !== '').join(' · '),
    weight: 3,
    axis,
    layers: shown.map(({ relative, color }) => line(relative, color)),
  };
}

export function line(values: Float64Array, color: string): LineLayer {
  const points = decimateLine(values, limits.lineColumns);
  return { kind: 'line', points, color, width: 2, fill: null };
}

/** An overlay may widen the price's range by a third of it on each side; beyond, it would flatten the price. */
function withOverlays(
  price: { readonly min: number; readonly max: number } | null,
  overlay: { readonly min: number; readonly max: number } | null,
): { min: number; max: number } | null {
  if (price === null || overlay === null) return price ?? overlay;
  const most = (price.max - price.min) / 3;
  const lowest = price.min > 0 ? Math.max(price.min - most, price.min * 0.7) : price.min - most;
  return {
    min: Math.max(Math.min(price.min, overlay.min), lowest),
    max: Math.min(Math.max(price.max, overlay.max), price.max + most),
  };
}

function fromHundred(close: Float64Array): Float64Array {
  const first = close.find((price) => price > 0) ?? Number.NaN;
  return close.map((price) => (price / first) * 100);
}
