/**
 * The writes of a file: those that come close together are committed together, and none is reported before its commit.
 *
 * A commit waits for the disk, and SQLite works synchronously: while it waits, nothing else of this process runs. So what
 * is to be written is gathered until the event loop comes round, and a round takes only so many. Between two rounds the
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

/** What is written in one round: what follows from each of them runs before the next. */
const mostInOneRound = 24;
/** The same where somebody outside waits. */
const mostBesideAwaited = 6;

export class Writes {
  readonly #database: Database;
  readonly #nextTurn: NextTurn;
  readonly #awaited: Write[] = [];
  readonly #others: Write[] = [];
  #isPlanned = false;

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

  /** Writes all that waits, now. */
  finish(): void {
    for (const tell of this.#commit([...this.#awaited.splice(0), ...this.#others.splice(0)])) tell();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#nextTurn(() => {
      this.#isPlanned = false;
      const awaited = this.#awaited.splice(0);
      const others = this.#others.splice(0, awaited.length > 0 ? mostBesideAwaited : mostInOneRound);
      const tell = this.#commit([...awaited, ...others]);
      for (const each of tell.slice(0, awaited.length)) each();
      const tellOthers = () => {
        for (const each of tell.slice(awaited.length)) each();
      };
      // What follows from an answer to the outside is short, and goes first.
      if (awaited.length > 0) this.#nextTurn(tellOthers);
      else tellOthers();
      if (this.#others.length > 0) this.#plan();
    });
  }

  /** Returns, for each of them, what tells its caller. */
  #commit(writes: readonly Write[]): readonly (() => void)[] {
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

  #oneByOne(writes: readonly Write[]): readonly (() => void)[] {
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
