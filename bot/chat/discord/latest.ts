/**
 * A message that is shown anew again and again: while one version waits for its turn, newer ones take its place.
 * Progress may come faster than Discord takes edits; what counts is the last of it, and that is never left out.
 */

export interface Latest<T> {
  /** Resolves when this version, or a newer one in its place, is shown; rejects as showing it did. */
  show(version: T): Promise<void>;
  /** From now on nothing waits. */
  hurry(): void;
}

/** The first two versions go at once, so that a short command is answered at once; then one a second. */
const atOnce = 2;
const windowMs = 2_000;

export function latestOnly<T>(apply: (version: T) => Promise<void>): Latest<T> {
  let wanted: T;
  let waiting: Promise<void> | undefined;
  let applying: Promise<void> = Promise.resolve();
  let hurried = false;
  let wake: () => void = () => undefined;
  const shownAt: number[] = [];

  const pause = () =>
    new Promise<void>((resolve) => {
      const earlier = shownAt.at(-atOnce);
      const waitMs = earlier === undefined ? 0 : earlier + windowMs - performance.now();
      if (hurried || waitMs <= 0) return resolve();
      const timer = setTimeout(resolve, waitMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const takeTurn = async () => {
    await applying.catch(() => undefined); // whoever showed that version heard of it
    await pause();
    waiting = undefined;
    shownAt.push(performance.now());
    shownAt.splice(0, shownAt.length - atOnce);
    applying = apply(wanted);
    await applying;
  };

  return {
    show(version) {
      wanted = version;
      waiting ??= takeTurn();
      return waiting;
    },
    hurry() {
      hurried = true;
      wake();
    },
  };
}
