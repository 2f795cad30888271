/**
 * A Binance for tests: an exchange on this machine, with books, balances, loans and fees of its own, that speaks
 * Binance's REST and websocket dialect for spot, cross and isolated margin, and refuses what Binance refuses.
 *
 * ```ts
 * await using binance = await startBinance({ clock });        // time stands where the clock stands
 * binance.deposit('spot', 'USDT', '1000');
 * binance.book('BTC/USDT').price('50000');                    // others bid and ask around it
 *
 * const exchange = new ccxt.binance({ ...binance.keys });     // or ccxt.pro.binance
 * await pointCcxt(exchange, binance);
 * await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { clientOrderId: 'mine-1' });
 *
 * binance.orders();              // what it has, also when its reply was lost
 * binance.balances('spot');      // { BTC: { free: '0.00999', ... }, USDT: ... }
 * binance.faults.next('POST /api/v3/order', loseReply);       // see ../faults.ts
 * binance.streams.goSilent();                                 // see streams.ts
 * ```
 *
 * Amounts are decimal text. A symbol may be written `BTC/USDT` or `BTCUSDT`. Wallets: `spot`, `funding`, `cross`,
 * `isolated:BTCUSDT`. Without a clock it runs on the system's.
 */
import { type Clock, systemClock } from '../../../../engine/clock.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import type { ExchangeRequest, Fault, Faults } from '../faults.ts';
import { ExchangeServer, type Reply } from '../http.ts';
import { Refusal } from '../refusal.ts';
import { type ListedSymbol, listedSymbol, type SymbolOptions, usualSymbols } from '../symbols.ts';
import { type FeePayment, type Order, type OrderStatus, type Trade, Venue } from '../venue.ts';
import type { Wallet } from '../wallets.ts';
import { type Bar, Bars } from './bars.ts';
import type { Endpoints } from './endpoint.ts';
import { BinanceError, binanceError } from './errors.ts';
import { ListenTokens } from './listen-tokens.ts';
import { margin } from './margin.ts';
import { marketData } from './market-data.ts';
import { Parameters } from './parameters.ts';
import { type Keys, Security } from './security.ts';
import { spot } from './spot.ts';
import { Streams } from './streams.ts';
import { Weights } from './weights.ts';

export interface BinanceOptions {
  readonly clock?: Clock;
  /** By pair, such as `BTC/USDT`, in place of the usual five. */
  readonly symbols?: Readonly<Record<string, SymbolOptions>>;
  /** Request weight a minute; without it there is no limit. Binance's is 6000. */
  readonly weightLimit?: number;
}

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
  /** Answered to questions for bars of this interval; otherwise they are made from the tape. */
  bars(interval: string, bars: readonly Bar[]): void;
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

export interface SeenLoan {
  readonly wallet: string;
  readonly asset: string;
  readonly borrowed: string;
  readonly interest: string;
}

export interface TestBinance extends AsyncDisposable {
  /** `http://127.0.0.1:...` */
  readonly url: string;
  readonly wsUrl: string;
  readonly clock: Clock;
  readonly keys: Keys;
  deposit(wallet: Wallet, asset: string, amount: string): void;
  book(symbol: string): TestBook;
  /** Rates such as `0.001`; all are 0.001 of what is received, until told otherwise. */
  setFees(fees: { readonly maker?: string; readonly taker?: string; readonly paidIn?: FeePayment }): void;
  /** What lenders have left of an asset, which otherwise has no end; an hourly rate; decimals of a loan. */
  setLending(
    asset: string,
    lending: { readonly supply?: string; readonly hourlyRate?: string; readonly decimals?: number },
  ): void;
  /** In the order in which they came. */
  orders(): readonly SeenOrder[];
  openOrders(): readonly SeenOrder[];
  trades(): readonly SeenTrade[];
  /** What is not zero. */
  balances(wallet: Wallet): Readonly<Record<string, SeenBalance>>;
  /** Debts that are not zero. */
  loans(): readonly SeenLoan[];
  /** All that arrived, the lost ones too. */
  requests(): readonly ExchangeRequest[];
  readonly faults: Faults;
  readonly streams: Streams;
  /** For seeds: a fault for every request. */
  onRequest: ((request: ExchangeRequest) => Fault | undefined) | undefined;
  /** Every connection breaks, and none is taken until it comes back. Its state stays. */
  goesAway(): void;
  comesBack(): void;
  revokesKey(): void;
  restoresKey(): void;
  close(): Promise<void>;
}

