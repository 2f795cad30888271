/**
 * The exchange without its protocol: orders, trades, balances and fees. A dialect (Binance's, Kraken's) translates
 * requests into calls of this and refusals into its own codes.
 *
 * Everything happens at once, within the call: there is no waiting inside.
 */
import type { Clock } from '../../../engine/clock.ts';
import { type Decimal, decimal, truncateToStep, zero } from '../../../engine/money.ts';
import { Margin, type MarginWallet } from './margin.ts';
import { OrderBook, type Resting, type Side } from './order-book.ts';
import { Refusal } from './refusal.ts';
import type { ListedSymbol } from './symbols.ts';
import { type TradingWallet, type Wallet, Wallets } from './wallets.ts';

export type OrderType =
  | 'MARKET'
  | 'LIMIT'
  | 'LIMIT_MAKER'
  | 'STOP_LOSS'
  | 'STOP_LOSS_LIMIT'
  | 'TAKE_PROFIT'
  | 'TAKE_PROFIT_LIMIT';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type SideEffect = 'NO_SIDE_EFFECT' | 'MARGIN_BUY' | 'AUTO_REPAY' | 'AUTO_BORROW_REPAY';
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';

export interface NewOrder {
  readonly wallet: TradingWallet;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  /** Empty where the client gave none and the exchange invents none. */
  readonly clientOrderId: string;
  readonly timeInForce?: TimeInForce;
  /** Of the base currency; a market order may have `cost` in its place. */
  readonly quantity?: Decimal;
  /** Of the quote currency. */
  readonly cost?: Decimal;
  readonly price?: Decimal;
  readonly stopPrice?: Decimal;
  readonly sideEffect?: SideEffect;
}

export interface Trade {
  /** Counted up by symbol, as on Binance: two symbols have trades of the same id. */
  readonly id: number;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly wallet: TradingWallet;
  readonly symbol: string;
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly fee: Decimal;
  readonly feeAsset: string;
  readonly maker: boolean;
  readonly at: number;
}

export interface Order {
  /** Counted up by symbol. */
  readonly id: number;
  readonly clientOrderId: string;
  readonly wallet: TradingWallet;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Of an order by cost: what was bought for it. */
  quantity: Decimal;
  readonly cost: Decimal | undefined;
  readonly price: Decimal | undefined;
  readonly stopPrice: Decimal | undefined;
  readonly sideEffect: SideEffect;
  readonly createdAt: number;
  updatedAt: number;
  status: OrderStatus;
  filled: Decimal;
  /** Of the quote currency, without fees. */
  filledCost: Decimal;
  /** False while a stop waits for its price. */
  working: boolean;
  /** Of the asset that it spends. */
  locked: Decimal;
  /** What a side effect borrowed for it. */
  borrowed: Decimal;
  /** Of the request that cancelled it. */
  cancelId: string | undefined;
  readonly trades: Trade[];
}

/** What fees are paid in. `bnb` falls back to `received` where there is not enough BNB. */
export type FeePayment = 'received' | 'quote' | 'bnb';

export interface Fees {
  maker: Decimal;
  taker: Decimal;
  paidIn: FeePayment;
}

/** One print of the tape, the account's or others'. */
export interface Print {
  readonly id: number;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly at: number;
  /** The resting side was the buyer. */
  readonly buyerIsMaker: boolean;
}

export type VenueEvent =
  | {
      readonly type: 'order';
      readonly execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED';
      readonly order: Readonly<Order>;
      readonly trade?: Trade;
    }
  | { readonly type: 'holdings'; readonly wallet: Wallet; readonly assets: readonly string[] }
  | { readonly type: 'moved'; readonly wallet: Wallet; readonly asset: string; readonly amount: Decimal }
  | { readonly type: 'market'; readonly symbol: string; readonly print?: Print };

export interface Transfer {
  readonly id: number;
  readonly at: number;
  readonly asset: string;
  readonly amount: Decimal;
  readonly from: Wallet;
  readonly to: Wallet;
}

export interface Deposit {
  readonly id: number;
  readonly at: number;
  readonly asset: string;
  readonly amount: Decimal;
  readonly wallet: Wallet;
}

