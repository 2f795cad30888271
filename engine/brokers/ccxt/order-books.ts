/** What the exchange's books say of orders and trades, in the desk's words and under the desk's ids. */
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { Balance, BrokerFill, BrokerOrder } from '../broker.ts';
import type { Connection } from './connection.ts';
import { NoAnswer } from './connection.ts';
import type { Dialect, WalletName } from './dialects.ts';
import { tradesIn } from './dialects.ts';
import type { Markets } from './markets.ts';
import type { ReadMarket, ReadOrder, ReadTrade } from './read.ts';
import { orderShape, tradeShape } from './read.ts';
import type { Send, Sends } from './sends.ts';

export interface OrderBooksParts {
  readonly connection: Connection;
  readonly dialect: Dialect;
  readonly markets: Markets;
  readonly sends: Sends;
  readonly wallets: readonly WalletName[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Trades in one answer: as many as Binance gives. */
const pageSize = 1000;
const dayMs = 86_400_000;
/** An order is shown as filled before its last trade is, by a moment. */
const tradesPausesMs = [100, 300, 900];

export class OrderBooks {
  readonly #parts: OrderBooksParts;
  readonly #openedAt: number;
  /** Orders of this process: `undefined` on their way, then when they were signed. */
  readonly #signedAt = new Map<string, number | undefined>();
  /** Where orders were found that are not remembered. */
  readonly #walletOf = new Map<string, string>();

  constructor(parts: OrderBooksParts) {
    this.#parts = parts;
    this.#openedAt = parts.clock.now().getTime();
  }

  /** An order is about to leave. */
  leaves(clientOrderId: string): void {
    this.#signedAt.set(clientOrderId, undefined);
  }

  /** Its call is over. @param signedAt undefined when nothing left */
  left(clientOrderId: string, signedAt: number | undefined): void {
    this.#signedAt.set(clientOrderId, signedAt ?? 0);
  }

  walletOf(clientOrderId: string): string | undefined {
    return this.#walletOf.get(clientOrderId);
  }

  /**
   * See `Broker.findOrder`.
   * @throws NoAnswer, and Error while an order that was sent may still arrive
   */
  async find(clientOrderId: string, symbol: string): Promise<BrokerOrder | undefined> {
    const { sends, markets } = this.#parts;
    const market = markets.find(symbol);
    const send = await sends.get(clientOrderId);
    if (send && (send.state === 'refused' || send.state === 'held')) return undefined;
    for (const wallet of this.#walletsFor(market, send)) {
      const found = await this.#findIn(wallet, market, clientOrderId, send);
      if (!found) continue;
      this.#walletOf.set(clientOrderId, wallet.name);
      if (send && send.brokerOrderId !== found.id) {
        await sends.change(clientOrderId, { state: 'taken', brokerOrderId: found.id });
      }
      return this.#order(found, wallet, market, clientOrderId);
    }
    if (send && !this.#absenceIsFinal(send)) {
      throw new Error(`the exchange does not show the order yet: it may still arrive`);
    }
    return undefined;
  }

  async open(): Promise<readonly BrokerOrder[]> {
    const orders: BrokerOrder[] = [];
    for (const { order, wallet, market } of await this.#listOpen(this.#parts.wallets.filter(tradesIn))) {
      const send = await this.#parts.sends.byBrokerOrderId(market.symbol, order.id);
      const ours = send?.clientOrderId ?? order.clientOrderId ?? order.id;
      orders.push(await this.#order(order, wallet, market, ours));
    }
    return orders;
  }

  /** Those of the open orders of which the exchange's list says something else than what is known: one question a wallet. */
  async changed(
    open: readonly Send[],
    filledOf: (send: Send) => Decimal | undefined,
  ): Promise<readonly Send[]> {
    if (open.length === 0) return [];
    const wallets = this.#parts.wallets.filter(({ name }) => open.some(({ wallet }) => wallet === name));
    const listed = new Map<string, string>();
    for (const { order, market } of await this.#listOpen(wallets)) {
      listed.set(`${market.symbol} ${order.id}`, order.filled ?? '0');
    }
    return open.filter((send) => {
      const filled = listed.get(`${send.symbol} ${send.brokerOrderId}`);
      const known = filledOf(send);
      return filled === undefined || known === undefined || !decimal(filled).eq(known);
    });
  }

  /** See `Broker.fillsSince`. @param balances what is held: its trades may be another's, by hand */
  async fillsSince(since: Date, balances: readonly Balance[]): Promise<readonly BrokerFill[]> {
    const fills = new Map<string, BrokerFill>();
    for (const { wallet, market } of await this.#tradedIn(balances)) {
      for (const trade of await this.#tradesSince(wallet, market, since.getTime())) {
        const fill = await this.#fill(trade, wallet, market, await this.#clientIdOf(market, trade));
        if (fill.at >= since) fills.set(fill.id, fill);
      }
    }
    return [...fills.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  #walletsFor(market: ReadMarket, send: Send | undefined): readonly WalletName[] {
    return this.#parts.wallets.filter(
      (wallet) =>
        tradesIn(wallet) &&
        (wallet.pair === null || wallet.pair === market.symbol) &&
        (send === undefined || send.wallet === wallet.name),
    );
  }

  async #findIn(
    wallet: WalletName,
    { symbol }: ReadMarket,
    clientOrderId: string,
    send: Send | undefined,
  ): Promise<ReadOrder | undefined> {
    const { dialect } = this.#parts;
    const theirs = dialect.clientId(clientOrderId);
    const params = dialect.orderParams(wallet);
    if (dialect.findsByClientId) {
      return this.#fetch(undefined, symbol, { ...params, clientOrderId: theirs });
    }
    if (send?.brokerOrderId) {
      try {
        return await this.#fetch(send.brokerOrderId, symbol, params);
      } catch (error) {
        // Some exchanges show a single order only among others.
        if (!(error instanceof NoAnswer) || error.verdict !== 'refused') throw error;
      }
    }
    return this.#scan(symbol, theirs, params, send);
  }

  async #fetch(id: string | undefined, symbol: string, params: object): Promise<ReadOrder | undefined> {
    try {
      const answer = await this.#parts.connection.read((exchange) =>
        exchange.fetchOrder(id, symbol, { ...params }),
      );
      return orderShape.parse(answer);
    } catch (error) {
      if (error instanceof NoAnswer && error.verdict === 'absent') return undefined;
      throw error;
    }
  }