export async function startBinance(options: BinanceOptions = {}): Promise<TestBinance> {
  const clock = options.clock ?? systemClock;
  const symbols: readonly ListedSymbol[] =
    options.symbols === undefined
      ? usualSymbols
      : Object.entries(options.symbols).map(([pair, rules]) => listedSymbol(pair, rules));
  const keys: Keys = { apiKey: 'outcryTestKey0123456789', secret: 'outcryTestSecret9876543210' };
  const venue = new Venue(symbols, clock);
  const security = new Security(keys);
  const weights = new Weights(options.weightLimit ?? Number.POSITIVE_INFINITY);
  const tokens = new ListenTokens();
  const bars = new Bars();
  const server = new ExchangeServer(
    (request) => answer(request, { venue, security, weights, tokens, bars }),
    clock,
  );
  const streams = new Streams(server.server, { venue, security, tokens });
  await server.listen();
  const close = async () => {
    streams.close();
    await server.close();
  };

  return {
    url: `http://${server.host}`,
    wsUrl: `ws://${server.host}`,
    clock,
    keys,
    faults: server.faults,
    streams,
    get onRequest() {
      return server.onRequest;
    },
    set onRequest(hook) {
      server.onRequest = hook;
    },
    deposit: (wallet, asset, amount) => venue.deposit(wallet, asset, decimal(amount)),
    book: (symbol) => testBook(venue, bars, symbol.replace('/', '')),
    setFees({ maker, taker, paidIn }) {
      if (maker !== undefined) venue.fees.maker = decimal(maker);
      if (taker !== undefined) venue.fees.taker = decimal(taker);
      if (paidIn !== undefined) venue.fees.paidIn = paidIn;
    },
    setLending(asset, { supply, hourlyRate, decimals }) {
      if (supply !== undefined) venue.margin.supply.set(asset, decimal(supply));
      if (hourlyRate !== undefined) venue.margin.hourlyRates.set(asset, decimal(hourlyRate));
      if (decimals !== undefined) venue.margin.borrowDecimals.set(asset, decimals);
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
    loans() {
      venue.margin.accrue();
      return venue.wallets
        .names()
        .flatMap((wallet) =>
          [...venue.wallets.of(wallet)].flatMap(([asset, { borrowed, interest }]) =>
            borrowed.eq(zero) && interest.eq(zero)
              ? []
              : [{ wallet, asset, borrowed: decimalText(borrowed), interest: decimalText(interest) }],
          ),
        );
    },
    requests: () => server.requests,
    goesAway() {
      server.away = true;
      streams.refusing = true;
      streams.disconnect('break');
      server.server.closeAllConnections();
    },
    comesBack() {
      server.away = false;
      streams.refusing = false;
    },
    revokesKey() {
      security.revoked = true;
    },
    restoresKey() {
      security.revoked = false;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const endpoints: Endpoints = { ...marketData, ...spot, ...margin };

function answer(
  request: ExchangeRequest,
  world: {
    readonly venue: Venue;
    readonly security: Security;
    readonly weights: Weights;
    readonly tokens: ListenTokens;
    readonly bars: Bars;
  },
): Reply {
  const { venue, security, weights } = world;
  const endpoint = endpoints[`${request.method} ${request.path}`];
  if (endpoint === undefined) {
    return { status: 404, body: '<html><body><h2>404 Not found</h2></body></html>', headers: html };
  }
  const parameters = new Parameters(request.parameters);
  try {
    weights.use(endpoint.weight, venue.now());
    venue.margin.accrue();
    if (endpoint.security === 'key') {
      const key = request.headers['x-mbx-apikey'];
      security.checkKey(typeof key === 'string' ? key : undefined);
    }
    if (endpoint.security === 'signed') security.checkRequest(request, parameters, venue.now());
    if (endpoint.parameters !== undefined) parameters.only(endpoint.parameters);
    const body = endpoint.answer(parameters, world);
    return { status: 200, body, headers: { 'x-mbx-used-weight-1m': String(weights.used) } };
  } catch (thrown) {
    if (thrown instanceof BinanceError) return thrown.reply();
    if (!(thrown instanceof Refusal)) throw thrown;
    const isolated = parameters.optional('isIsolated')?.toUpperCase() === 'TRUE';
    return binanceError(thrown, endpoint.asked, isolated).reply();
  }
}

const html = { 'content-type': 'text/html' };

function testBook(venue: Venue, bars: Bars, symbol: string): TestBook {
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
    bars: (interval, given) => bars.give(symbol, interval, given),
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
