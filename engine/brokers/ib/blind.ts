/**
 * Running blind: the market is open, and the broker is out of reach. A desk that only waits for its broker would wait for
 * days without a word, so this does not look at the connection at all: only at the clock, the market and what is called ready.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Calendar } from '../../market/calendars/calendar.ts';
import type { BrokerStatus } from '../broker.ts';
import type { QuietTimes } from './quiet.ts';

export interface BlindParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly calendar: Calendar;
  readonly quiet: QuietTimes;
  readonly minutes: number;
  readonly status: () => BrokerStatus;
  readonly alarm: (blind: {
    readonly minutes: number;
    readonly why: string;
    readonly since: Date;
  }) => Promise<void>;
  readonly over: (since: Date) => Promise<void>;
}

const everyMs = 15_000;

export class Blind {
  readonly #parts: BlindParts;
  #timer: NodeJS.Timeout | undefined;
  /** From when on it could not see an open market. */
  #since: Date | undefined;
  #alarmed = false;

  constructor(parts: BlindParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.look().catch((error) => {
        this.#parts.log.error({ error: reasonOf(error) }, 'an alarm could not be told');
      });
    }, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells once when it has been blind for too long, and once when it sees again. */
  async look(): Promise<void> {
    const { clock, calendar, quiet, minutes, status, alarm, over } = this.#parts;
    const now = clock.now();
    const { state, why = state, elsewhere = false } = status();
    const sees = state === 'ready' || elsewhere || !calendar.isOpen(now) || quiet.until(now) !== undefined;
    if (sees) {
      const { since, alarmed } = { since: this.#since, alarmed: this.#alarmed };
      if (state === 'ready' && since && alarmed) await over(since);
      // An alarm that was told stays told until it is ready, also over the night.
      if (state === 'ready' || !alarmed) {
        this.#since = undefined;
        this.#alarmed = false;
      }
      return;
    }
    this.#since ??= now;
    const blindMinutes = (now.getTime() - this.#since.getTime()) / 60_000;
    if (this.#alarmed || blindMinutes < minutes) return;
    await alarm({ minutes: Math.floor(blindMinutes), why, since: this.#since });
    this.#alarmed = true;
  }
}
