/**
 * The executor: turns an intent into at most one order at a broker, whatever fails on the way.
 *
 * Everything is stored before it is done. An order is `sending` before the broker is called; when the reply is lost, or
 * the process dies, the broker is asked for our id, and only when it has proved that it never got the order is the order
 * sent again. An order becomes `filled` only after all its fills are in the ledger, so whatever is not final is simply
 * looked at again, and every step can be repeated.
 */
import type { Books } from '../bank/books.ts';
import type {
  Broker,
  BrokerFill,
  BrokerOrder,
  BrokerStatus,
  CancelOutcome,
  OrderRequest,
} from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox, ToldFill } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { type Decimal, decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store } from '../store/store.ts';
import { DuplicateKeyError, StoreError } from '../store/store.ts';
import type { Fill, Intent, Order } from './order.ts';
import { clientOrderId, fillCollection, orderCollection } from './order.ts';
import type { Sleep } from './patience.ts';
import { growingPauses, Interrupted, lookupPausesMs, systemSleep, Wakeable } from './patience.ts';
import type { MayEnter, NotSent, Prepared, Purse } from './preparation.ts';
import { Preparation } from './preparation.ts';
import { promisedBy } from './promised.ts';
import type { OrderNews, OrderState } from './states.ts';
import { isFinal, openStates, stateAfter, transitions } from './states.ts';

export interface ExecutorParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly sleep?: Sleep;
  /** Limits and differences. */
  readonly mayEnter?: MayEnter;
  /** Whether there are limits that count the entries of all books together. */
  readonly countsTogether?: () => boolean;
  /** Whether anything may be sent to a broker that is ready: it was compared with the books. */
  readonly isCompared?: (broker: string) => boolean;
}

/** Between the questions about an order that has time. */
const longestPauseMs = 2000;
/** A market order that is still open after so many looks rests, too: its market is closed, or a person has to place it. */
const looksAtMarket = 3;

/** More than this and something is wrong that a further try does not mend. */
const mostSends = 3;

export class Executor {
  readonly #parts: ExecutorParts;
  readonly #orders: Collection<Order>;
  readonly #fills: Collection<Fill>;
  readonly #sleep: Sleep;
  readonly #preparation: Preparation;
  /** Waiting that an event of the broker or a cancellation ends, by the order's id. */
  readonly #waits: Wakeable;
  /** One order is worked on by one at a time: its caller, a resumption, an event of the broker. */
  readonly #lanes = new Lanes();
  readonly #deciding = new Lanes();
  /** Who wants to hear that an order rests, by its id. */
  readonly #rests = new Map<string, () => void>();
  readonly #stopping = new AbortController();
  readonly #background = new Set<Promise<void>>();
  /** Brokers that were told to be away, and not yet to be back. */
  readonly #toldAway = new Set<string>();
  #unsubscribe: (() => void)[] = [];

  private constructor(parts: ExecutorParts, orders: Collection<Order>, fills: Collection<Fill>) {
    this.#parts = parts;
    this.#orders = orders;
    this.#fills = fills;
    this.#sleep = parts.sleep ?? systemSleep;
    this.#waits = new Wakeable(this.#sleep);
    const { clock, log, books, mayEnter } = parts;
    const openOrders = (book: string) => this.openOrders({ book });
    this.#preparation = new Preparation({ clock, log, books, sleep: this.#sleep, openOrders, mayEnter });
  }

  static async open(parts: ExecutorParts): Promise<Executor> {
    const { store } = parts;
    return new Executor(
      parts,
      await store.collection(orderCollection),
      await store.collection(fillCollection),
    );
  }

