/**
 * What a test may do with a local exchange, whatever dialect it speaks: give it money, move its markets, see what it
 * has, and let things go wrong.
 */
import type { Clock } from '../../../engine/clock.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import type { ExchangeRequest, Fault, Faults } from './faults.ts';
import type { ExchangeServer, Reply } from './http.ts';
import type { FeePayment, Order, OrderStatus, Trade, Venue } from './venue.ts';
import type { Wallet } from './wallets.ts';

/** Price and quantity. */
export type Level = readonly [price: string, quantity: string];

export interface TestBook {
  /** Others' orders from now on, in place of those that they had. What crosses the account's orders fills them. */
  set(levels: { readonly bids?: readonly Level[]; readonly asks?: readonly Level[] }): void;
  /**
   * The market moves there: others bid and ask around it, the last price is this, stops see it, and orders that it
   * passes are filled. The spread is two ticks unless told, and may be `0`.
   */
  price(price: string, options?: { readonly spread?: string; readonly depth?: string }): void;
  /** Others buy from whoever asks, at most at this price; what is left of an order with a price rests. */
  buys(quantity: string, price?: string): void;
  sells(quantity: string, price?: string): void;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly last: string | undefined;
  /** `Market is closed.` */
  halt(): void;
  resume(): void;
}

export interface SeenOrder {
  readonly id: number;
  readonly clientOrderId: string;
  readonly wallet: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: string;
  readonly status: OrderStatus;
  readonly quantity: string;
  readonly filled: string;
  readonly price: string | undefined;
}

export interface SeenTrade {
  readonly id: number;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly wallet: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly maker: boolean;
}

export interface SeenBalance {
  readonly free: string;
  readonly locked: string;
  readonly borrowed: string;
  readonly interest: string;
}

export interface TestExchange {
  /** `http://127.0.0.1:...` */
  readonly url: string;
  readonly wsUrl: string;
  readonly clock: Clock;
  deposit(wallet: Wallet, asset: string, amount: string): void;
  book(symbol: string): TestBook;
  /** Rates such as `0.001`, and what fees are paid in. */
  setFees(fees: { readonly maker?: string; readonly taker?: string; readonly paidIn?: FeePayment }): void;
  /** In the order in which they came. */
  orders(): readonly SeenOrder[];
  openOrders(): readonly SeenOrder[];
  trades(): readonly SeenTrade[];
  /** What is not zero. */
  balances(wallet: Wallet): Readonly<Record<string, SeenBalance>>;
  /** All that arrived, the lost ones too. */
  requests(): readonly ExchangeRequest[];
  readonly faults: Faults;
  /** For seeds: a fault for every request. */
  onRequest: ((request: ExchangeRequest) => Fault | undefined) | undefined;
  /** Answers a request that comes from this process, without a socket: for a network of the test's own. */
  ask(request: Parameters<ExchangeServer['ask']>[0]): Reply;
  /** Every connection breaks, and none is taken until it comes back. Its state stays. */
  goesAway(): void;
  comesBack(): void;
}

/** Of a server that listens. */
export function controls(venue: Venue, server: ExchangeServer, clock: Clock): TestExchange {
  return {
    url: `http://${server.host}`,
    wsUrl: `ws://${server.host}`,
    clock,
    faults: server.faults,
    get onRequest() {
      return server.onRequest;
    },
    set onRequest(hook) {
      server.onRequest = hook;
    },
    deposit: (wallet, asset, amount) => venue.deposit(wallet, asset, decimal(amount)),
    book: (symbol) => testBook(venue, symbol.replace('/', '')),
    setFees({ maker, taker, paidIn }) {
      if (maker !== undefined) venue.fees.maker = decimal(maker);
      if (taker !== undefined) venue.fees.taker = decimal(taker);
      if (paidIn !== undefined) venue.fees.paidIn = paidIn;
    },
    orders: () => venue.allOrders().map(seenOrder),
    openOrders: () => venue.openOrders().map(seenOrder),
    trades: () => venue.allTrades().map(seenTrade),
    balances(wallet) {
      venue.margin.accrue();
      const seen: Record<string, SeenBalance> = {};
      for (const [asset, { free, locked, borrowed, interest }] of venue.wallets.of(wallet)) {
        if ([free, locked, borrowed, interest].every((amount) => amount.eq(zero))) continue;
        seen[asset] = {
          free: decimalText(free),
          locked: decimalText(locked),
          borrowed: decimalText(borrowed),
          interest: decimalText(interest),
        };
      }
      return seen;
    },
    requests: () => server.requests,
    ask: (request) => server.ask(request),
    goesAway: () => server.goAway(),
    comesBack() {
      server.away = false;
    },
  };
}

function testBook(venue: Venue, symbol: string): TestBook {
  const listed = venue.listed(symbol);
  const book = venue.book(symbol);
  const pairs = (levels: readonly Level[] = []) =>
    levels.map(([price, quantity]) => [decimal(price), decimal(quantity)] as const);
  const levels = (side: 'BUY' | 'SELL') =>
    book.side(side).map(({ price, remaining }): Level => [decimalText(price), decimalText(remaining)]);
  const others = (side: 'BUY' | 'SELL', quantity: string, price?: string) => {
    venue.othersPlace(symbol, side, decimal(quantity), price === undefined ? undefined : decimal(price));
  };
  return {
    set: ({ bids, asks }) => venue.setOthers(symbol, pairs(bids), pairs(asks)),
    price(price, { spread, depth = '1000000' } = {}) {
      const at = decimal(price);
      const half = spread === undefined ? listed.tick : decimal(spread).div(decimal('2'));
      const quantity = decimal(depth);
      venue.setOthers(symbol, [[at.minus(half), quantity]], [[at.plus(half), quantity]]);
      venue.print(symbol, at, listed.step);
    },
    buys: (quantity, price) => others('BUY', quantity, price),
    sells: (quantity, price) => others('SELL', quantity, price),
    get bids() {
      return levels('BUY');
    },
    get asks() {
      return levels('SELL');
    },
    get last() {
      const last = venue.last(symbol);
      return last === undefined ? undefined : decimalText(last);
    },
    halt() {
      listed.trading = false;
    },
    resume() {
      listed.trading = true;
    },
  };
}

function seenOrder(order: Readonly<Order>): SeenOrder {
  return {
    id: order.id,
    clientOrderId: order.clientOrderId,
    wallet: order.wallet,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    status: order.status,
    quantity: decimalText(order.quantity),
    filled: decimalText(order.filled),
    price: order.price === undefined ? undefined : decimalText(order.price),
  };
}

function seenTrade(trade: Trade): SeenTrade {
  return {
    id: trade.id,
    orderId: trade.orderId,
    clientOrderId: trade.clientOrderId,
    wallet: trade.wallet,
    symbol: trade.symbol,
    side: trade.side,
    price: decimalText(trade.price),
    quantity: decimalText(trade.quantity),
    fee: decimalText(trade.fee),
    feeAsset: trade.feeAsset,
    maker: trade.maker,
  };
}
