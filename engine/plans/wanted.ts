/**
 * What a simulation wants to be traded now: the orders of its newest bar, and exits of its stop losses and take profits on
 * that bar, which the broker may not have met. And what it wants to have resting at the broker.
 */
import type { BacktestResult, OrderRecord } from '../backtest/result.ts';
import type { OrderTerms } from '../brokers/broker.ts';
import type { Bars } from '../market/bars.ts';
import { decimalOfNumber, decimalText } from '../money.ts';
import type { WantedProtection } from './definitions.ts';
import type { PlanSettings } from './plan.ts';
import type { PlanSimulation, WantedOrder } from './run-records.ts';

/**
 * In the order in which they would fill: exits come before the entries that their money pays for.
 * @param apart as in `orderId`
 */
export function wantedOrders(
  plan: PlanSettings,
  result: BacktestResult,
  bars: readonly Bars[],
  apart: string | null,
): readonly WantedOrder[] {
  const price = (symbol: string) =>
    text(bars.find((each) => each.symbol === symbol)?.close.at(-1) ?? Number.NaN);
  const legs = legsOfNewestBar(result);
  const open = new Set(result.positions.flatMap(({ symbol, units }) => (units === 0 ? [] : [symbol])));
  const last = new Map(legs.map(({ order }) => [order.symbol, order]));
  const closesAll = new Set([...last.values()].filter(({ symbol }) => !open.has(symbol)));
  return [
    ...legs.map(({ order, units }): WantedOrder => {
      const { symbol, signalBar, sequence } = order;
      const signalAt = timeOf(result, signalBar);
      return {
        id: orderId(plan.name, { symbol, signalAt, sequence }, apart),
        ...{ symbol, signalAt, sequence },
        side: units > 0 ? 'buy' : 'sell',
        quantity: text(Math.abs(units)),
        purpose: 'exit',
        closesAll: closesAll.has(order),
        terms: { type: 'market' },
        stopLoss: null,
        takeProfit: null,
        signalPrice: price(symbol),
      };
    }),
    ...result.nextOrders.map((order): WantedOrder => {
      const { symbol, signalBar, sequence, units, unitsAfter, purpose, limit, stop, stopLoss, takeProfit } =
        order;
      const signalAt = timeOf(result, signalBar);
      return {
        id: orderId(plan.name, { symbol, signalAt, sequence }, apart),
        ...{ symbol, signalAt, sequence, purpose },
        side: units > 0 ? 'buy' : 'sell',
        quantity: text(Math.abs(units)),
        closesAll: purpose === 'exit' && unitsAfter === 0,
        terms: termsOf(limit, stop),
        stopLoss: purpose === 'entry' ? textOrNull(stopLoss) : null,
        takeProfit: purpose === 'entry' ? textOrNull(takeProfit) : null,
        signalPrice: price(symbol),
      };
    }),
  ];
}

/** Entries of the newest bar that cannot be paid at its close, in words: nothing is wanted of them. */
export function unpaidEntries({ orders, nextOrders, time }: BacktestResult): readonly string[] {
  const wanted = new Set(nextOrders.map(({ sequence }) => sequence));
  return orders
    .filter(
      ({ signalBar, sequence, purpose }) =>
        signalBar === time.length - 1 && purpose === 'entry' && !wanted.has(sequence),
    )
    .map(({ side, size, symbol }) => {
      const what = size < 1 ? `${text(size * 100)} % of its money in ${symbol}` : `${text(size)} ${symbol}`;
      return `Not wanted: ${side} ${what}. The simulation has not enough for it at the newest close.`;
    });
}

/**
 * Key of an order, and of its operation: never its size or price.
 * @param apart tells it from one of the same signal that is another all the same: of an earlier run, or of a plan that had its name
 */
export function orderId(
  plan: string,
  {
    symbol,
    signalAt,
    sequence,
  }: { readonly symbol: string; readonly signalAt: string; readonly sequence: number },
  apart: string | null,
): string {
  return `plan:${plan}/${symbol}@${signalAt}/${sequence}${apart === null ? '' : `#${apart}`}`;
}

/** Begins the names of all operations of a plan. */
export function operationPrefix(plan: string): string {
  return `plan:${plan}/`;
}

export function timeOf({ time }: Pick<BacktestResult, 'time'>, bar: number): string {
  return new Date(time[bar] ?? 0).toISOString();
}

/** Of what is open, and of the entries that are about to open. */
export function wantedProtection(
  result: BacktestResult,
  wanted: readonly WantedOrder[],
): readonly WantedProtection[] {
  const closing = new Set(wanted.filter(({ purpose }) => purpose === 'exit').map(({ symbol }) => symbol));
  const open = result.heldTrades
    .filter(({ symbol }) => !closing.has(symbol))
    .map(({ symbol, size, stopLoss, takeProfit }) => ({ symbol, size, stopLoss, takeProfit }));
  const coming = wanted
    .filter(({ purpose }) => purpose === 'entry')
    .map(({ symbol, side, quantity, stopLoss, takeProfit }) => ({
      symbol,
      size: side === 'buy' ? Number(quantity) : -Number(quantity),
      stopLoss: stopLoss === null ? null : Number(stopLoss),
      takeProfit: takeProfit === null ? null : Number(takeProfit),
    }));
  const sums = new Map<
    string,
    { symbol: string; units: number; stopLoss: number | null; takeProfit: number | null }
  >();
  for (const { symbol, size, stopLoss, takeProfit } of [...open, ...coming]) {
    if (stopLoss === null && takeProfit === null) continue;
    const key = JSON.stringify([symbol, stopLoss, takeProfit]);
    const units = (sums.get(key)?.units ?? 0) + size;
    sums.set(key, { symbol, units, stopLoss, takeProfit });
  }
  return [...sums.values()].map(({ symbol, units, stopLoss, takeProfit }) => ({
    symbol,
    units: text(units),
    stopLoss: textOrNull(stopLoss),
    takeProfit: textOrNull(takeProfit),
  }));
}

/** What a report compares with what happened. */
export function simulationOf(result: BacktestResult): PlanSimulation {
  return {
    time: result.time,
    equity: result.equity,
    fills: result.fills.map(({ symbol, bar, effect, units, price, commission, order }) => ({
      symbol,
      signalAt: order && timeOf(result, order.signalBar),
      sequence: order?.sequence ?? null,
      filledAt: timeOf(result, bar),
      ...{ effect, units, price, commission },
    })),
  };
}

/** Stop losses and take profits that the newest bar has met: nothing says that the broker did. */
function legsOfNewestBar(result: BacktestResult): { order: OrderRecord; units: number }[] {
  const newest = result.time.length - 1;
  return result.fills.flatMap(({ bar, order, units, effect }) =>
    bar === newest &&
    effect === 'close' &&
    order &&
    (order.purpose === 'stopLoss' || order.purpose === 'takeProfit')
      ? [{ order, units }]
      : [],
  );
}

function termsOf(limit: number | null, stop: number | null): OrderTerms {
  if (limit !== null && stop !== null)
    return { type: 'stop_limit', limitPrice: text(limit), stopPrice: text(stop) };
  if (limit !== null) return { type: 'limit', limitPrice: text(limit) };
  return stop === null ? { type: 'market' } : { type: 'stop', stopPrice: text(stop) };
}

function text(value: number): string {
  return Number.isFinite(value) ? decimalText(decimalOfNumber(value)) : '0';
}

function textOrNull(value: number | null): string | null {
  return value === null ? null : text(value);
}
