/**
 * The simulated broker: one cash account, a queue of orders, and the rules by which they fill.
 *
 * The semantics are those of Backtesting.py 0.6.6 (https://kernc.github.io/backtesting.py), for one symbol and for
 * many. Two of its slips are not repeated: `exclusiveOrders` cancels every waiting order, not every other one, and a
 * bankruptcy closes every trade.
 */
import { UserError } from '../errors.ts';
import { floorDivide } from './arithmetic.ts';
import type { Market, MarketSymbol } from './market.ts';
import type { BrokerRules } from './options.ts';
import { Order, type OrderDesk, type OrderTerms, Trade, type TradeDesk } from './order-and-trade.ts';
import type { NextOrder } from './result.ts';

export interface EntryRequest {
  readonly symbolIndex: number;
  /** Signed units, or below 1 a signed share of what can be spent. */
  readonly size: number;
  readonly limit: number | null;
  readonly stop: number | null;
  readonly sl: number | null;
  readonly tp: number | null;
  readonly tag: string | null;
}

/** The open trades of one symbol together. */
interface Holding {
  readonly symbolIndex: number;
  units: number;
  cost: number;
}

export class SimulatedBroker implements OrderDesk, TradeDesk {
  /** Pending orders in the order in which they are looked at. */
  readonly orders: Order[] = [];
  /** Open trades, oldest first. */
  readonly trades: Trade[] = [];
  /** In closing order. */
  readonly closedTrades: Trade[] = [];
  /** Every order that the strategy placed, or that its stop losses and take profits made. */
  readonly records: Order[] = [];
  /** At each bar's close; NaN for bars that were not processed. */
  readonly equityCurve: Float64Array;
  /** Bars on which a stop loss or take profit lay inside the bar of its entry, and had to wait. */
  contingentInEntryBar = 0;
  isBankrupt = false;

  readonly #market: Market;
  readonly #rules: BrokerRules;
  #cash: number;
  #holdings: Holding[] = [];
  /** Whether `#holdings` knows of the last change to a trade. */
  #isCounted = true;
  #bar = -1;
  #sequence = 0;
  #recording = true;

  constructor(market: Market, rules: BrokerRules) {
    this.#market = market;
    this.#rules = rules;
    this.#cash = rules.cash;
    this.equityCurve = new Float64Array(market.time.length).fill(Number.NaN);
  }

  get cash(): number {
    return this.#cash;
  }

