/**
 * The inbox: takes signals in once, durably, before their sender hears that they arrived.
 *
 * The same signal again is recognised by the id or nonce of its sender; else by its very bytes: for good when it carries
 * the ticker and time of its bar, and else within a minute, since an alert may well say the same thing again later.
 * Signals that come together are taken in together, or not at all.
 */
import { createHash } from 'node:crypto';
import type { BookSettings } from '../bank/book.ts';
import type { Books } from '../bank/books.ts';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import type { DeskEvent, Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import type { AlertFields } from './alert.ts';
import { addressed } from './formats.ts';
import type { BookHandler, ReadSignal } from './handler.ts';
import { handlerOf } from './handlers/index.ts';
import type { Seal } from './sealed.ts';
import { SeenSeals } from './sealed.ts';
import type { Signal } from './signal.ts';
import { keyOfUnread, signalCollection, signalId } from './signal.ts';

export interface InboxParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly books: Books;
}

export interface Incoming {
  readonly book: string;
  /** The body, taken apart: JSON, or an object of texts. */
  readonly payload: { readonly [field: string]: unknown };
  /** The body as it came. */
  readonly raw: Uint8Array;
  /** From whom, for people: an address, a name. */
  readonly from: string;
  /** By which its sender knows it, when that is not in the payload. */
  readonly id?: string;
}

/** One message from outside: an alert, or several that run in order. */
export interface Delivery {
  readonly alerts: readonly AlertFields[];
  /** The book that the address named, if it named one. */
  readonly hook: string | undefined;
  /** The books for which its sender may speak. */
  readonly reach: readonly string[];
  readonly from: string;
  /** By which its sender knows the message as a whole. */
  readonly id?: string;
  /** Where the message may be used once only. */
  readonly seal?: Seal;
}

/** A message whose sender proved itself, but which cannot be acted on. */
export interface Unreadable {
  /** The book that it was for, as far as that can be said. */
  readonly book: string | undefined;
  /** What came, without the sender's secret. */
  readonly payload: { readonly [field: string]: unknown };
  readonly raw: Uint8Array;
  readonly from: string;
  /** For people: what is wrong with it. */
  readonly reason: string;
}

export interface Receipt {
  readonly signal: string;
  /** It was received before; nothing new will happen. */
  readonly duplicate: boolean;
}

/** Signals that belong together, from when they are decided upon until each of them is stored for itself. */
interface Batch extends StoredDocument {
  readonly receivedAt: string;
  readonly signals: readonly Signal[];
}

const batches = defineCollection<Batch>('signal_batches');

const sameWithinMs = 60_000;

const newestFirst = [
  ['receivedAt', 'descending'],
  ['arrival', 'descending'],
] as const;

/** Stands where a book's name would, for a message of which it is not clear which book it is for. */
const noBook = 'no book';

export class Inbox {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #signals: Collection<Signal>;
  readonly #batches: Collection<Batch>;
  readonly #seals: SeenSeals;
  readonly #books: Books;
  /** By the settings from which they were made: other settings make another one. */
  readonly #handlers = new WeakMap<BookSettings, { readonly handler: BookHandler | undefined }>();
  /** A book's signals are taken in one by one, so that two equal ones see each other. */
  readonly #lanes = new Lanes();
  readonly #listeners = new Set<(signal: Signal) => void>();
  readonly #hearers = new Set<(signal: Signal) => void>();
  /** Stored, and not yet told and handed on. */
  readonly #unpassed = new Map<string, Signal>();
  /** Batches that this process began to store. */
  readonly #begun = new Set<Batch>();
  #arrivals = 0;

  private constructor(
    { clock, outbox, books }: InboxParts,
    stored: { signals: Collection<Signal>; batches: Collection<Batch>; seals: SeenSeals },
  ) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#signals = stored.signals;
    this.#batches = stored.batches;
    this.#seals = stored.seals;
    this.#books = books;
    for (const settings of this.#settings) this.#handlerOf(settings);
  }

