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