  /**
   * Cash and the profit of open trades at the last close. Per symbol it is units * price - cost, not a sum of the
   * trades' profits: the two differ in the last bit, which decides whether a peak of the equity is reached again.
   */
  get equity(): number {
    if (this.trades.length === 0) return this.#cash;
    if (!this.#isCounted) this.#countHoldings();
    let profit = 0;
    for (const { symbolIndex, units, cost } of this.#holdings) {
      profit += units * this.lastClose(symbolIndex) - cost;
    }
    return this.#cash + profit;
  }

  get marginAvailable(): number {
    let used = 0;
    for (const trade of this.trades) used += trade.value / this.#rules.leverage;
    return Math.max(0, this.equity - used);
  }

  lastClose(symbolIndex: number): number {
    return this.#symbol(symbolIndex).close[this.#bar] as number;
  }

  /** Moves to a bar: fills what fills there, and records the equity at its close. False once the account is bankrupt. */
  processBar(bar: number): boolean {
    if (bar !== this.#bar) {
      this.#bar = bar;
      this.#sequence = 0;
    }
    // A market entry with a stop loss or take profit has the queue looked at once more, on the same bar.
    while (this.orders.length > 0 && this.#processQueue());
    const { equity } = this;
    this.equityCurve[bar] = equity;
    if (equity > 0) return true;
    this.#goBankrupt(bar);
    return false;
  }

  /** Closes what is open on the last bar, which is processed once more. */
  finalize(): void {
    this.#recording = false;
    for (const trade of this.trades.slice().reverse()) trade.close();
    this.#recording = true;
    this.processBar(this.#bar);
  }

  /**
   * What the orders of the newest bar trade if all of them fill at its close, in the order in which they do. Fills them
   * in doing so: nothing else may be asked of the broker afterwards.
   */
  nextOrders(): NextOrder[] {
    if (this.isBankrupt) return [];
    const newest = this.orders.filter(
      ({ signalBar, purpose }) => signalBar === this.#bar && (purpose === 'entry' || purpose === 'close'),
    );
    return newest.flatMap((order) => {
      const { symbol, symbolIndex, signalBar, sequence, limit, placedStop, tag } = order;
      const price = this.lastClose(symbolIndex);
      const before = this.#unitsOf(symbolIndex);
      if (order.trade === null)
        this.#fillEntry(order, limit ?? placedStop ?? price, this.#bar, null, price, price);
      else this.#fillClose(order, order.trade, price, this.#bar, null);
      const after = this.#unitsOf(symbolIndex);
      const units = after - before;
      if (units === 0) return [];
      const purpose = Math.abs(after) < Math.abs(before) && after * before >= 0 ? 'exit' : 'entry';
      return [{ symbol, signalBar, sequence, units, purpose, limit, stop: placedStop, tag }];
    });
  }

  #unitsOf(symbolIndex: number): number {
    let units = 0;
    for (const trade of this.trades) if (trade.symbolIndex === symbolIndex) units += trade.size;
    return units;
  }

  /**
   * Places an order that may open a trade.
   * @throws UserError when stop loss, price and take profit are not in order, or the symbol has no price yet
   */
  placeEntry(request: EntryRequest): Order {
    const { size, limit, stop, sl, tp, tag, symbolIndex } = request;
    const { symbol } = this.#symbol(symbolIndex);
    const price = limit ?? stop ?? this.#withSpread(size, this.lastClose(symbolIndex));
    if (Number.isNaN(price)) throw new UserError(`${symbol} cannot be traded yet: it has no price.`);
    const [least, most] = size > 0 ? [sl, tp] : [tp, sl];
    if (!((least ?? Number.NEGATIVE_INFINITY) < price && price < (most ?? Number.POSITIVE_INFINITY))) {
      throw new UserError(legsText(symbol, request, price));
    }
    const terms: OrderTerms = {
      symbol,
      symbolIndex,
      size,
      limit,
      stop,
      sl,
      tp,
      tag,
      trade: null,
      purpose: 'entry',
    };
    if ((this.#market.time[this.#bar] as number) < this.#rules.tradeStart) return this.#ignored(terms);
    if (this.#rules.exclusiveOrders) {
      for (const waiting of this.orders.slice()) if (!waiting.isContingent) this.cancel(waiting);
      for (const trade of this.trades) trade.close();
    }
    const order = this.#place(terms);
    this.orders.push(order);
    return order;
  }

  placeClose(trade: Trade, size: number): void {
    this.orders.unshift(this.#placeFor(trade, 'close', size, null, null));
  }

  placeStopLoss(trade: Trade, price: number): Order {
    const order = this.#placeFor(trade, 'stopLoss', -trade.size, price, null);
    this.orders.unshift(order);
    return order;
  }

  placeTakeProfit(trade: Trade, price: number): Order {
    const order = this.#placeFor(trade, 'takeProfit', -trade.size, null, price);
    this.orders.push(order);
    return order;
  }

  cancel(order: Order): void {
    if (!order.isPending) return;
    this.#finish(order, 'cancelled');
    if (order.trade?.slOrder === order) order.trade.slOrder = null;
    if (order.trade?.tpOrder === order) order.trade.tpOrder = null;
  }

  #placeFor(
    trade: Trade,
    purpose: 'close' | 'stopLoss' | 'takeProfit',
    size: number,
    stop: number | null,
    limit: number | null,
  ): Order {
    const { symbol, symbolIndex, tag } = trade;
    return this.#place({ symbol, symbolIndex, size, limit, stop, sl: null, tp: null, tag, trade, purpose });
  }

  #place(terms: OrderTerms): Order {
    const order = new Order(terms, this, this.#bar, this.#sequence);
    if (this.#recording) {
      this.#sequence++;
      this.records.push(order);
    }
    return order;
  }

  /** An order that was never placed, for a strategy that wants to look at it. */
  #ignored(terms: OrderTerms): Order {
    const order = new Order(terms, this, this.#bar, this.#sequence);
    order.outcome = 'cancelled';
    return order;
  }

  /** Looks at every order that waits now; those made meanwhile wait for the next look. True when that is due at once. */
  #processQueue(): boolean {
    let again = false;
    for (const order of this.orders.slice()) {
      if (order.isPending && this.#process(order)) again = true;
    }
    return again;
  }

  /** Fills the order if this bar fills it. True when the queue must be looked at again on this bar. */
  #process(order: Order): boolean {
    const bar = this.#bar;
    const symbol = this.#symbol(order.symbolIndex);
    if (symbol.traded !== null && symbol.traded[bar] === 0) return false;
    const open = symbol.open[bar] as number;
    const high = symbol.high[bar] as number;
    const low = symbol.low[bar] as number;

    const { stop } = order;
    if (stop !== null) {
      if (order.isLong ? high < stop : low > stop) return false;
      order.stop = null;
    }

    const onClose = this.#rules.tradeOnClose && !order.isContingent;
    let price: number;
    let fillBar = bar;
    const { limit } = order;
    if (limit !== null) {
      const isHit = order.isLong ? low <= limit : high >= limit;
      // Both in one bar, the limit on the near side: whether price came back to it is not known, so it waits.
      const isBeforeStop = stop !== null && (order.isLong ? limit <= stop : limit >= stop);
      if (!isHit || isBeforeStop) return false;
      price = order.isLong ? Math.min(stop ?? open, limit) : Math.max(stop ?? open, limit);
    } else {
      price = onClose ? this.#closeBefore(symbol, bar) : open;
      if (stop !== null) price = order.isLong ? Math.max(price, stop) : Math.min(price, stop);
      else if (onClose) fillBar = bar - 1;
    }

    if (order.trade !== null) {
      this.#fillClose(order, order.trade, price, fillBar, stop);
      return false;
    }
    return this.#fillEntry(order, price, fillBar, stop, high, low);
  }

  #fillClose(order: Order, trade: Trade, price: number, bar: number, stop: number | null): void {
    if (trade.isOpen) {
      const units = Math.min(Math.abs(trade.size), Math.abs(order.size));
      // What a stop loss was remains readable on its closed trade.
      order.stop = stop;
      this.#finish(order, 'filled');
      this.#reduce(trade, price, Math.sign(order.size) * units, bar);
    } else {
      this.#finish(order, 'cancelled');
    }
  }

  #fillEntry(
    order: Order,
    price: number,
    bar: number,
    stop: number | null,
    high: number,
    low: number,
  ): boolean {
    const { leverage, commission, hedging } = this.#rules;
    const entryPrice = this.#withSpread(order.size, price);
    const perUnit = entryPrice + commission(order.size, price) / Math.abs(order.size);
    let size = order.size;
    if (Math.abs(size) < 1) {
      const spendable = this.marginAvailable * leverage * Math.abs(size);
      size = Math.sign(size) * Math.trunc(floorDivide(spendable, perUnit));
      if (size === 0) {
        this.#finish(order, 'rejected');
        return false;
      }
    }
    if (!hedging) size = this.#netAgainstOpposite(order.symbolIndex, size, price, bar);
    if (Math.abs(size) * perUnit > this.marginAvailable * leverage) {
      this.#finish(order, 'rejected');
      return false;
    }
    this.#finish(order, 'filled');
    if (size === 0) return false;
    this.#open(order, size, entryPrice, bar);
    return this.#mustLookAgain(order, stop, high, low);
  }

  /** Closes opposite trades of the symbol, first in, first out, at the unadjusted price; answers what is left to open. */
  #netAgainstOpposite(symbolIndex: number, size: number, price: number, bar: number): number {
    let rest = size;
    for (const trade of this.trades.slice()) {
      if (rest === 0) break;
      if (trade.symbolIndex !== symbolIndex || trade.isLong === size > 0) continue;
      if (Math.abs(rest) >= Math.abs(trade.size)) {
        rest += trade.size;
        this.#close(trade, price, bar);
      } else {
        this.#reduce(trade, price, rest, bar);
        rest = 0;
      }
    }
    return rest;
  }

