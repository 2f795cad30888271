/**
 * An account at a crypto exchange that ccxt supports, for spot and, where the exchange has it, margin.
 *
 * The exchange's books are the only truth: its events, our memory of what was sent and the reply to a new order say where to
 * look, and what is told comes from asking for the order and its trades. An order is remembered before it is sent,
 * because an exchange takes the same id again as soon as the first order under it is over.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf, UserError } from '../../errors.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, truncateToStep, zero } from '../../money.ts';
import type { Store } from '../../store/store.ts';
import type {
  Balance,
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  CancelOutcome,
  Capabilities,
  Instrument,
  Margin,
  OrderRequest,
  OrderType,
  Quote,
  SubmitOutcome,
} from '../broker.ts';
import { BinanceMargin } from './binance-margin.ts';
import type { CcxtExchange } from './client.ts';
import { ExchangeLibrary } from './client.ts';
import type { Action } from './connection.ts';
import { Connection, NoAnswer } from './connection.ts';
import type { Dialect, WalletName } from './dialects.ts';
import { dialectOf, tradesIn, walletName } from './dialects.ts';
import { Markets } from './markets.ts';
import { OrderBooks } from './order-books.ts';
import { Quotes } from './quotes.ts';
import { acceptedShape, readBalances } from './read.ts';
import { Reasons } from './reason.ts';
import type { Send } from './sends.ts';
import { Sends } from './sends.ts';
import type { CcxtSettings } from './settings.ts';
import { Stream } from './stream.ts';
import { placement } from './terms.ts';

export interface CcxtParts {
  readonly name: string;
  readonly settings: CcxtSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Told {
  readonly state: BrokerOrder['state'];
  readonly fills: ReadonlySet<string>;
  readonly filled: Decimal;
}

const endedKept = 500;
/** So long after its end an order is remembered. */
const rememberedMs = 30 * 86_400_000;
/** While a stream is down, open orders are asked for more often than `pollSeconds`. */
const pollWithoutStreamMs = 3000;

export class CcxtBroker implements Broker {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly wallets: readonly string[];
  readonly margin?: Margin;
  readonly #parts: CcxtParts;
  readonly #dialect: Dialect;
  readonly #library: ExchangeLibrary;
  readonly #wallets: readonly WalletName[];
  readonly #markets: Markets;
  readonly #reasons: Reasons;
  readonly #connection: Connection;
  readonly #sends: Sends;
  readonly #books: OrderBooks;
  readonly #quotes: Quotes;
  readonly #hasStream: boolean;
  readonly #listeners = new Set<BrokerListener>();
  readonly #lanes = new Lanes();
  /** Orders whose news are about to be read. */
  readonly #refreshing = new Set<string>();
  /** What was told of each open order, so that it is not told again by every poll. */
  readonly #told = new Map<string, Told>();
  readonly #ended: string[] = [];
  #streams: readonly Stream[] = [];

