/**
 * Binance's websockets: market streams at `/ws/...`, and at `/ws-api/v3` the account's events.
 * https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/user-data-stream-requests
 * https://developers.binance.com/docs/margin_trading/trade-data-stream/Listen-Token-Websocket-API
 *
 * A fault may befall each event, and each connection.
 */
import { WebSocketServer } from 'ws';
import { type ExchangeServer, withoutHost } from '../http.ts';
import type { Venue, VenueEvent } from '../venue.ts';
import type { TradingWallet, Wallet } from '../wallets.ts';
import { BinanceError } from './errors.ts';
import type { ListenTokens } from './listen-tokens.ts';
import { bestPrices, dayFigures, dayTicker } from './market-data.ts';
import { Parameters } from './parameters.ts';
import type { Security } from './security.ts';
import { eight, executionReport } from './wire.ts';

/**
 * `late`: it comes after the next one of its connection. A number: so many milliseconds of real time later, and what
 * follows may overtake it.
 */
export type EventFault = 'drop' | 'double' | 'late' | number;

/** An event of the account, before it is sent: `executionReport`, `outboundAccountPosition`, `balanceUpdate`. */
export type AccountEvent = Readonly<Record<string, unknown>> & { readonly e: string };

interface Subscription {
  readonly id: number;
  readonly wallet: TradingWallet;
  expiresAt: number;
}

/** What is needed of a websocket: a real one, or one of a test's own network. */
export interface Line {
  readonly readyState: number;
  readonly OPEN: number;
  send(text: string): void;
  pong(data?: Buffer): void;
  close(code?: number): void;
  terminate(): void;
  on(event: 'close' | 'error' | 'ping' | 'message', listener: (data: Buffer) => void): unknown;
}

interface Session {
  readonly socket: Line;
  readonly subscriptions: Map<number, Subscription>;
  readonly streams: Set<string>;
  readonly late: string[];
  silent: boolean;
  nextSubscription: number;
}

