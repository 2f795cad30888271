/**
 * Which commands are under way at the server at once.
 *
 * Behind what is under way stands every command that comes later, also the one for which somebody outside waits. So there
 * are few; and fewer while such ones come, since they come in swarms: then the next is not far.
 */
import pLimit from 'p-limit';

/** More would not make the server faster. */
const mostUnderWay = 8;
const mostBesideAwaited = 2;
/** A swarm is over when nobody outside has waited for so long. */
const calmAfterMs = 100;

/** Does some work when it is its turn; resolves or rejects with what it does. */
type InTurn = <R>(work: () => Promise<R>) => Promise<R>;

export class Turns {
  readonly #limit = pLimit(mostUnderWay);
  #awaited = 0;
  #calm: NodeJS.Timeout | undefined;

  /** For what can wait. */
  readonly others: InTurn = (work) => this.#limit(work);

  /** For what somebody outside waits for: at once. */
  readonly awaited: InTurn = async (work) => {
    this.#awaited++;
    clearTimeout(this.#calm);
    this.#limit.concurrency = mostBesideAwaited;
    try {
      return await work();
    } finally {
      this.#awaited--;
      if (this.#awaited === 0) this.#calm = setTimeout(() => this.#calmDown(), calmAfterMs).unref();
    }
  };

  #calmDown(): void {
    this.#limit.concurrency = mostUnderWay;
  }
}
