/**
 * The executor: turns an intent into at most one order at a broker, whatever fails on the way.
 *
 * Everything is stored before it is done. An order is `sending` before the broker is called; when the reply is lost, or
 * the process dies, the broker is asked for our id, and only when it has proved that it never got the order is the order
 * sent again. An order becomes `filled` only after all its fills are in the ledger, so whatever is not final is simply
 * looked at again, and every step can be repeated.
 */
import type { Books } from '../bank/books.ts';
import type { Broker, BrokerFill, BrokerOrder, BrokerStatus } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store } from '../store/store.ts';
import { DuplicateKeyError, StoreError } from '../store/store.ts';
import { checkOrder } from './checks.ts';
import type { Fill, Intent, Order } from './order.ts';
import { clientOrderId, fillCollection, orderCollection } from './order.ts';
import type { Sleep } from './patience.ts';
import { growingPauses, Interrupted, systemSleep } from './patience.ts';
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
}

/** Pauses between the questions that are put to a broker about one order: 13 s in all. */
const lookupPausesMs = [200, 400, 800, 1600, 3200, 6400];

/** More than this and something is wrong that a further try does not mend. */
const mostSends = 3;

export class Executor {
  readonly #parts: ExecutorParts;
  readonly #orders: Collection<Order>;
  readonly #fills: Collection<Fill>;
  readonly #sleep: Sleep;
  /** One order is worked on by one at a time: its caller, a resumption, an event of the broker. */
  readonly #lanes = new Lanes();
  readonly #stopping = new AbortController();
  readonly #background = new Set<Promise<void>>();
  #unsubscribe: (() => void)[] = [];