  /** Listens to the brokers, and takes up what an earlier process left open. Comes after the brokers were connected. */
  async start(): Promise<void> {
    for (const broker of this.#parts.brokers.values()) {
      const stopListening = broker.subscribe({
        onFill: (fill) => this.#inBackground(() => this.#onFill(broker, fill)),
        onOrder: (order) => this.#inBackground(() => this.#onOrder(order)),
        onStatus: (status) => this.#inBackground(() => this.#onStatus(broker, status)),
      });
      this.#unsubscribe.push(stopListening);
    }
    for (const order of await this.#orders.find({ told: false })) await this.#tellEnd(order);
    await this.resume();
  }

  /** Stops listening and waiting; what is in hand is finished or left where it can be resumed. */
  async stop(): Promise<void> {
    for (const stopListening of this.#unsubscribe) stopListening();
    this.#unsubscribe = [];
    this.#stopping.abort(new Interrupted());
    await Promise.all(this.#background);
    await this.#lanes.idle();
  }

  /**
   * Carries an intent to its end, or to the point from which only the broker's reports lead on. The same key again, at
   * the same time or years later, gives the outcome of the first: nothing is sent twice.
   * @param signal ends the waiting (for a broker that is away, between two lookups); the order is resumed at next start
   * @param rests is called when the broker has it and it waits there for its price
   * @throws UserError when there is no such book or broker
   * @throws Interrupted when `signal` was aborted or the executor stopped
   */
  execute(intent: Intent, signal?: AbortSignal, rests?: () => void): Promise<Order> {
    const id = clientOrderId(intent.key);
    return this.#lanes.run(id, async () => {
      if (rests) this.#rests.set(id, rests);
      try {
        return await this.#advance(await this.#intend(id, intent), this.#orStopping(signal));
      } finally {
        this.#rests.delete(id);
      }
    });
  }

  /** What a book's open purchases will still take from its home wallet, in its currency and with fees. */
  async promised(book: string): Promise<Decimal> {
    const { home } = this.#parts.books.settings(book);
    return promisedBy((await this.openOrders({ book })).filter(({ wallet }) => wallet === home));
  }

  /**
   * What would become of an intent just now, without storing or sending anything: the order as it would go out, or why
   * it would not.
   * @param purse what the book is supposed to have then; what it has by the ledger where not given
   */
  rehearse(intent: Intent, signal: AbortSignal, purse?: Purse): Promise<Prepared | NotSent> {
    const order = this.#orderOf(clientOrderId(intent.key), intent);
    return this.#preparation.prepare(order, this.#broker(order.broker), signal, purse);
  }

  /**
   * Cancels an order, and waits for its certain end: a cancellation that comes too late is a fill. The returned order is
   * not final when the broker could not be brought to say what became of it; its cancellation then goes on whenever the
   * order is taken up again.
   */
  async cancel(id: string, by: string): Promise<Order> {
    await this.#orders.update(id, { cancelledBy: null, state: { in: openStates } }, { cancelledBy: by });
    this.#waits.wake(id);
    return this.#lanes.run(id, async () => this.#advance(await this.#reload(id), this.#stopping.signal));
  }

  /**
   * Cancels an order that nobody follows any more. Where it has not ended when this returns, it rests from then on: its end
   * is booked by the broker's reports, and told.
   */
  async leave(id: string, by: string): Promise<Order> {
    const order = await this.cancel(id, by);
    if (isFinal(order.state)) return order;
    return (
      (await this.#orders.update(id, { state: { in: openStates } }, { resting: true, told: false })) ??
      this.#reload(id)
    );
  }

  /** Cancels all that is open, of a broker or a book where one is named; resolves with what became of it. */
  async cancelAll(
    { broker, book }: { readonly broker?: string; readonly book?: string },
    by: string,
  ): Promise<Order[]> {
    const open = await this.openOrders({ ...(broker && { broker }), ...(book && { book }) });
    return Promise.all(open.map(({ _id }) => this.cancel(_id, by)));
  }

  /** Takes up all orders that are not final and whose broker is ready. */
  async resume(broker?: string): Promise<void> {
    const open = await this.#orders.find(
      { state: { in: openStates }, ...(broker !== undefined && { broker }) },
      { sort: [['askedAt', 'ascending']] },
    );
    await Promise.all(open.map((order) => this.#lanes.run(order._id, () => this.#resumeOne(order._id))));
  }

  /** The same, without waiting for it. */
  resumeSoon(broker: string): void {
    this.#inBackground(() => this.resume(broker));
  }

  /**
   * Asks a broker what became of everything that was sent there and has not ended, and books it. Nothing is sent.
   * @throws when the broker did not answer
   */
  async look(broker: string): Promise<void> {
    for (const order of await this.openOrders({ broker })) {
      if (order.sentAt === null) continue;
      const found = await this.#broker(broker).findOrder(order._id, order.symbol);
      if (found) await this.#recordFound(order, found);
    }
  }

  /** Takes up an order that is there already, as `execute` does. @throws Interrupted */
  takeUp(id: string, signal?: AbortSignal): Promise<Order> {
    return this.#lanes.run(id, async () => this.#advance(await this.#reload(id), this.#orStopping(signal)));
  }

  #orStopping(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
  }

  /** Waits until something is heard of an order, or for a moment: then it is worth to look at it again. */
  untilNews(id: string, signal: AbortSignal): Promise<void> {
    return this.#waits.sleep(id, longestPauseMs, signal);
  }

  order(id: string): Promise<Order | undefined> {
    return this.#orders.get(id);
  }

  /** The newest orders first; of all books where none is named. */
  orders({ book, limit }: { readonly book?: string; readonly limit: number }): Promise<Order[]> {
    return this.#orders.find(book === undefined ? {} : { book }, {
      sort: [['askedAt', 'descending']],
      limit,
    });
  }

