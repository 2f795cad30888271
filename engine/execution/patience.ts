/** Waiting, passed in like the clock: a test waits for nothing, and a desk that stops waits no longer. */
import { setTimeout as timeout } from 'node:timers/promises';

/** @throws what `signal` was aborted with */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const systemSleep: Sleep = async (ms, signal) => {
  try {
    await timeout(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};

/** Pauses between the questions that are put to a broker about one thing: 13 s in all. */
export const lookupPausesMs: readonly number[] = [200, 400, 800, 1600, 3200, 6400];

/** The desk stops: what was being waited for goes on at the next start. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('the desk is stopping');
  }
}

/** `first`, twice that, and so on up to `longest`, for ever. */
export function* growingPauses(firstMs: number, longestMs: number): Generator<number, never> {
  for (let ms = firstMs; ; ms = Math.min(ms * 2, longestMs)) yield ms;
}

/** Sleeps that can be ended from outside, each under the name of what it waits for. */
export class Wakeable {
  readonly #sleep: Sleep;
  readonly #sleepers = new Map<string, AbortController>();

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  /** @throws what `signal` was aborted with; being woken is no error */
  async sleep(name: string, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const alarm = new AbortController();
    const stop = () => alarm.abort();
    signal.addEventListener('abort', stop, { once: true });
    this.#sleepers.set(name, alarm);
    try {
      await this.#sleep(ms, alarm.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!alarm.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      if (this.#sleepers.get(name) === alarm) this.#sleepers.delete(name);
    }
  }

  wake(name: string): void {
    this.#sleepers.get(name)?.abort();
  }
}
