/** What postings sum up to, kept up to date: from a snapshot, and the postings since. */
import type { Posting } from './ledger.ts';
import type { PostingsRead } from './ledger-tail.ts';
import type { Snapshots } from './snapshots.ts';
import { snapshotText, stateOf } from './snapshots.ts';

export interface RunningStateParts<S> {
  /** Of its snapshots. */
  readonly name: string;
  readonly initial: S;
  readonly snapshots: Snapshots;
  /** A snapshot is stored after so many postings. */
  readonly snapshotEvery: number;
  /** The postings that concern it after a number, oldest first. */
  next(sequence: number, limit: number): Promise<PostingsRead<Posting>>;
  with(before: S, posting: Posting): S;
  /** Called before a state becomes current: what has to be stored of it is stored, and taken out. */
  beforeUse(state: S): Promise<S>;
}

/** Postings that are read at once. */
const page = 1000;

export class RunningState<S extends { readonly sequence: number }> {
  readonly #parts: RunningStateParts<S>;
  #state: S | undefined;
  /** The posting up to which it was read; the newest ones may not have concerned it. */
  #upTo = 0;
  #sinceSnapshot = 0;

  constructor(parts: RunningStateParts<S>) {
    this.#parts = parts;
  }

  /** After the newest posting. One call at a time. */
  async current(): Promise<S> {
    const { name, snapshots, snapshotEvery, next, beforeUse } = this.#parts;
    let state = this.#state ?? (await this.#start());
    for (;;) {
      const { postings, upTo } = await next(Math.max(this.#upTo, state.sequence), page);
      if (postings.length > 0) {
        state = await beforeUse(
          postings.reduce((before, posting) => this.#parts.with(before, posting), state),
        );
        this.#sinceSnapshot += postings.length;
      }
      this.#state = state;
      this.#upTo = upTo;
      if (this.#sinceSnapshot >= snapshotEvery) {
        await snapshots.put(name, state.sequence, snapshotText(state));
        this.#sinceSnapshot = 0;
      }
      if (postings.length < page) return state;
    }
  }

  /** As it was when it was last asked for; `undefined` when it was not. */
  get last(): S | undefined {
    return this.#state;
  }

  /** Sums up from the first posting when it is asked for next. */
  async rebuild(): Promise<void> {
    await this.#parts.snapshots.remove(this.#parts.name);
    this.#state = this.#parts.initial;
    this.#upTo = 0;
    this.#sinceSnapshot = 0;
  }

  async #start(): Promise<S> {
    const snapshot = await this.#parts.snapshots.get(this.#parts.name);
    return snapshot ? stateOf<S>(snapshot.state) : this.#parts.initial;
  }
}
