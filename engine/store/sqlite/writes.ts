/**
 * The writes of a file: those that come close together are committed together, and none is reported before its commit.
 *
 * A commit waits for the disk, and SQLite works synchronously: while it waits, nothing else of this process runs. So what
 * is to be written is gathered until the event loop comes round, and a round takes only so many. Whoever hears that his
 * write is committed goes on with his work at once, so that only a few hear of it in one turn. Between two turns the
 * process hears what comes from outside: however much there is to trade, the next alert is taken in, and what somebody
 * outside waits for is written first.
 */
import { DuplicateKeyError } from '../store.ts';
import type { Database } from './database.ts';

/** Calls `work` when the event loop comes round. */
export type NextTurn = (work: () => void) => void;

interface Write {
  /** Returns what becomes of the promise that its caller holds, so that nobody hears of it before the commit. */
  readonly attempt: () => () => void;
  readonly fail: (error: unknown) => void;
}

/** What is written in one round. */
const mostInOneRound = 24;
/** The same where somebody outside waits. */
const mostBesideAwaited = 6;
/** Callers that hear of it in one turn: what follows from each of them runs before the next turn. */
const mostToldAtOnce = 6;

export class Writes {
  readonly #database: Database;
  readonly #nextTurn: NextTurn;
  readonly #awaited: Write[] = [];
  readonly #others: Write[] = [];
  /** Calls that tell of what is committed. */
  readonly #untold: (() => void)[] = [];
  #isPlanned = false;
  /** The turn before was for somebody outside alone. */
  #wasForOutside = false;

  constructor(database: Database, nextTurn: NextTurn = setImmediate) {
    this.#database = database;
    this.#nextTurn = nextTurn;
  }

  /**
   * Resolves with what `write` returns when that is committed.
   * @param awaited whether somebody outside waits for it: then it goes before others
   */
  do<R>(write: () => R, awaited: boolean): Promise<R> {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        try {
          const result = write();
          return () => resolve(result);
        } catch (error) {
          if (!(error instanceof DuplicateKeyError)) throw error;
          return () => reject(error); // SQLite has undone this statement alone
        }
      };
      (awaited ? this.#awaited : this.#others).push({ attempt, fail: reject });
      this.#plan();
    });
  }

  /** Writes all that waits, and tells of it, now. */
  finish(): void {
    const tell = this.#commit([...this.#awaited.splice(0), ...this.#others.splice(0)]);
    for (const each of [...this.#untold.splice(0), ...tell]) each();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#nextTurn(() => {
      this.#isPlanned = false;
      this.#turn();
      if (this.#awaited.length + this.#others.length + this.#untold.length > 0) this.#plan();
    });
  }

  #turn(): void {
    // However many come, every other turn is for those of the desk that have not heard yet.
    const isForOutside = this.#awaited.length > 0 && !(this.#wasForOutside && this.#untold.length > 0);
    this.#wasForOutside = isForOutside;
    if (isForOutside) {
      const awaited = this.#awaited.splice(0);
      const tell = this.#commit([...awaited, ...this.#others.splice(0, mostBesideAwaited)]);
      // What follows from an answer to the outside is short, and all of it goes first.
      for (const each of tell.splice(0, awaited.length)) each();
      this.#untold.push(...tell);
      return;
    }
    // While some have not heard yet, others gather: a commit costs nearly the same for one and for many.
    if (this.#untold.length === 0) this.#untold.push(...this.#commit(this.#others.splice(0, mostInOneRound)));
    for (const each of this.#untold.splice(0, mostToldAtOnce)) each();
  }

  /** Returns, for each of them, what tells its caller. */
  #commit(writes: readonly Write[]): (() => void)[] {
    if (writes.length < 2) return this.#oneByOne(writes);
    try {
      this.#database.execute('BEGIN IMMEDIATE');
    } catch (error) {
      return writes.map(
        ({ fail }) =>
          () =>
            fail(error),
      );
    }
    try {
      const tell = writes.map(({ attempt }) => attempt());
      this.#database.execute('COMMIT');
      return tell;
    } catch {
      this.#rollBack();
      // Nothing of it was done. Each for itself, so that what is wrong with one is not the end of the others.
      return this.#oneByOne(writes);
    }
  }

  #oneByOne(writes: readonly Write[]): (() => void)[] {
    return writes.map(({ attempt, fail }) => {
      try {
        return attempt();
      } catch (error) {
        return () => fail(error);
      }
    });
  }

  /** After some faults SQLite has done that by itself, and says that there is nothing to roll back. */
  #rollBack(): void {
    try {
      this.#database.execute('ROLLBACK');
    } catch {
      // The faults that leave a transaction open are those of a single statement, which roll back.
    }
  }
}