  /** Those that have not ended, oldest first. */
  openOrders(of: { readonly broker?: string; readonly book?: string } = {}): Promise<Order[]> {
    return this.#orders.find({ ...of, state: { in: openStates } }, { sort: [['askedAt', 'ascending']] });
  }

  /** All orders of one operation, oldest first. */
  ordersOf(operation: string): Promise<Order[]> {
    return this.#orders.find({ operation }, { sort: [['askedAt', 'ascending']] });
  }

  /** Whether an order is on its way to a broker, or being filled there: its account then moves under whoever looks. */
  async isTrading(broker: string): Promise<boolean> {
    const moving: readonly OrderState[] = ['sending', 'unknown', 'working', 'partly_filled'];
    return (await this.#orders.count({ broker, resting: false, state: { in: moving } })) > 0;
  }

  /** Entries of a book that were sent at or after an instant, and what they were worth in its currency then. */
  async entriesSince(
    book: string,
    since: Date,
  ): Promise<{ readonly book: string; readonly sentAt: string; readonly notional: string }[]> {
    const orders = await this.#orders.find({ book, sentAt: { gte: since.toISOString() }, purpose: 'entry' });
    return orders.map(({ sentAt, notional }) => ({ book, sentAt: sentAt ?? '', notional: notional ?? '0' }));
  }

  /** What the open entries of a book trade, as the ledger calls it. */
  async openEntries(book: string): Promise<readonly string[]> {
    const open = await this.openOrders({ book });
    return open.flatMap(({ purpose, asset }) => (purpose === 'entry' && asset ? [asset] : []));
  }

  /** Orders of which it is not known whether the broker has them. */
  countUnknown(books?: readonly string[]): Promise<number> {
    return this.#orders.count({ state: 'unknown', ...(books && { book: { in: books } }) });
  }

  /** The fills of one order, oldest first. */
  fillsOf(order: string): Promise<Fill[]> {
    return this.#fills.find({ order }, { sort: [['at', 'ascending']] });
  }

  /** Stores the intent, or finds what was stored before under its key. */
  async #intend(id: string, intent: Intent): Promise<Order> {
    const known = await this.#orders.get(id);
    if (known) return this.#sameIntent(known, intent);
    const order = this.#orderOf(id, intent);
    try {
      await this.#orders.insert(order);
      return order;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.#reload(id); // another process on this store was first
    }
  }

  /** @throws UserError when there is no such book or broker */
  #orderOf(id: string, intent: Intent): Order {
    const { key, symbol, side, quantity, budget, terms, purpose, askedAt, freshUntil, exit } = intent;
    const { broker, home, wallet = home } = this.#parts.books.settings(key.book);
    const { capabilities } = this.#broker(broker);
    const goesTogether = exit && capabilities.brackets && capabilities.orderTypes.includes(exit.terms.type);
    const resting = intent.resting ?? false;
    return {
      _id: id,
      key,
      operation: intent.operation ?? null,
      book: key.book,
      broker,
      wallet: intent.wallet ?? wallet,
      symbol,
      side,
      terms,
      purpose,
      requested: quantity,
      budget: budget ?? null,
      quantity,
      asset: null,
      notional: null,
      cost: null,
      openForSeconds: intent.openForSeconds ?? null,
      resting,
      ...(goesTogether && { exit: { ...exit, order: clientOrderId({ ...key, leg: exit.leg }) } }),
      filled: '0',
      state: 'intended',
      reason: null,
      brokerOrderId: null,
      askedAt,
      ...(freshUntil !== undefined && { freshUntil }),
      sentAt: null,
      sends: 0,
      cancelledBy: null,
      told: !resting,
      updatedAt: stamp(this.#parts.clock),
    };
  }

