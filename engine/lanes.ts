/** Work that shares a lane is done one after another, in the order in which it came; lanes run side by side. */
export class Lanes {
  readonly #ends = new Map<string, Promise<unknown>>();

  /**
   * Resolves or rejects with what `work` does, once everything before it in the lane has ended or has left it.
   * @param work may leave the lane before it ends, by what it is given: the next one then begins beside it
   * @param signal ends the waiting for its turn, with its reason; `work` is then never begun
   */
  run<T>(lane: string, work: (leave: () => void) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#ends.get(lane) ?? Promise.resolve();
    const turn = new AbortController();
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const done = before.then(() => {
      signal?.throwIfAborted();
      turn.abort(); // from here on it is not waiting
      return work(leave);
    });
    // The caller hears of a failure; the next in the lane still gets its turn.
    const end = Promise.race([done.then(ignore, ignore), left]);
    this.#ends.set(lane, end);
    void end.then(() => {
      if (this.#ends.get(lane) === end) this.#ends.delete(lane);
    });
    return signal ? Promise.race([done, whenAborted(signal, turn.signal)]) : done;
  }

  /** Resolves when every lane is empty. */
  async idle(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends.values());
  }
}

function ignore(): void {}

/** Rejects when `signal` is aborted, as long as `until` was not. */
function whenAborted(signal: AbortSignal, until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: until });
  });
}
