/**
 * The simulated broker: a queue of orders, and the rules by which they fill. `docs/fills.md` says them one by one;
 * where the two semantics differ, the rules ask their table.
 *
 * Two slips of the originals are not repeated: `exclusiveOrders` cancels every waiting order, not every other one, and
 * a bankruptcy closes every trade.
 */
import { UserError } from '../errors.ts';
import { Account, remove } from './account.ts';
import { floorDivide } from './arithmetic.ts';
import { Ledger } from './ledger.ts';
import { type Market, type MarketSymbol, sliceMarket } from './market.ts';
import type { BrokerRules } from './options.ts';
import { Order, type OrderDesk, type OrderTerms, type Trade, type TradeDesk } from './order-and-trade.ts';
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

export class SimulatedBroker implements OrderDesk, TradeDesk {
  readonly account: Account;
  readonly rules: BrokerRules;
  /** Pending orders in the order in which they are looked at. */
  readonly orders: Order[] = [];
  /** Every order that the strategy placed, or that its stop losses and take profits made, and what came of it. */
  readonly ledger: Ledger;
  /** Bars on which a stop loss or take profit lay inside the bar of its entry, and had to wait. */
  contingentInEntryBar = 0;
  /** The bar on which nothing was left; null while there is something. */
  bankruptBar: number | null = null;

  readonly #market: Market;
  /** The queue as it was when it began to be looked at; a list that is used again, and longer than the queue. */
  readonly #look: Order[] = [];
  #bar = -1;
  #sequence = 0;
  #recording = true;

  constructor(market: Market, rules: BrokerRules) {
    this.#market = market;
    this.rules = rules;
    this.ledger = new Ledger(market.symbols.map(({ symbol }) => symbol));
    this.account = new Account(market, rules, this.ledger);
    this.#takeOver();
  }

