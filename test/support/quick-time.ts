/**
 * Timers that come sooner: a pause of a second, or a patience of three, is over in as many turns of the event loop, not by
 * the machine's clock. Whoever is asked over a socket in this process has those turns to answer, so that nobody is out of
 * patience because the machine is slow, and nobody waits because a pause is long.
 */
import { onTestFinished, vi } from 'vitest';

/** So much passes in a turn, which takes a millisecond at least. */
const turnMs = 10;

/** From now on until the test is over. Not for a test that waits for another process: that one has the machine's time. */
export function hurryTime(): void {
  if (vi.isFakeTimers()) return;
  const { setInterval, clearInterval } = globalThis;
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  const turns = setInterval(() => vi.advanceTimersByTime(turnMs), 1);
  onTestFinished(() => {
    clearInterval(turns);
    vi.useRealTimers();
  });
}
