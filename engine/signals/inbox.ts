/**
 * The inbox: takes a signal in once, durably, before its sender hears that it arrived.
 *
 * The same signal again is recognised by the id or nonce of its sender; else by its very bytes: for good when it carries
 * the ticker and time of its bar, and else within a minute, since an alert may well say the same thing again later.
 */
import { createHash } from 'node:crypto';
import type { BookSettings } from '../bank/book.ts';
import type { Books } from '../bank/books.ts';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Collection, Store } from '../store/store.ts';
import { DuplicateKeyError } from '../store/store.ts';
import type { BookHandler, ReadSignal } from './handler.ts';
import { handlerOf } from './handlers/index.ts';
import type { Signal } from './signal.ts';
import { signalCollection, signalId } from './signal.ts';

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
}

export interface Receipt {
  readonly signal: string;
  /** It was received before; nothing new will happen. */
  readonly duplicate: boolean;
}

const sameWithinMs = 60_000;

export class Inbox {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #signals: Collection<Signal>;
  readonly #handlers: ReadonlyMap<string, BookHandler | undefined>;
  /** A book's signals are taken in one by one, so that two equal ones see each other. */
  readonly #lanes = new Lanes();
  readonly #listeners = new Set<(signal: Signal) => void>();
  #arrivals = 0;

  private constructor({ clock, outbox, books }: InboxParts, signals: Collection<Signal>) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#signals = signals;
    this.#handlers = new Map(books.names().map((name) => [name, handlerOfBook(books.settings(name))]));
  }

  /** @throws UserError when a book names a handler that does not exist, or settings that are wrong */
  static async open(parts: InboxParts): Promise<Inbox> {
    return new Inbox(parts, await parts.store.collection(signalCollection));
  }

  /**
   * Resolves when the signal is stored: then, and only then, it may be acknowledged.
   * @throws UserError when the book takes no signals, or cannot read this one
   * @throws StoreError when it could not be stored: the sender shall send it again
   */
  async receive({ book, payload, raw, from }: Incoming): Promise<Receipt> {
    const { summary } = this.read(book, payload);
    const { signal, duplicate } = await this.#lanes.run(book, async () => {
      const now = this.#clock.now();
      const { key, known } = await this.#identify(book, payload, raw, now);
      return known
        ? { signal: known, duplicate: true }
        : this.#store({
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
          });
    });
    // Also for a repetition: it may be the answer to a fault between storing the first one and telling of it.
    if (signal.state === 'received') {
      await this.announce(signal);
      for (const listener of this.#listeners) listener(signal);
    }
    return { signal: signal._id, duplicate };
  }

  /**
   * What a payload asks of a book.
   * @throws UserError when the book takes no signals, or cannot read this one
   */
  read(book: string, payload: unknown): ReadSignal {
    if (!this.#handlers.has(book)) throw new UserError(`There is no book "${book}".`);
    const handler = this.#handlers.get(book);
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

  signal(id: string): Promise<Signal | undefined> {
    return this.#signals.get(id);
  }

  /** The newest first; of all books where none is named. */
  signals({ book, limit }: { readonly book?: string; readonly limit: number }): Promise<Signal[]> {
    const newest = [
      ['receivedAt', 'descending'],
      ['arrival', 'descending'],
    ] as const;
    return this.#signals.find(book === undefined ? {} : { book }, { sort: newest, limit });
  }

  async #store(signal: Signal): Promise<{ signal: Signal; duplicate: boolean }> {
    try {
      await this.#signals.insert(signal);
      return { signal, duplicate: false };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const known = await this.#signals.get(signal._id);
      if (known?.key !== signal.key) throw error;
      return { signal: known, duplicate: true };
    }
  }

  async #identify(
    book: string,
    payload: Incoming['payload'],
    raw: Uint8Array,
    now: Date,
  ): Promise<{ key: string; known?: Signal }> {
    const own = textOf(payload['id']) ?? textOf(payload['nonce']);
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

function handlerOfBook(settings: BookSettings): BookHandler | undefined {
  try {
    return handlerOf(settings);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`Book "${settings.name}": ${error.message}`, { cause: error });
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function withoutSecret({ key: _secret, ...payload }: Incoming['payload']): Incoming['payload'] {
  return payload;
}
