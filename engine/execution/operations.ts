/**
 * Operations: whatever moves money for a book, step by step, each stored before it is begun and after it was done.
 *
 * An entry goes forward until a step certainly fails; then what was done is undone in reverse. An exit, and what undoes an
 * entry, is pushed forward: a step that fails is tried again with growing pauses for as long as it takes, and after the
 * second failure chat is told that the operation is stuck. Nothing is given up but by a person, and nothing is done twice:
 * an order has the id that follows from its leg, and a movement is looked for at the broker before it is asked for again.
 *
 * A leg of an entry that was filled in part counts as done when its time is over. Later steps that ask for what was
 * `bought` or `borrowed` follow it; those with a fixed amount do not, so a handler whose legs depend on each other either
 * names them so or accepts the difference.
 *
 * Orders and movements of one book in one asset are made one after another, whatever operation wants them; only the order
 * of an entry that waits at the broker for its price lets others pass. So when an exit is stuck on an order whose fate is not
 * known, another exit of the same symbol waits for that, and then sells what is really left.
 */
import { createHash } from 'node:crypto';
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import type { Decimal } from '../money.ts';
import type { Collection, Store } from '../store/store.ts';
import { DuplicateKeyError, StoreError } from '../store/store.ts';
import { Claims } from './claims.ts';
import type { Executor } from './executor.ts';
import { toldFill } from './executor.ts';
import { type Leftovers, leftovers, letGo } from './giving-up.ts';
import type { GivingUp, Operation, OperationRequest, Step, StepRecord, Undoing } from './operation.ts';
import { hasTraded, isOver, operationCollection, undoneBy, unfinishedStates } from './operation.ts';
import type { Fill } from './order.ts';
import type { Sleep } from './patience.ts';
import { growingPauses, Interrupted, systemSleep } from './patience.ts';
import { needsRehearsal, rehearse } from './rehearsal.ts';
import { endOfWaiting, staleness } from './staleness.ts';
import { bringsHome, carryOutStep, needsBroker, sizeStep } from './steps/index.ts';
import type { Ended, Sized, Turn } from './steps/turn.ts';
import { failed } from './steps/turn.ts';
import { newRecord, withUndoing } from './undo.ts';

export interface OperationsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  readonly sleep?: Sleep;
  /** Whether money may be moved at a broker that is ready: it was compared with the books. */
  readonly isCompared?: (broker: string) => boolean;
}

/** An operation that is being carried out by this process. */
interface Course {
  /** Rejects only with `Interrupted`. */
  readonly end: Promise<Operation>;
  /** Resolves when it is stuck for the first time, or waits for what a person does by hand. */
  readonly held: Promise<Operation>;
  /** Resolves when an order of it rests at the broker for the first time. */
  readonly rests: Promise<void>;
  /** Ends its waiting: it was stored that it is given up. */
  readonly giveUp: () => void;
}

/** Asked for more often than this, and still without a record of it at the broker, a movement is in trouble. */
const mostAsks = 3;

export class Operations {
  readonly #parts: OperationsParts;
  readonly #operations: Collection<Operation>;
  readonly #claims: Claims;
  readonly #sleep: Sleep;
  readonly #lanes = new Lanes();
  /** Those in which a person is waited for just now. */
  readonly #lanesByHand = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #courses = new Map<string, Course>();

  private constructor(parts: OperationsParts, operations: Collection<Operation>, claims: Claims) {
    this.#parts = parts;
    this.#operations = operations;
    this.#claims = claims;
    this.#sleep = parts.sleep ?? systemSleep;
  }

  static async open(parts: OperationsParts): Promise<Operations> {
    const { store } = parts;
    return new Operations(parts, await store.collection(operationCollection), await Claims.open(store));
  }

  /** Takes up what an earlier process left. Comes after the executor was started. */
  async start(): Promise<void> {
    for (const { _id } of await this.open()) this.#course(_id, this.#stopping.signal);
  }