  private constructor(parts: ExecutorParts, orders: Collection<Order>, fills: Collection<Fill>) {
    this.#parts = parts;
    this.#orders = orders;
    this.#fills = fills;
    this.#sleep = parts.sleep ?? systemSleep;
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
   * @throws UserError when there is no such book or broker
   * @throws Interrupted when `signal` was aborted or the executor stopped
   */
  execute(intent: Intent, signal?: AbortSignal): Promise<Order> {
    const id = clientOrderId(intent.key);
    const stop = signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
    return this.#lanes.run(id, async () => this.#advance(await this.#intend(id, intent), stop));
  }

  /** Takes up all orders that are not final and whose broker is ready. */
  async resume(broker?: string): Promise<void> {
    const open = await this.#orders.find(
      { state: { in: openStates }, ...(broker !== undefined && { broker }) },
      { sort: [['askedAt', 'ascending']] },
    );
    await Promise.all(open.map((order) => this.#lanes.run(order._id, () => this.#resumeOne(order._id))));
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

  /** Orders of which it is not known whether the broker has them. */
  countUnknown(): Promise<number> {
    return this.#orders.count({ state: 'unknown' });
  }

  /** The fills of one order, oldest first. */
  fillsOf(order: string): Promise<Fill[]> {
    return this.#fills.find({ order }, { sort: [['at', 'ascending']] });
  }

  /** Stores the intent, or finds what was stored before under its key. */
  async #intend(id: string, intent: Intent): Promise<Order> {
    const known = await this.#orders.get(id);
    if (known) return this.#sameIntent(known, intent);
    const { key, symbol, side, quantity, budget, terms, purpose, askedAt } = intent;
    const { broker } = this.#parts.books.settings(key.book);
    this.#broker(broker);
    const order: Order = {
      _id: id,
      key,
      book: key.book,
      broker,
      symbol,
      side,
      terms,
      purpose,
      requested: quantity,
      budget: budget ?? null,
      quantity,
      filled: '0',
      state: 'intended',
      reason: null,
      brokerOrderId: null,
      askedAt,
      sentAt: null,
      sends: 0,
      updatedAt: stamp(this.#parts.clock),
    };
    try {
      await this.#orders.insert(order);
      return order;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.#reload(id); // another process on this store was first
    }
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
        return this.#lookUp(order, stop);
      case 'working':
      case 'partly_filled':
        return this.#follow(order, stop);
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
    if (this.#parts.brokers.get(order.broker)?.status().state !== 'ready') return; // resumed when it is ready
    try {
      await this.#advance(order, this.#stopping.signal);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (error instanceof Interrupted) return;
      this.#parts.log.error({ order: id, error: reasonOf(error) }, 'an open order could not be resumed');
    }
  }

  async #sendFirst(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    await this.#untilReady(order, broker, stop);
    const prepared = await this.#prepare(order, broker, stop);
    if ('state' in prepared) return this.#close(order, prepared.state, prepared.reason);
    return this.#send(order, broker, prepared.quantity, stop);
  }

  /** Waits for the broker; an entry no longer than it stays fresh. */
  async #untilReady(order: Order, broker: Broker, stop: AbortSignal): Promise<void> {
    for (const ms of growingPauses(250, 5000)) {
      if (broker.status().state === 'ready' || this.#isStale(order)) return;
      stop.throwIfAborted();
      await this.#sleep(ms, stop);
    }
  }

  /** What is checked before anything is sent: the quantity as it goes out, or the end of the order. */
  async #prepare(
    order: Order,
    broker: Broker,
    stop: AbortSignal,
  ): Promise<{ quantity: string } | { state: 'rejected' | 'expired'; reason: string }> {
    const { books } = this.#parts;
    const refusal = this.#staleness(order) ?? (await this.#notAllowed(order));
    if (refusal) return refusal;
    const { instrument, quote, reason } = await this.#market(order, broker, stop);
    if (!instrument) return { state: 'rejected', reason };
    const { cash, positions } = await books.holdings(order.book);
    const book = books.settings(order.book);
    const checked = checkOrder({
      book,
      broker,
      instrument,
      quote,
      cash: cash.get(book.currency) ?? zero,
      held: positions.get(instrument.asset)?.quantity ?? zero,
      side: order.side,
      quantity: decimal(order.requested),
      budget: order.budget === null ? undefined : decimal(order.budget),
      terms: order.terms,
      purpose: order.purpose,
    });
    if ('refusal' in checked) return { state: 'rejected', reason: checked.refusal };
    return { quantity: decimalText(checked.quantity) };
  }

  async #notAllowed({ book, purpose }: Order): Promise<{ state: 'rejected'; reason: string } | undefined> {
    const reason = await this.#parts.books.refusal(book, purpose);
    return reason === undefined ? undefined : { state: 'rejected', reason };
  }

  #staleness(order: Order): { state: 'expired'; reason: string } | undefined {
    if (!this.#isStale(order)) return undefined;
    const { staleAfterSeconds } = this.#parts.books.settings(order.book);
    const why = this.#parts.brokers.get(order.broker)?.status();
    const away = why && why.state !== 'ready' ? ` ${order.broker} is ${why.state}: ${why.why ?? ''}` : '';
    return {
      state: 'expired',
      reason: `The entry waited longer than ${staleAfterSeconds} s.${away}`.trimEnd(),
    };
  }

  #isStale({ purpose, book, askedAt }: Order): boolean {
    if (purpose === 'exit') return false;
    const { staleAfterSeconds } = this.#parts.books.settings(book);
    return this.#parts.clock.now().getTime() - Date.parse(askedAt) > staleAfterSeconds * 1000;
  }

