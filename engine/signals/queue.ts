/**
 * The queue: a book's signals one at a time, in the order of their arrival; books side by side.
 *
 * What was decided is stored before it is carried out, and how it ended before it is told. So after a crash each signal
 * goes on where it was: the executor's keys keep its orders from being sent twice, the outbox's keep its end from being
 * told twice.
 */
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { DeskEvent, Outbox, ToldFill } from '../events.ts';
import type { Executor } from '../execution/executor.ts';
import type { OrderStep } from '../execution/operation.ts';
import type { Fill, Order } from '../execution/order.ts';
import type { Sleep } from '../execution/patience.ts';
import { growingPauses, Interrupted, systemSleep } from '../execution/patience.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { decimal, zero } from '../money.ts';
import type { Collection, Store } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import type { BookView, Decision, MarketView, SymbolView } from './handler.ts';
import type { Inbox } from './inbox.ts';
import type { Signal, SignalEnd } from './signal.ts';
import { signalCollection } from './signal.ts';

export interface QueueParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  readonly inbox: Inbox;
  readonly sleep?: Sleep;
}

/** Pauses between attempts to get a price before a decision is made without one. */
const pricePausesMs = [250, 500, 1000];

/** How a signal ended, before it is written down. */
interface Ending {
  readonly state: SignalEnd;
  readonly reason: string | null;
}

export class Queue {
  readonly #parts: QueueParts;
  readonly #signals: Collection<Signal>;
  readonly #sleep: Sleep;
  readonly #lanes = new Lanes();
  /** Those that stand in a lane. */
  readonly #waiting = new Set<string>();
  readonly #stopping = new AbortController();
  #stopListening: () => void = () => undefined;

  private constructor(parts: QueueParts, signals: Collection<Signal>) {
    this.#parts = parts;
    this.#signals = signals;
    this.#sleep = parts.sleep ?? systemSleep;
  }

  static async open(parts: QueueParts): Promise<Queue> {
    return new Queue(parts, await parts.store.collection(signalCollection));
  }

  /** Takes up what an earlier process left, then whatever comes in. Comes after the executor was started. */
  async start(): Promise<void> {
    for (const signal of await this.#signals.find({ told: false, state: { in: ends } }))
      await this.#tell(signal);
    const inOrder = [
      ['receivedAt', 'ascending'],
      ['arrival', 'ascending'],
    ] as const;
    const left = await this.#signals.find({ state: { in: ['received', 'working'] } }, { sort: inOrder });
    for (const signal of left) await this.#parts.inbox.announce(signal);
    for (const signal of left) this.#enqueue(signal);
    this.#stopListening = this.#parts.inbox.onReceived((signal) => this.#enqueue(signal));
  }

  /** Finishes what is in hand, save for waiting: that goes on at the next start, as does what stands in the queue. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#stopping.abort(new Interrupted());
    await this.#lanes.idle();
  }

  /** Signals that have not ended. */
  countOpen(): Promise<number> {
    return this.#signals.count({ state: { in: ['received', 'working'] } });
  }

  /** Resolves when nothing is waiting and nothing in hand. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  #enqueue({ _id, book }: Signal): void {
    if (this.#waiting.has(_id)) return;
    this.#waiting.add(_id);
    void this.#lanes.run(book, async () => {
      await this.#finish(_id);
      this.#waiting.delete(_id);
    });
  }

  /** Works until the signal has ended. A store that is away holds the book up, rather than losing the signal. */
  async #finish(id: string): Promise<void> {
    for (const ms of growingPauses(500, 30_000)) {
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#work(id);
        return;
      } catch (error) {
        if (error instanceof Interrupted) return;
        const fields = { signal: id, error: reasonOf(error) };
        if (error instanceof StoreError)
          this.#parts.log.error(fields, 'the store failed a signal; it is tried again');
        else if (await this.#failed(id, error)) return;
      }
      await this.#sleep(ms, this.#stopping.signal).catch(() => undefined); // stopping is seen at the loop's head
    }
  }

