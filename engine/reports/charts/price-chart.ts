/** The picture of a market: price and volume of one symbol, or the closes of several from a common start. */
import type { IndicatorPlot } from '../../backtest/result.ts';
import { numberText, periodText, signedPercentText } from '../format.ts';
import { alignBars, unionOfTimes } from './align.ts';
import { type Figure, type Panel, type Tile, toneOf } from './figure.ts';
import { indicatorPanel, overlaysOf } from './indicator-panels.ts';
import { closesPanel, pricePanel, volumePanel } from './price-panels.ts';
import { extent } from './reduce.ts';
import type { ChartedBars } from './request.ts';
import { limits } from './theme.ts';
import { minus, valueText } from './ticks.ts';

/** `indicators` are as long as the bars, and for one symbol only. */
export function priceFigure(bars: readonly ChartedBars[], indicators: readonly IndicatorPlot[]): Figure {
  const time = unionOfTimes(bars);
  const [first] = bars;
  const single = bars.length === 1 ? first : undefined;
  return {
    headline: {
      title: single === undefined ? `${bars.length} symbols` : single.symbol,
      detail: first === undefined ? '' : `${first.interval} bars`,
      period: periodText(time),
      tiles: single === undefined ? changeTiles(bars) : priceTiles(single),
    },
    axis: { kind: 'time', time },
    panels: single === undefined ? [severalCloses(time, bars)] : marketPanels(single, indicators),
  };
}

function marketPanels(bars: ChartedBars, indicators: readonly IndicatorPlot[]): Panel[] {
  const volume = volumePanel(bars);
  const price = pricePanel(bars, {
    title: 'Price',
    ...overlaysOf(indicators.filter(({ overlay }) => overlay)),
    trades: { kind: 'trades', trades: [] },
    tradesNote: '',
    tradeLegend: [],
  });
  const separate = indicators.filter(({ overlay }) => !overlay);
  const below = separate.map((plot, index) => indicatorPanel(plot, { index, several: false }));
  return volume === null ? [price, ...below] : [price, volume, ...below];
}

function severalCloses(time: Float64Array, bars: readonly ChartedBars[]): Panel {
  const shown = bars.slice(0, limits.symbols);
  return closesPanel(
    shown.map((each) => ({ symbol: each.symbol, close: alignBars(time, each).close })),
    bars.length - shown.length,
  );
}

function priceTiles(bars: ChartedBars): Tile[] {
  const range = extent([bars.high, bars.low]);
  const last = bars.close.findLast(Number.isFinite);
  return [
    { name: 'Last', value: priceText(last), tone: 'plain' },
    changeTile('Change', bars.close),
    { name: 'High', value: priceText(range?.max), tone: 'plain' },
    { name: 'Low', value: priceText(range?.min), tone: 'plain' },
    { name: 'Bars', value: numberText(bars.close.length, 0), tone: 'plain' },
  ];
}

/** As many as stand side by side. */
function changeTiles(bars: readonly ChartedBars[]): Tile[] {
  return bars.slice(0, 6).map(({ symbol, close }) => changeTile(symbol, close));
}

function changeTile(name: string, close: Float64Array): Tile {
  const first = close.find((price) => price > 0) ?? Number.NaN;
  const last = close.findLast(Number.isFinite) ?? Number.NaN;
  const percent = (last / first - 1) * 100;
  return { name, value: minus(signedPercentText(percent)), tone: toneOf(percent) };
}

function priceText(price: number | undefined): string {
  return price === undefined ? 'n/a' : valueText(price);
}
