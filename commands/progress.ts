/** Turns work that reports its progress through a callback into what a command's `run` yields. */
import type { Progress } from './reply.ts';

/** Yields the newest progress whenever the reader comes for more; returns what the work resolves to. */
export async function* progressOf<T>(
  work: (tell: (progress: Progress) => void) => Promise<T>,
): AsyncGenerator<Progress, T> {
  let newest: Progress | undefined;
  let wake: () => void = () => undefined;
  const done = work((progress) => {
    newest = progress;
    wake();
  });
  // The rejection is met by the `await` below; without this it would count as unhandled until the reader comes.
  done.catch(() => undefined);
  const settled = done.then(
    () => true,
    () => true,
  );
  for (;;) {
    const told = new Promise<false>((resolve) => {
      wake = () => resolve(false);
    });
    const current = newest;
    newest = undefined;
    if (current) yield current;
    else if (await Promise.race([settled, told])) return await done;
  }
}