  /** A fault of ours ends the signal, and chat hears of it. `false` when even that could not be written down. */
  async #failed(id: string, error: unknown): Promise<boolean> {
    this.#parts.log.error({ signal: id, error: reasonOf(error), stack: stackOf(error) }, 'a signal failed');
    const reason = error instanceof UserError ? error.message : `A fault of the desk: ${reasonOf(error)}`;
    try {
      const signal = await this.#signals.get(id);
      if (signal) await this.#end(signal, { state: 'failed', reason }, []);
      return true;
    } catch (again) {
      this.#parts.log.error(
        { signal: id, error: reasonOf(again) },
        'the failure of a signal could not be stored',
      );
      return false;
    }
  }

  async #work(id: string): Promise<void> {
    let signal = await this.#signals.get(id);
    if (!signal) throw new Error(`the signal ${id} has vanished from the store`);
    if (signal.state === 'received') {
      const decided = await this.#decide(signal);
      if ('state' in decided) return this.#end(signal, decided, []);
      signal = await this.#signals.update(
        id,
        { state: 'received' },
        { state: 'working', steps: decided.steps, purpose: decided.purpose },
      );
      if (!signal) return this.#work(id); // another process on this store was first
    }
    if (signal.state !== 'working') return this.#tell(signal);
    const orders: Order[] = [];
    for (const step of signal.steps ?? []) {
      if (step.kind !== 'order') throw new Error(`a step of the kind ${step.kind} cannot be carried out`);
      const order = await this.#carryOut(signal, step);
      orders.push(order);
      if (order.state !== 'filled') break;
    }
    return this.#end(signal, endingOf(orders), orders);
  }

  /** The steps, or the end of a signal that leads to none. */
  async #decide(signal: Signal): Promise<Extract<Decision, { readonly steps: unknown }> | Ending> {
    const { books, inbox } = this.#parts;
    const read = inbox.read(signal.book, signal.payload);
    const settings = books.settings(signal.book);
    const market = await this.#market(settings.broker, read.symbols);
    const decision: Decision = read.decide(await this.#view(signal.book), market);
    if ('refused' in decision) return { state: 'refused', reason: decision.refused };
    if ('again' in decision) return { state: 'refused', reason: decision.again };
    const { purpose } = decision;
    {
      const refusal = await books.refusal(signal.book, purpose);
      if (refusal !== undefined) return { state: 'refused', reason: refusal };
      const ageMs = this.#parts.clock.now().getTime() - Date.parse(signal.receivedAt);
      if (purpose === 'entry' && ageMs > settings.staleAfterSeconds * 1000) {
        const age = `${Math.round(ageMs / 1000)} s old when its turn came`;
        return {
          state: 'expired',
          reason: `The entry was ${age}; the book allows ${settings.staleAfterSeconds} s.`,
        };
      }
    }
    return decision;
  }

  async #view(name: string): Promise<BookView> {
    const { books } = this.#parts;
    const { home, wallet = home, minimumEntry, maximumLossPercent } = books.settings(name);
    const { currency, cash, equity, deposited, realised, fees, positions } = await books.show(name);
    return {
      name,
      currency,
      cash: decimal(cash),
      equity: decimal(equity),
      free: decimal(cash),
      capital: decimal(deposited).plus(decimal(realised)).minus(decimal(fees)),
      available: decimal(cash),
      minimumEntry: decimal(minimumEntry),
      maximumLossPercent: maximumLossPercent === undefined ? null : decimal(maximumLossPercent),
      home,
      wallet,
      positions: new Map(positions.map(({ symbol, quantity }) => [symbol, decimal(quantity)])),
      debts: new Map(),
      averagePrices: new Map(positions.map(({ symbol, averageCost }) => [symbol, decimal(averageCost)])),
      entries: new Map(),
    };
  }

  async #market(brokerName: string, symbols: readonly string[]): Promise<MarketView> {
    const broker = this.#parts.brokers.get(brokerName);
    const views = symbols.map(async (symbol): Promise<[string, SymbolView]> => {
      if (!broker) return [symbol, { why: `There is no broker "${brokerName}".` }];
      return [symbol, await this.#symbol(broker, symbol)];
    });
    return new Map(await Promise.all(views));
  }

  async #symbol(broker: Broker, symbol: string): Promise<SymbolView> {
    let why = '';
    for (const ms of [...pricePausesMs, 0]) {
      try {
        const [instrument, quote] = await Promise.all([broker.resolve(symbol), broker.quote(symbol)]);
        return { instrument, quote };
      } catch (error) {
        why = `There is no price for ${symbol}: ${reasonOf(error)}`;
        if (error instanceof UserError) break; // it will not be there a second later either
      }
      if (ms > 0) await this.#sleep(ms, this.#stopping.signal);
    }
    return { why };
  }

  #carryOut({ _id, book, receivedAt, purpose }: Signal, step: OrderStep): Promise<Order> {
    const { leg, symbol, side, quantity: amount, budget } = step;
    if (amount.is !== 'fixed') throw new Error(`an order of what is ${amount.is} cannot be carried out`);
    const quantity = amount.amount;
    return this.#parts.executor.execute(
      {
        key: { source: `signal:${_id}`, book, leg, sequence: 1 },
        symbol,
        side,
        quantity,
        ...(budget !== undefined && { budget }),
        terms: { type: 'market' },
        purpose: purpose ?? 'exit',
        askedAt: receivedAt,
      },
      this.#stopping.signal,
    );
  }

  /** Stores how it ended, then tells it. */
  async #end(signal: Signal, { state, reason }: Ending, orders: readonly Order[]): Promise<void> {
    const outcome = await this.#outcome(signal, { state, reason }, orders);
    const ended = await this.#signals.update(
      signal._id,
      { state: signal.state },
      { state, reason, outcome, endedAt: stamp(this.#parts.clock) },
    );
    if (ended) await this.#tell(ended);
    else await this.#work(signal._id);
  }

  async #outcome(signal: Signal, { state, reason }: Ending, orders: readonly Order[]): Promise<DeskEvent> {
    const { _id, book, summary } = signal;
    const about = { signal: _id, book, summary };
    switch (state) {
      case 'done': {
        const { broker, cash, equity, currency } = await this.#parts.books.show(book);
        const fills = await Promise.all(orders.map((order) => this.#parts.executor.fillsOf(order._id)));
        return {
          type: 'signal.done',
          ...about,
          summary: reason === null ? summary : `${summary} (${reason})`,
          account: broker,
          fills: fills.flat().map(toldFill),
          capital: { cash, equity, currency },
        };
      }
      case 'refused':
      case 'expired':
        return { type: 'signal.refused', ...about, reason: reason ?? state };
      case 'failed':
        return { type: 'signal.failed', ...about, reason: reason ?? state };
      default:
        return state satisfies never;
    }
  }

  async #tell({ _id, outcome, told }: Signal): Promise<void> {
    if (told || !outcome) return;
    await this.#parts.outbox.publish(outcome, `signal.ended:${_id}`);
    await this.#signals.update(_id, { told: false }, { told: true });
  }
}

