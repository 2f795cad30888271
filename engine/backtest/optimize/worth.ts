/** How many threads a search is worth: what is left of it, as fast as the first thread is, against what a thread costs. */

/** The first thread warms up for so many times as it took to start, and is not asked how fast it is before. */
const warmingStarts = 8;
/** The work that is worth one more thread, in the same measure: that one must start, too, and warm up. */
const worthStarts = 15;

/** Told by the first thread. Times are milliseconds of one clock. */
export class Worth {
  readonly #created: number;
  #ready: number | null = null;
  /** When the thread was warm, and how many runs it had done then. */
  #warm: { readonly at: number; readonly done: number } | null = null;

  constructor(created: number) {
    this.#created = created;
  }

  /** The first thread has started. */
  ready(at: number): void {
    this.#ready ??= at;
  }

  /**
   * @param done runs so far
   * @param left runs that are still to come, as far as is known
   */
  threads(now: number, done: number, left: number): number {
    if (this.#ready === null) return 1;
    const startMs = this.#ready - this.#created;
    if (now - this.#ready < warmingStarts * startMs) return 1;
    this.#warm ??= { at: now, done };
    const measuredMs = now - this.#warm.at;
    if (measuredMs < startMs || left === 0) return 1;
    const runMs = measuredMs / (done - this.#warm.done);
    return 1 + Math.floor((left * runMs) / (worthStarts * startMs));
  }
}