export class Streams {
  /** For seeds: asked for every event of the account, before `next`. */
  onEvent: ((event: AccountEvent) => EventFault | undefined) | undefined;
  readonly #venue: Venue;
  readonly #security: Security;
  readonly #tokens: ListenTokens;
  // Pongs are sent by hand, so that a silent connection can keep them back.
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false });
  readonly #sessions = new Set<Session>();
  readonly #faults: { readonly match: (event: AccountEvent) => boolean; readonly fault: EventFault }[] = [];

  constructor(server: ExchangeServer, world: { venue: Venue; security: Security; tokens: ListenTokens }) {
    this.#venue = world.venue;
    this.#security = world.security;
    this.#tokens = world.tokens;
    server.onUpgrade = (request, socket, head) =>
      this.#server.handleUpgrade(request, socket, head, (accepted) => this.join(accepted, request.url ?? ''));
    this.#venue.listen((event) => this.#hear(event));
  }

  /** The next event of the account of which this is true, or with this name, meets the fault. */
  next(match: string | ((event: AccountEvent) => boolean), fault: EventFault): void {
    this.#faults.push({ match: typeof match === 'string' ? ({ e }) => e === match : match, fault });
  }

  /** Open connections. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** Subscriptions to a wallet's events, over all connections that are not silent. */
  subscribers(wallet: TradingWallet): number {
    let count = 0;
    for (const { silent, subscriptions } of this.#sessions) {
      if (silent) continue;
      for (const subscription of subscriptions.values()) if (subscription.wallet === wallet) count += 1;
    }
    return count;
  }

  /** Half-open: every connection stays, but no frame comes any more, not even a pong. New ones are well. */
  goSilent(): void {
    for (const session of this.#sessions) session.silent = true;
  }

  /** Closes every connection, properly or as a broken line. */
  disconnect(how: 'close' | 'break' = 'close'): void {
    for (const { socket } of this.#sessions) {
      if (how === 'close') socket.close(1001);
      else socket.terminate();
    }
  }

  /** Every subscription to the account's events ends, as after a day; the connections stay. */
  expire(): void {
    for (const session of this.#sessions) {
      for (const subscription of session.subscriptions.values()) this.#terminate(session, subscription);
    }
  }

  /** Sends what was kept `late` and had no event after it. */
  deliverLate(): void {
    for (const session of this.#sessions) {
      for (const text of session.late.splice(0)) send(session, text);
    }
  }

  close(): void {
    for (const { socket } of this.#sessions) socket.terminate();
    this.#server.close();
  }

  /** Takes a line that is open. @param path such as `/ws-api/v3` */
  join(socket: Line, path: string): void {
    const session: Session = {
      socket,
      subscriptions: new Map(),
      streams: new Set(),
      late: [],
      silent: false,
      nextSubscription: 0,
    };
    this.#sessions.add(session);
    socket.on('close', () => this.#sessions.delete(session));
    // What a client breaks off is its own affair.
    socket.on('error', () => undefined);
    socket.on('ping', (data: Buffer) => {
      if (!session.silent) socket.pong(data);
    });
    const isApi = withoutHost(path).startsWith('/ws-api/');
    socket.on('message', (data: Buffer) => {
      if (session.silent) return;
      const message = JSON.parse(data.toString('utf8')) as Message;
      if (isApi) this.#answer(session, message);
      else this.#subscribeMarket(session, message);
    });
  }

  #answer(session: Session, message: Message): void {
    const { id = null } = message;
    try {
      send(
        session,
        JSON.stringify({ id, status: 200, result: this.#result(session, message), rateLimits: [] }),
      );
    } catch (thrown) {
      if (!(thrown instanceof BinanceError)) throw thrown;
      const { status, code, message: msg } = thrown;
      send(session, JSON.stringify({ id, status, error: { code, msg }, rateLimits: [] }));
    }
  }

  #result(session: Session, { method, params }: Message): unknown {
    const values = Object.fromEntries(
      Object.entries(params ?? {}).map(([name, value]) => [name, String(value)]),
    );
    const parameters = new Parameters(values);
    const now = this.#venue.now();
    switch (method) {
      case 'ping':
        return {};
      case 'time':
        return { serverTime: now };
      case 'userDataStream.subscribe.signature': {
        this.#security.checkKey(parameters.optional('apiKey'));
        this.#security.checkTime(parameters, now);
        const { signature: _, ...signed } = values;
        const names = Object.keys(signed).sort();
        this.#security.checkSignature(names.map((name) => `${name}=${signed[name]}`).join('&'), parameters);
        for (const { wallet } of session.subscriptions.values()) {
          if (wallet === 'spot') {
            throw new BinanceError(-2035, 'User Data Stream subscription is already active.');
          }
        }
        return { subscriptionId: subscribe(session, 'spot', Number.POSITIVE_INFINITY) };
      }
      case 'userDataStream.subscribe.listenToken': {
        const token = this.#tokens.find(parameters.text('listenToken'), now);
        if (token === undefined) throw new BinanceError(-1209, 'Invalid listenToken.');
        return {
          subscriptionId: subscribe(session, token.wallet, token.expiresAt),
          expirationTime: token.expiresAt,
        };
      }
      case 'userDataStream.unsubscribe': {
        const id = parameters.integer('subscriptionId');
        if (id === undefined) session.subscriptions.clear();
        else if (!session.subscriptions.delete(id)) {
          throw new BinanceError(-2036, 'User Data Stream subscription not active.');
        }
        return {};
      }
      default:
        throw new BinanceError(-1130, `Data sent for parameter 'method' is not valid.`);
    }
  }

  #subscribeMarket(session: Session, { id = null, method, params }: Message): void {
    const names = Array.isArray(params) ? params.map(String) : [];
    for (const name of names) {
      if (method === 'SUBSCRIBE') session.streams.add(name);
      else session.streams.delete(name);
    }
    send(session, JSON.stringify({ result: null, id }));
    // The real ones come every second; here the first comes at once and the others as the market moves.
    for (const { id: symbol } of this.#venue.symbols()) this.#tellMarket([session], symbol, names);
  }

  #hear(event: VenueEvent): void {
    if (this.#sessions.size === 0) return;
    const now = this.#venue.now();
    switch (event.type) {
      case 'order':
        this.#tellAccount(event.order.wallet, () => [
          executionReport(event.order, event.execution, event.trade, now) as AccountEvent,
        ]);
        return;
      case 'holdings':
        this.#tellAccount(event.wallet, () => [this.#position(event.wallet, event.assets, now)]);
        return;
      case 'moved':
        this.#tellAccount(event.wallet, () => [
          { e: 'balanceUpdate', E: now, a: event.asset, d: eight(event.amount), T: now },
          this.#position(event.wallet, [event.asset], now),
        ]);
        return;
      case 'market':
        this.#tellMarket(this.#sessions, event.symbol, undefined, event);
        return;
      default:
        event satisfies never;
    }
  }

  #position(wallet: Wallet, assets: readonly string[], now: number): AccountEvent {
    return {
      e: 'outboundAccountPosition',
      E: now,
      u: now,
      B: assets.map((asset) => {
        const { free, locked } = this.#venue.wallets.holding(wallet, asset);
        return { a: asset, f: eight(free), l: eight(locked) };
      }),
    };
  }

  #tellAccount(wallet: Wallet, events: () => readonly AccountEvent[]): void {
    const now = this.#venue.now();
    for (const session of this.#sessions) {
      for (const subscription of session.subscriptions.values()) {
        if (subscription.wallet !== wallet) continue;
        if (subscription.expiresAt <= now) {
          this.#terminate(session, subscription);
          continue;
        }
        for (const event of events()) {
          this.#deliver(session, event, JSON.stringify({ subscriptionId: subscription.id, event }));
        }
      }
    }
  }

  #deliver(session: Session, event: AccountEvent, text: string): void {
    const fault = this.onEvent?.(event) ?? this.#takeFault(event);
    if (fault === 'drop') return;
    if (fault === 'late') {
      session.late.push(text);
      return;
    }
    if (typeof fault === 'number') {
      setTimeout(() => send(session, text), fault).unref();
      return;
    }
    send(session, text);
    if (fault === 'double') send(session, text);
    for (const kept of session.late.splice(0)) send(session, kept);
  }

  #takeFault(event: AccountEvent): EventFault | undefined {
    const index = this.#faults.findIndex(({ match }) => match(event));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #terminate(session: Session, subscription: Subscription): void {
    session.subscriptions.delete(subscription.id);
    const event = { e: 'eventStreamTerminated', E: this.#venue.now() };
    send(session, JSON.stringify({ subscriptionId: subscription.id, event }));
  }

  #tellMarket(
    sessions: Iterable<Session>,
    symbol: string,
    only?: readonly string[],
    event?: Extract<VenueEvent, { type: 'market' }>,
  ): void {
    const lower = symbol.toLowerCase();
    for (const session of sessions) {
      for (const stream of only ?? session.streams) {
        if (stream.startsWith(`${lower}@`))
          this.#tellStream(session, symbol, stream.slice(lower.length + 1), event);
        else if (stream === '!miniTicker@arr') {
          send(session, JSON.stringify([miniTicker(this.#venue, symbol)]));
        } else if (stream === '!ticker@arr') send(session, JSON.stringify([ticker(this.#venue, symbol)]));
      }
    }
  }

  #tellStream(
    session: Session,
    symbol: string,
    stream: string,
    event: Extract<VenueEvent, { type: 'market' }> | undefined,
  ): void {
    const now = this.#venue.now();
    if (stream === 'ticker') send(session, JSON.stringify(ticker(this.#venue, symbol)));
    else if (stream === 'miniTicker') send(session, JSON.stringify(miniTicker(this.#venue, symbol)));
    else if (stream === 'bookTicker') {
      const { bidPrice: b, bidQty: B, askPrice: a, askQty: A } = bestPrices(this.#venue, symbol);
      send(session, JSON.stringify({ u: now, s: symbol, b, B, a, A }));
    } else if (stream === 'trade' && event?.print !== undefined) {
      const { id, price, quantity, at, buyerIsMaker } = event.print;
      const trade = { e: 'trade', E: now, s: symbol, t: id, p: eight(price), q: eight(quantity), T: at };
      send(session, JSON.stringify({ ...trade, m: buyerIsMaker, M: true }));
    }
  }
}

interface Message {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>> | readonly unknown[];
}

/** A wallet that is subscribed already keeps its subscription, and gets the new end. */
function subscribe(session: Session, wallet: TradingWallet, expiresAt: number): number {
  for (const subscription of session.subscriptions.values()) {
    if (subscription.wallet !== wallet) continue;
    subscription.expiresAt = expiresAt;
    return subscription.id;
  }
  const id = session.nextSubscription;
  session.nextSubscription += 1;
  session.subscriptions.set(id, { id, wallet, expiresAt });
  return id;
}

function send(session: Session, text: string): void {
  if (!session.silent && session.socket.readyState === session.socket.OPEN) session.socket.send(text);
}

function ticker(venue: Venue, symbol: string): Record<string, unknown> {
  const day = dayTicker(venue, symbol);
  return {
    e: '24hrTicker',
    E: venue.now(),
    s: symbol,
    p: day['priceChange'],
    P: day['priceChangePercent'],
    w: day['weightedAvgPrice'],
    x: day['prevClosePrice'],
    c: day['lastPrice'],
    Q: day['lastQty'],
    b: day['bidPrice'],
    B: day['bidQty'],
    a: day['askPrice'],
    A: day['askQty'],
    o: day['openPrice'],
    h: day['highPrice'],
    l: day['lowPrice'],
    v: day['volume'],
    q: day['quoteVolume'],
    O: day['openTime'],
    C: day['closeTime'],
    F: day['firstId'],
    L: day['lastId'],
    n: day['count'],
  };
}

function miniTicker(venue: Venue, symbol: string): Record<string, unknown> {
  const day = dayFigures(venue, symbol);
  return {
    e: '24hrMiniTicker',
    E: venue.now(),
    s: symbol,
    c: eight(day.close),
    o: eight(day.open),
    h: eight(day.high),
    l: eight(day.low),
    v: eight(day.volume),
    q: eight(day.quoteVolume),
  };
}
