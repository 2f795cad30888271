/** Bars that come row by row, perhaps in pages that overlap, out of order, or with holes: put together to columns. */
import type { Bars, Interval } from '../../bars.ts';

export interface Row {
  /** Milliseconds UTC: the start of the bar; of a daily one midnight UTC of its session's date. */
  readonly time: number;
  readonly open: number | null | undefined;
  readonly high: number | null | undefined;
  readonly low: number | null | undefined;
  readonly close: number | null | undefined;
  readonly volume?: number | null | undefined;
}

/** A row without one of its four prices is left out: vendors send such for minutes and days without a trade. */
export function barsOfRows(symbol: string, interval: Interval, rows: readonly Row[]): Bars {
  const byTime = new Map<number, Row>();
  for (const row of rows) if (isWhole(row)) byTime.set(row.time, row);
  const kept = [...byTime.values()].sort((a, b) => a.time - b.time);
  const column = (pick: (row: Row) => number | null | undefined) =>
    Float64Array.from(kept, (row) => pick(row) ?? Number.NaN);
  return {
    symbol,
    interval,
    time: column(({ time }) => time),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume),
    extra: {},
  };
}

/** Every price in the proportion in which the close was adjusted; the volume stays as it was traded. */
export function adjustedRow(row: Row, adjustedClose: number | null | undefined): Row {
  const { open, high, low, close } = row;
  if (!close || !adjustedClose) return row;
  const scaled = (price: number | null | undefined) => price && (price * adjustedClose) / close;
  return { ...row, open: scaled(open), high: scaled(high), low: scaled(low), close: adjustedClose };
}

function isWhole({ time, open, high, low, close }: Row): boolean {
  return [time, open, high, low, close].every(Number.isFinite);
}