  /** Ends all waiting; what is in hand is finished or left where it can be taken up again. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Interrupted());
    await Promise.allSettled([...this.#courses.values()].map(({ end }) => end));
    await this.#lanes.idle();
  }

  /**
   * Carries an operation out. The same source again, at the same time or years later, is the same operation. Resolves
   * when it is done or undone, and also when it is stuck or waits for what a person does by hand: it then goes on, and `end`
   * tells how it ends.
   * @param signal ends the waiting; the operation goes on at the next start, or when it is asked for again
   * @throws UserError when there is no such book, or the steps cannot be told apart
   * @throws Interrupted when `signal` was aborted or the desk stops
   */
  async run(request: OperationRequest, signal?: AbortSignal): Promise<Operation> {
    const operation = await this.#intend(request);
    if (isOver(operation)) return operation;
    const { end, held } = this.#course(operation._id, this.#orStopping(signal));
    return Promise.race([end, held]);
  }

  /** As `run`, and resolves also when the order of an entry rests at the broker: it may wait there for long. */
  async runOrRest(request: OperationRequest, signal?: AbortSignal): Promise<Operation> {
    const operation = await this.#intend(request);
    if (isOver(operation)) return operation;
    const { end, held, rests } = this.#course(operation._id, this.#orStopping(signal));
    return Promise.race([end, held, rests.then(() => this.#reload(operation._id))]);
  }

  #orStopping(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
  }

  /**
   * The end of an operation, done or undone, however long it takes.
   * @throws Interrupted when the desk stops before
   */
  async end(id: string): Promise<Operation> {
    const operation = await this.#reload(id);
    return isOver(operation) ? operation : this.#course(id, this.#stopping.signal).end;
  }

  /**
   * Ends an operation on a person's word: it goes neither further nor back, what was traded is booked, and what is open
   * stays open. The first word counts. Resolves when nothing of it is in hand any more.
   * @throws UserError when there is no such operation, or it is over
   * @throws Interrupted when the desk stops before: it is then given up at the next start
   */
  async giveUp(
    id: string,
    { by, reason }: { readonly by: string; readonly reason: string },
  ): Promise<Operation> {
    for (;;) {
      const operation = await this.unfinished(id);
      if (operation.givingUp) break;
      try {
        await this.#store(operation, { givingUp: { by, reason, at: stamp(this.#parts.clock) } });
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
    const course = this.#course(id, this.#stopping.signal);
    course.giveUp();
    return course.end;
  }

  /** What stays open when an operation is given up now. Nothing is done. */
  leftovers(operation: Operation): Promise<Leftovers> {
    const { books, executor, brokers } = this.#parts;
    return leftovers(operation, { books, executor, broker: brokers.get(operation.broker) });
  }

  /** @throws UserError when there is no such operation, or it is over */
  async unfinished(id: string): Promise<Operation> {
    const operation = await this.#operations.get(id);
    if (!operation) throw new UserError(`There is no operation "${id}". /operation list shows them.`);
    if (!isOver(operation)) return operation;
    const how = operation.reason === null ? '' : `: ${operation.reason}`;
    throw new UserError(`The operation "${operation.summary}" is over${how}`);
  }

  /** What the open purchases of a book's entries will still cost, in its currency and without fees. */
  promised(book: string): Promise<Decimal> {
    return this.#parts.executor.promised(book);
  }

  operation(id: string): Promise<Operation | undefined> {
    return this.#operations.get(id);
  }

  /** The newest first; of all books where none is named. */
  operations({ book, limit }: { readonly book?: string; readonly limit: number }): Promise<Operation[]> {
    return this.#operations.find(book === undefined ? {} : { book }, {
      sort: [['askedAt', 'descending']],
      limit,
    });
  }

  /** Those that are not over, oldest first. */
  open(of: { readonly book?: string } = {}): Promise<Operation[]> {
    return this.#operations.find(
      { ...of, state: { in: unfinishedStates } },
      { sort: [['askedAt', 'ascending']] },
    );
  }

  /** Those of a book that go neither on nor back by themselves just now, oldest first. */
  stuckOf(book: string): Promise<Operation[]> {
    return this.#operations.find({ book, state: 'stuck' }, { sort: [['askedAt', 'ascending']] });
  }

  /** Those of a book that are not over. */
  countUnfinished(book: string): Promise<number> {
    return this.#operations.count({ book, state: { in: unfinishedStates } });
  }

  countStuck(books?: readonly string[]): Promise<number> {
    return this.#operations.count({ state: 'stuck', ...(books && { book: { in: books } }) });
  }

  /** Whether money is on its way in an account without an order: it then moves under whoever looks at it. */
  async isMoving(broker: string): Promise<boolean> {
    const open = await this.#operations.find({ broker, state: { in: unfinishedStates } });
    return open.some(({ steps }) => steps.some(({ step, state }) => state === 'doing' && needsBroker(step)));
  }

  /** What all its orders traded, oldest first. */
  async fillsOf(id: string): Promise<Fill[]> {
    const { executor } = this.#parts;
    const orders = await executor.ordersOf(id);
    return (await Promise.all(orders.map((order) => executor.fillsOf(order._id)))).flat();
  }

  /** Stores what is wanted, or finds what was stored before under its source. */
  async #intend(request: OperationRequest): Promise<Operation> {
    const { source, book, purpose, summary, steps, askedAt, freshUntil } = request;
    const known = await this.#operations.get(source);
    if (known) return known;
    const legs = steps.map(({ leg }) => leg);
    if (new Set(legs).size < legs.length || legs.some((leg) => undoneBy(leg) !== undefined)) {
      throw new UserError(`The steps of an operation need names of their own, not: ${legs.join(', ')}.`);
    }
    const operation: Operation = {
      _id: source,
      book,
      broker: this.#parts.books.settings(book).broker,
      purpose,
      summary,
      steps: steps.map(newRecord),
      state: 'working',
      reason: null,
      undoing: null,
      revision: 0,
      askedAt,
      ...(freshUntil !== undefined && { freshUntil }),
      updatedAt: stamp(this.#parts.clock),
    };
    try {
      await this.#operations.insert(operation);
      return operation;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.#reload(source); // another process on this store was first
    }
  }

  /** The one course that an operation takes in this process. */
  #course(id: string, stop: AbortSignal): Course {
    const running = this.#courses.get(id);
    if (running) return running;
    let tellHeld: (operation: Operation) => void = () => undefined;
    const held = new Promise<Operation>((resolve) => {
      tellHeld = resolve;
    });
    let tellRests: () => void = () => undefined;
    const rests = new Promise<void>((resolve) => {
      tellRests = resolve;
    });
    const word = new AbortController();
    const end = this.#carryThrough(id, stop, word.signal, new Trouble(tellHeld), tellRests).finally(() =>
      this.#courses.delete(id),
    );
    end.catch(() => undefined); // whoever waits for it hears of it; nobody has to
    const course = { end, held, rests, giveUp: () => word.abort(new Interrupted()) };
    this.#courses.set(id, course);
    return course;
  }

  /**
   * Attempts until it is over. A fault of the store or of ours is logged, and it is tried again.
   * @param word ends the waiting of what is attempted: it is given up
   */
  async #carryThrough(
    id: string,
    stop: AbortSignal,
    word: AbortSignal,
    trouble: Trouble,
    tellRests: () => void,
  ): Promise<Operation> {
    const either = AbortSignal.any([stop, word]);
    for (;;) {
      stop.throwIfAborted();
      try {
        const operation = await this.#reload(id);
        if (isOver(operation)) return operation;
        if (operation.givingUp) await this.#giveUp(operation, operation.givingUp, stop);
        else await this.#advance(operation, trouble, either, tellRests);
      } catch (error) {
        stop.throwIfAborted();
        if (error instanceof Interrupted) {
          if (word.aborted) continue;
          throw error;
        }
        if (error instanceof Overtaken) continue;
        const fields = { operation: id, error: reasonOf(error), stack: stackOf(error) };
        this.#parts.log.error(fields, 'an operation stumbled; it is tried again');
        await this.#note(id, `A fault of the desk: ${reasonOf(error)}`, trouble, error).catch((again) =>
          this.#parts.log.error({ operation: id, error: reasonOf(again) }, 'its trouble could not be stored'),
        );
        await this.#sleep(trouble.pauseMs(), word.aborted ? stop : either).catch(() => undefined); // seen above
      }
    }
  }

  /** Takes the next step, or ends the operation when there is none. */
  async #advance(
    operation: Operation,
    trouble: Trouble,
    stop: AbortSignal,
    tellRests: () => void,
  ): Promise<void> {
    const index = operation.steps.findIndex(({ state }) => state === 'waiting' || state === 'doing');
    const step = operation.steps[index]?.step;
    if (!step) return void (await this.#finish(operation));
    const lane = await this.#laneOf(operation, step);
    const attempt = async (leave?: () => void) => {
      const rests = () => {
        leave?.();
        tellRests();
      };
      try {
        return await this.#attempt(await this.#reload(operation._id), index, trouble, stop, lane, rests);
      } finally {
        if (lane !== undefined) this.#lanesByHand.delete(lane);
      }
    };
    // A person may take days, and whoever waits for this one need not wait with it.
    if (lane !== undefined && this.#lanesByHand.has(lane)) trouble.tell(operation);
    const failure = await (lane === undefined ? attempt() : this.#lanes.run(lane, attempt, stop));
    // Cancelling comes again with every attempt of what follows it: that it works is no way out of the trouble.
    if (failure === undefined) return step.kind === 'cancel' ? undefined : trouble.clear();
    if (failure.progressed) trouble.clear();
    await this.#note(operation._id, failure.reason, trouble);
    await this.#sleep(trouble.pauseMs(), stop);
  }

  /**
   * In which steps take turns that are sized by what the book has and owes of an asset: two at once would move it twice,
   * and a purchase beside a repayment would buy back what is just being repaid.
   */
  async #laneOf({ book, broker }: Operation, step: Step): Promise<string | undefined> {
    switch (step.kind) {
      case 'order': {
        const traded = await this.#broker(broker)
          .resolve(step.symbol)
          .then(
            ({ asset }) => asset,
            () => step.symbol, // the executor will say what is wrong with it
          );
        return `assets:${JSON.stringify([book, traded])}`;
      }
      case 'transfer':
      case 'borrow':
      case 'repay':
        return `assets:${JSON.stringify([book, step.asset])}`;
      case 'lend':
      case 'cancel':
      case 'wait':
      case 'settle':
        return undefined;
      default:
        return step satisfies never;
    }
  }

  /**
   * Works on one step until it is clear what became of it. What is returned is a failure after which the step is to be
   * tried again.
   */
  async #attempt(
    before: Operation,
    index: number,
    trouble: Trouble,
    stop: AbortSignal,
    lane: string | undefined,
    rests: () => void,
  ): Promise<Extract<Ended, { is: 'failed' }> | undefined> {
    let operation = before;
    const turn = (again: boolean) => this.#turn(operation, index, { again, stop, rests });
    let again = recordAt(operation, index).state === 'doing';
    if (!again) {
      const sized = await this.#sized(turn(false));
      // Nothing was begun: it is looked at anew, and an entry is not for long.
      if (sized.is === 'unclear') return { is: 'failed', reason: sized.reason, how: 'failed' };
      if (sized.is !== 'sized') return this.#conclude(operation, index, sized);
      operation = await this.#begin(operation, index, sized);
    }
    let asks = 1;
    for (;;) {
      const ended = await this.#carriedOut(turn(again));
      if (ended.is === 'done' || ended.is === 'failed') return this.#conclude(operation, index, ended);
      if (ended.is === 'by hand') {
        again = true;
        if (lane !== undefined) this.#lanesByHand.add(lane);
        trouble.tell(operation);
        await this.#parts.executor.untilNews(ended.order, stop);
        continue;
      }
      again = ended.is === 'unclear';
      if (ended.is === 'absent') {
        asks += 1;
        if (asks > mostAsks && !turn(false).pushed) {
          return this.#conclude(operation, index, failed(ended.reason));
        }
        const { amount, reason } = recordAt(operation, index);
        operation = await this.#begin(operation, index, { is: 'sized', amount, left: reason });
      }
      // That it never arrived is certain, and no trouble yet.
      if (again || asks > mostAsks) operation = await this.#note(operation._id, ended.reason, trouble);
      await this.#sleep(trouble.pauseMs(), stop);
    }
  }

  /** What is asked before a step is begun. */
  async #sized(turn: Turn): Promise<Sized | Ended> {
    const { operation, record, pushed, broker } = turn;
    try {
      if (needsBroker(record.step)) await this.#untilReady(turn);
      const held = await this.#heldBack(turn);
      if (held) return held;
      const isFirst = operation.steps.every(({ state }) => state === 'waiting');
      if (!pushed && isFirst && needsRehearsal(operation.steps.map(({ step }) => step))) {
        const failure = await rehearse(turn);
        if (failure) return failed(failure.reason, failure.how);
      }
      return await sizeStep(turn);
    } catch (error) {
      if (error instanceof UserError) return failed(error.message);
      if (error instanceof StoreError || error instanceof Interrupted) throw error;
      return { is: 'unclear', reason: `${broker.name} could not be asked: ${reasonOf(error)}` };
    }
  }

  async #carriedOut(turn: Turn): Promise<Ended> {
    try {
      return await carryOutStep(turn);
    } catch (error) {
      // Said before anything was done, such as that there is no such broker.
      if (error instanceof UserError) return failed(error.message);
      throw error;
    }
  }

  /** Waits for the broker; an entry that has traded nothing no longer than it stays fresh. */
  async #untilReady(turn: Turn): Promise<void> {
    for (const ms of growingPauses(250, 5000)) {
      const isCompared = this.#parts.isCompared?.(turn.broker.name) ?? true;
      if ((turn.broker.status().state === 'ready' && isCompared) || this.#staleness(turn) !== undefined)
        return;
      await this.#sleep(ms, turn.stop);
    }
  }

  async #heldBack(turn: Turn): Promise<Ended | undefined> {
    const { books } = this.#parts;
    const { operation, pushed, broker } = turn;
    const stale = this.#staleness(turn);
    if (stale !== undefined) return failed(endOfWaiting(stale, broker), 'expired');
    const purpose = pushed || hasTraded(operation) ? 'exit' : 'entry';
    const reason = await books.refusal(operation.book, purpose);
    return reason === undefined ? undefined : failed(reason);
  }

  /** Why an entry that has traded nothing is too old. */
  #staleness({ operation, pushed }: Turn): string | undefined {
    if (pushed || hasTraded(operation)) return undefined;
    const { books, clock } = this.#parts;
    return staleness(operation, books.settings(operation.book), clock);
  }

  #turn(operation: Operation, index: number, how: Pick<Turn, 'again' | 'stop' | 'rests'>): Turn {
    const { clock, log, books, executor } = this.#parts;
    const record = recordAt(operation, index);
    return {
      ...{ clock, log, books, executor, claims: this.#claims, lanes: this.#lanes, sleep: this.#sleep },
      broker: this.#broker(operation.broker),
      ...{ operation, record, ...how },
      pushed: isPushedIn(operation, record),
    };
  }

  #begin(operation: Operation, index: number, { amount, left = null }: Sized): Promise<Operation> {
    const since = stamp(this.#parts.clock);
    return this.#store(operation, {
      steps: withRecord(operation.steps, index, { state: 'doing', since, amount, id: null, reason: left }),
    });
  }

  /** Stores how an attempt ended, and what follows from it. A failure that is to be tried again is returned. */
  async #conclude(operation: Operation, index: number, ended: Ended) {
    const record = recordAt(operation, index);
    const state = operation.undoing === null ? 'working' : 'undoing';
    switch (ended.is) {
      case 'done': {
        const { amount, id } = ended;
        const reason = ended.reason ?? (record.state === 'doing' ? record.reason : null);
        const steps = withRecord(operation.steps, index, { state: 'done', amount, id, reason });
        const undone = undoneBy(record.step.leg);
        await this.#store(operation, {
          // That it could be cancelled again is no way out of what it is stuck on.
          ...(record.step.kind !== 'cancel' && { state, reason: null }),
          steps: steps.map((other) => (other.step.leg === undone ? { ...other, state: 'undone' } : other)),
        });
        return undefined;
      }
      case 'failed': {
        const { reason, how } = ended;
        const isPushed = isPushedIn(operation, record);
        if (isPushed) {
          const steps = withRecord(operation.steps, index, { state: 'waiting', amount: null, reason });
          await this.#store(operation, { steps: cancellingAgain(steps, index) });
          return ended;
        }
        const steps = withRecord(operation.steps, index, { state: 'failed', amount: null, reason });
        await this.#undo({ ...operation, steps }, reason, how);
        return undefined;
      }
      case 'by hand':
      case 'unclear':
      case 'absent':
        throw new Error(`the step ${record.step.leg} of ${operation._id} has not ended`);
      default:
        return ended satisfies never;
    }
  }

  /** From here on it goes back. What had not begun will not be. */
  #undo(operation: Operation, reason: string, undoing: Undoing): Promise<Operation> {
    const begun = operation.steps.map(
      (record): StepRecord => (record.state === 'waiting' ? { ...record, state: 'failed' } : record),
    );
    const steps = withUndoing(begun);
    const isClean = steps.length === begun.length;
    return this.#store(operation, { steps, undoing, reason, state: isClean ? 'undone' : 'undoing' });
  }

  #finish(operation: Operation): Promise<Operation> {
    const { steps, undoing } = operation;
    const reasonsOf = (records: readonly StepRecord[]) => records.flatMap(({ reason }) => reason ?? []);
    if (undoing === null) {
      return this.#store(operation, { state: 'done', reason: reasonsOf(steps).join(' ') || null });
    }
    const why = steps.find(({ state, reason }) => state === 'failed' && reason !== null)?.reason ?? '';
    const left = reasonsOf(steps.filter(({ step }) => undoneBy(step.leg) !== undefined)).join(' ');
    const end =
      left === '' ? 'What was done before was undone: nothing is left of it.' : `It was undone, but: ${left}`;
    return this.#store(operation, { state: 'undone', reason: `${asSentence(why)} ${end}` });
  }

  /** What is in hand of it is let go, what it had from the bank and does not need goes back, and it is told how it ended. */
  async #giveUp(operation: Operation, { by, reason }: GivingUp, stop: AbortSignal): Promise<void> {
    const { books, outbox, brokers } = this.#parts;
    const { _id: id, book, broker: account, summary } = operation;
    const steps: StepRecord[] = [];
    const unclear: string[] = [];
    for (const [index, before] of operation.steps.entries()) {
      const isInHand = before.state === 'doing' && brokers.has(account);
      const gone = isInHand
        ? await letGo(this.#turn(operation, index, { again: true, stop, rests: () => undefined }), by)
        : undefined;
      steps.push(gone?.record ?? givenUp(before));
      if (gone?.unclear !== undefined) unclear.push(gone.unclear);
    }
    if (steps.some(({ step }) => step.kind === 'lend' || step.kind === 'settle')) {
      const promised = await this.promised(book);
      await books.settle({ cause: `operation:${id}:given up`, book, promised });
    }
    const fills = (await this.fillsOf(id)).map(toldFill);
    const { inBook, atBroker } = await this.leftovers({ ...operation, steps });
    const left = [...inBook, ...unclear, ...atBroker];
    await outbox.publish(
      { type: 'operation.ended', operation: id, book, account, summary, by, reason, fills, left },
      `operation.ended:${id}`,
    );
    const said = asSentence(`Given up by ${by}: ${reason}`);
    await this.#store(operation, { state: 'given_up', steps, reason: [said, ...left].join(' ') });
  }

  /** Notes that it did not go on; from the second time in a row it is stuck, and chat hears of it once for each reason. */
  async #note(id: string, reason: string, trouble: Trouble, fault?: unknown): Promise<Operation> {
    const operation = await this.#reload(id);
    if (isOver(operation) || fault instanceof StoreError) return operation;
    this.#parts.log.warn({ operation: id, reason }, 'a step of an operation could not be done');
    if (!trouble.isLasting()) return operation;
    const stuck = await this.#store(operation, { state: 'stuck', reason });
    const { book, broker: account, summary } = stuck;
    // The same trouble with another figure in it is the same trouble.
    const kind = createHash('sha256')
      .update(reason.replace(/[\d.,]+/g, '#'))
      .digest('hex')
      .slice(0, 16);
    await this.#parts.outbox.publish(
      { type: 'operation.stuck', operation: id, book, account, summary, reason },
      `operation.stuck:${id}:${kind}`,
    );
    trouble.tell(stuck);
    return stuck;
  }

  /** Compare-and-set: each change is made on the one before it. */
  async #store(operation: Operation, changes: Partial<Omit<Operation, '_id'>>): Promise<Operation> {
    const { _id, revision } = operation;
    const changed = await this.#operations.update(
      _id,
      { revision },
      { ...changes, revision: revision + 1, updatedAt: stamp(this.#parts.clock) },
    );
    if (!changed) throw new Overtaken(_id);
    return changed;
  }

  async #reload(id: string): Promise<Operation> {
    const operation = await this.#operations.get(id);
    if (!operation) throw new Error(`the operation ${id} has vanished from the store`);
    return operation;
  }

  #broker(name: string): Broker {
    const broker = this.#parts.brokers.get(name);
    if (broker) return broker;
    throw new UserError(`There is no broker "${name}".`);
  }
}