  private constructor(parts: CcxtParts, library: ExchangeLibrary, model: CcxtExchange, sends: Sends) {
    const { name, settings, clock, log } = parts;
    this.#parts = parts;
    this.name = name;
    this.#library = library;
    this.#dialect = dialectOf(settings.exchange);
    this.wallets = settings.wallets;
    this.#wallets = settings.wallets.map(walletName);
    this.#hasStream = model.has['watchOrders'] === true;
    this.capabilities = {
      orderTypes: orderTypesOf(model),
      fractional: true,
      short: false, // what is sold is borrowed before
      absenceIsFinalAfterSeconds: this.#dialect.absenceIsFinalAfterSeconds,
    };
    this.#sends = sends;
    this.#markets = new Markets(model.name);
    this.#reasons = new Reasons([settings.apiKey, settings.secret, settings.password]);
    const [first] = this.#wallets;
    this.#connection = new Connection({
      name: model.name,
      library,
      dialect: this.#dialect,
      markets: this.#markets,
      reasons: this.#reasons,
      clock,
      log,
      authenticate: (exchange) => exchange.fetchBalance(first ? this.#dialect.balanceParams(first) : {}),
      beat: () => this.#beat(),
      onStatus: (status) => this.#onStatus(status),
    });
    this.#books = new OrderBooks({
      connection: this.#connection,
      dialect: this.#dialect,
      markets: this.#markets,
      sends,
      wallets: this.#wallets,
      clock,
      log,
    });
    this.#quotes = new Quotes(this.#connection, clock);
    if (this.#dialect.lends !== undefined && this.#wallets.length > 0) {
      this.margin = new BinanceMargin({
        connection: this.#connection,
        wallets: this.#wallets,
        markets: this.#markets,
        clock,
        balances: () => this.balances(),
      });
    }
  }

  /** @throws UserError for an exchange that there is not, or a wallet that it does not have */
  static async open(parts: CcxtParts): Promise<CcxtBroker> {
    const { name, settings, store, clock } = parts;
    const dialect = dialectOf(settings.exchange);
    for (const wallet of settings.wallets) {
      const { kind } = walletName(wallet);
      if (dialect.wallets.includes(kind)) continue;
      throw new UserError(
        `Broker "${name}": the desk knows no wallet "${wallet}" at ${settings.exchange}. It has: ${dialect.wallets.join(', ')}.`,
      );
    }
    const [first] = settings.wallets.map(walletName);
    if (first && !tradesIn(first)) {
      throw new UserError(
        `Broker "${name}": the first wallet is the one that trades; it cannot be ${first.name}.`,
      );
    }
    const library = await ExchangeLibrary.load(settings, clock, dialect);
    const model = await library.client();
    const broker = new CcxtBroker(parts, library, model.exchange, await Sends.open(store, name));
    await model.close();
    return broker;
  }

  async connect(): Promise<void> {
    await this.#connection.connect();
  }

  async disconnect(): Promise<void> {
    const streams = this.#streams;
    this.#streams = [];
    await Promise.all([this.#connection.disconnect(), ...streams.map((stream) => stream.stop())]);
    await this.#lanes.idle();
  }

  status(): BrokerStatus {
    return this.#connection.status();
  }

  async submit(order: OrderRequest): Promise<SubmitOutcome> {
    try {
      return await this.#lanes.run(`submit ${order.clientOrderId}`, () => this.#submit(order));
    } catch (error) {
      if (error instanceof UserError) return { outcome: 'rejected', reason: error.message };
      return { outcome: 'unknown', reason: this.#reasons.of(error) };
    }
  }

  findOrder(clientOrderId: string, symbol: string): Promise<BrokerOrder | undefined> {
    return this.#books.find(clientOrderId, symbol);
  }

  async cancel(clientOrderId: string, symbol: string): Promise<CancelOutcome> {
    try {
      return await this.#cancel(clientOrderId, symbol);
    } catch (error) {
      if (error instanceof UserError) return { outcome: 'not_open', reason: error.message };
      return { outcome: 'unknown', reason: this.#reasons.of(error) };
    }
  }

  openOrders(): Promise<readonly BrokerOrder[]> {
    return this.#books.open();
  }

  async fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    return this.#books.fillsSince(since, await this.balances());
  }

  async balances(): Promise<readonly Balance[]> {
    const balances: Balance[] = [];
    for (const wallet of this.#wallets) {
      const answer = await this.#connection.read((exchange) =>
        exchange.fetchBalance(this.#dialect.balanceParams(wallet)),
      );
      for (const [asset, { free, used, total, debt }] of readBalances(answer)) {
        const locked = used ?? '0';
        const available =
          free ?? (total === undefined ? zero : decimal(total).minus(decimal(locked))).toFixed();
        const owed = debt ?? '0';
        if ([available, locked, owed].every((amount) => decimal(amount).eq(zero))) continue;
        balances.push({ asset, wallet: wallet.name, free: available, locked, owed });
      }
    }
    return balances;
  }

  /** None: what spot and margin hold are balances. */
  async positions(): Promise<readonly BrokerPosition[]> {
    return [];
  }

  async resolve(symbol: string): Promise<Instrument> {
    return this.#markets.instrument(this.#markets.find(symbol), this.#parts.settings.fee);
  }

  async quote(symbol: string): Promise<Quote> {
    return this.#quotes.of(this.#markets.find(symbol));
  }

  /** Trades are asked back for as long as the desk may have been away, and lead to orders that ended before them. */
  async tidy(): Promise<void> {
    const { clock, log, name } = this.#parts;
    const orders = await this.#sends.forgetEndedBefore(new Date(clock.now().getTime() - rememberedMs));
    if (orders > 0) log.info({ broker: name, orders }, 'orders that ended long ago are remembered no more');
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #submit(order: OrderRequest): Promise<SubmitOutcome> {
    const known = await this.#sends.get(order.clientOrderId);
    const before = known && (await this.#whatBecameOf(known));
    if (before) return before;
    const { state, why } = this.status();
    if (state !== 'ready') return { outcome: 'unknown', reason: `It was not sent: ${why ?? state}` };
    const market = this.#markets.find(order.symbol);
    const wallet = this.#wallet(order.wallet);
    const refusal = this.#refusal(order, wallet, this.#markets.instrument(market, undefined));
    if (refusal !== undefined) return { outcome: 'rejected', reason: refusal };

    const { clientOrderId, side, quantity, terms } = order;
    const sentAt = this.#parts.clock.now().toISOString();
    if (known) await this.#sends.change(clientOrderId, { state: 'sending', open: true, sentAt });
    else {
      const { symbol } = market;
      const send = { clientOrderId, symbol, wallet: wallet.name, side, quantity, type: terms.type, sentAt };
      if (!(await this.#sends.begin(send))) {
        return { outcome: 'unknown', reason: 'another process is sending this order' };
      }
    }
    const { type, price, params } = placement(terms);
    this.#books.leaves(clientOrderId);
    const ended = await this.#connection.act((exchange) =>
      exchange.createOrder(market.symbol, type, side, quantity, price, {
        ...params,
        ...this.#dialect.orderParams(wallet),
        ...this.#dialect.deadline(this.#exchangeTime(exchange)),
        clientOrderId: this.#dialect.clientId(clientOrderId),
      }),
    );
    this.#books.left(clientOrderId, ended.call.sentAt);
    return this.#outcome(clientOrderId, market.symbol, ended);
  }

  #exchangeTime({ options }: CcxtExchange): number {
    const ahead = options['timeDifference'];
    return this.#parts.clock.now().getTime() - (typeof ahead === 'number' ? ahead : 0);
  }

  async #outcome(clientOrderId: string, symbol: string, ended: Action<unknown>): Promise<SubmitOutcome> {
    if (ended.done) {
      const answer = acceptedShape.safeParse(ended.answer);
      if (!answer.success) return { outcome: 'unknown', reason: 'the answer to the order could not be read' };
      const { id, status } = answer.data;
      if (status === 'rejected')
        return this.#rejected(clientOrderId, 'the exchange rejected it without a reason');
      await this.#sends.change(clientOrderId, { state: 'taken', brokerOrderId: id });
      this.#refresh(clientOrderId, symbol);
      return { outcome: 'accepted', brokerOrderId: id };
    }
    const { verdict, reason, call } = ended;
    switch (verdict) {
      case 'refused':
        return this.#rejected(clientOrderId, reason);
      case 'login':
        // Keys that may read but not trade are a matter for a person; keys that are not accepted at all may be again.
        if (await this.#connection.keysAreAccepted()) return this.#rejected(clientOrderId, reason);
        return this.#held(clientOrderId, reason);
      case 'busy':
      case 'time':
        return this.#held(clientOrderId, reason);
      case 'duplicate': {
        const found = await this.#books.find(clientOrderId, symbol);
        if (found) return { outcome: 'accepted', brokerOrderId: found.brokerOrderId };
        return { outcome: 'unknown', reason };
      }
      case 'absent':
      case 'unsure':
        if (call.sentAt === undefined) return this.#held(clientOrderId, reason);
        return { outcome: 'unknown', reason };
      default:
        return verdict satisfies never;
    }
  }

  async #rejected(clientOrderId: string, reason: string): Promise<SubmitOutcome> {
    await this.#sends.end(clientOrderId, this.#parts.clock.now(), { state: 'refused', reason });
    return { outcome: 'rejected', reason };
  }

  /**
   * It was certainly not taken, for a reason that passes. That is told as `unknown`, which makes the executor ask: `findOrder`
   * says at once that there is none, and the order goes out again under its id once we are ready, if it is still fresh. As
   * `rejected` an entry would be lost to a moment's limit, and an exit would have to be asked for anew.
   */
  async #held(clientOrderId: string, reason: string): Promise<SubmitOutcome> {
    await this.#sends.end(clientOrderId, this.#parts.clock.now(), { state: 'held', reason });
    return { outcome: 'unknown', reason: `It was not taken: ${reason}` };
  }

  /** What an id that was used before is answered with; undefined when it may be sent. */
  async #whatBecameOf(send: Send): Promise<SubmitOutcome | undefined> {
    const { state, reason, brokerOrderId, clientOrderId, symbol } = send;
    switch (state) {
      case 'refused':
        return { outcome: 'rejected', reason: reason ?? 'it was rejected before' };
      case 'held':
        return undefined;
      case 'taken':
        if (brokerOrderId !== null) return { outcome: 'accepted', brokerOrderId };
        break;
      case 'sending':
        break;
      default:
        return state satisfies never;
    }
    const found = await this.#books.find(clientOrderId, symbol);
    if (found) return { outcome: 'accepted', brokerOrderId: found.brokerOrderId };
    if (this.#dialect.absenceIsFinalAfterSeconds !== null) return undefined;
    return { outcome: 'unknown', reason: 'it was sent before, and the exchange does not show it' };
  }

  /** What ccxt would cut or change without a word is refused here. */
  #refusal(
    { symbol, quantity, terms, exit }: OrderRequest,
    wallet: WalletName,
    { rules }: Instrument,
  ): string | undefined {
    if (!this.capabilities.orderTypes.includes(terms.type))
      return `${this.name} does not take ${terms.type} orders`;
    if ('auction' in terms && terms.auction !== undefined) {
      return `${this.name} takes no market orders for the ${terms.auction} of a session`;
    }
    if (exit) return `${this.name} takes no exit together with its entry`;
    if (!tradesIn(wallet)) return `nothing is traded in the wallet ${wallet.name}`;
    if (wallet.pair !== null && this.#markets.find(symbol).symbol !== wallet.pair) {
      return `${symbol} cannot be traded in the wallet ${wallet.name}`;
    }
    const wanted = decimal(quantity);
    if (wanted.lte(zero)) return `the quantity must be above 0, not ${quantity}`;
    if (!truncateToStep(wanted, decimal(rules.quantityStep)).eq(wanted)) {
      return `the quantity ${quantity} is not a multiple of ${rules.quantityStep}`;
    }
    if (wanted.lt(decimal(rules.minimumQuantity))) {
      return `the quantity ${quantity} is below the minimum of ${rules.minimumQuantity}`;
    }
    const prices = [
      'limitPrice' in terms ? terms.limitPrice : undefined,
      'stopPrice' in terms ? terms.stopPrice : undefined,
    ];
    for (const price of prices) {
      if (price === undefined) continue;
      if (!truncateToStep(decimal(price), decimal(rules.priceTick)).eq(decimal(price))) {
        return `the price ${price} is not a multiple of ${rules.priceTick}`;
      }
    }
    return undefined;
  }

  #wallet(name: string | undefined): WalletName {
    const found =
      name === undefined ? this.#wallets[0] : this.#wallets.find((wallet) => wallet.name === name);
    if (found) return found;
    throw new UserError(`${this.name} has no wallet "${name}". It has: ${this.wallets.join(', ')}.`);
  }

  async #cancel(clientOrderId: string, symbol: string): Promise<CancelOutcome> {
    const found = await this.#books.find(clientOrderId, symbol);
    if (!found) return { outcome: 'not_open', reason: 'there is no such order' };
    if (!isOpen(found)) return { outcome: 'not_open', reason: `it is ${found.state}` };
    const market = this.#markets.find(symbol);
    const send = await this.#sends.get(clientOrderId);
    const wallet = this.#wallet(send?.wallet ?? this.#books.walletOf(clientOrderId));
    // By the exchange's id: a reply to a cancellation by ours may carry another one.
    const ended = await this.#connection.act((exchange) =>
      exchange.cancelOrder(found.brokerOrderId, market.symbol, this.#dialect.orderParams(wallet)),
    );
    this.#refresh(clientOrderId, market.symbol);
    if (ended.done) return { outcome: 'cancelled' };
    if (ended.verdict !== 'absent') return { outcome: 'unknown', reason: ended.reason };
    const now = await this.#books.find(clientOrderId, symbol);
    return now && isOpen(now)
      ? { outcome: 'unknown', reason: ended.reason }
      : { outcome: 'not_open', reason: `it is ${now?.state ?? 'gone'}` };
  }

  #onStatus(status: BrokerStatus): void {
    if (status.state === 'ready' && this.#hasStream && this.#streams.length === 0) this.#openStreams();
    this.#tell((listener) => listener.onStatus?.(status));
  }

  #openStreams(): void {
    const { log } = this.#parts;
    const { subscription } = this.#dialect;
    this.#streams = this.#wallets.filter(tradesIn).map((wallet) => {
      const params = subscription?.(wallet) ?? {};
      return new Stream({
        wallet: wallet.name,
        open: () => this.#library.client(this.#connection.exchange),
        subscribe: subscription && ((exchange) => authenticate(exchange, params)),
        params,
        onNews: ({ symbol, brokerOrderId, clientOrderId }) => {
          void this.#onNews(symbol, brokerOrderId, clientOrderId);
        },
        onUp: () => void this.#refreshOpen(),
        reasons: this.#reasons,
        log,
      });
    });
  }

  async #onNews(
    symbol: string | undefined,
    brokerOrderId: string | undefined,
    clientOrderId: string | undefined,
  ): Promise<void> {
    try {
      let send = clientOrderId === undefined ? undefined : await this.#sends.get(clientOrderId);
      if (!send && symbol !== undefined && brokerOrderId !== undefined) {
        send = await this.#sends.byBrokerOrderId(symbol, brokerOrderId);
      }
      if (send) this.#refresh(send.clientOrderId, send.symbol);
    } catch (error) {
      this.#warn(error, 'news of an order could not be taken in');
    }
  }

  /** Reads an order from the exchange's books and tells what is new; several calls at once are one. */
  #refresh(clientOrderId: string, symbol: string): void {
    if (this.#refreshing.has(clientOrderId)) return;
    this.#refreshing.add(clientOrderId);
    void this.#lanes.run(`refresh ${clientOrderId}`, async () => {
      this.#refreshing.delete(clientOrderId);
      try {
        const order = await this.#books.find(clientOrderId, symbol);
        if (order) await this.#announce(order);
      } catch (error) {
        // The next poll asks again.
        if (!(error instanceof NoAnswer)) this.#warn(error, 'an order could not be read');
      }
    });
  }

  async #announce(order: BrokerOrder): Promise<void> {
    const before = this.#told.get(order.clientOrderId);
    const fresh = order.fills.filter(({ id }) => !before?.fills.has(id));
    if (before && before.state === order.state && fresh.length === 0) return;
    this.#told.set(order.clientOrderId, {
      state: order.state,
      fills: new Set(order.fills.map(({ id }) => id)),
      filled: order.fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero),
    });
    for (const fill of fresh) this.#tell((listener) => listener.onFill?.(fill));
    this.#tell((listener) => listener.onOrder?.(order));
    if (isOpen(order)) return;
    await this.#sends.end(order.clientOrderId, this.#parts.clock.now());
    // News of it may still come, late or doubled: the last ones are remembered for that.
    this.#ended.push(order.clientOrderId);
    if (this.#ended.length > endedKept) this.#told.delete(this.#ended.shift() ?? '');
  }

  async #beat(): Promise<number> {
    await this.#connection.read((exchange) => exchange.loadTimeDifference());
    await this.#refreshOpen();
    const pollMs = this.#parts.settings.pollSeconds * 1000;
    const up = this.#streams.length > 0 && this.#streams.every((stream) => stream.up);
    return up ? pollMs : Math.min(pollMs, pollWithoutStreamMs);
  }

  async #refreshOpen(): Promise<void> {
    try {
      const open = (await this.#sends.open()).filter(({ state }) => state === 'taken');
      const changed = await this.#books.changed(
        open,
        ({ clientOrderId }) => this.#told.get(clientOrderId)?.filled,
      );
      for (const { clientOrderId, symbol } of changed) this.#refresh(clientOrderId, symbol);
    } catch (error) {
      this.#warn(error, 'the open orders could not be compared with those of the exchange');
    }
  }

  #tell(what: (listener: BrokerListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        what(listener);
      } catch (error) {
        this.#parts.log.error({ broker: this.name, error: reasonOf(error) }, 'a listener failed');
      }
    }
  }

  #warn(error: unknown, message: string): void {
    this.#parts.log.warn({ broker: this.name, error: this.#reasons.of(error) }, message);
  }
}

function isOpen({ state }: BrokerOrder): boolean {
  return state === 'working' || state === 'partly_filled';
}

/** What ccxt says of the exchange. A stop is a stop loss to it: it triggers on the far side of the price. */
function orderTypesOf(exchange: CcxtExchange): readonly OrderType[] {
  const { spot } = (exchange.features ?? {}) as {
    readonly spot?: { readonly createOrder?: { readonly stopLossPrice?: unknown } | null } | null;
  };
  const stops = spot?.createOrder?.stopLossPrice === true;
  return stops ? ['market', 'limit', 'stop', 'stop_limit'] : ['market', 'limit'];
}

function authenticate(exchange: CcxtExchange, params: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { authenticate: call } = exchange as unknown as {
    readonly authenticate: (params: unknown) => Promise<unknown>;
  };
  return call.call(exchange, params);
}
