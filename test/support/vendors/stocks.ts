/**
 * Two invented stocks as every local vendor has them, over the week in which New York changes its clocks (8 March 2026).
 *
 * ACME splits two for one on the 10th and pays 1.00 on the 12th, when its close of the day before is 50.00: so what was
 * before the 10th is adjusted by 0.49, and what was before the 12th by 0.98. BOLT does nothing of the kind.
 */
export interface StockDay {
  /** `2026-03-04` */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** What the four prices are multiplied with to be adjusted. */
  readonly factor: number;
}

export interface StockMinute {
  readonly at: string;
  /** Nulls: nobody traded. */
  readonly prices: readonly [open: number, high: number, low: number, close: number, volume: number] | null;
}

export interface Stock {
  readonly symbol: string;
  readonly name: string;
  readonly days: readonly StockDay[];
  /** Of 12 March, from 09:30 in New York on. */
  readonly minutes: readonly StockMinute[];
}

/** In the middle of the session of Friday the 13th. */
export const now = '2026-03-13T15:00:00.000Z';
/** That session so far: what the chart has of it lags behind the quote. */
export const today = { date: '2026-03-13', open: 50.5, high: 51.5, low: 50.25, close: 51.25, volume: 40_000 };
export const quote = { price: 51.75, high: 52, low: 50.25, volume: 44_000, at: '2026-03-13T14:59:30.000Z' };

const acme: Stock = {
  symbol: 'ACME',
  name: 'Acme Anvils Inc.',
  days: [
    day('2026-03-04', 100, 102, 99, 101, 10_000, 0.49),
    day('2026-03-05', 101, 104, 100.5, 103, 12_000, 0.49),
    day('2026-03-06', 103, 105, 102, 104, 9_000, 0.49),
    day('2026-03-09', 104, 106, 98, 99, 20_000, 0.49),
    day('2026-03-10', 49.5, 50, 48.5, 49, 31_000, 0.98),
    day('2026-03-11', 49, 51, 48.75, 50, 25_000, 0.98),
    day('2026-03-12', 49.25, 50.75, 49, 50.25, 22_000, 1),
  ],
  minutes: [
    { at: '2026-03-12T13:30:00.000Z', prices: [49.25, 49.5, 49.2, 49.4, 900] },
    { at: '2026-03-12T13:31:00.000Z', prices: [49.4, 49.6, 49.4, 49.55, 700] },
    { at: '2026-03-12T13:32:00.000Z', prices: null },
    { at: '2026-03-12T13:33:00.000Z', prices: [49.5, 49.7, 49.45, 49.7, 650] },
  ],
};

const bolt: Stock = {
  symbol: 'BOLT',
  name: 'Bolt & Sons plc',
  days: [
    day('2026-03-04', 20, 20.5, 19.75, 20.25, 5_000, 1),
    day('2026-03-05', 20.25, 21, 20, 20.75, 5_500, 1),
    day('2026-03-06', 20.75, 21.25, 20.5, 21, 6_000, 1),
    day('2026-03-09', 21, 21.5, 20.75, 21.25, 4_000, 1),
    day('2026-03-10', 21.25, 21.75, 21, 21.5, 4_500, 1),
    day('2026-03-11', 21.5, 22, 21.25, 21.75, 5_000, 1),
    day('2026-03-12', 21.75, 22.25, 21.5, 22, 5_200, 1),
  ],
  minutes: [],
};

export const stocks: readonly Stock[] = [acme, bolt];

/** Also where its case or a suffix is another. */
export function stockOf(symbol: string): Stock | undefined {
  return stocks.find((stock) => stock.symbol === symbol.toUpperCase());
}

/** Those whose symbol or name begins like what is searched, as fuzzy as vendors are. */
export function stocksLike(query: string): readonly Stock[] {
  const start = query.slice(0, 2).toUpperCase();
  return stocks.filter(
    ({ symbol, name }) => symbol.startsWith(start) || name.toUpperCase().includes(query.toUpperCase()),
  );
}

function day(
  date: string,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  factor: number,
): StockDay {
  return { date, open, high, low, close, volume, factor };
}