  /** Among the open orders, then among those that were closed since. */
  async #scan(
    symbol: string,
    theirs: string,
    params: object,
    send: Send | undefined,
  ): Promise<ReadOrder | undefined> {
    const { connection, dialect } = this.#parts;
    const only = { ...params, ...dialect.listParams(theirs) };
    const since = send && Date.parse(send.sentAt) - 60_000;
    const lists: ((known: { readonly has: Readonly<Record<string, unknown>> }) => boolean)[] = [
      () => true,
      ({ has }) => has['fetchClosedOrders'] === true,
      ({ has }) => has['fetchClosedOrders'] !== true && has['fetchOrders'] === true,
    ];
    for (const [index, applies] of lists.entries()) {
      if (!connection.exchange || !applies(connection.exchange)) continue;
      const answer = await connection.read((exchange) =>
        index === 0
          ? exchange.fetchOpenOrders(symbol, undefined, undefined, only)
          : index === 1
            ? exchange.fetchClosedOrders(symbol, since, undefined, only)
            : exchange.fetchOrders(symbol, since, undefined, only),
      );
      const found = orderShape
        .array()
        .parse(answer)
        .find(({ clientOrderId, id }) => clientOrderId === theirs || id === send?.brokerOrderId);
      if (found) return found;
    }
    return undefined;
  }

  /** Whether an order that the exchange does not show can arrive no more. */
  #absenceIsFinal({ clientOrderId }: Send): boolean {
    const seconds = this.#parts.dialect.absenceIsFinalAfterSeconds;
    if (seconds === null) return true; // nothing is concluded from it: see the capabilities
    const known = this.#signedAt.has(clientOrderId);
    const from = known ? this.#signedAt.get(clientOrderId) : this.#openedAt;
    return from !== undefined && this.#parts.clock.now().getTime() - from >= seconds * 1000;
  }

  async #listOpen(wallets: readonly WalletName[]) {
    const { connection, dialect, markets, sends } = this.#parts;
    const found: { readonly order: ReadOrder; readonly wallet: WalletName; readonly market: ReadMarket }[] =
      [];
    const traded = await sends.traded();
    for (const wallet of wallets) {
      const params = dialect.orderParams(wallet);
      const symbols = dialect.listsAllOpenOrders
        ? [wallet.pair ?? undefined]
        : new Set(traded.filter((entry) => entry.wallet === wallet.name).map(({ symbol }) => symbol));
      for (const symbol of symbols) {
        const answer = await connection.read((exchange) =>
          exchange.fetchOpenOrders(symbol, undefined, undefined, { ...params }),
        );
        for (const order of orderShape.array().parse(answer)) {
          found.push({ order, wallet, market: markets.find(order.symbol) });
        }
      }
    }
    return found;
  }

  async #order(
    order: ReadOrder,
    wallet: WalletName,
    market: ReadMarket,
    clientOrderId: string,
  ): Promise<BrokerOrder> {
    const filled = decimal(order.filled ?? '0');
    const trades = filled.gt(zero) ? await this.#tradesOf(order, filled, wallet, market) : [];
    const fills: BrokerFill[] = [];
    for (const trade of trades) fills.push(await this.#fill(trade, wallet, market, clientOrderId));
    const state = stateOf(order.status, filled, decimal(order.amount));
    return {
      clientOrderId,
      brokerOrderId: order.id,
      symbol: market.symbol,
      side: order.side,
      quantity: order.amount,
      state,
      reason:
        state === 'expired' && fills.length === 0 ? 'the exchange ended it: nobody traded against it' : null,
      fills: fills.sort((a, b) => a.at.getTime() - b.at.getTime()),
    };
  }

  /** @throws Error while the trades do not make up what is filled: half of the truth is none */
  async #tradesOf(
    order: ReadOrder,
    filled: Decimal,
    wallet: WalletName,
    market: ReadMarket,
  ): Promise<readonly ReadTrade[]> {
    const { connection, dialect } = this.#parts;
    for (const pauseMs of [...tradesPausesMs, 0]) {
      const since = dialect.tradesByOrderId ? undefined : (order.timestamp ?? undefined);
      const params = {
        ...dialect.orderParams(wallet),
        ...(dialect.tradesByOrderId && { orderId: order.id }),
      };
      const answer = await connection.read((exchange) =>
        exchange.fetchMyTrades(market.symbol, since, dialect.tradesByOrderId ? pageSize : undefined, params),
      );
      const trades = tradeShape
        .array()
        .parse(answer)
        .filter((trade) => trade.order === order.id);
      const traded = trades.reduce((sum, { amount }) => sum.plus(decimal(amount)), zero);
      if (traded.gte(filled)) return trades;
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    throw new Error(`the exchange does not show all trades of the order yet`);
  }

  /** Where there may be trades: what was traded from here, and what is held and could have been bought for the same money. */
  async #tradedIn(balances: readonly Balance[]) {
    const { sends, wallets, markets } = this.#parts;
    const found = new Map<string, { readonly wallet: WalletName; readonly market: ReadMarket }>();
    const add = (wallet: WalletName, symbol: string) => {
      const market = markets.known(symbol);
      if (market) found.set(`${wallet.name} ${symbol}`, { wallet, market });
    };
    const traded = await sends.traded();
    for (const wallet of wallets.filter(tradesIn)) {
      if (wallet.pair !== null) add(wallet, wallet.pair);
      const here = traded.filter((entry) => entry.wallet === wallet.name).map(({ symbol }) => symbol);
      for (const symbol of here) add(wallet, symbol);
      const currencies = new Set(here.map((symbol) => markets.known(symbol)?.quote));
      for (const { asset, wallet: holder } of balances) {
        if (holder !== wallet.name || wallet.pair !== null) continue;
        for (const currency of currencies) if (currency !== undefined) add(wallet, `${asset}/${currency}`);
      }
    }
    return found.values();
  }

  async #tradesSince(wallet: WalletName, market: ReadMarket, since: number): Promise<readonly ReadTrade[]> {
    const found = new Map<string, ReadTrade>();
    const now = this.#parts.clock.now().getTime();
    for (const span of this.#spans(Math.max(since, 0), now)) {
      await this.#readTrades(wallet, market, span, found);
    }
    return [...found.values()].filter((trade) => trade.symbol === market.symbol);
  }

  /** Into how long parts a question must be cut, by what ccxt knows of the exchange. */
  #spans(since: number, now: number): readonly { readonly from: number; readonly until?: number }[] {
    const { connection, dialect } = this.#parts;
    const { spot } = (connection.exchange?.features ?? {}) as {
      readonly spot?: {
        readonly fetchMyTrades?: { readonly untilDays?: unknown; readonly daysBack?: unknown } | null;
      };
    };
    const { untilDays, daysBack } = spot?.fetchMyTrades ?? {};
    if (dialect.tradesInOneSpan || typeof untilDays !== 'number') return [{ from: since }];
    const oldest = typeof daysBack === 'number' ? now - (daysBack - 1) * dayMs : since;
    const spans: { from: number; until: number }[] = [];
    for (let from = Math.max(since, oldest); from <= now; from += untilDays * dayMs) {
      spans.push({ from, until: Math.min(from + untilDays * dayMs - 1, now + dayMs) });
    }
    return spans;
  }

  async #readTrades(
    wallet: WalletName,
    market: ReadMarket,
    { from: first, until }: { readonly from: number; readonly until?: number },
    found: Map<string, ReadTrade>,
  ): Promise<void> {
    const { connection, dialect } = this.#parts;
    // The trades of all markets are paged together: ccxt must not leave out those of others before they are counted.
    const symbol = dialect.pagesTradesByOffset ? undefined : market.symbol;
    const limit = dialect.pagesTradesByOffset ? undefined : dialect.tradesInOneSpan ? pageSize : undefined;
    let from = first;
    for (let offset = 0; ; ) {
      const params = {
        ...dialect.orderParams(wallet),
        ...(dialect.pagesTradesByOffset && { ofs: offset }),
        ...(until !== undefined && { until }),
      };
      const answer = await connection.read((exchange) => exchange.fetchMyTrades(symbol, from, limit, params));
      const page = tradeShape.array().parse(answer);
      const before = found.size;
      for (const trade of page) found.set(`${trade.id} ${trade.order}`, trade);
      if (page.length === 0 || found.size === before) return;
      if (dialect.pagesTradesByOffset) offset += page.length;
      else from = Math.max(from, ...page.map(({ timestamp }) => timestamp));
    }
  }

  /** Ours, where the order was sent from here. A lost reply has left an order whose id there we do not know: it is asked for. */
  async #clientIdOf(market: ReadMarket, { order }: ReadTrade): Promise<string | null> {
    const { sends } = this.#parts;
    if (order === undefined) return null;
    const known = await sends.byBrokerOrderId(market.symbol, order);
    if (known) return known.clientOrderId;
    for (const lost of await sends.withoutBrokerOrderId(market.symbol)) {
      const found = await this.find(lost.clientOrderId, market.symbol);
      if (found?.brokerOrderId === order) return lost.clientOrderId;
    }
    return null;
  }

  async #fill(
    trade: ReadTrade,
    wallet: WalletName,
    market: ReadMarket,
    clientOrderId: string | null,
  ): Promise<BrokerFill> {
    const fee = this.#fee(trade, market);
    return {
      // Ids of trades count up by market, and the two sides of a trade with oneself share one.
      id: `${market.symbol}-${trade.id}-${trade.order ?? ''}`,
      clientOrderId,
      brokerOrderId: trade.order ?? '',
      symbol: market.symbol,
      asset: market.base,
      wallet: wallet.name,
      side: trade.side,
      quantity: trade.amount,
      price: trade.price,
      currency: market.quote,
      fee: fee.cost,
      feeCurrency: fee.currency,
      at: new Date(trade.timestamp),
    };
  }

  #fee(trade: ReadTrade, market: ReadMarket): { readonly cost: string; readonly currency: string } {
    const several = (trade.fees ?? []).filter((fee) => fee?.cost !== undefined);
    const paid = (several.length > 0 ? several : [trade.fee]).flatMap((fee) =>
      fee?.cost === undefined || decimal(fee.cost).eq(zero)
        ? []
        : [{ cost: fee.cost, currency: fee.currency ?? market.quote }],
    );
    const [first, ...others] = paid;
    if (!first) return { cost: '0', currency: market.quote };
    if (others.every(({ currency }) => currency === first.currency)) {
      const sum = paid.reduce((total, { cost }) => total.plus(decimal(cost)), zero);
      return { cost: decimalText(sum), currency: first.currency };
    }
    this.#parts.log.error(
      { trade: trade.id, symbol: market.symbol, fees: paid },
      'one trade paid fees in several currencies: only the first is booked, the balances will show the others',
    );
    return first;
  }
}

function stateOf(status: string, filled: Decimal, quantity: Decimal): BrokerOrder['state'] {
  if (filled.gte(quantity) && filled.gt(zero)) return 'filled';
  switch (status) {
    case 'closed':
    case 'canceled':
      return 'cancelled';
    case 'expired':
      return 'expired';
    case 'rejected':
      return 'rejected';
    default:
      return filled.gt(zero) ? 'partly_filled' : 'working';
  }
}