  /**
   * Opens the inbox, and finishes what an earlier process had begun to store.
   * @throws UserError when a book names a handler that does not exist, or settings that are wrong
   */
  static async open(parts: InboxParts): Promise<Inbox> {
    const { store, clock } = parts;
    const inbox = new Inbox(parts, {
      signals: await store.collection(signalCollection),
      batches: await store.collection(batches),
      seals: await SeenSeals.open(store, clock),
    });
    await inbox.#seals.purge();
    for (const batch of await inbox.#batches.find({}, { sort: [['receivedAt', 'ascending']] })) {
      await inbox.#spread(batch);
    }
    return inbox;
  }

  get #settings(): readonly BookSettings[] {
    return this.#books.names().map((name) => this.#books.settings(name));
  }

  #handlerOf(settings: BookSettings): BookHandler | undefined {
    const made = this.#handlers.get(settings) ?? { handler: handlerOfBook(settings) };
    this.#handlers.set(settings, made);
    return made.handler;
  }

  /**
   * Takes in a whole message: resolves when each of its signals is stored. They are then told, and handed to the queue.
   * @returns one receipt for each, in their order
   * @throws UserError when one of them cannot be read: then none was taken in
   * @throws ReplayError when the message was used before
   * @throws StoreError when they could not be stored: the sender shall send the message again
   */
  async deliver(delivery: Delivery): Promise<readonly Receipt[]> {
    let book = delivery.hook;
    try {
      const incoming = delivery.alerts.map((_, index) => {
        const one = this.#address(delivery, index);
        book = one.book;
        this.#readOf(one, index, delivery.alerts.length);
        return one;
      });
      const taken = await this.#take(incoming, delivery.seal);
      // What is stored is not lost: its sender does not wait until chat and the queue have it.
      for (const signal of taken.passing) void this.#pass(signal).catch(() => undefined); // tried again by `tidy`
      return taken.receipts;
    } catch (error) {
      if (error instanceof UserError) await this.#refuseDelivery(delivery, book, error.message);
      throw error;
    }
  }

  #address({ alerts, hook, reach, from, id }: Delivery, index: number): Incoming {
    const alert = alerts[index] ?? {};
    const { book, payload, ...named } = naming(index, alerts.length, () => {
      const found = addressed(alert, hook, this.#settings);
      if (reach.includes(found.book)) return found;
      throw new UserError(`The book "${found.book}" takes alerts from senders of its own only.`);
    });
    // Two equal ones in one list are two signals; their places tell them apart.
    const place = alerts.length === 1 ? '' : `#${index + 1}`;
    const own = named.id ?? (id && `${id}${place}`);
    const raw = Buffer.from(`${JSON.stringify(alerts.length === 1 ? alert : alerts)}${place}`);
    return { book, payload, raw, from, ...(own !== undefined && { id: own }) };
  }

  #refuseDelivery({ alerts, from }: Delivery, book: string | undefined, reason: string): Promise<void> {
    const [only] = alerts;
    const payload = alerts.length === 1 && only ? only : { alerts: alerts.map(withoutSecret) };
    return this.refuse({ book, payload, raw: Buffer.from(JSON.stringify(alerts)), from, reason });
  }

  /**
   * Takes in one signal for a book: resolves when it is stored, told, and handed to the queue.
   * @throws UserError when the book takes no signals, or cannot read this one
   * @throws StoreError when it could not be stored: the sender shall send it again
   */
  async receive(incoming: Incoming): Promise<Receipt> {
    const { receipts, passing } = await this.#take([incoming], undefined);
    for (const signal of passing) await this.#pass(signal);
    const [receipt] = receipts;
    if (!receipt) throw new Error('a signal was taken in without a receipt');
    return receipt;
  }

  async #take(
    incoming: readonly Incoming[],
    seal: Seal | undefined,
  ): Promise<{ readonly receipts: readonly Receipt[]; readonly passing: readonly Signal[] }> {
    const summaries = incoming.map((one, index) => this.#readOf(one, index, incoming.length).summary);
    if (seal) await this.#seals.use(seal);
    const taken = await this.#inLanes(booksOf(incoming), async () => {
      await this.#finishBatches();
      const now = this.#clock.now();
      const found: { signal: Signal; duplicate: boolean }[] = [];
      for (const [index, one] of incoming.entries()) {
        const { book, payload, from } = one;
        const { key, known } = await this.#identify(one, now);
        const twin = found.findIndex(({ signal }) => signal.book === book && signal.key === key);
        if (twin >= 0)
          throw new UserError(`Alerts ${twin + 1} and ${index + 1} of the list have the same id.`);
        const signal = this.#arriving({ book, key, from, payload, summary: summaries[index] ?? '' }, now);
        found.push(known ? { signal: known, duplicate: true } : { signal, duplicate: false });
      }
      const fresh = found.filter(({ duplicate }) => !duplicate).map(({ signal }) => signal);
      const stored = await this.#storeAll(fresh, now);
      return found.map((one) => stored.get(one.signal._id) ?? one);
    });
    for (const { signal, duplicate } of taken) {
      if (!duplicate) for (const hear of this.#hearers) hear(signal);
      // Also for a repetition: it may be the answer to a fault between storing the first one and telling of it.
      if (signal.state === 'received') this.#unpassed.set(signal._id, signal);
    }
    const receipts = taken.map(({ signal, duplicate }) => ({ signal: signal._id, duplicate }));
    return { receipts, passing: taken.flatMap(({ signal }) => this.#unpassed.get(signal._id) ?? []) };
  }

  /**
   * Takes in once more what a signal asked for, as a new one that is received now. A signal is replayed once: asked again,
   * it is the same replay.
   * @throws UserError when the book takes no signals, or cannot read this one any more
   */
  async replay(of: Signal, by: string): Promise<{ readonly signal: Signal; readonly duplicate: boolean }> {
    const { _id, book, payload } = of;
    const { summary } = this.read(book, payload);
    const replayed = await this.#inLanes([book], () => {
      const about = { book, key: replayKey(of), from: by, payload, summary };
      return this.#store({ ...this.#arriving(about, this.#clock.now()), replayOf: _id });
    });
    const { signal } = replayed;
    if (signal.state === 'received') {
      this.#unpassed.set(signal._id, signal);
      await this.#pass(signal).catch(() => undefined); // stored, and tried again by `tidy`
    }
    return replayed;
  }

  /** What a signal was replayed as, if it was. */
  replayOf(signal: Signal): Promise<Signal | undefined> {
    return this.#signals.get(signalId(signal.book, replayKey(signal)));
  }

  #arriving(
    { book, key, from, payload, summary }: Pick<Signal, 'book' | 'key' | 'from' | 'payload' | 'summary'>,
    now: Date,
  ): Signal {
    return {
      _id: signalId(book, key),
      book,
      key,
      from,
      payload: withoutSecret(payload),
      summary,
      state: 'received',
      reason: null,
      steps: null,
      purpose: null,
      approval: null,
      receivedAt: now.toISOString(),
      arrival: this.#arrivals++,
      endedAt: null,
      outcome: null,
      told: false,
    };
  }

  /**
   * Writes down that a message of a proven sender cannot be acted on, and tells it, once for the same message within a
   * minute.
   * @throws StoreError when it could not be stored
   */
  async refuse({ book = noBook, payload, raw, from, reason }: Unreadable): Promise<void> {
    const now = this.#clock.now();
    const bytes = createHash('sha256').update(raw).digest('hex');
    const key = keyOfUnread(`${Math.floor(now.getTime() / sameWithinMs)}:${bytes}`);
    const _id = signalId(book, key);
    const summary = 'An alert that could not be read';
    const outcome: DeskEvent = { type: 'signal.refused', signal: _id, book, summary, reason };
    const { signal, duplicate } = await this.#store({
      ...this.#arriving({ book, key, from, payload, summary }, now),
      state: 'refused',
      reason,
      endedAt: now.toISOString(),
      outcome,
    });
    if (!duplicate) for (const hear of this.#hearers) hear(signal);
    await this.#tellRefusal(signal);
  }

  async #tellRefusal({ _id, outcome, told }: Signal): Promise<void> {
    if (told || outcome === null) return;
    await this.#outbox.publish(outcome, `signal.ended:${_id}`);
    await this.#signals.update(_id, { told: false }, { told: true });
  }

  /**
   * The book of an alert, and what the alert asks of it; nothing is stored.
   * @throws UserError as `deliver` does
   */
  examine(alert: AlertFields, hook: string | undefined): { book: string; read: ReadSignal } {
    const { book, payload } = addressed(alert, hook, this.#settings);
    return { book, read: this.read(book, payload) };
  }

  #readOf({ book, payload }: Incoming, index: number, count: number): ReadSignal {
    return naming(index, count, () => this.read(book, payload));
  }

  /**
   * What a payload asks of a book.
   * @throws UserError when the book takes no signals, or cannot read this one
   */
  read(book: string, payload: unknown): ReadSignal {
    const settings = this.#settings.find(({ name }) => name === book);
    if (!settings) throw new UserError(`There is no book "${book}".`);
    const handler = this.#handlerOf(settings);
    if (!handler) throw new UserError(`The book "${book}" takes no signals: it has no handler.`);
    return handler.read(payload);
  }

  /** Tells that a signal came in; once, however often it is called. */
  announce({ _id, book, summary }: Signal): Promise<void> {
    return this.#outbox.publish(
      { type: 'signal.received', signal: _id, book, summary },
      `signal.received:${_id}`,
    );
  }

  /** Calls `listener` after a signal was stored and told of; returns what ends that. */
  onReceived(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `hearer` after a message of a proven sender was stored for the first time, also one that was refused. */
  onHeard(hearer: (signal: Signal) => void): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Finishes what the store did not let it finish, and forgets what needs no remembering. Called every so often. */
  async tidy(): Promise<void> {
    for (const { signals } of this.#begun) {
      await this.#inLanes(booksOf(signals), () => this.#finishBatches());
    }
    for (const signal of this.#unpassed.values()) await this.#pass(signal);
    // Of what cannot be read the sender may have given up.
    for (const signal of await this.#signals.find({ told: false, state: 'refused' })) {
      await this.#tellRefusal(signal);
    }
    await this.#seals.purge();
  }

  signal(id: string): Promise<Signal | undefined> {
    return this.#signals.get(id);
  }

  /** The newest first; of all books where none is named. */
  signals({ book, limit }: { readonly book?: string; readonly limit: number }): Promise<Signal[]> {
    return this.#signals.find(book === undefined ? {} : { book }, { sort: newestFirst, limit });
  }

  /** What senders sent to a book, the newest first: without what people had decided once more. */
  heard(book: string, limit: number): Promise<Signal[]> {
    return this.#signals.find({ book, replayOf: { exists: false } }, { sort: newestFirst, limit });
  }

  async #pass(signal: Signal): Promise<void> {
    await this.announce(signal);
    if (!this.#unpassed.delete(signal._id)) return; // a repetition of it was quicker
    for (const listener of this.#listeners) listener(signal);
  }

  #inLanes<T>([lane, ...others]: readonly string[], work: () => Promise<T>): Promise<T> {
    return lane === undefined ? work() : this.#lanes.run(lane, () => this.#inLanes(others, work));
  }

  /**
   * Stores all or none. One is one write; several are first written down together, so that a crash or a fault between them
   * leaves no half of what somebody meant as a whole.
   */
  async #storeAll(
    signals: readonly Signal[],
    now: Date,
  ): Promise<ReadonlyMap<string, { signal: Signal; duplicate: boolean }>> {
    const [only] = signals;
    if (!only) return new Map();
    if (signals.length === 1) return new Map([[only._id, await this.#store(only)]]);
    const batch: Batch = {
      _id: signalId('', signals.map((signal) => signal._id).join()),
      receivedAt: now.toISOString(),
      signals,
    };
    this.#begun.add(batch); // also when its write fails: it may have been done all the same
    await this.#batches.insert(batch, { awaited: true });
    return this.#spread(batch);
  }

  /** Each signal of a batch for itself: can be repeated. */
  async #spread(batch: Batch): Promise<Map<string, { signal: Signal; duplicate: boolean }>> {
    const stored = new Map<string, { signal: Signal; duplicate: boolean }>();
    for (const signal of batch.signals) stored.set(signal._id, await this.#store(signal));
    await this.#batches.remove({ _id: batch._id });
    this.#begun.delete(batch);
    return stored;
  }

  /** Goes on with batches at which the store failed: before anything else is taken in, which may be the same again. */
  async #finishBatches(): Promise<void> {
    for (const batch of this.#begun) {
      if (await this.#batches.get(batch._id)) {
        for (const { signal } of (await this.#spread(batch)).values()) {
          this.#unpassed.set(signal._id, signal);
          await this.#pass(signal);
        }
      } else this.#begun.delete(batch);
    }
  }

  async #store(signal: Signal): Promise<{ signal: Signal; duplicate: boolean }> {
    try {
      await this.#signals.insert(signal, { awaited: true });
      return { signal, duplicate: false };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const known = await this.#signals.get(signal._id);
      if (known?.key !== signal.key) throw error;
      return { signal: known, duplicate: true };
    }
  }

  async #identify({ book, payload, raw, id }: Incoming, now: Date): Promise<{ key: string; known?: Signal }> {
    const own = textOf(payload['id']) ?? textOf(id) ?? textOf(payload['nonce']);
    if (own !== undefined) return { key: `id:${own}` };
    const bytes = createHash('sha256').update(raw).digest('hex');
    const ticker = textOf(payload['ticker']) ?? textOf(payload['symbol']);
    const time = textOf(payload['time']);
    // Not the ticker and time alone: a strategy that turns round closes and opens on the same bar, with two alerts.
    if (ticker !== undefined && time !== undefined) return { key: `bar:${ticker}-${time}:${bytes}` };
    // Minutes of the clock tell equal signals apart, but the two may stand on both sides of a boundary.
    const minute = Math.floor(now.getTime() / sameWithinMs);
    const keyOf = (of: number) => `bytes:${of}:${bytes}`;
    const before = await this.#signals.get(signalId(book, keyOf(minute - 1)));
    const recent = before && now.getTime() - Date.parse(before.receivedAt) < sameWithinMs;
    return { key: keyOf(minute), ...(recent && { known: before }) };
  }
}

/** In one order, so that two that wait for the lanes of several books cannot wait for each other. */
function booksOf(signals: readonly { readonly book: string }[]): string[] {
  return [...new Set(signals.map(({ book }) => book))].sort();
}

/** Says of which signal of a list a fault is. */
function naming<T>(index: number, count: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (count === 1 || !(error instanceof UserError)) throw error;
    throw new UserError(`Alert ${index + 1} of ${count}: ${error.message} None of them was taken in.`, {
      cause: error,
    });
  }
}

function handlerOfBook(settings: BookSettings): BookHandler | undefined {
  try {
    return handlerOf(settings);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`Book "${settings.name}": ${error.message}`, { cause: error });
  }
}

function replayKey({ _id }: Signal): string {
  return `replay:${_id}`;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function withoutSecret({ key: _secret, ...payload }: Incoming['payload']): Incoming['payload'] {
  return payload;
}
