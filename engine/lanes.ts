/** Work that shares a lane is done one after another, in the order in which it came; lanes run side by side. */
export class Lanes {
  readonly #ends = new Map<string, Promise<unknown>>();

  /** Resolves or rejects with what `work` does, once everything before it in the lane has ended. */
  run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(lane) ?? Promise.resolve();
    const done = before.then(work);
    const end = done.catch(() => undefined); // the caller hears of it; the next in the lane still gets its turn
    this.#ends.set(lane, end);
    void end.then(() => {
      if (this.#ends.get(lane) === end) this.#ends.delete(lane);
    });
    return done;
  }

  /** Resolves when every lane is empty. */
  async idle(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends.values());
  }
}
