/**
 * The request weight of an address: so much a minute, then 429, and 418 for who goes on.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
 */
import { BinanceError } from './errors.ts';

const minuteMs = 60_000;
const banMs = 2 * minuteMs;
/** Requests that are answered with 429 before the ban. */
const patience = 5;

export class Weights {
  readonly #limit: number;
  #minute = 0;
  #used = 0;
  #ignored = 0;
  #bannedUntil = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** @throws BinanceError -1003 */
  use(weight: number, now: number): void {
    if (now < this.#bannedUntil) throw this.#banned(now);
    const minute = Math.floor(now / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#used = 0;
      this.#ignored = 0;
    }
    this.#used += weight;
    if (this.#used <= this.#limit) return;
    this.#ignored += 1;
    if (this.#ignored > patience) {
      this.#bannedUntil = now + banMs;
      throw this.#banned(now);
    }
    const retryAfterS = Math.ceil(((minute + 1) * minuteMs - now) / 1000);
    throw new BinanceError(
      -1003,
      `Too much request weight used; current limit is ${this.#limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      429,
      { 'retry-after': String(retryAfterS) },
    );
  }

  #banned(now: number): BinanceError {
    return new BinanceError(
      -1003,
      `Way too much request weight used; IP banned until ${this.#bannedUntil}. Please use WebSocket Streams for live updates to avoid bans.`,
      418,
      { 'retry-after': String(Math.ceil((this.#bannedUntil - now) / 1000)) },
    );
  }
}
