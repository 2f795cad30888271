/** How the equity of a run was spread over its symbols, derived from its trades and closes. */
import { at, sampleBars } from './reduce.ts';
import type { TradeColumns } from './request.ts';

export interface Allocation {
  /** Bars at which the shares are told. */
  readonly bars: readonly number[];
  /** Of each symbol, a value per such bar: market value in percent of equity, negative for a short. */
  readonly percent: readonly Float64Array[];
}

/**
 * Market value of each symbol at the closes of at most `samples` bars, in percent of the equity there.
 * A trade counts from its entry bar up to the bar before its exit: at the close of its exit bar it is gone.
 * A symbol that has no bar at a time keeps its last close.
 */
export function allocationOf(
  trades: TradeColumns,
  closes: readonly Float64Array[],
  equity: Float64Array,
  samples: number,
): Allocation {
  const bars = sampleBars(equity.length, samples);
  const percent = closes.map((close, symbol) => {
    const change = unitsChanged(trades, symbol, equity.length);
    const shares = new Float64Array(bars.length);
    let units = 0;
    let price = 0;
    let bar = 0;
    bars.forEach((shown, index) => {
      for (; bar <= shown; bar++) {
        units += at(change, bar);
        const today = at(close, bar);
        if (!Number.isNaN(today)) price = today;
      }
      const whole = at(equity, shown);
      const share = whole > 0 ? ((units * price) / whole) * 100 : 0;
      // What is left of sums and differences of fractional units is no position.
      shares[index] = Math.abs(share) < 1e-9 ? 0 : share;
    });
    return shares;
  });
  return { bars, percent };
}

/** The symbols that weigh most, by mean absolute share, at most `most`; in the order in which they came. */
export function largestShares(allocation: Allocation, most: number): number[] {
  const weight = allocation.percent.map((shares) => shares.reduce((sum, share) => sum + Math.abs(share), 0));
  return weight
    .map((_, symbol) => symbol)
    .sort((one, other) => (weight[other] ?? 0) - (weight[one] ?? 0) || one - other)
    .slice(0, most)
    .sort((one, other) => one - other);
}

function unitsChanged(trades: TradeColumns, symbol: number, bars: number): Float64Array {
  const change = new Float64Array(bars);
  trades.symbol.forEach((traded, trade) => {
    if (traded !== symbol) return;
    const size = at(trades.size, trade);
    add(change, at(trades.entryBar, trade), size);
    add(change, at(trades.exitBar, trade), -size);
  });
  return change;
}

function add(column: Float64Array, index: number, amount: number): void {
  if (index >= 0 && index < column.length) column[index] = at(column, index) + amount;
}