interface Market {
  readonly listed: ListedSymbol;
  readonly book: OrderBook;
  last: Decimal | undefined;
  nextOrderId: number;
  nextTradeId: number;
  readonly prints: Print[];
  /** Stops that wait, in the order in which they came. */
  readonly stops: Set<Order>;
}

const bnbDiscount = decimal('0.75');
/** Prints kept for tickers and bars. */
const tape = 10_000;

export class Venue {
  readonly wallets = new Wallets();
  readonly margin: Margin;
  readonly transfers: Transfer[] = [];
  readonly deposits: Deposit[] = [];
  readonly fees: Fees = { maker: decimal('0.001'), taker: decimal('0.001'), paidIn: 'received' };
  readonly #clock: Clock;
  readonly #markets = new Map<string, Market>();
  readonly #orders = new Map<string, Order[]>();
  readonly #ordersAsTheyCame: Order[] = [];
  readonly #tradesAsTheyCame: Trade[] = [];
  readonly #open = new Set<Order>();
  readonly #byClientId = new Map<string, Order[]>();
  readonly #trades = new Map<string, Trade[]>();
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  #nextId = 1_000_000;

  constructor(symbols: readonly ListedSymbol[], clock: Clock) {
    this.#clock = clock;
    for (const listed of symbols) {
      this.#markets.set(listed.id, {
        listed: { ...listed },
        book: new OrderBook(),
        last: undefined,
        nextOrderId: 1,
        nextTradeId: 1,
        prints: [],
        stops: new Set(),
      });
    }
    this.margin = new Margin(this.wallets, {
      clock,
      worth: (asset) => this.worth(asset),
      newId: () => this.newId(),
    });
  }

  now(): number {
    return this.#clock.now().getTime();
  }

  /** For transactions, counted up over everything. */
  newId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  /** Returns what ends it. */
  listen(listener: (event: VenueEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  symbols(): readonly ListedSymbol[] {
    return [...this.#markets.values()].map(({ listed }) => listed);
  }

  /** @throws Refusal */
  listed(symbol: string): ListedSymbol {
    return this.#market(symbol).listed;
  }

  assets(): readonly string[] {
    return [...new Set(this.symbols().flatMap(({ base, quote }) => [base, quote]))];
  }

  book(symbol: string): OrderBook {
    return this.#market(symbol).book;
  }

  /** The last price, or the middle of the book before the first trade. */
  last(symbol: string): Decimal | undefined {
    const { last, book } = this.#market(symbol);
    if (last !== undefined) return last;
    const bid = book.best('BUY')?.price;
    const ask = book.best('SELL')?.price;
    if (bid === undefined || ask === undefined) return bid ?? ask;
    return bid.plus(ask).div(decimal('2'));
  }

  prints(symbol: string): readonly Print[] {
    return this.#market(symbol).prints;
  }

  /** In USDT; nothing where it has no price there. */
  worth(asset: string): Decimal {
    if (asset === 'USDT') return decimal('1');
    const symbol = `${asset}USDT`;
    return (this.#markets.has(symbol) ? this.last(symbol) : undefined) ?? zero;
  }

  orders(wallet: TradingWallet, symbol: string): readonly Order[] {
    return this.#orders.get(`${wallet} ${symbol}`) ?? [];
  }

  allOrders(): readonly Order[] {
    return this.#ordersAsTheyCame;
  }

  openOrders(wallet?: TradingWallet, symbol?: string): readonly Order[] {
    return [...this.#open].filter(
      (order) =>
        (wallet === undefined || order.wallet === wallet) &&
        (symbol === undefined || order.symbol === symbol),
    );
  }

  trades(wallet: TradingWallet, symbol: string): readonly Trade[] {
    return this.#trades.get(`${wallet} ${symbol}`) ?? [];
  }

  allTrades(): readonly Trade[] {
    return this.#tradesAsTheyCame;
  }

  /** The latest under a client's id, or the one of the exchange's id. */
  find(
    wallet: TradingWallet,
    symbol: string,
    by: { readonly id?: number; readonly clientOrderId?: string },
  ): Order | undefined {
    if (by.id !== undefined) {
      return this.orders(wallet, symbol).find((order) => order.id === by.id);
    }
    return this.#byClientId.get(`${wallet} ${symbol} ${by.clientOrderId ?? ''}`)?.at(-1);
  }

  /**
   * Takes an order: all that can be filled is filled before it returns.
   * @throws Refusal
   */
  place(request: NewOrder): Order {
    const market = this.#market(request.symbol);
    if (!market.listed.trading) throw new Refusal('market_closed');
    this.#checkWallet(request, market.listed);
    checkFilters(request, market.listed, this.last(request.symbol));
    const key = `${request.wallet} ${request.symbol} ${request.clientOrderId}`;
    const isNamed = request.clientOrderId !== '';
    if (isNamed && this.#byClientId.get(key)?.some((order) => this.#open.has(order))) {
      throw new Refusal('duplicate_client_order_id');
    }
    if (request.type === 'LIMIT_MAKER' && market.book.meets(request.side, request.price)) {
      throw new Refusal('would_take');
    }
    if (isStop(request) && isTriggered(request, market.last)) throw new Refusal('would_trigger');
    const quantity =
      request.quantity ?? market.book.quantityForCost(request.side, request.cost ?? zero, market.listed.step);
    const needs = this.#needs(request, market, quantity);
    const borrowed = this.#borrowMissing(request, needs);
    this.wallets.lock(request.wallet, needs.asset, needs.amount);

    const order: Order = {
      id: market.nextOrderId,
      clientOrderId: request.clientOrderId,
      wallet: request.wallet,
      symbol: request.symbol,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce ?? 'GTC',
      quantity,
      cost: request.cost,
      price: request.price,
      stopPrice: request.stopPrice,
      sideEffect: request.sideEffect ?? 'NO_SIDE_EFFECT',
      createdAt: this.now(),
      updatedAt: this.now(),
      status: 'NEW',
      filled: zero,
      filledCost: zero,
      working: !isStop(request),
      locked: needs.amount,
      borrowed,
      cancelId: undefined,
      trades: [],
    };
    market.nextOrderId += 1;
    append(this.#orders, `${order.wallet} ${order.symbol}`, order);
    append(this.#byClientId, key, order);
    this.#ordersAsTheyCame.push(order);
    this.#open.add(order);
    this.#tell({ type: 'order', execution: 'NEW', order });
    this.#tellHoldings(order, market.listed);
    if (order.working) this.#work(order, market);
    else market.stops.add(order);
    return order;
  }

  /** @throws Refusal when there is no such open order */
  cancel(order: Order | undefined, cancelId?: string): Order {
    if (order === undefined || !this.#open.has(order)) throw new Refusal('unknown_order');
    order.cancelId = cancelId;
    this.#end(order, 'CANCELED');
    return order;
  }

  /** @throws Refusal */
  transfer(asset: string, amount: Decimal, from: Wallet, to: Wallet): number {
    for (const wallet of [from, to]) this.#checkHolds(wallet, asset);
    const { free } = this.wallets.holding(from, asset);
    if (free.lt(amount)) throw new Refusal('transfer_beyond_balance', asset);
    if (isMargin(from) && amount.gt(this.margin.maximumToTransfer(from, asset))) {
      throw new Refusal('transfer_beyond_maximum', asset);
    }
    this.wallets.debit(from, asset, amount);
    this.wallets.credit(to, asset, amount);
    this.#tell({ type: 'moved', wallet: from, asset, amount: amount.neg() });
    this.#tell({ type: 'moved', wallet: to, asset, amount });
    const id = this.newId();
    this.transfers.push({ id, at: this.now(), asset, amount, from, to });
    return id;
  }

  /** From outside the exchange. */
  deposit(wallet: Wallet, asset: string, amount: Decimal): void {
    this.#checkHolds(wallet, asset);
    this.wallets.credit(wallet, asset, amount);
    this.deposits.push({ id: this.newId(), at: this.now(), asset, amount, wallet });
    this.#tell({ type: 'moved', wallet, asset, amount });
  }

  /** @throws Refusal */
  borrow(wallet: MarginWallet, asset: string, amount: Decimal): number {
    this.#checkHolds(wallet, asset);
    const { id } = this.margin.borrow(wallet, asset, amount);
    this.#tell({ type: 'holdings', wallet, assets: [asset] });
    return id;
  }

  /** @throws Refusal */
  repay(wallet: MarginWallet, asset: string, amount: Decimal): number {
    this.#checkHolds(wallet, asset);
    const { id } = this.margin.repay(wallet, asset, amount);
    this.#tell({ type: 'holdings', wallet, assets: [asset] });
    return id;
  }

  // Others

  /** Others' resting orders from now on, in place of those that they had. What crosses the account's orders fills them. */
  setOthers(
    symbol: string,
    bids: readonly (readonly [Decimal, Decimal])[],
    asks: readonly (readonly [Decimal, Decimal])[],
  ): void {
    this.#market(symbol).book.removeOthers();
    // Both sides may stand at one price: others do not trade with each other here.
    for (const [price, quantity] of bids) this.othersPlace(symbol, 'BUY', quantity, price, 'the account');
    for (const [price, quantity] of asks) this.othersPlace(symbol, 'SELL', quantity, price, 'the account');
    this.#tell({ type: 'market', symbol });
  }

  /** Others' limit order; without a price they take what is there. Tells how much was filled at once. */
  othersPlace(
    symbol: string,
    side: Side,
    quantity: Decimal,
    price?: Decimal,
    trades: 'everyone' | 'the account' = 'everyone',
  ): Decimal {
    const market = this.#market(symbol);
    let left = quantity;
    for (let met = market.book.meets(side, price); met !== undefined; met = market.book.meets(side, price)) {
      if (left.lte(zero) || (trades === 'the account' && met.orderId === undefined)) break;
      const taken = met.remaining.lt(left) ? met.remaining : left;
      this.#execute(market, met, taken, undefined, side);
      left = left.minus(taken);
    }
    if (left.gt(zero) && price !== undefined) market.book.add({ side, price, remaining: left });
    this.#trigger(market);
    return quantity.minus(left);
  }

  /** A trade among others: the last price moves, and stops see it. */
  print(symbol: string, price: Decimal, quantity: Decimal, buyerIsMaker = false): void {
    const market = this.#market(symbol);
    this.#record(market, price, quantity, buyerIsMaker);
    this.#trigger(market);
  }

  // The account's orders at work

  #work(order: Order, market: Market): void {
    const limit = isMarket(order.type) ? undefined : order.price;
    if (order.timeInForce === 'FOK' && !isMarket(order.type)) {
      const { quantity } = market.book.available(order.side, order.quantity, limit);
      if (quantity.lt(order.quantity)) {
        this.#end(order, 'EXPIRED');
        return;
      }
    }
    if (isStop(order) && limit === undefined && !this.#canPay(order, market)) {
      this.#end(order, 'EXPIRED');
      return;
    }
    for (;;) {
      const left = order.quantity.minus(order.filled);
      if (left.lte(zero)) break;
      const met = market.book.meets(order.side, limit);
      if (met === undefined) break;
      if (met.orderId !== undefined) {
        // Self-trade prevention, EXPIRE_MAKER.
        this.#end(this.#own(market, met.orderId), 'EXPIRED_IN_MATCH');
        continue;
      }
      this.#execute(market, met, met.remaining.lt(left) ? met.remaining : left, order, order.side);
    }
    if (this.#open.has(order)) {
      if (isMarket(order.type) || order.timeInForce !== 'GTC') this.#end(order, 'EXPIRED');
      else if (order.price !== undefined) {
        market.book.add({
          orderId: order.id,
          side: order.side,
          price: order.price,
          remaining: order.quantity.minus(order.filled),
        });
      }
    }
    this.#trigger(market);
  }

  /** One match of an incoming order with a resting one, of which either may be the account's. */
  #execute(market: Market, met: Resting, quantity: Decimal, taker: Order | undefined, side: Side): void {
    const { price } = met;
    market.book.reduce(met, quantity);
    const id = this.#record(market, price, quantity, side === 'SELL');
    const maker = met.orderId === undefined ? undefined : this.#own(market, met.orderId);
    if (taker !== undefined) this.#fill(taker, market, { id, price, quantity, maker: false });
    if (maker !== undefined) this.#fill(maker, market, { id, price, quantity, maker: true });
  }

  #fill(
    order: Order,
    market: Market,
    execution: {
      readonly id: number;
      readonly price: Decimal;
      readonly quantity: Decimal;
      readonly maker: boolean;
    },
  ): void {
    const { price, quantity } = execution;
    const { base, quote } = market.listed;
    const cost = price.times(quantity);
    const [spent, spentAmount, received, receivedAmount] =
      order.side === 'BUY' ? [quote, cost, base, quantity] : [base, quantity, quote, cost];
    const { fee, feeAsset } = this.#fee(
      order.wallet,
      market,
      cost,
      received,
      receivedAmount,
      execution.maker,
    );
    this.#spendLocked(order, spent, spentAmount);
    this.wallets.credit(order.wallet, received, receivedAmount);
    if (feeAsset === spent) this.#spendLocked(order, spent, fee);
    else this.wallets.debit(order.wallet, feeAsset, fee);

    const trade: Trade = {
      id: execution.id,
      orderId: order.id,
      clientOrderId: order.clientOrderId,
      wallet: order.wallet,
      symbol: order.symbol,
      side: order.side,
      price,
      quantity,
      fee,
      feeAsset,
      maker: execution.maker,
      at: this.now(),
    };
    order.trades.push(trade);
    append(this.#trades, `${order.wallet} ${order.symbol}`, trade);
    this.#tradesAsTheyCame.push(trade);
    order.filled = order.filled.plus(quantity);
    order.filledCost = order.filledCost.plus(cost);
    order.updatedAt = this.now();
    const done = order.filled.gte(order.quantity);
    order.status = done ? 'FILLED' : 'PARTIALLY_FILLED';
    if (done) this.#release(order);
    else this.#keepLocked(order, market.listed);
    this.#repayFrom(order, received);
    this.#tell({ type: 'order', execution: 'TRADE', order, trade });
    this.#tellHoldings(order, market.listed, feeAsset);
  }

  /** Out of what the order has locked, and beyond that out of what is free. */
  #spendLocked(order: Order, asset: string, amount: Decimal): void {
    const holding = this.wallets.holding(order.wallet, asset);
    const fromLocked = order.locked.lt(amount) ? order.locked : amount;
    order.locked = order.locked.minus(fromLocked);
    holding.locked = holding.locked.minus(fromLocked);
    const rest = amount.minus(fromLocked);
    if (rest.gt(zero)) this.wallets.debit(order.wallet, asset, rest);
  }

  /** After a fill better than its limit, an order keeps locked only what the rest needs. */
  #keepLocked(order: Order, listed: ListedSymbol): void {
    if (order.price === undefined) return;
    const left = order.quantity.minus(order.filled);
    const needs = order.side === 'SELL' ? left : this.#withFee(order.price.times(left));
    const surplus = order.locked.minus(needs);
    if (surplus.lte(zero)) return;
    this.wallets.unlock(order.wallet, order.side === 'SELL' ? listed.base : listed.quote, surplus);
    order.locked = needs;
  }

  #release(order: Order): void {
    this.#open.delete(order);
    if (order.locked.gt(zero)) {
      const { base, quote } = this.listed(order.symbol);
      this.wallets.unlock(order.wallet, order.side === 'BUY' ? quote : base, order.locked);
      order.locked = zero;
    }
  }

  #end(order: Order, status: 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH'): void {
    const market = this.#market(order.symbol);
    market.book.remove(order.id, order.side);
    market.stops.delete(order);
    order.status = status;
    order.updatedAt = this.now();
    this.#release(order);
    if (order.borrowed.gt(zero)) {
      this.#repayFrom({ ...order, sideEffect: 'AUTO_REPAY' }, this.#spends(order, market.listed));
    }
    this.#tell({ type: 'order', execution: status === 'CANCELED' ? 'CANCELED' : 'EXPIRED', order });
    this.#tellHoldings(order, market.listed);
  }

  #own(market: Market, orderId: number): Order {
    for (const order of this.#open) {
      if (order.id === orderId && order.symbol === market.listed.id) return order;
    }
    throw new Error(`order ${orderId} rests in the book of ${market.listed.id}, but is not open`);
  }

  #record(market: Market, price: Decimal, quantity: Decimal, buyerIsMaker: boolean): number {
    const print: Print = { id: market.nextTradeId, price, quantity, at: this.now(), buyerIsMaker };
    market.nextTradeId += 1;
    market.prints.push(print);
    if (market.prints.length > 2 * tape) market.prints.splice(0, tape);
    market.last = price;
    this.#tell({ type: 'market', symbol: market.listed.id, print });
    return print.id;
  }

  #trigger(market: Market): void {
    for (const order of market.stops) {
      if (!isTriggered(order, market.last)) continue;
      market.stops.delete(order);
      order.working = true;
      order.updatedAt = this.now();
      this.#tell({ type: 'order', execution: 'NEW', order });
      this.#work(order, market);
    }
  }

  // Money

  #spends(order: { readonly side: Side }, listed: ListedSymbol): string {
    return order.side === 'BUY' ? listed.quote : listed.base;
  }

  #withFee(cost: Decimal): Decimal {
    if (this.fees.paidIn !== 'quote') return cost;
    return cost.plus(cost.times(this.fees.taker).round(8, 3));
  }

  /** A stop that buys at the market has locked its stop price, and may need more. */
  #canPay(order: Order, market: Market): boolean {
    if (order.side === 'SELL') return true;
    const { cost } = market.book.available('BUY', order.quantity);
    return order.locked
      .plus(this.wallets.holding(order.wallet, market.listed.quote).free)
      .gte(this.#withFee(cost));
  }

  /** What an order has to have when it comes. */
  #needs(
    request: NewOrder,
    market: Market,
    quantity: Decimal,
  ): { readonly asset: string; readonly amount: Decimal } {
    const asset = this.#spends(request, market.listed);
    if (request.side === 'SELL') return { asset, amount: quantity };
    if (request.cost !== undefined) return { asset, amount: this.#withFee(request.cost) };
    const price = request.price ?? request.stopPrice;
    if (price !== undefined) return { asset, amount: this.#withFee(price.times(quantity)) };
    return { asset, amount: this.#withFee(market.book.available('BUY', quantity).cost) };
  }

  #fee(
    wallet: TradingWallet,
    market: Market,
    cost: Decimal,
    received: string,
    receivedAmount: Decimal,
    maker: boolean,
  ): { readonly fee: Decimal; readonly feeAsset: string } {
    const rate = maker ? this.fees.maker : this.fees.taker;
    const { quote } = market.listed;
    if (this.fees.paidIn === 'quote') return { fee: cost.times(rate).round(8, 0), feeAsset: quote };
    if (this.fees.paidIn === 'bnb') {
      const worth = this.worth('BNB');
      if (worth.gt(zero)) {
        const fee = cost.times(this.worth(quote)).times(rate).times(bnbDiscount).div(worth).round(8, 0);
        if (this.wallets.holding(wallet, 'BNB').free.gte(fee)) return { fee, feeAsset: 'BNB' };
      }
    }
    return { fee: receivedAmount.times(rate).round(8, 0), feeAsset: received };
  }

  /** @returns what was borrowed so that the order can be paid */
  #borrowMissing(request: NewOrder, needs: { readonly asset: string; readonly amount: Decimal }): Decimal {
    const borrows = request.sideEffect === 'MARGIN_BUY' || request.sideEffect === 'AUTO_BORROW_REPAY';
    const missing = needs.amount.minus(this.wallets.holding(request.wallet, needs.asset).free);
    if (!borrows || request.wallet === 'spot' || missing.lte(zero)) return zero;
    const amount = missing.round(8, 3);
    this.margin.borrow(request.wallet, needs.asset, amount);
    return amount;
  }

  #repayFrom(order: Order, asset: string): void {
    const repays = order.sideEffect === 'AUTO_REPAY' || order.sideEffect === 'AUTO_BORROW_REPAY';
    if (!repays || order.wallet === 'spot') return;
    const { free, borrowed, interest } = this.wallets.holding(order.wallet, asset);
    const owed = borrowed.plus(interest);
    const amount = free.lt(owed) ? free : owed;
    if (amount.gt(zero)) this.margin.repay(order.wallet, asset, amount);
  }

  // Checks and events

  #market(symbol: string): Market {
    const market = this.#markets.get(symbol);
    if (market === undefined) throw new Refusal('unknown_symbol', symbol);
    return market;
  }

  #checkWallet({ wallet, symbol }: NewOrder, listed: ListedSymbol): void {
    if (wallet === 'spot') return;
    const allowed =
      wallet === 'cross' ? listed.crossMargin : listed.isolatedMargin && wallet === `isolated:${symbol}`;
    if (!allowed) throw new Refusal('not_marginable', symbol);
  }

  /** An isolated wallet holds the two assets of its pair. */
  #checkHolds(wallet: Wallet, asset: string): void {
    if (!this.assets().includes(asset)) throw new Refusal('unknown_asset', asset);
    if (!wallet.startsWith('isolated:')) return;
    const { base, quote, isolatedMargin } = this.listed(wallet.slice('isolated:'.length));
    if (!isolatedMargin) throw new Refusal('not_marginable', wallet);
    if (asset !== base && asset !== quote) throw new Refusal('unknown_asset', asset);
  }

  #tellHoldings({ wallet }: Order, { base, quote }: ListedSymbol, feeAsset = quote): void {
    this.#tell({ type: 'holdings', wallet, assets: [...new Set([base, quote, feeAsset])] });
  }

  #tell(event: VenueEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export function isStop(order: { readonly type: OrderType }): boolean {
  return order.type.startsWith('STOP_LOSS') || order.type.startsWith('TAKE_PROFIT');
}

