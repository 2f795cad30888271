/** How often a vendor may be asked: each question takes a place in every limit, and waits until it is free. */
import type { Clock } from '../../../clock.ts';

export interface Limit {
  readonly requests: number;
  readonly perMs: number;
}

export class Pace {
  readonly #limits: readonly Limit[];
  readonly #clock: Clock;
  /** When the latest questions were or will be asked, ascending; as many as the largest limit needs. */
  #times: number[] = [];
  readonly #kept: number;

  constructor(limits: readonly Limit[], clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#kept = Math.max(0, ...limits.map(({ requests }) => requests));
  }

  /** Milliseconds until the next question may be asked. */
  get waitMs(): number {
    const now = this.#clock.now().getTime();
    const earliest = this.#limits.map(({ requests, perMs }) => {
      const before = this.#times[this.#times.length - requests];
      return before === undefined ? now : before + perMs;
    });
    // Never before one that waits already: they are asked in their order.
    return Math.max(now, this.#times.at(-1) ?? now, ...earliest) - now;
  }

  /** Takes the next place. Returns how long to wait for it. */
  take(): number {
    const wait = this.waitMs;
    this.#times.push(this.#clock.now().getTime() + wait);
    if (this.#times.length > 2 * this.#kept) this.#times = this.#times.slice(-this.#kept);
    return wait;
  }
}
