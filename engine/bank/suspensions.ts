/** Who stopped trading, what of it, and why: for the whole desk or one book, kept over restarts. */
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

/** `entries`: what is open may still be closed. `all`: nothing is sent. */
export type SuspensionScope = 'entries' | 'all';

export interface Suspension {
  readonly scope: SuspensionScope;
  /** Null for the whole desk. */
  readonly book: string | null;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}

interface SuspensionRecord extends StoredDocument, Suspension {}

const suspensionRecords = defineCollection<SuspensionRecord>('suspensions');

export class Suspensions {
  readonly #records: Collection<SuspensionRecord>;
  readonly #clock: Clock;

  private constructor(records: Collection<SuspensionRecord>, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Suspensions> {
    return new Suspensions(await store.collection(suspensionRecords), clock);
  }

  /** Replaces what was said before for the same book, or for the desk. */
  async set(suspension: Omit<Suspension, 'since'>): Promise<Suspension> {
    const record = { _id: idOf(suspension.book), ...suspension, since: stamp(this.#clock) };
    for (;;) {
      const changed = await this.#records.update(record._id, {}, suspensionOf(record));
      if (changed) return suspensionOf(changed);
      try {
        await this.#records.insert(record);
        return suspensionOf(record);
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
      }
    }
  }

  /** Whether there was one to lift. */
  async lift(book: string | null): Promise<boolean> {
    return (await this.#records.remove({ _id: idOf(book) })) > 0;
  }

  /** Of the desk or of the book, whichever stops more. */
  async of(book: string): Promise<Suspension | null> {
    const [ofDesk, ofBook] = [idOf(null), idOf(book)];
    const found = await this.#records.find({ _id: { in: [ofDesk, ofBook] } });
    const desk = found.find(({ _id }) => _id === ofDesk);
    const own = found.find(({ _id }) => _id === ofBook);
    const stricter = own?.scope === 'all' && desk?.scope !== 'all' ? own : (desk ?? own);
    return stricter ? suspensionOf(stricter) : null;
  }

  /** Of the book itself, or of the desk when `book` is null: what `lift` would end. */
  async own(book: string | null): Promise<Suspension | null> {
    const found = await this.#records.get(idOf(book));
    return found ? suspensionOf(found) : null;
  }
}

function idOf(book: string | null): string {
  return book === null ? 'desk' : `book:${book}`;
}

function suspensionOf({ scope, book, by, reason, since }: SuspensionRecord): Suspension {
  return { scope, book, by, reason, since };
}