  get equity(): number {
    return this.account.equityAt(this.#bar);
  }

  /** Whether orders of this bar come before the start of trading, and are ignored. */
  get isBeforeStart(): boolean {
    return (this.#market.time[this.#bar] as number) < this.rules.tradeStart;
  }

  lastClose(symbolIndex: number): number {
    return this.#symbol(symbolIndex).close[this.#bar] as number;
  }

  /** Moves to a bar: fills what fills there, and marks the account to its close. False once it is bankrupt. */
  processBar(bar: number): boolean {
    this.#bar = bar;
    this.#sequence = 0;
    return this.#processAgain();
  }

  /** Closes what is open at the end, as the semantics say. */
  finalize(): void {
    const { account, rules } = this;
    if (rules.semantics.closesAtLastClose) {
      for (const trade of account.trades.slice()) {
        account.close(trade, trade.size, this.lastClose(trade.symbolIndex), this.#bar, null);
      }
    } else if (rules.finalizeTrades) {
      this.#recording = false;
      for (const trade of account.trades.slice().reverse()) trade.close();
      this.#recording = true;
      this.#processAgain();
    }
  }

  /**
   * What the orders of the newest bar trade if all of them fill at its close, in the order in which they do. Rehearsed
   * on a copy: nothing of this broker changes.
   */
  nextOrders(): NextOrder[] {
    const isNew = ({ signalBar, purpose }: Order) =>
      signalBar === this.#bar && (purpose === 'entry' || purpose === 'close');
    const newest = this.orders.filter(isNew);
    return newest.length === 0 || this.bankruptBar !== null ? [] : this.#rehearse(newest);
  }

  #rehearse(orders: readonly Order[]): NextOrder[] {
    const lastBar = sliceMarket(this.#market, this.#bar);
    const copy = new SimulatedBroker(lastBar, { ...this.rules, holding: {}, failFast: false });
    const { account } = copy;
    copy.#bar = 0;
    account.cash = this.account.cash;
    const copies = new Map(
      this.account.trades.map((trade) => {
        const { symbol, symbolIndex, size, entryPrice, tag } = trade;
        return [trade, account.takeOver({ symbol, symbolIndex, size, price: entryPrice, bar: 0, tag }, copy)];
      }),
    );
    return orders.flatMap((order) => {
      const { symbol, symbolIndex, signalBar, sequence, limit, placedStop, tag, sl, tp, purpose } = order;
      const trade = order.trade === null ? null : (copies.get(order.trade) ?? null);
      const terms = { symbol, symbolIndex, size: order.signedSize, limit, stop: placedStop, sl, tp, tag };
      const rehearsed = new Order({ ...terms, trade, purpose }, copy, 0, 0);
      const price = copy.lastClose(symbolIndex);
      const before = account.unitsOf(symbolIndex);
      if (trade !== null) copy.#fillClose(rehearsed, trade, price, 0);
      else if (purpose === 'entry')
        copy.#fillEntry(rehearsed, limit ?? placedStop ?? price, 0, null, price, price);
      const after = account.unitsOf(symbolIndex);
      const units = after - before;
      if (units === 0) return [];
      const isExit = Math.abs(after) < Math.abs(before) && after * before >= 0;
      const effect = isExit ? 'exit' : 'entry';
      const prices = { limit, stop: placedStop, stopLoss: sl, takeProfit: tp };
      return [{ symbol, signalBar, sequence, units, unitsAfter: after, purpose: effect, ...prices, tag }];
    });
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
    if (this.isBeforeStart) return this.#ignored(terms);
    if (this.rules.exclusiveOrders) this.#makeWay(symbolIndex);
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
    if (this.rules.semantics.takeProfitGoesFirst) this.orders.unshift(order);
    else this.orders.push(order);
    return order;
  }

  cancel(order: Order): void {
    if (!order.isPending) return;
    this.#finish(order, 'cancelled');
    const { trade } = order;
    if (trade?.slOrder === order) trade.slOrder = null;
    if (trade?.tpOrder === order) trade.tpOrder = null;
  }

  /** What is held from the start costs the close of the first bar of trading, on top of the cash. */
  #takeOver(): void {
    const { time, symbols } = this.#market;
    const { holding, tradeStart } = this.rules;
    const begun = time.findIndex((at) => at >= tradeStart);
    const startBar = begun < 0 ? time.length - 1 : begun;
    for (const [symbol, units] of Object.entries(holding)) {
      const symbolIndex = symbols.findIndex((candidate) => candidate.symbol === symbol);
      const price = symbols[symbolIndex]?.close[startBar];
      if (price === undefined)
        throw new UserError(`holding names ${symbol}, but this backtest has no bars of it.`);
      if (Number.isNaN(price))
        throw new UserError(`holding names ${symbol}, which has no price yet where trading begins.`);
      if (units === 0) continue;
      this.account.cash += units * price;
      const entry = { symbol, symbolIndex, size: units, price, bar: 0, tag: 'preexisting' };
      this.account.takeOver(entry, this);
    }
  }

  /** An exclusive order cancels what waits, and closes what is open in its symbol. */
  #makeWay(symbolIndex: number): void {
    const { exclusiveSparesCloses } = this.rules.semantics;
    for (const waiting of this.orders.slice()) {
      const isSpared = exclusiveSparesCloses ? waiting.trade !== null : waiting.isContingent;
      if (!isSpared) this.cancel(waiting);
    }
    for (const trade of this.account.trades) if (trade.symbolIndex === symbolIndex) trade.close();
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
      order.row = this.ledger.addOrder(order);
    }
    return order;
  }

  /** An order that was never placed, for a strategy that wants to look at it. */
  #ignored(terms: OrderTerms): Order {
    const order = new Order(terms, this, this.#bar, this.#sequence);
    order.outcome = 'cancelled';
    return order;
  }