/** Another process on this store has changed the operation: it is looked at anew. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';

  constructor(operation: string) {
    super(`the operation ${operation} was changed by another process`);
  }
}

/** How often in a row an operation did not go on, and how long to wait before the next attempt. */
class Trouble {
  readonly #tellHeld: (operation: Operation) => void;
  #times = 0;
  #pauses = growingPauses(1000, 300_000);

  constructor(tellHeld: (operation: Operation) => void) {
    this.#tellHeld = tellHeld;
  }

  clear(): void {
    this.#times = 0;
    this.#pauses = growingPauses(1000, 300_000);
  }

  /** Counts one more failure; whether it is not the first. */
  isLasting(): boolean {
    this.#times += 1;
    return this.#times > 1;
  }

  pauseMs(): number {
    return this.#pauses.next().value;
  }

  /** Whoever waits for the operation waits no longer. */
  tell(operation: Operation): void {
    this.#tellHeld(operation);
  }
}

function recordAt({ steps }: Operation, index: number): StepRecord {
  const record = steps[index];
  if (!record) throw new Error(`there is no step ${index}`);
  return record;
}

/** A step of what is given up: what had not begun will not be, and what was not undone stays done. */
function givenUp(record: StepRecord): StepRecord {
  switch (record.state) {
    case 'waiting':
    case 'doing':
      return { ...record, state: 'failed' };
    case 'undoing':
      return { ...record, state: 'done' };
    case 'done':
    case 'failed':
    case 'undone':
      return record;
    default:
      return record.state satisfies never;
  }
}

function withRecord(
  steps: readonly StepRecord[],
  index: number,
  change: Partial<Omit<StepRecord, 'step'>>,
): StepRecord[] {
  return steps.map((record, position) => (position === index ? { ...record, ...change } : record));
}

/**
 * What an order of an exit lacked may rest at the broker since it was looked: another operation has left a stop there. So
 * the exit begins again with what it cancels.
 */
function cancellingAgain(steps: readonly StepRecord[], failed: number): readonly StepRecord[] {
  if (steps[failed]?.step.kind !== 'order') return steps;
  return steps.map((record, index) =>
    index < failed && record.step.kind === 'cancel' && record.state === 'done'
      ? { ...record, state: 'waiting' }
      : record,
  );
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

/** Whether a step is tried until it is done: of an exit, or what undoes another, or brings money home. */
function isPushedIn({ purpose, undoing }: Operation, { step }: StepRecord): boolean {
  return purpose === 'exit' || undoing !== null || bringsHome(step);
}
