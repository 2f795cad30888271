/**
 * The queue: a book's signals one at a time, in the order of their arrival; books side by side.
 *
 * What was decided is stored before it is carried out, and how it ended before it is told. So after a crash each signal
 * goes on where it was: its operation is known by the signal's id, and the outbox's keys keep its end from being told
 * twice.
 *
 * A signal whose operation is stuck stays in hand, but not in the way: the next ones of the book get their turn. An exit is
 * then carried out on what the book really holds. An entry is refused: nobody opens a risk in a book that cannot close one.
 * And whatever the handler would not act on waits for the end of what is stuck, because that may be what it lacks: an exit
 * that finds nothing to leave, while it is not known whether the entry was filled. One that waits for what a person does by
 * hand, or for the price of its order, is not in the way either; entries go on beside it.
 */
import type { Books } from '../bank/books.ts';
import { amountIn } from '../bank/sums.ts';
import type { Broker } from '../brokers/broker.ts';
import { SeveralContracts } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { DeskEvent, Outbox } from '../events.ts';
import { toldFill } from '../execution/executor.ts';
import type { Operation } from '../execution/operation.ts';
import { isOver } from '../execution/operation.ts';
import type { Operations } from '../execution/operations.ts';
import type { Sleep } from '../execution/patience.ts';
import { growingPauses, Interrupted, systemSleep } from '../execution/patience.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { decimal, notNegative, zero } from '../money.ts';
import type { Collection, Store } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import type { BookView, Decision, MarketView, ReadSignal, SymbolView } from './handler.ts';
import type { Inbox } from './inbox.ts';
import type { Signal, SignalEnd } from './signal.ts';
import { operationOf, signalCollection } from './signal.ts';

export interface QueueParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly operations: Operations;
  readonly inbox: Inbox;
  readonly sleep?: Sleep;
}

/** Pauses between attempts to get a price before a decision is made without one. */
const pricePausesMs = [250, 500, 1000];

/** How often a signal is decided anew that comes too early. */
const mostAgain = 3;

/** Between two looks whether a person has said which contract a symbol means. */
const choiceSeconds = 2;

/** When a signal that cannot go on now gets another turn, behind those that came meanwhile. */
type Later =
  | { readonly afterSeconds: number }
  /** It is stuck, or a person has it in hand, or an order of it rests at the broker. */
  | { readonly afterOperation: string; readonly rests?: true };