  #processAgain(): boolean {
    // A market entry with a stop loss or take profit has the queue looked at once more, on the same bar.
    while (this.orders.length > 0 && this.#processQueue());
    // Before the start it is not traded: what is held since may have been worth anything then.
    if (this.account.mark(this.#bar) || this.isBeforeStart) return true;
    this.#goBankrupt();
    return false;
  }

  /** Looks at every order that waits now; those made meanwhile wait for the next look. True when that is due at once. */
  #processQueue(): boolean {
    const { orders } = this;
    const look = this.#look;
    const count = orders.length;
    for (let i = 0; i < count; i++) look[i] = orders[i] as Order;
    let again = false;
    for (let i = 0; i < count; i++) {
      const order = look[i] as Order;
      if (order.isPending && this.#process(order)) again = true;
    }
    return again;
  }

  /** Fills the order if this bar fills it. True when the queue must be looked at again on this bar. */
  #process(order: Order): boolean {
    const bar = this.#bar;
    const symbol = this.#symbol(order.symbolIndex);
    if (symbol.traded !== null && symbol.traded[bar] === 0) return false;
    const { semantics, tradeOnClose } = this.rules;
    const open = symbol.open[bar] as number;
    const high = symbol.high[bar] as number;
    const low = symbol.low[bar] as number;

    const { stop, limit } = order;
    if (stop !== null) {
      const isHit = order.isLong
        ? reaches(high, stop, semantics.hitIsBeyond)
        : falls(low, stop, semantics.hitIsBeyond);
      if (!isHit) return false;
      order.stop = null;
      this.ledger.noteWaiting(order);
    }

    const fromClose = tradeOnClose && !(semantics.legsFillFromOpen && order.isContingent);
    let price: number;
    let fillBar = bar;
    if (limit !== null) {
      const isHit = order.isLong
        ? falls(low, limit, semantics.hitIsBeyond)
        : reaches(high, limit, semantics.hitIsBeyond);
      // Both in one bar, the limit on the near side: whether price came back to it is not known, so it waits.
      const isBeforeStop =
        stop !== null &&
        (order.isLong
          ? falls(limit, stop, semantics.hitIsBeyond)
          : reaches(limit, stop, semantics.hitIsBeyond));
      if (!isHit || isBeforeStop) return false;
      price = order.isLong ? Math.min(stop ?? open, limit) : Math.max(stop ?? open, limit);
    } else {
      price = fromClose ? (symbol.close[bar - 1] as number) : open;
      if (stop !== null) price = order.isLong ? Math.max(price, stop) : Math.min(price, stop);
      else if (fromClose) fillBar = bar - 1;
    }

    if (order.trade !== null) {
      this.#fillClose(order, order.trade, price, fillBar);
      return false;
    }
    return this.#fillEntry(order, price, fillBar, stop, high, low);
  }

  #fillClose(order: Order, trade: Trade, price: number, bar: number): void {
    if (trade.isOpen) {
      const units = Math.min(Math.abs(trade.size), order.size);
      this.#finish(order, 'filled');
      this.#reduce(trade, Math.sign(trade.size) * units, price, bar, order);
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
    const { account } = this;
    const { leverage, commission, hedging } = this.rules;
    const entryPrice = this.#withSpread(order.signedSize, price);
    const perUnit = entryPrice + commission(order.signedSize, price) / order.size;
    let size = order.signedSize;
    if (order.size < 1) {
      const spendable = account.availableAt(this.#bar) * leverage * order.size;
      size = Math.sign(size) * Math.trunc(floorDivide(spendable, perUnit));
      if (size === 0) {
        this.#finish(order, 'rejected');
        return false;
      }
    }
    if (!hedging) size = this.#netAgainstOpposite(order, size, price, bar);
    const needed = Math.abs(size) * perUnit;
    const spendable = account.availableAt(this.#bar) * leverage;
    if (needed > spendable) {
      this.#finish(order, 'rejected');
      if (this.rules.failFast) throw notPayable(order, size, this.#dayText(), needed, spendable);
      return false;
    }
    this.#finish(order, 'filled');
    if (size === 0) return false;
    const { symbol, symbolIndex, tag } = order;
    const trade = account.open({ symbol, symbolIndex, size, price: entryPrice, bar, tag }, this, order);
    if (order.tp !== null) trade.tp = order.tp;
    if (order.sl !== null) trade.sl = order.sl;
    return this.#mustLookAgain(order, stop, high, low);
  }

  /** Closes opposite trades of the symbol, first in, first out, at the unadjusted price; answers what is left to open. */
  #netAgainstOpposite(order: Order, size: number, price: number, bar: number): number {
    const { trades } = this.account;
    if (trades.length === 0) return size;
    let rest = size;
    for (const trade of trades.slice()) {
      if (rest === 0) break;
      if (trade.symbolIndex !== order.symbolIndex || trade.isLong === size > 0) continue;
      const units = Math.sign(trade.size) * Math.min(Math.abs(trade.size), Math.abs(rest));
      this.#reduce(trade, units, price, bar, order);
      rest += units;
    }
    return rest;
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

  /** Closes `units` of a trade. Its stop loss and take profit shrink with it, or go. */
  #reduce(trade: Trade, units: number, price: number, bar: number, order: Order): void {
    const { slOrder, tpOrder } = trade;
    if (units === trade.size) {
      if (slOrder?.isPending) this.#finish(slOrder, 'cancelled');
      if (tpOrder?.isPending) this.#finish(tpOrder, 'cancelled');
    }
    this.account.close(trade, units, price, bar, order);
    if (!trade.isOpen) return;
    for (const leg of [slOrder, tpOrder]) {
      if (leg === null) continue;
      leg.size = Math.abs(trade.size);
      this.ledger.noteWaiting(leg);
    }
  }

  #goBankrupt(): void {
    const bar = this.#bar;
    for (const trade of this.account.trades.slice()) {
      for (const leg of [trade.slOrder, trade.tpOrder]) if (leg?.isPending) this.#finish(leg, 'cancelled');
      this.account.close(trade, trade.size, this.lastClose(trade.symbolIndex), bar, null);
    }
    this.account.ruin(bar);
    this.bankruptBar = bar;
  }

  #finish(order: Order, outcome: 'filled' | 'cancelled' | 'rejected'): void {
    remove(this.orders, order);
    order.outcome = outcome;
    // What is done is told, and remains readable on its trade, as it was placed.
    if (order.stop !== order.placedStop) {
      order.stop = order.placedStop;
      this.ledger.noteWaiting(order);
    }
    this.ledger.finishOrder(order, outcome, this.#bar);
  }

  #withSpread(size: number, price: number): number {
    return price * (1 + Math.sign(size) * this.rules.spread);
  }

  #symbol(index: number): MarketSymbol {
    return this.#market.symbols[index] as MarketSymbol;
  }

  #dayText(): string {
    return new Date(this.#market.time[this.#bar] as number).toISOString().slice(0, 10);
  }
}

/** Whether a price rises to a level, or (beyond) above it. */
function reaches(price: number, level: number, beyond: boolean): boolean {
  return beyond ? price > level : price >= level;
}

/** Whether a price falls to a level, or (beyond) below it. */
function falls(price: number, level: number, beyond: boolean): boolean {
  return beyond ? price < level : price <= level;
}

function notPayable(
  { symbol, side }: Order,
  size: number,
  day: string,
  needed: number,
  has: number,
): UserError {
  const money = (value: number) => Math.floor(value).toLocaleString('en-US');
  return new UserError(
    `To ${side} ${Math.abs(size)} ${symbol} on ${day} takes ${money(needed)}, but there is only ${money(has)}. ` +
      'Order less, keep a cash reserve, or say failFast: false to have such orders dropped.',
  );
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
