/**
 * How fast we may talk to Telegram, and how patient we are with it.
 *
 * Telegram's limits: one message a second in a chat with short bursts, 20 a minute in a group, 30 a second in all
 * (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). Edits count like messages.
 */

/** At most `count` messages within any `ms` milliseconds. */
export interface Limit {
  readonly count: number;
  readonly ms: number;
}

export interface Pace {
  readonly chat: Limit;
  readonly group: Limit;
  /** Of the messages in a group, those that only change one: progress must leave room for the answer. */
  readonly groupEdits: Limit;
  readonly all: Limit;
  /** How long Telegram may hold a request for updates open. */
  readonly pollSeconds: number;
  /** Pauses between attempts to connect grow from the first to the longest, by doubling. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A message is tried this often when Telegram does not answer, with pauses that double from the first. */
  readonly tries: number;
  readonly firstRetryMs: number;
  /** One request, without the time that its files take. */
  readonly requestMs: number;
  /** `stop` waits this long for messages that are under way. */
  readonly stopMs: number;
}

export const telegramPace: Pace = {
  // Six seconds' worth may go at once, and then one a second.
  chat: { count: 6, ms: 6_000 },
  group: { count: 20, ms: 60_000 },
  groupEdits: { count: 1, ms: 4_000 },
  // Below 30: requests that are sent evenly need not arrive evenly.
  all: { count: 25, ms: 1_000 },
  pollSeconds: 50,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  tries: 4,
  firstRetryMs: 500,
  requestMs: 30_000,
  stopMs: 10_000,
};

/** Counts what was sent against one limit. Times are milliseconds of a clock that only goes forward. */
export class Meter {
  readonly #limit: Limit;
  #sent: { at: number }[] = [];

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /**
   * Milliseconds until `count` more may go; 0 is now. An album larger than the limit waits for all of it, and what
   * comes after it waits for the rest.
   */
  waitMs(count: number, now: number): number {
    this.#sent = this.#sent.filter(({ at }) => at + this.#limit.ms > now);
    const over = this.#sent.length + Math.min(count, this.#limit.count) - this.#limit.count;
    const freeing = this.#sent[over - 1];
    return freeing === undefined ? 0 : freeing.at + this.#limit.ms - now;
  }

  /**
   * Counts `count` messages as sent now; call what it returns when Telegram has answered, because it counts
   * from the arrival of a message, which lies between the two.
   */
  take(count: number, now: number): (answeredAt: number) => void {
    const marks = Array.from({ length: count }, () => ({ at: now }));
    this.#sent.push(...marks);
    return (answeredAt) => {
      marks.forEach((mark, index) => {
        const over = Math.max(0, index + 1 - this.#limit.count);
        mark.at = answeredAt + (over * this.#limit.ms) / this.#limit.count;
      });
      this.#sent.sort((a, b) => a.at - b.at);
    };
  }
}
