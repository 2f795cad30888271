/**
 * What each order cost against its simulation. Slippage and fees are signed so that positive costs money.
 *
 * Slippage of an order in basis points: 10,000 x (average fill - expected price) / expected price, with the opposite sign
 * for a sale (Perold, "The implementation shortfall", Journal of Portfolio Management 14/3, 1988: execution cost; what an
 * order that was never filled would have brought is his opportunity cost).
 */
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { SimulatedFill } from '../run-records.ts';
import { type BookedTrade, type Leg, legTime } from './legs.ts';

export type LegOutcome =
  | 'filled'
  | 'partly filled'
  /** The simulation traded and the book did not, and will not. */
  | 'missed'
  /** It may still be filled. */
  | 'open'
  /** The book traded, and the simulation has not, or not yet: its next bar may. */
  | 'not simulated'
  /** A limit or stop that neither met. */
  | 'filled by neither';

/** One order on both sides. Money in the currency of the book. */
export interface ComparedOrder {
  readonly symbol: string;
  readonly side: Leg['side'];
  readonly purpose: Leg['purpose'];
  /** Start of the bar of its signal; null for an exit that only the broker made. */
  readonly signalAt: string | null;
  /** When a run wanted it; null when none did. */
  readonly wantedAt: string | null;
  readonly outcome: LegOutcome;
  /** Why it is not filled as it was wanted, for people; null where nothing is to be said. */
  readonly reason: string | null;
  /** Start of the bar on which the simulation filled it. */
  readonly simulatedAt: string | null;
  /** Without a sign; null where the simulation did not fill it. */
  readonly simulatedUnits: number | null;
  /** Average of the simulation; in prices as they were at the time of the order. */
  readonly expectedPrice: number | null;
  readonly simulatedCommission: number;
  /** As the run wanted it, decimal text. */
  readonly wanted: string | null;
  /** Without a sign, decimal text. */
  readonly filled: string;
  readonly averagePrice: string | null;
  readonly fees: string;
  readonly firstFillAt: string | null;
  /** From the run that wanted it to its first fill. */
  readonly delayMs: number | null;
  readonly slippageBps: number | null;
  readonly slippage: number | null;
  /** Filled size at the expected price: the weight of its slippage. */
  readonly expectedNotional: number;
  /** What a missed order would have earned by the last close, less its commission; null for all others. */
  readonly missedProfit: number | null;
}

export interface OrderTotals {
  /** With those filled in part. */
  readonly filled: number;
  readonly partly: number;
  readonly missed: number;
  readonly slippage: number;
  /** Weighted by notional; null when nothing was filled on both sides. */
  readonly slippageBps: number | null;
  readonly fees: Decimal;
  readonly simulatedCommission: number;
  /** What the missed orders would have earned together. */
  readonly missedProfit: number;
  /** Half of the orders were filled faster; null when none has a delay. */
  readonly medianDelayMs: number | null;
}

export interface OrderView {
  /** Last close of a symbol; undefined where it is not known. */
  readonly lastClose: (symbol: string) => number | undefined;
  /** By which prices of then are larger than the same ones in today's history, which a split or dividend changed; 1 where nothing did. */
  readonly adjustment: (leg: Leg) => number;
  /** Why no run wanted an order of the simulation. */
  readonly reasonUnwanted: (leg: Leg) => string;
  /** By what an order is measured where there is no simulation in step: the close of its signal's bar. */
  readonly measuredBySignal: boolean;
}

export function compareOrder(leg: Leg, view: OrderView): ComparedOrder {
  const { symbol, side, purpose, signalAt, wanted } = leg;
  const simulated = sumOfSimulated(leg.simulated);
  const booked = sumOfBooked(leg.booked);
  const adjustment = view.adjustment(leg);
  const expectedPrice =
    simulated.units === 0
      ? view.measuredBySignal && wanted
        ? Number(wanted.signalPrice)
        : null
      : simulated.price * adjustment;
  const averagePrice = booked.units.eq(zero) ? null : booked.value.div(booked.units);
  const filled = booked.units.abs();
  const costs = side === 'buy' ? 1 : -1;
  const perUnit =
    expectedPrice === null || averagePrice === null ? null : costs * (toNumber(averagePrice) - expectedPrice);
  const first = leg.booked[0]?.at ?? null;
  const outcome = outcomeOf(leg, view.measuredBySignal);
  return {
    ...{ symbol, side, purpose, signalAt, outcome },
    wantedAt: wanted?.wantedAt ?? null,
    reason: reasonFor(leg, outcome, view),
    simulatedAt: leg.simulated[0]?.filledAt ?? null,
    simulatedUnits: simulated.units === 0 ? null : Math.abs(simulated.units) / adjustment,
    expectedPrice,
    simulatedCommission: simulated.commission,
    wanted: wanted?.quantity ?? null,
    filled: decimalText(filled),
    averagePrice: averagePrice === null ? null : decimalText(averagePrice),
    fees: decimalText(booked.fees),
    firstFillAt: first,
    delayMs: wanted && first ? Date.parse(first) - Date.parse(wanted.wantedAt) : null,
    slippageBps: perUnit === null || !expectedPrice ? null : (10_000 * perUnit) / expectedPrice,
    slippage: perUnit === null ? null : perUnit * toNumber(filled),
    expectedNotional: perUnit === null ? 0 : toNumber(filled) * (expectedPrice ?? 0),
    missedProfit:
      outcome === 'missed'
        ? simulated.units * ((view.lastClose(symbol) ?? simulated.price) - simulated.price) -
          simulated.commission
        : null,
  };
}