  #sameIntent(known: Order, { symbol, side, quantity }: Intent): Order {
    if (known.symbol !== symbol || known.side !== side || known.requested !== quantity) {
      this.#parts.log.warn(
        { order: known._id, known: `${known.side} ${known.requested} ${known.symbol}` },
        `an intent came again as ${side} ${quantity} ${symbol}; the first one stands`,
      );
    }
    return known;
  }

  async #advance(order: Order, stop: AbortSignal): Promise<Order> {
    switch (order.state) {
      case 'intended':
        return this.#sendFirst(order, stop);
      case 'sending':
      case 'unknown':
        return order.entry === undefined ? this.#lookUp(order, stop) : this.#lookUpExit(order, stop);
      case 'working':
      case 'partly_filled':
        return order.entry === undefined ? this.#follow(order, stop) : this.#followExit(order, stop);
      case 'filled':
      case 'rejected':
      case 'cancelled':
      case 'expired':
        return order;
      default:
        return order.state satisfies never;
    }
  }

  async #resumeOne(id: string): Promise<void> {
    const order = await this.#reload(id);
    const broker = this.#parts.brokers.get(order.broker);
    if (!broker || !this.#isOpen(broker)) return; // resumed when it is
    try {
      // Whoever waits for an order with a time of its own follows it; here it is only looked at once.
      const onceSeen = order.state === 'working' || order.state === 'partly_filled';
      if (onceSeen && order.openForSeconds !== null && order.cancelledBy === null) await this.#look(order);
      else await this.#advance(order, this.#stopping.signal);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (error instanceof Interrupted) return;
      this.#parts.log.error({ order: id, error: reasonOf(error) }, 'an open order could not be resumed');
    }
  }

  async #sendFirst(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    const waited = await this.#untilReady(order, broker, stop);
    if (waited.cancelledBy !== null) return this.#close(waited, 'cancelled', cancelledBefore(waited));
    const market = await this.#preparation.look(waited, broker, stop);
    if ('state' in market) return this.#close(waited, market.state, market.reason);
    const { notSent, sending } = await this.#inTurn(waited, async () => {
      const prepared = await this.#preparation.decide(waited, broker, market);
      if ('state' in prepared) return { notSent: prepared };
      return { sending: await this.#reserve(waited, prepared) };
    });
    if (notSent) return this.#close(waited, notSent.state, notSent.reason);
    return sending ? this.#send(sending, broker, stop) : this.#reload(waited._id);
  }

  /** Entries are decided one after another: what one takes of the book's money or of a limit, the next one has not. */
  #inTurn<T>({ purpose, book }: Order, decide: () => Promise<T>): Promise<T> {
    if (purpose === 'exit') return decide();
    const lane = this.#parts.countsTogether?.() ? 'all books' : `book ${book}`;
    return this.#deciding.run(lane, decide);
  }

  /** Waits for the broker; an entry no longer than it stays fresh, and nothing that is to be cancelled. */
  async #untilReady(order: Order, broker: Broker, stop: AbortSignal): Promise<Order> {
    let current = order;
    for (const ms of growingPauses(250, 5000)) {
      if (this.#isOpen(broker) || this.#preparation.isStale(current)) return current;
      if (current.cancelledBy !== null) return current;
      stop.throwIfAborted();
      await this.#waits.sleep(order._id, ms, stop);
      current = await this.#reload(order._id);
    }
    return current;
  }

  /** Stores that it is being sent; undefined when another process on this store has it in hand. */
  #reserve(order: Order, prepared: Prepared): Promise<Order | undefined> {
    const now = stamp(this.#parts.clock);
    return this.#orders.update(
      order._id,
      { state: order.state, sends: order.sends },
      {
        asset: prepared.asset,
        quantity: prepared.quantity,
        terms: prepared.terms,
        notional: prepared.notional,
        cost: prepared.cost,
        ...(prepared.exit && { exit: prepared.exit }),
        state: 'sending',
        sentAt: now,
        sends: order.sends + 1,
        reason: null,
        updatedAt: now,
      },
    );
  }

  async #send(sending: Order, broker: Broker, stop: AbortSignal): Promise<Order> {
    const { _id, symbol, side, quantity, terms, wallet } = sending;
    const exit = await this.#exitFor(sending);
    const outcome = await this.#submit(broker, {
      ...{ clientOrderId: _id, symbol, side, quantity, terms, wallet },
      ...(exit && { exit }),
    });
    switch (outcome.outcome) {
      case 'accepted': {
        const { brokerOrderId, withoutExit } = outcome;
        if (exit && withoutExit !== undefined) {
          await this.#close(await this.#reload(exit.clientOrderId), 'rejected', withoutExit);
        }
        return this.#follow(await this.#record(sending, 'accepted', [], { brokerOrderId }), stop);
      }
      case 'rejected':
        return this.#record(sending, 'rejected', [], { reason: outcome.reason });
      case 'unknown':
        return this.#lookUp(await this.#record(sending, 'unknown', [], { reason: outcome.reason }), stop);
      default:
        return outcome satisfies never;
    }
  }

  /** The exit that goes out with an order, stored as being sent; undefined when it has none, or that has ended. */
  async #exitFor(entry: Order): Promise<OrderRequest['exit']> {
    const { exit } = entry;
    if (!exit) return undefined;
    const { order: _id, leg, terms } = exit;
    const { quantity, sends, sentAt, updatedAt } = entry;
    const { exit: _, ...same } = entry;
    const fresh: Order = {
      ...same,
      _id,
      key: { ...entry.key, leg },
      side: entry.side === 'buy' ? 'sell' : 'buy',
      terms,
      purpose: 'exit',
      requested: quantity,
      ...{
        budget: null,
        notional: null,
        cost: null,
        openForSeconds: null,
        brokerOrderId: null,
        cancelledBy: null,
      },
      resting: true,
      entry: entry._id,
      filled: '0',
      told: false,
    };
    try {
      await this.#orders.insert(fresh);
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const changes = { terms, quantity, sends, sentAt, updatedAt, state: 'sending' } as const;
      const again = await this.#orders.update(_id, { state: { in: ['sending', 'unknown'] } }, changes);
      if (!again) return undefined;
    }
    return { clientOrderId: _id, terms };
  }

  /** What became of an exit that was sent with its entry. It goes the way of that, and is never sent alone. */
  async #lookUpExit(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    let reason = 'its entry is not known yet';
    for (const ms of [...lookupPausesMs, 0]) {
      const entry = await this.#reload(order.entry ?? '');
      if (!isFinal(entry.state) && !isKnown(entry.state)) return order;
      const { found, error } = await this.#ask(broker, order);
      if (found) return this.#followExit(await this.#recordFound(order, found), stop);
      reason = error ?? `${broker.name} does not know it`;
      if (error === undefined && (endedUnfilled(entry) || this.#isProvenAbsent(order, broker))) {
        return this.#close(order, 'rejected', `it did not come with its entry: ${entry.reason ?? reason}`);
      }
      if (ms > 0) await this.#sleep(ms, stop);
    }
    return this.#record(order, 'unknown', [], { reason });
  }

  /** An exit rests as long as its entry may be filled or was. */
  async #followExit(order: Order, stop: AbortSignal): Promise<Order> {
    const current = isFinal(order.state) ? order : await this.#look(order);
    if (isFinal(current.state)) return current;
    if (current.cancelledBy !== null) return this.#cancelAtBroker(current, stop);
    if (!endedUnfilled(await this.#reload(current.entry ?? ''))) return current;
    const by = { cancelledBy: endOfEntry };
    await this.#orders.update(current._id, { cancelledBy: null }, by);
    return this.#cancelAtBroker({ ...current, ...by }, stop);
  }

  /** An entry has come to be known, or to its end: so does its exit. */
  #exitSoon({ exit }: Order): void {
    if (!exit) return;
    this.#inBackground(() =>
      this.#lanes.run(exit.order, async () => {
        const order = await this.#orders.get(exit.order);
        if (order) await this.#advance(order, this.#stopping.signal);
      }),
    );
  }

  async #submit(broker: Broker, request: Parameters<Broker['submit']>[0]): ReturnType<Broker['submit']> {
    try {
      return await broker.submit(request);
    } catch (error) {
      // An adapter must not throw. When one does, the order may well be out.
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  /** Asks the broker what became of an order of which we do not know whether it arrived. */
  async #lookUp(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    let reason = order.reason ?? 'its fate is not known';
    for (const ms of [...lookupPausesMs, 0]) {
      const answer = await this.#ask(broker, order);
      if (answer.found) return this.#follow(await this.#recordFound(order, answer.found), stop);
      if (answer.error === undefined && this.#isProvenAbsent(order, broker))
        return this.#sendAgain(order, broker, stop);
      reason = answer.error ?? `${broker.name} does not know the order`;
      if (ms > 0) await this.#sleep(ms, stop);
    }
    const unknown = await this.#record(order, 'unknown', [], { reason });
    const { _id, book } = unknown;
    await this.#parts.outbox.publish(
      { type: 'order.unknown', order: _id, book, account: broker.name, reason },
      `order.unknown:${_id}:${unknown.sends}`,
    );
    return unknown;
  }

  /** What the broker knows of the order; with an `error` it could not be asked, and nothing is known. */
  async #ask(broker: Broker, { _id, symbol }: Order): Promise<{ found?: BrokerOrder; error?: string }> {
    try {
      const found = await broker.findOrder(_id, symbol);
      return found ? { found } : {};
    } catch (error) {
      this.#parts.log.warn(
        { order: _id, error: reasonOf(error) },
        'the broker could not be asked for an order',
      );
      return { error: `${broker.name} could not be asked: ${reasonOf(error)}` };
    }
  }

  #isProvenAbsent({ sentAt }: Order, { capabilities }: Broker): boolean {
    const certainAfter = capabilities.absenceIsFinalAfterSeconds;
    if (certainAfter === null || sentAt === null) return false;
    return this.#parts.clock.now().getTime() - Date.parse(sentAt) >= certainAfter * 1000;
  }

  /** The broker has proved that it never got the order: the same order under the same id, if it is still wanted. */
  async #sendAgain(order: Order, broker: Broker, stop: AbortSignal): Promise<Order> {
    if (order.sends >= mostSends) {
      const reason = `${broker.name} did not take the order in ${order.sends} attempts: ${order.reason ?? 'no reason was given'}`;
      return this.#close(order, 'rejected', reason);
    }
    await this.#waits.sleep(order._id, lookupPausesMs[order.sends] ?? 0, stop);
    const waited = await this.#untilReady(await this.#reload(order._id), broker, stop);
    if (waited.cancelledBy !== null) return this.#close(waited, 'cancelled', cancelledBefore(waited));
    const ended = await this.#preparation.heldBack(waited, broker);
    if (ended) return this.#close(waited, ended.state, ended.reason);
    this.#parts.log.info(
      { order: order._id },
      'the broker never got the order: it is sent again under its id',
    );
    const sending = await this.#reserve(waited, waited);
    return sending ? this.#send(sending, broker, stop) : this.#reload(waited._id);
  }

  /**
   * Follows an order: one with a time of its own to its end, for which it is cancelled when that time is over; a market
   * order to its end, which is near, save where it waits for an auction. Another one rests at the broker, whose reports lead on,
   * and so does one that a person places by hand.
   */
  async #follow(order: Order, stop: AbortSignal): Promise<Order> {
    let current = order;
    let waitedMs = 0;
    for (let looks = 0; ; looks++) {
      if (isFinal(current.state)) return current;
      current = await this.#look(current);
      if (isFinal(current.state)) return current;
      if (current.cancelledBy !== null) return this.#cancelAtBroker(current, stop);
      const ms = lookupPausesMs[looks];
      const { openForSeconds, resting, terms } = current;
      if (resting) return current;
      if (this.#broker(current.broker).byHand) {
        const isTimeOver = openForSeconds !== null && this.#msSince(current.sentAt) >= openForSeconds * 1000;
        return isTimeOver ? this.#cancelAtBroker(current, stop) : current;
      }
      let pauseMs = ms ?? 0;
      if (openForSeconds !== null) {
        const openMs = Math.max(this.#msSince(current.sentAt), waitedMs);
        if (openMs >= openForSeconds * 1000) return this.#cancelAtBroker(current, stop);
        pauseMs = Math.min(ms ?? longestPauseMs, longestPauseMs, openForSeconds * 1000 - openMs);
      } else if (terms.type !== 'market' || terms.auction !== undefined || ms === undefined) {
        return current;
      }
      if (terms.type !== 'market' || looks >= looksAtMarket) this.#rests.get(order._id)?.();
      await this.#waits.sleep(order._id, pauseMs, stop);
      waitedMs += pauseMs;
      current = await this.#reload(order._id);
    }
  }

  #msSince(at: string | null): number {
    return at === null ? 0 : this.#parts.clock.now().getTime() - Date.parse(at);
  }

  /** What the broker says of the order now; unchanged when it says nothing. */
  async #look(order: Order): Promise<Order> {
    const { found } = await this.#ask(this.#broker(order.broker), order);
    return found ? this.#recordFound(order, found) : order;
  }

  /**
   * Cancels, and asks what became of the order until that is certain, or the broker has been asked often enough. A person
   * who is to cancel it by hand says so when it is done.
   */
  async #cancelAtBroker(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    let current = order;
    for (const ms of broker.byHand ? [0] : [...lookupPausesMs, 0]) {
      const outcome = await this.#askToCancel(broker, current);
      if (outcome.outcome === 'unknown') {
        this.#parts.log.warn({ order: order._id, reason: outcome.reason }, 'a cancellation got no answer');
      }
      current = await this.#look(current);
      if (isFinal(current.state)) return current;
      if (ms > 0) await this.#sleep(ms, stop);
    }
    return current;
  }

  async #askToCancel(broker: Broker, { _id, symbol }: Order): Promise<CancelOutcome> {
    try {
      return await broker.cancel(_id, symbol);
    } catch (error) {
      // An adapter must not throw. When one does, the order may well be cancelled.
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  #recordFound(order: Order, found: BrokerOrder): Promise<Order> {
    const { state, reason: said, brokerOrderId, fills, quantity } = found;
    const reason = said ?? (state === 'cancelled' ? whyCancelled(order) : null);
    const isSmaller = order.entry !== undefined && decimal(quantity).lt(decimal(order.quantity));
    return this.#record(order, newsOf(state), fills, {
      brokerOrderId,
      ...(reason && { reason }),
      ...(isSmaller && { quantity }),
    });
  }

  /** Books the fills, then writes what they and the news make of the order. */
  async #record(
    order: Order,
    news: OrderNews,
    fills: readonly BrokerFill[],
    more: { readonly brokerOrderId?: string; readonly reason?: string; readonly quantity?: string } = {},
  ): Promise<Order> {
    for (const fill of fills) await this.#book(order, fill);
    let current = order;
    for (;;) {
      const filled = (await this.fillsOf(order._id)).reduce(
        (sum, { quantity }) => sum.plus(decimal(quantity)),
        zero,
      );
      const quantity = decimal(more.quantity ?? current.quantity);
      if (filled.gt(quantity)) {
        this.#parts.log.error(
          { order: order._id, quantity: current.quantity, filled: decimalText(filled) },
          'the broker filled more than was ordered',
        );
      }
      const state = stateAfter(current.state, news, { quantity, filled });
      const changed = await this.#change(current, state, { filled: decimalText(filled), ...more });
      if (changed) {
        await this.#tellEnd(changed);
        if (changed.state !== current.state) this.#exitSoon(changed);
        return changed;
      }
      current = await this.#reload(order._id);
    }
  }

  /** Stores a fill under the broker's id, and posts what is stored: a fill that comes again changes neither. */
  async #book(order: Order, fill: BrokerFill): Promise<void> {
    const { wallet, asset, quantity, price, currency, fee, feeCurrency } = fill;
    const reported: Fill = {
      _id: `fill:${order.broker}:${fill.id}`,
      order: order._id,
      book: order.book,
      broker: order.broker,
      wallet,
      symbol: order.symbol,
      asset,
      side: order.side,
      quantity,
      price,
      currency,
      fee,
      feeCurrency,
      at: fill.at.toISOString(),
    };
    const { _id: cause, order: _, at: __, ...booked } = await this.#firstReport(reported);
    const { operation } = order;
    await this.#parts.books.postFill({ cause, ...booked, ...(operation !== null && { operation }) });
  }

  async #firstReport(reported: Fill): Promise<Fill> {
    try {
      await this.#fills.insert(reported);
      return reported;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return (await this.#fills.get(reported._id)) ?? reported;
    }
  }

  /** Tells what came of an order that rested, once; one of which nothing was filled is nobody's news. */
  async #tellEnd(order: Order): Promise<void> {
    if (order.told || !isFinal(order.state)) return;
    if (decimal(order.filled).gt(zero)) {
      const { cash, equity, currency } = await this.#parts.books.show(order.book);
      const fills = (await this.fillsOf(order._id)).map(toldFill);
      const { _id, book, broker: account } = order;
      await this.#parts.outbox.publish(
        { type: 'order.filled', order: _id, book, account, fills, capital: { cash, equity, currency } },
        `order.filled:${_id}`,
      );
    }
    await this.#orders.update(order._id, { told: false }, { told: true });
  }

  async #close(order: Order, state: 'rejected' | 'cancelled' | 'expired', reason: string): Promise<Order> {
    const closed = await this.#change(order, state, { reason });
    if (!closed) return this.#reload(order._id);
    await this.#tellEnd(closed);
    this.#exitSoon(closed);
    return closed;
  }

  /** Compare-and-set; `undefined` when the order was changed by someone else meanwhile. */
  #change(order: Order, state: OrderState, changes: Partial<Omit<Order, '_id'>>): Promise<Order | undefined> {
    if (state !== order.state && !transitions[order.state].includes(state)) {
      throw new Error(`the order ${order._id} cannot go from ${order.state} to ${state}`);
    }
    return this.#orders.update(
      order._id,
      { state: order.state, sends: order.sends, filled: order.filled },
      { ...changes, state, updatedAt: stamp(this.#parts.clock) },
    );
  }

  async #reload(id: string): Promise<Order> {
    const order = await this.#orders.get(id);
    if (!order) throw new Error(`the order ${id} has vanished from the store`);
    return order;
  }

  /** Ready, and compared with the books since it is. */
  #isOpen(broker: Broker): boolean {
    return broker.status().state === 'ready' && (this.#parts.isCompared?.(broker.name) ?? true);
  }

  #broker(name: string): Broker {
    const broker = this.#parts.brokers.get(name);
    if (broker) return broker;
    throw new UserError(
      `There is no broker "${name}". Brokers: ${[...this.#parts.brokers.keys()].join(', ')}.`,
    );
  }

  #onFill(broker: Broker, fill: BrokerFill): Promise<void> {
    if (fill.clientOrderId !== null) this.#waits.wake(fill.clientOrderId);
    return this.takeIn(broker.name, fill);
  }

  /** Books a fill that a broker reported, if it is one of ours; a fill that is known already changes nothing. */
  async takeIn(broker: string, fill: BrokerFill): Promise<void> {
    const id = fill.clientOrderId;
    if (id === null) return; // not an order of ours: the reconciliation compares positions
    await this.#lanes.run(id, async () => {
      const order = await this.#orders.get(id);
      if (!order || order.broker !== broker) return;
      if (isFinal(order.state) && (await this.#fills.get(`fill:${broker}:${fill.id}`))) return;
      await this.#record(order, 'filled', [fill]);
    });
  }

  async #onOrder(reported: BrokerOrder): Promise<void> {
    this.#waits.wake(reported.clientOrderId);
    await this.#lanes.run(reported.clientOrderId, async () => {
      const order = await this.#orders.get(reported.clientOrderId);
      if (order && !isFinal(order.state)) await this.#recordFound(order, reported);
    });
  }

  async #onStatus(broker: Broker, { state, why }: BrokerStatus): Promise<void> {
    const { outbox } = this.#parts;
    const { name } = broker;
    if (state === 'down' || state === 'needs-login') {
      this.#toldAway.add(name);
      const type = state === 'down' ? 'broker.down' : 'broker.login';
      const waiting = await this.#orders.count({ broker: name, state: 'intended' });
      await outbox.publish({ type, broker: name, reason: why ?? `it is ${state}`, waiting });
    }
    if (state !== 'ready') return;
    if (this.#toldAway.delete(name)) await outbox.publish({ type: 'broker.back', broker: name });
    await this.resume(name);
  }

  #inBackground(work: () => Promise<void>): void {
    const running = work().catch((error) => {
      if (error instanceof Interrupted) return;
      this.#parts.log.error({ error: reasonOf(error) }, 'a report of a broker could not be taken in');
    });
    this.#background.add(running);
    void running.then(() => this.#background.delete(running));
  }
}

