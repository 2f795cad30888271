/**
 * How every chart looks: colours, sizes and fonts in one place.
 *
 * Sizes are for a picture of 1200 x 900 that is looked at on a phone, at a third of its size: nothing is written
 * smaller than `fonts.small`. Nothing is told apart by colour alone. Trades that gained are filled and those that lost
 * hollow; candles are as traders know them, hollow where the price rose and filled where it fell, and where they are too
 * narrow for that, lighter where it rose; lines of orders are broken in different ways. The two colours, a bluish green
 * and a vermilion, are the pair that people with red-green blindness can separate (M. Okabe, K. Ito, "Color Universal
 * Design", 2008).
 */

export const size = { width: 1200, height: 900 } as const;

export const colors = {
  background: '#0e131b',
  panel: '#141b26',
  grid: '#222c3a',
  text: '#eef2f7',
  muted: '#9aa7b8',
  equity: '#58a6ff',
  equityArea: 'rgba(88, 166, 255, 0.12)',
  benchmark: '#b6a06a',
  gain: '#27c9a0',
  loss: '#ff7a52',
  drawdown: '#ff7a52',
  drawdownArea: 'rgba(255, 122, 82, 0.28)',
  close: '#c6d0dd',
  candleUp: '#3fbf9f',
  candleDown: '#a84e39',
  volumeUp: '#37857a',
  volumeDown: '#6b3d34',
  others: '#5b6777',
  band: 'rgba(255, 255, 255, 0.045)',
  hatch: '#39465a',
  best: '#ffffff',
} as const;

/** For series of equal rank: indicators, symbols. Neighbours differ in lightness as well as in hue. */
export const palette = [
  '#f2c14e',
  '#b794f6',
  '#4fd1e8',
  '#ff8fab',
  '#a3d977',
  '#58a6ff',
  '#ff9f5a',
  '#d9c7ae',
  '#7f8cff',
  '#e6edf3',
] as const;

export function paletteColor(index: number): string {
  return palette[index % palette.length] ?? colors.text;
}

export const fontFamily = '"Outcry Sans", "Outcry Symbols"';

export const fonts = {
  title: `600 32px ${fontFamily}`,
  subtitle: `400 23px ${fontFamily}`,
  tileName: `400 20px ${fontFamily}`,
  tileValue: `600 34px ${fontFamily}`,
  panelTitle: `600 20px ${fontFamily}`,
  small: `400 19px ${fontFamily}`,
  smallBold: `600 19px ${fontFamily}`,
} as const;

export const fontSizes = { small: 19 } as const;

/** Distances in pixels. */
export const layout = {
  margin: 24,
  headline: 146,
  /** Above each panel, for its title and legend. */
  strip: 32,
  timeAxis: 40,
  axisGap: 10,
  /** From one axis label's middle to the next: a line of text and some air. */
  labelDistance: 27,
} as const;

/** Lengths of lines and gaps in pixels, by the name of the stroke. */
export const strokes = { dashed: [15, 9], 'dash-dot': [15, 6, 3, 6] } as const;

/** The most of each that is drawn; more would be a smear. */
export const limits = {
  candles: 300,
  /** Beyond this many a candle is too narrow to be hollow. */
  hollowCandles: 120,
  /** Beyond this many bars to a candle a line of closes says more. */
  barsPerCandle: 5,
  /** Columns of about two pixels each, with up to four points. */
  lineColumns: 560,
  areaSamples: 400,
  trades: 120,
  symbols: 10,
  indicatorPanels: 3,
  linesPerIndicator: 8,
  /** Profit by symbol: as many columns as can be named. */
  columns: 10,
  /** Rows of a table of months. */
  years: 8,
  /** Rows of a table of parameters. */
  tableRows: 4,
  /** Values of a parameter in a heat map. */
  heatMapValues: 200,
} as const;