export function totalsOf(orders: readonly ComparedOrder[]): OrderTotals {
  const count = (wanted: LegOutcome) => orders.filter(({ outcome }) => outcome === wanted).length;
  const sum = (figure: (order: ComparedOrder) => number) =>
    orders.reduce((total, order) => total + figure(order), 0);
  const slippage = sum((order) => order.slippage ?? 0);
  const notional = sum(({ expectedNotional }) => expectedNotional);
  const delays = orders.flatMap(({ delayMs }) => (delayMs === null ? [] : [delayMs])).sort((a, b) => a - b);
  const middle = (delays.length - 1) / 2;
  const [low, high] = [delays[Math.floor(middle)], delays[Math.ceil(middle)]];
  return {
    filled: count('filled') + count('partly filled'),
    partly: count('partly filled'),
    missed: count('missed'),
    slippage,
    slippageBps: notional === 0 ? null : (10_000 * slippage) / notional,
    fees: orders.reduce((total, { fees }) => total.plus(decimal(fees)), zero),
    simulatedCommission: sum(({ simulatedCommission }) => simulatedCommission),
    missedProfit: sum(({ missedProfit }) => missedProfit ?? 0),
    medianDelayMs: low === undefined || high === undefined ? null : (low + high) / 2,
  };
}

/** Signed units and their average price. */
export function sumOfSimulated(fills: readonly SimulatedFill[]): {
  readonly units: number;
  readonly price: number;
  readonly commission: number;
} {
  const units = fills.reduce((sum, fill) => sum + fill.units, 0);
  const value = fills.reduce((sum, fill) => sum + fill.units * fill.price, 0);
  const commission = fills.reduce((sum, fill) => sum + fill.commission, 0);
  return { units, price: units === 0 ? Number.NaN : value / units, commission };
}

/** Signed units, and what was paid for them: negative when sold. */
export function sumOfBooked(fills: readonly BookedTrade[]): {
  readonly units: Decimal;
  readonly value: Decimal;
  readonly fees: Decimal;
} {
  let [units, value, fees] = [zero, zero, zero];
  for (const { side, quantity, price, fee } of fills) {
    const signed = side === 'buy' ? quantity : quantity.neg();
    units = units.plus(signed);
    value = value.plus(signed.times(price));
    fees = fees.plus(fee);
  }
  return { units, value, fees };
}

export function isWithin(leg: Leg, fromMs: number, toMs: number): boolean {
  const at = legTime(leg);
  return at >= fromMs && at <= toMs;
}

function outcomeOf({ wanted, simulated, booked }: Leg, measuredBySignal: boolean): LegOutcome {
  const isOpen = wanted !== null && !wanted.isOver;
  if (booked.length === 0) {
    if (isOpen) return 'open';
    if (simulated.length > 0) return 'missed';
    return measuredBySignal ? 'missed' : 'filled by neither';
  }
  const filled = sumOfBooked(booked).units.abs();
  if (!isOpen && wanted && filled.lt(decimal(wanted.quantity))) return 'partly filled';
  if (simulated.length === 0 && !measuredBySignal) return 'not simulated';
  return 'filled';
}

function reasonFor(leg: Leg, outcome: LegOutcome, { reasonUnwanted }: OrderView): string | null {
  switch (outcome) {
    case 'filled':
      return null;
    case 'missed':
      return leg.wanted ? (leg.wanted.reason ?? 'it was not filled') : reasonUnwanted(leg);
    case 'not simulated':
      return leg.wanted === null
        ? 'a stop loss or take profit that only the broker met'
        : 'the simulation fills it on a later bar, or never';
    case 'partly filled':
    case 'open':
    case 'filled by neither':
      return leg.wanted?.reason ?? null;
    default:
      return outcome satisfies never;
  }
}

export function toNumber(value: Decimal): number {
  return Number(decimalText(value));
}