const ends: readonly SignalEnd[] = ['done', 'refused', 'expired', 'failed'];

/** The end of a signal whose orders went this far; the last one is where it stopped. */
function endingOf(orders: readonly Order[]): Ending {
  const last = orders.at(-1);
  if (!last || last.state === 'filled') return { state: 'done', reason: null };
  const { _id, broker, state, quantity, filled, symbol, reason } = last;
  const why = reason ?? 'no reason was given';
  const traded = orders.some((order) => decimal(order.filled).gt(zero));
  switch (state) {
    case 'rejected':
      return { state: 'failed', reason: traded ? `A later order was rejected: ${why}` : why };
    case 'cancelled':
    case 'expired':
      if (traded) return { state: 'done', reason: `${filled} of ${quantity} ${symbol} were filled: ${why}` };
      return { state: state === 'expired' ? 'expired' : 'failed', reason: why };
    case 'unknown':
      return {
        state: 'failed',
        reason: `It is not known whether ${broker} has the order ${_id}: ${why}. Look there before the book trades on.`,
      };
    case 'intended':
    case 'sending':
    case 'working':
    case 'partly_filled':
      return {
        state: 'failed',
        reason: `The order ${_id} is still ${state} at ${broker}: ${filled} of ${quantity} ${symbol} are filled, the rest is booked when it comes.`,
      };
    default:
      return state satisfies never;
  }
}

function toldFill({ symbol, side, quantity, price, fee, feeCurrency, currency }: Fill): ToldFill {
  return { symbol, side, quantity, price, fee, feeCurrency, currency };
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
