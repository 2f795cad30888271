/**
 * The newest postings of the ledger, kept: all that sum it up read them with one query, and those who ask at the same time
 * with the same one.
 *
 * Nothing is answered from memory alone: another process may post, too. What is saved is asking anew for each book.
 */

interface Numbered {
  readonly sequence: number;
}

/** Postings in their order, and the number up to which these are all that were asked for. */
export interface PostingsRead<P extends Numbered> {
  readonly postings: readonly P[];
  readonly upTo: number;
}

export interface TailParts<P extends Numbered> {
  /** Postings after a number, oldest first. */
  after(sequence: number, limit: number): Promise<readonly P[]>;
  newest(): Promise<number>;
}

const page = 1000;
/** Whoever is further behind asks the store. */
const mostKept = 2000;

export class LedgerTail<P extends Numbered> {
  readonly #parts: TailParts<P>;
  #kept: P[] = [];
  /** Everything after this number is kept, up to `#upTo`; before the first reading nothing is. */
  #since: number | undefined;
  #upTo = 0;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(parts: TailParts<P>) {
    this.#parts = parts;
  }

  /**
   * Those after `sequence` that `concerns` says yes to, of all that were stored when this was called; `undefined` where so
   * many are not kept.
   */
  async after(sequence: number, concerns: (posting: P) => boolean): Promise<PostingsRead<P> | undefined> {
    await this.#catchUp();
    if (this.#since === undefined || sequence < this.#since) return undefined;
    let first = this.#kept.length;
    while (first > 0 && (this.#kept[first - 1]?.sequence ?? 0) > sequence) first--;
    return { postings: this.#kept.slice(first).filter(concerns), upTo: this.#upTo };
  }

  /** A reading that has begun may have looked too early for who asks now: the next one is for all that wait by then. */
  #catchUp(): Promise<void> {
    this.#next ??= this.#reading
      .catch(() => undefined) // who waited for it has heard
      .then(() => {
        this.#next = undefined;
        this.#reading = this.#read();
        return this.#reading;
      });
    return this.#next;
  }

  async #read(): Promise<void> {
    if (this.#since === undefined) {
      this.#upTo = await this.#parts.newest();
      this.#since = this.#upTo;
      return;
    }
    for (;;) {
      const newer = await this.#parts.after(this.#upTo, page);
      const last = newer.at(-1);
      if (!last) return;
      this.#kept.push(...newer);
      this.#upTo = last.sequence;
      if (this.#kept.length > mostKept) {
        const gone = this.#kept.splice(0, this.#kept.length - mostKept / 2);
        this.#since = gone.at(-1)?.sequence ?? this.#since;
      }
      if (newer.length < page) return;
    }
  }
}
