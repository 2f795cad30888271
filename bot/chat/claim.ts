/** The one-time code by which the first person in chat proves that they have the machine as well. */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';

/** Without letters and digits that are taken for each other. */
const alphabet = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const triesPerPerson = 5;
/** Of all together: 30^12 codes could not be guessed at any rate, but nobody needs to try this often. */
const triesInAll = 50;
const periodMs = 10 * 60_000;

export class ClaimCode {
  /** `ABCD-EFGH-JKMN` */
  readonly code: string;
  readonly #clock: Clock;
  #failures: { readonly who: string; readonly at: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    const letters = Array.from({ length: 12 }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
    this.code = letters.replace(/(.{4})(?=.)/g, '$1-');
  }

  /** @throws UserError when the code is not this one, or was tried too often */
  prove(who: string, typed: string): void {
    const now = this.#clock.now().getTime();
    this.#failures = this.#failures.filter(({ at }) => now - at < periodMs);
    const own = this.#failures.filter((failure) => failure.who === who).length;
    if (own >= triesPerPerson || this.#failures.length >= triesInAll) {
      throw new UserError(
        'Too many wrong codes. Wait ten minutes; the code stands in the terminal or the log.',
      );
    }
    if (timingSafeEqual(digest(typed), digest(this.code))) return;
    this.#failures.push({ who, at: now });
    throw new UserError(
      'That is not the code. It stands in the terminal where the desk was started, and in its log.',
    );
  }
}

/** Of equal length for any text, so that the comparison takes the same time; dashes and case do not count. */
function digest(code: string): Buffer {
  return createHash('sha256')
    .update(code.toUpperCase().replace(/[^A-Z0-9]/g, ''))
    .digest();
}
