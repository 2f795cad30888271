/** Trading in fractions of a unit: the market is turned into such fractions for the run, and its result back. */
import type { Market } from './market.ts';
import type { BacktestResult, IndicatorPlot, Trade } from './result.ts';

/** The market in units of `part` of a whole one: prices shrink, volumes grow. */
export function inUnits({ time, symbols }: Market, part: number): Market {
  const scaled = (column: Float64Array, by: (value: number) => number) => column.map(by);
  const price = (value: number) => value * part;
  return {
    time,
    symbols: symbols.map((columns) => ({
      ...columns,
      open: scaled(columns.open, price),
      high: scaled(columns.high, price),
      low: scaled(columns.low, price),
      close: scaled(columns.close, price),
      volume: scaled(columns.volume, (value) => value / part),
    })),
  };
}

/** A result in whole units and their prices. Money needs no change. */
export function inWholes(result: BacktestResult, part: number): BacktestResult {
  const price = <Price extends number | null>(value: Price) =>
    (value === null ? null : (value as number) / part) as Price;
  const trade = (each: Trade): Trade => ({
    ...each,
    size: each.size * part,
    entryPrice: price(each.entryPrice),
    exitPrice: price(each.exitPrice),
    stopLoss: price(each.stopLoss),
    takeProfit: price(each.takeProfit),
  });
  const plot = (each: IndicatorPlot): IndicatorPlot =>
    each.overlay ? { ...each, lines: each.lines.map((line) => line.map((value) => value / part)) } : each;
  const orders = new Map(
    result.orders.map((order) => [
      order,
      {
        ...order,
        // Below 1 it is a share of what can be spent.
        size: order.size < 1 ? order.size : order.size * part,
        limit: price(order.limit),
        stop: price(order.stop),
        stopLoss: price(order.stopLoss),
        takeProfit: price(order.takeProfit),
      },
    ]),
  );
  return {
    ...result,
    trades: result.trades.map(trade),
    openTrades: result.openTrades.map(trade),
    heldTrades: result.heldTrades.map(trade),
    orders: [...orders.values()],
    nextOrders: result.nextOrders.map((order) => ({
      ...order,
      units: order.units * part,
      unitsAfter: order.unitsAfter * part,
      limit: price(order.limit),
      stop: price(order.stop),
      stopLoss: price(order.stopLoss),
      takeProfit: price(order.takeProfit),
    })),
    fills: result.fills.map((fill) => ({
      ...fill,
      units: fill.units * part,
      price: price(fill.price),
      order: fill.order === null ? null : (orders.get(fill.order) ?? null),
    })),
    positions: result.positions.map(({ symbol, units }) => ({ symbol, units: units * part })),
    indicators: result.indicators.map(plot),
    records: result.records.map(plot),
  };
}