function isMarket(type: OrderType): boolean {
  return type === 'MARKET' || type === 'STOP_LOSS' || type === 'TAKE_PROFIT';
}

function isMargin(wallet: Wallet): wallet is MarginWallet {
  return wallet !== 'spot' && wallet !== 'funding';
}

function isTriggered(
  order: { readonly type: OrderType; readonly side: Side; readonly stopPrice?: Decimal | undefined },
  last: Decimal | undefined,
): boolean {
  if (last === undefined || order.stopPrice === undefined) return false;
  const risesTo = order.type.startsWith('STOP_LOSS') === (order.side === 'BUY');
  return risesTo ? last.gte(order.stopPrice) : last.lte(order.stopPrice);
}

/** https://developers.binance.com/docs/binance-spot-api-docs/filters */
function checkFilters(request: NewOrder, listed: ListedSymbol, last: Decimal | undefined): void {
  const { quantity, cost, price, stopPrice } = request;
  for (const [name, value] of Object.entries({ quantity, quoteOrderQty: cost, price, stopPrice })) {
    if (value !== undefined && !value.eq(value.round(8, 0))) throw new Refusal('too_much_precision', name);
  }
  for (const value of [price, stopPrice]) {
    if (value === undefined) continue;
    if (value.lte(zero) || !isWhole(value, listed.tick)) throw new Refusal('filter', 'PRICE_FILTER');
  }
  if (quantity !== undefined) {
    const beyond = quantity.lt(listed.minimumQuantity) || quantity.gt(listed.maximumQuantity);
    if (beyond || !isWhole(quantity, listed.step)) throw new Refusal('filter', 'LOT_SIZE');
    if (isMarket(request.type) && quantity.gt(listed.maximumMarketQuantity)) {
      throw new Refusal('filter', 'MARKET_LOT_SIZE');
    }
  }
  if (price !== undefined && listed.percentPrice !== undefined && last !== undefined) {
    const { down, up } = listed.percentPrice;
    if (price.lt(last.times(down)) || price.gt(last.times(up))) {
      throw new Refusal('filter', 'PERCENT_PRICE_BY_SIDE');
    }
  }
  const at = price ?? stopPrice ?? last;
  const notional = cost ?? (at === undefined || quantity === undefined ? undefined : at.times(quantity));
  if (notional?.lt(listed.minimumNotional)) throw new Refusal('filter', 'NOTIONAL');
}

function isWhole(value: Decimal, step: Decimal): boolean {
  return truncateToStep(value, step).eq(value);
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