const endOfEntry = 'the end of its entry';

/** Its broker has it. */
function isKnown(state: OrderState): boolean {
  return state === 'working' || state === 'partly_filled';
}

/** Nothing was opened that an exit could end. */
function endedUnfilled({ state, filled }: Order): boolean {
  return isFinal(state) && decimal(filled).lte(zero);
}

function newsOf(state: BrokerOrder['state']): OrderNews {
  switch (state) {
    case 'working':
    case 'partly_filled':
    case 'filled':
      // How much is filled is counted from the fills: a broker may say "filled" before it shows the last of them.
      return 'accepted';
    case 'rejected':
    case 'cancelled':
    case 'expired':
      return state;
    default:
      return state satisfies never;
  }
}

function cancelledBefore({ cancelledBy }: Order): string {
  return `cancelled by ${cancelledBy ?? 'nobody'} before it was sent`;
}

function whyCancelled({ cancelledBy, openForSeconds }: Order): string | null {
  if (cancelledBy !== null) return `cancelled by ${cancelledBy}`;
  return openForSeconds === null ? null : `not filled within ${openForSeconds} s`;
}

/** A fill as it is told. */
export function toldFill({ _id, symbol, side, quantity, price, fee, feeCurrency, currency }: Fill): ToldFill {
  return { id: _id, symbol, side, quantity, price, fee, feeCurrency, currency };
}
