/** A process that dies, or whose calls fail, at a chosen call to its store or its broker: fate stands at every door. */
import type { Sleep } from '../../engine/execution/patience.ts';
import { noSleep } from './trading.ts';

/** Called before and after each call; it may throw, or never return. */
export type Fate = (moment: string) => Promise<void>;

export const spared: Fate = async () => undefined;

/** Makes the calls of a broker pass by fate. */
export function passing(fate: Fate) {
  return <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await fate(`before broker.${name}`);
      const result = await work(...args);
      await fate(`after broker.${name}`);
      return result;
    };
}

/**
 * Lets a process live until the `at`-th moment of its story.
 * @returns what it was doing when it died; undefined when it came to its end
 */
export function liveUntil(
  at: number,
  live: (fate: Fate, sleep: Sleep) => Promise<void>,
): Promise<string | undefined> {
  let calls = 0;
  let dead = false;
  return new Promise((resolve, reject) => {
    const fate: Fate = async (moment) => {
      if (!dead && ++calls === at) {
        dead = true;
        resolve(moment);
      }
      if (dead) await forever();
    };
    live(fate, (ms, signal) => (dead ? forever() : noSleep(ms, signal))).then(
      () => resolve(undefined),
      reject,
    );
  });
}

/** What a call of a dead process comes to. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}
