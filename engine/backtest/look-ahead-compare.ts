/** Compares a run on cut data with the run on all data, up to the cut. */
import type { WatchedRun } from './look-ahead-run.ts';
import type { OrderRecord } from './result.ts';

/** Where two runs part. `null` stands for nothing: no order, no indicator. */
export interface Difference {
  readonly kind: 'order' | 'indicator';
  /** The indicator's name, or the symbol of the order. */
  readonly name: string;
  readonly bar: number;
  /** From the run on cut data, which could not see what came after it. */
  readonly expected: number | string | null;
  /** From the run on all data. */
  readonly found: number | string | null;
}

/**
 * Values of an indicator count as equal within this part of the larger one, or a thousandth of it of the line's largest
 * value: what sums in another order differ by is far less, what is worth trading on is far more.
 */
const valueTolerance = 1e-9;
const priceTolerance = 1e-9;

/** Each indicator's first value that differs, and the first order that does, on the bars up to `cut`. */
export function differences(full: WatchedRun, rerun: WatchedRun, cut: number): Difference[] {
  const order = firstOrderDifference(full.orders, rerun.orders, cut);
  const lines = lineDifferences(full, rerun, cut);
  return order === null ? lines : [order, ...lines];
}

function lineDifferences(full: WatchedRun, rerun: WatchedRun, cut: number): Difference[] {
  const found: Difference[] = [];
  for (let index = 0; index < Math.max(full.lines.length, rerun.lines.length); index++) {
    const line = full.lines[index];
    const other = rerun.lines[index];
    if (line === undefined || other === undefined || line.name !== other.name) {
      const name = line?.name ?? other?.name ?? '';
      const missing: Difference = {
        kind: 'indicator',
        name,
        bar: 0,
        expected: other?.name ?? null,
        found: line?.name ?? null,
      };
      return [...found, missing];
    }
    const bar = firstValueDifference(line.values, other.values, cut);
    if (bar === null) continue;
    const [value, without] = [line.values[bar] as number, other.values[bar] as number];
    found.push({ kind: 'indicator', name: line.name, bar, expected: without, found: value });
  }
  return found;
}

function firstValueDifference(values: Float64Array, others: Float64Array, cut: number): number | null {
  let least = 0;
  for (let bar = 0; bar <= cut; bar++) {
    const value = values[bar] as number;
    const other = others[bar] as number;
    if (value === other || (Number.isNaN(value) && Number.isNaN(other))) continue;
    if (least === 0) least = (valueTolerance / 1000) * largest(values, cut);
    const distance = Math.abs(value - other);
    if (!(distance <= valueTolerance * Math.max(Math.abs(value), Math.abs(other)) + least)) return bar;
  }
  return null;
}

function largest(values: Float64Array, cut: number): number {
  let most = 0;
  for (let bar = 0; bar <= cut; bar++) {
    const size = Math.abs(values[bar] as number);
    if (size > most && size < Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}

function firstOrderDifference(
  full: readonly OrderRecord[],
  rerun: readonly OrderRecord[],
  cut: number,
): Difference | null {
  for (let index = 0; ; index++) {
    const order = upTo(full[index], cut);
    const other = upTo(rerun[index], cut);
    if (order === undefined && other === undefined) return null;
    if (order !== undefined && other !== undefined && isSame(order, other, cut)) continue;
    const bar = Math.min(order?.signalBar ?? Infinity, other?.signalBar ?? Infinity);
    return {
      kind: 'order',
      name: (order ?? other)?.symbol ?? '',
      bar,
      expected: textOf(other, bar, cut),
      found: textOf(order, bar, cut),
    };
  }
}

/** Orders are in the order of their bars: the first one after the cut ends them. */
function upTo(order: OrderRecord | undefined, cut: number): OrderRecord | undefined {
  return order !== undefined && order.signalBar <= cut ? order : undefined;
}

/**
 * Bar, symbol, side and purpose exactly, size and prices within rounding. The size of a stop loss or take profit goes
 * with its trade, and a stop that has been hit is shown no more while its order waits: neither was decided.
 * What became of the order counts only before the cut: on the last bar, the end of the data has a part in it.
 */
function isSame(a: OrderRecord, b: OrderRecord, cut: number): boolean {
  const isLeg = a.purpose === 'stopLoss' || a.purpose === 'takeProfit';
  const hasLostStop = [a, b].some(({ outcome, stop }) => outcome === 'pending' && stop === null);
  return (
    a.signalBar === b.signalBar &&
    a.symbol === b.symbol &&
    a.side === b.side &&
    a.purpose === b.purpose &&
    (isLeg || isClose(a.size, b.size)) &&
    isClose(a.limit, b.limit) &&
    (hasLostStop || isClose(a.stop, b.stop)) &&
    isClose(a.stopLoss, b.stopLoss) &&
    isClose(a.takeProfit, b.takeProfit) &&
    endOf(a, cut) === endOf(b, cut)
  );
}

function isClose(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return a === b || Math.abs(a - b) <= priceTolerance * Math.max(Math.abs(a), Math.abs(b));
}

function endOf({ outcome, doneBar }: OrderRecord, cut: number): string {
  return doneBar !== null && doneBar < cut ? `${outcome} on bar ${doneBar}` : '';
}

/** `buy 10 AA, limit 12.5, stop loss 11` */
function textOf(order: OrderRecord | undefined, bar: number, cut: number): string | null {
  if (order === undefined || order.signalBar !== bar) return null;
  const { purpose, side, size, symbol, limit, stop, stopLoss, takeProfit } = order;
  const what: Record<OrderRecord['purpose'], string> = {
    entry: `${side} ${sizeText(size)} ${symbol}`,
    close: `${side} ${sizeText(size)} ${symbol} to close`,
    stopLoss: `stop loss for ${symbol}`,
    takeProfit: `take profit for ${symbol}`,
  };
  const prices = Object.entries({ limit, stop, 'stop loss': stopLoss, 'take profit': takeProfit });
  const shown = prices.flatMap(([name, price]) => (price === null ? [] : `${name} ${price}`));
  const end = endOf(order, cut);
  return [what[purpose], ...shown, ...(end === '' ? [] : [end])].join(', ');
}

/** Below 1 it is a share of what can be spent; the whole of it is a hair below 1. */
function sizeText(size: number): string {
  return size < 1 ? `${Number((size * 100).toFixed(6))} % in` : String(size);
}
