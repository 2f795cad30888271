/**
 * What the simulation of a plan traded beside what its book traded, order by order.
 *
 * Both are told by the key of an order: symbol, time of the signal, sequence. A stop loss or take profit that rested at the
 * broker has no such key there; it belongs to the exit of the simulation that is nearest in time. Figures of the books are
 * decimal, those of the simulation are doubles; what compares the two is a double.
 */
import type { Purpose } from '../../bank/books.ts';
import type { Side } from '../../brokers/broker.ts';
import type { Decimal } from '../../money.ts';
import type { SimulatedFill } from '../run-records.ts';

/** A fill of the book. */
export interface BookedTrade {
  readonly at: string;
  readonly side: Side;
  readonly quantity: Decimal;
  readonly price: Decimal;
  /** In the currency of the book. */
  readonly fee: Decimal;
}

/** An order that a run wanted, with what became of it. */
export interface WantedTrade {
  readonly symbol: string;
  readonly side: Side;
  readonly purpose: Purpose;
  readonly signalAt: string;
  readonly sequence: number;
  /** Units, decimal text. */
  readonly quantity: string;
  /** Close of the bar of the signal as it was told then, decimal text. */
  readonly signalPrice: string;
  readonly wantedAt: string;
  /** Whether nothing more can become of it. */
  readonly isOver: boolean;
  readonly reason: string | null;
  readonly fills: readonly BookedTrade[];
}

/** A stop loss or take profit that rested at the broker, with what it traded. */
export interface RestingTrade {
  readonly symbol: string;
  readonly fills: readonly BookedTrade[];
}

/** One order on both sides; without `simulated` or without `booked` fills it happened on one only. */
export interface Leg {
  readonly symbol: string;
  readonly side: Side;
  readonly purpose: Purpose;
  readonly signalAt: string | null;
  /** Null for what no run wanted. */
  readonly wanted: WantedTrade | null;
  readonly simulated: readonly SimulatedFill[];
  readonly booked: readonly BookedTrade[];
}

export function legsOf({
  simulated,
  wanted,
  resting,
}: {
  readonly simulated: readonly SimulatedFill[];
  readonly wanted: readonly WantedTrade[];
  readonly resting: readonly RestingTrade[];
}): readonly Leg[] {
  const bySignal = new Map<string, SimulatedFill[]>();
  for (const fill of simulated) {
    const { symbol, signalAt, sequence } = fill;
    if (signalAt === null || sequence === null) continue;
    const key = keyOf({ symbol, signalAt, sequence });
    bySignal.set(key, [...(bySignal.get(key) ?? []), fill]);
  }
  const legs: Leg[] = wanted.map((order): Leg => {
    const key = keyOf(order);
    const fills = bySignal.get(key) ?? [];
    bySignal.delete(key);
    const { symbol, side, purpose, signalAt } = order;
    return { symbol, side, purpose, signalAt, wanted: order, simulated: fills, booked: order.fills };
  });
  const left = [...resting].filter(({ fills }) => fills.length > 0);
  const unwanted = [...bySignal.values()].sort((one, other) => timeOf(one[0]) - timeOf(other[0]));
  for (const fills of unwanted) {
    const [first] = fills;
    if (!first) continue;
    const side: Side = first.units > 0 ? 'buy' : 'sell';
    const isExit = fills.every(({ effect }) => effect === 'close');
    const met = isExit ? nearest(left, first, side) : undefined;
    if (met) left.splice(left.indexOf(met), 1);
    legs.push({
      ...{ symbol: first.symbol, side, purpose: isExit ? 'exit' : 'entry', signalAt: first.signalAt },
      ...{ wanted: null, simulated: fills, booked: met?.fills ?? [] },
    });
  }
  for (const { symbol, fills } of left) {
    const side = fills[0]?.side ?? 'sell';
    legs.push({ symbol, side, purpose: 'exit', signalAt: null, wanted: null, simulated: [], booked: fills });
  }
  return legs.sort((one, other) => legTime(one) - legTime(other));
}

/** When a leg began, milliseconds UTC: its signal, or its first fill where it has none. */
export function legTime({ signalAt, simulated, booked }: Leg): number {
  return Date.parse(signalAt ?? simulated[0]?.filledAt ?? booked[0]?.at ?? '') || 0;
}

function keyOf({
  symbol,
  signalAt,
  sequence,
}: {
  readonly symbol: string;
  readonly signalAt: string;
  readonly sequence: number;
}): string {
  return JSON.stringify([symbol, signalAt, sequence]);
}

function timeOf(fill: SimulatedFill | undefined): number {
  return Date.parse(fill?.filledAt ?? '') || 0;
}

/** Over a weekend a stop that the broker met on Friday is one that the simulation meets on Monday. */
const farthestMs = 4 * 86_400_000;

function nearest(
  resting: readonly RestingTrade[],
  { symbol, filledAt }: SimulatedFill,
  side: Side,
): RestingTrade | undefined {
  const distance = ({ fills }: RestingTrade) =>
    Math.abs(Date.parse(fills[0]?.at ?? '') - Date.parse(filledAt));
  return resting
    .filter((each) => each.symbol === symbol && each.fills[0]?.side === side && distance(each) <= farthestMs)
    .sort((one, other) => distance(one) - distance(other))[0];
}
