/** A clock that stands still until a test moves it. */
import type { Clock } from '../../engine/clock.ts';

export class ManualClock implements Clock {
  #now: number;

  constructor(start = '2020-04-17T14:30:00.000Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  set(at: string): void {
    this.#now = Date.parse(at);
  }
}