type Decided = Extract<Decision, { readonly steps: unknown }>;

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
  /** Those that stand in a lane, or wait to stand in one again. */
  readonly #waiting = new Set<string>();
  /** How often a signal was put off because it came too early. */
  readonly #again = new Map<string, number>();
  readonly #pauses = new Set<Promise<unknown>>();
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
    for (const signal of await this.#signals.find({ state: 'waiting' })) await this.#askAgain(signal);
    await this.expireApprovals();
    const left = await this.#signals.find({ state: { in: ['received', 'working'] } }, { sort: inOrder });
    for (const signal of left) await this.#parts.inbox.announce(signal);
    for (const signal of left) this.#enqueue(signal);
    this.#stopListening = this.#parts.inbox.onReceived((signal) => this.#enqueue(signal));
  }

  /** Finishes what is in hand, save for waiting: that goes on at the next start, as does what stands in the queue. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#stopping.abort(new Interrupted());
    await this.idle();
  }

  /**
   * What would be decided now of what was read, by the book's handler or another one, by what the book and the market are at
   * this moment. Nothing is done.
   * @throws UserError when there is no such book
   */
  async decide(book: string, read: ReadSignal): Promise<Decision> {
    const market = await this.#market(this.#parts.books.settings(book).broker, read.symbols);
    return read.decide(await this.#view(book), market);
  }

  /** Signals that have not ended, of these books or of all. */
  countOpen(books?: readonly string[]): Promise<number> {
    return this.#signals.count({
      state: { in: ['received', 'waiting', 'working'] },
      ...(books && { book: { in: books } }),
    });
  }

  /**
   * Acts on a signal that waits for approval, or drops it, as a person said. An approved one is decided anew, at the
   * prices of this moment.
   * @throws UserError when there is no such signal, or it does not wait any more
   */
  async answer(id: string, answer: 'approved' | 'declined', by: string): Promise<Signal> {
    await this.expireApprovals();
    const signal = await this.#signals.get(id);
    if (!signal) throw new UserError(`There is no signal "${id}".`);
    const { state, approval } = signal;
    if (state !== 'waiting' || approval === null) {
      const said = approval?.by ? ` ${approval.by} has ${approval.answer} it.` : '';
      throw new UserError(`That signal does not wait for approval: it is ${state}.${said}`);
    }
    const { approvals, book } = signal;
    const agreed = approval.agreed ?? [];
    const isFirstOfTwo =
      answer === 'approved' && agreed.length + 1 < this.#parts.books.settings(book).approvePersons;
    if (answer === 'approved' && agreed.includes(by)) {
      throw new UserError(`${by} has approved it already: somebody else must, too.`);
    }
    const together = answer === 'approved' ? [...agreed, by] : agreed;
    const answered = isFirstOfTwo
      ? { ...approval, agreed: together }
      : { ...approval, agreed: together, answer, by, answeredAt: stamp(this.#parts.clock) };
    const changed = await this.#signals.update(
      id,
      { state: 'waiting', approvals: approvals === undefined ? { exists: false } : approvals },
      {
        approval: answered,
        approvals: together.length,
        ...(answer === 'approved' && !isFirstOfTwo && { state: 'received' as const }),
      },
    );
    if (!changed) return this.answer(id, answer, by); // somebody else has answered meanwhile
    if (isFirstOfTwo) await this.#askAgain(changed);
    else if (answer === 'approved') this.#enqueue(changed);
    else await this.#end(changed, { state: 'refused', reason: `${by} did not approve it.` }, []);
    return (await this.#signals.get(id)) ?? changed;
  }

  /** Ends what nobody has approved in time. */
  async expireApprovals(): Promise<void> {
    const { books, clock } = this.#parts;
    for (const signal of await this.#signals.find({ state: 'waiting' })) {
      const { approveWithinSeconds } = books.settings(signal.book);
      const askedAt = Date.parse(signal.approval?.askedAt ?? signal.receivedAt);
      if (clock.now().getTime() - askedAt < approveWithinSeconds * 1000) continue;
      const reason = `Nobody approved it within ${approveWithinSeconds} s.`;
      await this.#end(signal, { state: 'expired', reason }, []);
    }
  }

  /** Resolves when nothing is waiting and nothing in hand, save for what waits for an operation that is stuck. */
  async idle(): Promise<void> {
    do {
      await this.#lanes.idle();
      await Promise.all(this.#pauses);
    } while (this.#pauses.size > 0);
    await this.#lanes.idle();
  }

  #enqueue(signal: Signal): void {
    if (this.#waiting.has(signal._id)) return;
    this.#waiting.add(signal._id);
    this.#stand(signal);
  }

  #stand(signal: Signal): void {
    void this.#lanes.run(signal.book, async () => {
      const later = await this.#finish(signal._id);
      if (later) this.#putOff(signal, later);
      else this.#waiting.delete(signal._id);
    });
  }

  /** Out of the lane, so that others go on; and into it again, behind them. */
  #putOff(signal: Signal, later: Later): void {
    if ('afterOperation' in later) {
      const over = this.#untilOver(later.afterOperation).then(
        () => this.#stand(signal),
        () => this.#waiting.delete(signal._id), // the desk stops: taken up at the next start
      );
      if (later.rests) this.#pauseFor(unlessAborted(over, this.#stopping.signal));
      return;
    }
    const pause = this.#sleep(later.afterSeconds * 1000, this.#stopping.signal).then(
      () => this.#stand(signal),
      () => undefined, // the desk stops
    );
    this.#pauseFor(pause);
  }

  #pauseFor(pause: Promise<unknown>): void {
    this.#pauses.add(pause);
    void pause.then(() => this.#pauses.delete(pause));
  }

  /** @throws Interrupted; a store that is away is asked again */
  async #untilOver(operation: string): Promise<void> {
    for (const ms of growingPauses(500, 30_000)) {
      try {
        await this.#parts.operations.end(operation);
        return;
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        this.#parts.log.error(
          { operation, error: reasonOf(error) },
          'the end of an operation is not known yet',
        );
      }
      await this.#sleep(ms, this.#stopping.signal);
    }
  }

  /**
   * Works until the signal has ended, or must let others go first. A store that is away holds the book up, rather than
   * losing the signal.
   */
  async #finish(id: string): Promise<Later | undefined> {
    for (const ms of growingPauses(500, 30_000)) {
      if (this.#stopping.signal.aborted) return undefined;
      try {
        return await this.#work(id);
      } catch (error) {
        if (error instanceof Interrupted) return undefined;
        const fields = { signal: id, error: reasonOf(error) };
        if (error instanceof StoreError)
          this.#parts.log.error(fields, 'the store failed a signal; it is tried again');
        else if (await this.#failed(id, error)) return undefined;
      }
      await this.#sleep(ms, this.#stopping.signal).catch(() => undefined); // stopping is seen at the loop's head
    }
    return undefined;
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

  async #work(id: string): Promise<Later | undefined> {
    const signal = await this.#signals.get(id);
    if (!signal) throw new Error(`the signal ${id} has vanished from the store`);
    if (signal.state === 'received') {
      const decided = await this.#decide(signal);
      if ('afterSeconds' in decided || 'afterOperation' in decided) return decided;
      if ('state' in decided) return this.#end(signal, decided, []);
      if (this.#needsApproval(signal, decided)) return this.#ask(signal);
      const working = await this.#signals.update(
        id,
        { state: 'received' },
        { state: 'working', ...whatIsDecided(decided) },
      );
      return working ? this.#carryOut(working) : this.#work(id); // another process on this store was first
    }
    if (signal.state === 'working') return this.#carryOut(signal);
    await this.#tell(signal);
    return undefined;
  }

  #needsApproval({ book, approval }: Signal, { purpose, notional }: Decided): boolean {
    const { approveAbove } = this.#parts.books.settings(book);
    if (purpose === 'exit' || approveAbove === undefined || approval?.answer === 'approved') return false;
    return decimal(approveAbove).eq(zero) || notional.gt(decimal(approveAbove));
  }

  /** Out of the queue until a person has answered. */
  async #ask(signal: Signal): Promise<undefined> {
    const approval = { askedAt: stamp(this.#parts.clock), answer: null, by: null, answeredAt: null };
    const waiting = await this.#signals.update(
      signal._id,
      { state: 'received' },
      { state: 'waiting', approval, approvals: 0 },
    );
    if (waiting) await this.#askAgain(waiting);
    return undefined;
  }

  /** Tells chat that somebody must answer; once, however often it is called. */
  #askAgain({ _id, book, summary, approval }: Signal): Promise<void> {
    const { broker, approveAbove, approveWithinSeconds, approvePersons, currency } =
      this.#parts.books.settings(book);
    const agreed = approval?.agreed ?? [];
    const which = approveAbove === '0' ? 'every entry' : `entries above ${approveAbove} ${currency}`;
    const byWhom = approvePersons > 1 ? ` by ${approvePersons} people` : '';
    const sofar =
      agreed.length > 0
        ? ` ${agreed.join(', ')} ${agreed.length > 1 ? 'have' : 'has'} approved; one more must.`
        : '';
    const reason = `The book wants ${which} approved${byWhom}, within ${approveWithinSeconds} s. It is decided anew then, at the prices of that moment.${sofar}`;
    return this.#parts.outbox.publish(
      { type: 'signal.waiting', signal: _id, book, account: broker, summary, reason },
      agreed.length === 0 ? `signal.waiting:${_id}` : `signal.waiting:${_id}:${agreed.length}`,
    );
  }

  /** Runs the operation of a signal, and a second one where its exit is followed by an entry. */
  async #carryOut(signal: Signal): Promise<Later | undefined> {
    const { _id, book, summary, receivedAt, purpose, steps, round = 1, thenAgain } = signal;
    const operation = await this.#parts.operations.runOrRest(
      {
        source: operationOf(_id, round),
        book,
        purpose: purpose ?? 'exit',
        summary,
        steps: steps ?? [],
        askedAt: signal.approval?.answeredAt ?? receivedAt,
      },
      this.#stopping.signal,
    );
    if (!isOver(operation)) {
      const rests = operation.state !== 'stuck' && !this.#isByHand(book);
      return { afterOperation: operation._id, ...(rests && { rests }) };
    }
    const sources = Array.from({ length: round }, (_, index) => operationOf(_id, index + 1));
    const ending = await this.#endingOf(operation, round);
    if (!thenAgain || ending.state !== 'done') return this.#end(signal, ending, sources);
    const decided = await this.#decide(signal);
    if ('afterOperation' in decided) return decided;
    if ('afterSeconds' in decided) return this.#end(signal, { state: 'done', reason: null }, sources);
    if ('state' in decided) return this.#end(signal, { state: 'done', reason: decided.reason }, sources);
    const next = await this.#signals.update(
      _id,
      { state: 'working', thenAgain: true },
      { ...whatIsDecided(decided), round: round + 1, thenAgain: false },
    );
    return next ? this.#carryOut(next) : this.#work(_id);
  }

  /** The steps; or the end of a signal that leads to none; or when it is to be decided anew. */
  async #decide(signal: Signal): Promise<Decided | Ending | Later> {
    const { books, inbox, operations } = this.#parts;
    const settings = books.settings(signal.book);
    const decision = await this.decide(signal.book, inbox.read(signal.book, signal.payload));
    const [stuck] = await operations.stuckOf(signal.book);
    if (!('steps' in decision)) {
      const lacked = stuck ?? (await this.#awaited(signal));
      if (lacked) return { afterOperation: lacked._id };
      if ('refused' in decision && (await this.#asksWhich(signal))) return { afterSeconds: choiceSeconds };
      if ('refused' in decision) return { state: 'refused', reason: decision.refused };
      const times = (this.#again.get(signal._id) ?? 0) + 1;
      this.#again.set(signal._id, times);
      if (times <= mostAgain) return { afterSeconds: decision.afterSeconds };
      return { state: 'refused', reason: decision.again };
    }
    const { purpose } = decision;
    const refusal = await books.refusal(signal.book, purpose);
    if (refusal !== undefined) return { state: 'refused', reason: refusal };
    if (purpose === 'exit') return decision;
    const since = signal.approval?.answeredAt ?? signal.receivedAt; // approved: what a person knew of is not stale
    const ageMs = this.#parts.clock.now().getTime() - Date.parse(since);
    if (ageMs > settings.staleAfterSeconds * 1000) {
      const age = `${Math.round(ageMs / 1000)} s old when its turn came`;
      return {
        state: 'expired',
        reason: `The entry was ${age}; the book allows ${settings.staleAfterSeconds} s.`,
      };
    }
    if (stuck) {
      return {
        state: 'refused',
        reason: `The book "${signal.book}" takes no entry while "${stuck.summary}" is stuck: ${stuck.reason ?? ''}`,
      };
    }
    return decision;
  }

  /** A person is asked which contract a symbol means, and it is fresh enough to wait for the answer. */
  async #asksWhich({ book, payload, receivedAt }: Signal): Promise<boolean> {
    const { books, brokers, inbox, clock } = this.#parts;
    const { broker: name, staleAfterSeconds } = books.settings(book);
    const broker = brokers.get(name);
    if (!broker?.contracts || clock.now().getTime() - Date.parse(receivedAt) > staleAfterSeconds * 1000)
      return false;
    for (const symbol of inbox.read(book, payload).symbols) {
      const isUnclear = await broker.resolve(symbol).then(
        () => false,
        (error) => error instanceof SeveralContracts,
      );
      if (isUnclear) return true;
    }
    return false;
  }

  #isByHand(book: string): boolean {
    const { books, brokers } = this.#parts;
    return brokers.get(books.settings(book).broker)?.byHand !== undefined;
  }

  /** What the book has under way in the same symbols, perhaps at a price or with a person: it may be what the decision lacks. */
  async #awaited({ book, payload }: Signal): Promise<Operation | undefined> {
    const { inbox, operations } = this.#parts;
    const { symbols } = inbox.read(book, payload);
    return (await operations.open({ book })).find(({ steps }) =>
      steps.some(({ step }) => step.kind === 'order' && symbols.includes(step.symbol)),
    );
  }

  async #view(name: string): Promise<BookView> {
    const { books } = this.#parts;
    const { home, wallet = home, minimumEntry, maximumLossPercent, pool, broker } = books.settings(name);
    const { currency, cash, equity } = await books.show(name);
    const { positions, debts } = await books.holdings(name);
    const { capital, free, available, lent } = await books.moneyInUse(name);
    const inBank = amountIn((await books.balancesOfBroker(broker)).unassigned, home, currency);
    // What rests at the broker to buy will take its money when its price comes.
    const promised = await this.#parts.operations.promised(name);
    const ofPool = decimal(pool).minus(lent);
    const lendable = ofPool.lt(inBank) ? ofPool : inBank;
    return {
      name,
      currency,
      cash: decimal(cash),
      equity: decimal(equity),
      free: notNegative(free.minus(promised)),
      capital,
      available: notNegative(available.plus(notNegative(lendable)).minus(promised)),
      minimumEntry: decimal(minimumEntry),
      maximumLossPercent: maximumLossPercent === undefined ? null : decimal(maximumLossPercent),
      home,
      wallet,
      positions: new Map([...positions].map(([asset, { quantity }]) => [asset, quantity])),
      debts,
      averagePrices: new Map(
        [...positions].map(([asset, { cost, quantity }]) => [asset, cost.div(quantity)]),
      ),
      entries: new Map([...positions].map(([asset, { entries }]) => [asset, entries])),
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

  /** Stores how it ended, then tells it. */
  async #end(
    signal: Signal,
    { state, reason }: Ending,
    operations: readonly string[],
  ): Promise<Later | undefined> {
    const outcome = await this.#outcome(signal, { state, reason }, operations);
    const ended = await this.#signals.update(
      signal._id,
      { state: signal.state },
      { state, reason, outcome, endedAt: stamp(this.#parts.clock) },
    );
    if (!ended) return this.#work(signal._id);
    this.#again.delete(signal._id);
    await this.#tell(ended);
    return undefined;
  }

  /** The end of a signal whose operation ended like this. An exit that traded nothing has not done what it was for. */
  async #endingOf({ _id, state, reason, purpose, undoing }: Operation, round: number): Promise<Ending> {
    if (state === 'given_up') return { state: 'failed', reason };
    if (state === 'undone') {
      // The exit before it stands.
      return round === 1 ? { state: undoing ?? 'failed', reason } : { state: 'done', reason };
    }
    if (purpose === 'exit' && reason !== null && (await this.#parts.operations.fillsOf(_id)).length === 0) {
      return { state: 'failed', reason };
    }
    return { state: 'done', reason };
  }

  async #outcome(
    signal: Signal,
    { state, reason }: Ending,
    operations: readonly string[],
  ): Promise<DeskEvent> {
    const { _id, book, summary } = signal;
    const about = { signal: _id, book, summary };
    switch (state) {
      case 'done': {
        const { broker, cash, equity, currency } = await this.#parts.books.show(book);
        const fills = await Promise.all(operations.map((id) => this.#parts.operations.fillsOf(id)));
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
        return { type: 'signal.refused', ...about, reason: reason ?? state, replayable: true };
      case 'failed':
        return { type: 'signal.failed', ...about, reason: reason ?? state, replayable: true };
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

/** Resolves when `over` does, or the signal is aborted. */
function unlessAborted(over: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      signal.removeEventListener('abort', settle);
      resolve();
    };
    if (signal.aborted) settle();
    else signal.addEventListener('abort', settle);
    void over.then(settle);
  });
}

const ends: readonly SignalEnd[] = ['done', 'refused', 'expired', 'failed'];

function whatIsDecided({ steps, purpose, thenAgain }: Extract<Decision, { readonly steps: unknown }>) {
  return { steps, purpose, thenAgain: thenAgain ?? false };
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
