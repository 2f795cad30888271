/** Bars for tests in few words: whole days from 2024-01-01 on. */
import type { Bars } from '../../../engine/market/bars.ts';

const dayMs = 86_400_000;
const firstDay = Date.UTC(2024, 0, 1);

/** [open, high, low, close] per day, or one price for all four; a gap in `days` skips days. */
export function barsOf(
  symbol: string,
  prices: readonly (number | readonly [number, number, number, number])[],
  days: readonly number[] = prices.map((_, index) => index),
): Bars {
  const figures = prices.map((price) => (typeof price === 'number' ? [price, price, price, price] : price));
  const column = (index: number) => Float64Array.from(figures, (row) => row[index] ?? Number.NaN);
  return {
    symbol,
    interval: '1d',
    time: Float64Array.from(days, (day) => firstDay + day * dayMs),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: Float64Array.from(prices, () => 100),
    extra: {},
  };
}