  /** The instrument's rules and price. Without a price an order may still go; without its rules it may not. */
  async #market(order: Order, broker: Broker, stop: AbortSignal) {
    let reason = '';
    for (const ms of [...lookupPausesMs, 0]) {
      try {
        const instrument = await broker.resolve(order.symbol);
        return { instrument, quote: await this.#quote(order, broker), reason };
      } catch (error) {
        reason = `${broker.name} gave no rules for ${order.symbol}: ${reasonOf(error)}`;
        if (error instanceof UserError) break;
        this.#parts.log.warn(
          { order: order._id, error: reasonOf(error) },
          'the instrument could not be resolved',
        );
      }
      if (ms > 0) await this.#sleep(ms, stop);
    }
    return { instrument: undefined, quote: undefined, reason };
  }

  async #quote(order: Order, broker: Broker) {
    try {
      return await broker.quote(order.symbol);
    } catch (error) {
      this.#parts.log.warn(
        { order: order._id, error: reasonOf(error) },
        'no quote for an order: sent unpriced',
      );
      return undefined;
    }
  }

  /** Stores that it is being sent, then sends it. */
  async #send(order: Order, broker: Broker, quantity: string, stop: AbortSignal): Promise<Order> {
    const now = stamp(this.#parts.clock);
    const sending = await this.#orders.update(
      order._id,
      { state: order.state, sends: order.sends },
      { state: 'sending', quantity, sentAt: now, sends: order.sends + 1, reason: null, updatedAt: now },
    );
    if (!sending) return this.#reload(order._id); // another process on this store has it in hand
    const { _id, symbol, side, terms } = sending;
    const outcome = await this.#submit(broker, { clientOrderId: _id, symbol, side, quantity, terms });
    switch (outcome.outcome) {
      case 'accepted': {
        const { brokerOrderId } = outcome;
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
    await this.#sleep(lookupPausesMs[order.sends] ?? 0, stop);
    await this.#untilReady(order, broker, stop);
    const ended = this.#staleness(order) ?? (await this.#notAllowed(order));
    if (ended) return this.#close(order, ended.state, ended.reason);
    this.#parts.log.info(
      { order: order._id },
      'the broker never got the order: it is sent again under its id',
    );
    return this.#send(order, broker, order.quantity, stop);
  }

  /** Follows a market order to its end, which is near. Another one rests at the broker, whose reports lead on. */
  async #follow(order: Order, stop: AbortSignal): Promise<Order> {
    const broker = this.#broker(order.broker);
    let current = order;
    for (const ms of [...lookupPausesMs, 0]) {
      if (isFinal(current.state)) return current;
      const { found } = await this.#ask(broker, current);
      if (found) current = await this.#recordFound(current, found);
      if (isFinal(current.state) || current.terms.type !== 'market') return current;
      if (ms > 0) await this.#sleep(ms, stop);
    }
    return current;
  }

  #recordFound(order: Order, { state, reason, brokerOrderId, fills }: BrokerOrder): Promise<Order> {
    return this.#record(order, newsOf(state), fills, { brokerOrderId, ...(reason && { reason }) });
  }

  /** Books the fills, then writes what they and the news make of the order. */
  async #record(
    order: Order,
    news: OrderNews,
    fills: readonly BrokerFill[],
    more: { readonly brokerOrderId?: string; readonly reason?: string } = {},
  ): Promise<Order> {
    for (const fill of fills) await this.#book(order, fill);
    let current = order;
    for (;;) {
      const filled = (await this.fillsOf(order._id)).reduce(
        (sum, { quantity }) => sum.plus(decimal(quantity)),
        zero,
      );
      const quantity = decimal(current.quantity);
      if (filled.gt(quantity)) {
        this.#parts.log.error(
          { order: order._id, quantity: current.quantity, filled: decimalText(filled) },
          'the broker filled more than was ordered',
        );
      }
      const state = stateAfter(current.state, news, { quantity, filled });
      const changed = await this.#change(current, state, { filled: decimalText(filled), ...more });
      if (changed) return changed;
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
    await this.#parts.books.postFill({ cause, ...booked });
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

  #close(order: Order, state: 'rejected' | 'expired', reason: string): Promise<Order> {
    return this.#change(order, state, { reason }).then((closed) => closed ?? this.#reload(order._id));
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

  #broker(name: string): Broker {
    const broker = this.#parts.brokers.get(name);
    if (broker) return broker;
    throw new UserError(
      `There is no broker "${name}". Brokers: ${[...this.#parts.brokers.keys()].join(', ')}.`,
    );
  }

  async #onFill(broker: Broker, fill: BrokerFill): Promise<void> {
    const id = fill.clientOrderId;
    if (id === null) return; // not an order of ours: the reconciliation compares positions
    await this.#lanes.run(id, async () => {
      const order = await this.#orders.get(id);
      if (!order || order.broker !== broker.name) return;
      if (
        await this.#fills.get(`fill:${broker.name}:${fill.id}`).then((known) => known && isFinal(order.state))
      )
        return;
      await this.#record(order, 'filled', [fill]);
    });
  }

  async #onOrder(reported: BrokerOrder): Promise<void> {
    await this.#lanes.run(reported.clientOrderId, async () => {
      const order = await this.#orders.get(reported.clientOrderId);
      if (order && !isFinal(order.state)) await this.#recordFound(order, reported);
    });
  }

  async #onStatus(broker: Broker, { state, why }: BrokerStatus): Promise<void> {
    if (state === 'ready') await this.resume(broker.name);
    if (state === 'down' || state === 'needs-login') {
      const reason = why ?? `it is ${state}`;
      await this.#parts.outbox.publish({ type: 'broker.down', broker: broker.name, reason });
    }
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