  #open(order: Order, size: number, price: number, bar: number): void {
    const { symbol, symbolIndex, tag } = order;
    const trade = new Trade({ symbol, symbolIndex, size, price, bar, tag }, this);
    this.trades.push(trade);
    this.#isCounted = false;
    this.#cash -= this.#rules.commission(size, price);
    if (order.tp !== null) trade.tp = order.tp;
    if (order.sl !== null) trade.sl = order.sl;
  }

  /**
   * A market entry may be stopped out on its own bar. A stop or limit entry may not: what came first inside the bar is
   * not known; except for a pure stop whose take profit lies further on in the same direction.
   */
  #mustLookAgain({ sl, tp, limit, isLong }: Order, stop: number | null, high: number, low: number): boolean {
    if (sl === null && tp === null) return false;
    if (limit === null && stop === null) return true;
    if (limit === null && tp !== null) {
      const clear = isLong
        ? tp <= high && (sl ?? Number.NEGATIVE_INFINITY) < low
        : tp >= low && (sl ?? Number.POSITIVE_INFINITY) > high;
      if (clear) return true;
    }
    const isInside = (leg: number | null) => leg !== null && low <= leg && leg <= high;
    if (isInside(sl) || isInside(tp)) this.contingentInEntryBar++;
    return false;
  }

  /** Closes `size` units (of the opposite sign) of a trade: all of it, or a piece that becomes a closed trade of its own. */
  #reduce(trade: Trade, price: number, size: number, bar: number): void {
    const rest = trade.size + size;
    if (rest === 0) {
      this.#close(trade, price, bar);
      return;
    }
    trade.size = rest;
    this.#isCounted = false;
    if (trade.slOrder !== null) trade.slOrder.size = -rest;
    if (trade.tpOrder !== null) trade.tpOrder.size = -rest;
    const { symbol, symbolIndex, entryPrice, entryBar, tag } = trade;
    const piece = new Trade(
      { symbol, symbolIndex, size: -size, price: entryPrice, bar: entryBar, tag },
      this,
    );
    this.#settle(piece, price, bar);
  }

  #close(trade: Trade, price: number, bar: number): void {
    this.trades.splice(this.trades.indexOf(trade), 1);
    this.#isCounted = false;
    for (const leg of [trade.slOrder, trade.tpOrder]) if (leg?.isPending) this.#finish(leg, 'cancelled');
    this.#settle(trade, price, bar);
  }

  #settle(trade: Trade, price: number, bar: number): void {
    const { commission } = this.#rules;
    trade.exitPrice = price;
    trade.exitBar = bar;
    const exitCommission = commission(trade.size, price);
    this.#cash += trade.pnl - exitCommission;
    trade.commission = exitCommission + commission(trade.size, trade.entryPrice);
    this.closedTrades.push(trade);
  }

  #goBankrupt(bar: number): void {
    for (const trade of this.trades.slice()) this.#close(trade, this.lastClose(trade.symbolIndex), bar);
    this.#cash = 0;
    this.isBankrupt = true;
    this.equityCurve.fill(0, bar);
  }

  #countHoldings(): void {
    this.#holdings = [];
    for (const { symbolIndex, size, entryPrice } of this.trades) {
      let holding = this.#holdings.find((candidate) => candidate.symbolIndex === symbolIndex);
      if (holding === undefined) {
        holding = { symbolIndex, units: 0, cost: 0 };
        this.#holdings.push(holding);
      }
      holding.units += size;
      holding.cost += size * entryPrice;
    }
    this.#isCounted = true;
  }

  #finish(order: Order, outcome: 'filled' | 'cancelled' | 'rejected'): void {
    this.orders.splice(this.orders.indexOf(order), 1);
    order.outcome = outcome;
    order.doneBar = this.#bar;
  }

  #withSpread(size: number, price: number): number {
    return price * (1 + Math.sign(size) * this.#rules.spread);
  }

  #closeBefore(symbol: MarketSymbol, bar: number): number {
    return symbol.close[bar - 1] as number;
  }

  #symbol(index: number): MarketSymbol {
    return this.#market.symbols[index] as MarketSymbol;
  }
}

function legsText(symbol: string, { size, sl, tp }: EntryRequest, price: number): string {
  const side = size > 0 ? 'buy' : 'sell';
  const order = size > 0 ? 'stop loss < price < take profit' : 'take profit < price < stop loss';
  const legs = [
    sl === null ? '' : `stop loss ${sl}`,
    `price ${price}`,
    tp === null ? '' : `take profit ${tp}`,
  ];
  return `To ${side} ${symbol} needs ${order}, but has ${legs.filter((leg) => leg !== '').join(', ')}.`;
}
