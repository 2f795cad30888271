/**
 * Sealed messages that were seen: those whose proof holds for one moment and may be used once.
 *
 * A seal is written down before its signal. The same message within a minute is its sender trying again, because it got
 * no answer: it goes through, and the signal's own key makes it one. Later, or with other content, it is a replay.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

export interface Seal {
  /** Unique to the message among all of its sender: a nonce, a signature. */
  readonly id: string;
  /** Where it was sent, and every byte of it. */
  readonly content: string;
  /** From then on the message is too old to pass for another reason. */
  readonly passesUntil: Date;
}

interface SeenSeal extends StoredDocument {
  readonly content: string;
  readonly seenAt: string;
  readonly passesUntil: string;
}

const seenSeals = defineCollection<SeenSeal>('seen_seals', { indexes: [['passesUntil']] });

/** TradingView tries four times within some 20 seconds. */
const triedAgainWithinMs = 60_000;
/** How long a seal is kept after it cannot pass any more: the clock may be set back meanwhile. */
const keptLongerMs = 86_400_000;

/** A message was used a second time. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

export class SeenSeals {
  readonly #seals: Collection<SeenSeal>;
  readonly #clock: Clock;

  private constructor(seals: Collection<SeenSeal>, clock: Clock) {
    this.#seals = seals;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<SeenSeals> {
    return new SeenSeals(await store.collection(seenSeals), clock);
  }

  /**
   * Resolves when the seal is stored as used, or was used by this very message a moment ago.
   * @throws ReplayError
   */
  async use({ id, content, passesUntil }: Seal): Promise<void> {
    const now = this.#clock.now();
    const seal: SeenSeal = {
      _id: digest(id),
      content: digest(content),
      seenAt: now.toISOString(),
      passesUntil: passesUntil.toISOString(),
    };
    try {
      await this.#seals.insert(seal, { awaited: true });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const seen = await this.#seals.get(seal._id);
      const ageMs = seen ? now.getTime() - Date.parse(seen.seenAt) : Number.POSITIVE_INFINITY;
      if (seen?.content !== seal.content || ageMs >= triedAgainWithinMs) {
        throw new ReplayError('this message was used before');
      }
    }
  }

  /** Forgets what could not pass any more even without being remembered; returns how many those were. */
  purge(): Promise<number> {
    const kept = new Date(this.#clock.now().getTime() - keptLongerMs);
    return this.#seals.remove({ passesUntil: { lt: kept.toISOString() } });
  }
}

/** Of one length, whatever a sender takes for its nonce. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
