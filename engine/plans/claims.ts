/**
 * Who does what, where several desks share a store: a moment of a plan is made by one of them, once, and one at a time
 * works on a plan.
 *
 * A claim is a document with a time until which it holds. Its holder renews it while the work goes on; a desk that died
 * does not, and another takes it over.
 */
import type { Clock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { Sleep } from '../execution/patience.ts';
import type { Logger } from '../log.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

interface Claim extends StoredDocument {
  readonly holder: string;
  /** ISO 8601. */
  readonly until: string;
  /** Nobody has to do it any more. */
  readonly done: boolean;
}

const claimCollection = defineCollection<Claim>('plan_claims');

export interface ClaimsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sleep: Sleep;
  /** After this without a sign of life a holder is taken for dead. */
  readonly leaseMs?: number;
}

const retryMs = 1000;
const never = '1970-01-01T00:00:00.000Z';

export class PlanClaims {
  readonly #parts: ClaimsParts;
  readonly #claims: Collection<Claim>;
  readonly #holder = crypto.randomUUID();

  private constructor(parts: ClaimsParts, claims: Collection<Claim>) {
    this.#parts = parts;
    this.#claims = claims;
  }

  static async open(parts: ClaimsParts): Promise<PlanClaims> {
    return new PlanClaims(parts, await parts.store.collection(claimCollection));
  }

  /** For a desk that is alone on its store: what is held was left by a process that died. */
  async releaseAll(): Promise<void> {
    for (const { _id } of await this.#claims.find({ done: false })) {
      await this.#claims.update(_id, { done: false }, { until: never });
    }
  }

  /**
   * Does the work that has this name, if nobody does or did it. When it throws, it may be claimed again.
   * @returns whether it is done; false while another desk does it, which may die over it
   */
  async once(name: string, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.#take(name))) return (await this.#claims.get(name))?.done ?? false;
    await this.#renewing(name, work);
    await this.#claims.update(name, { holder: this.#holder }, { done: true });
    return true;
  }

  /** Does the work alone among all desks; waits until whoever has the turn is through. */
  async inTurn<T>(name: string, work: () => Promise<T>, stop: AbortSignal): Promise<T> {
    while (!(await this.#take(name))) await this.#parts.sleep(retryMs, stop);
    return this.#alone(name, work);
  }

  /** The same, or nothing where another desk has the turn. */
  async ifFree(name: string, work: () => Promise<void>): Promise<void> {
    if (await this.#take(name)) await this.#alone(name, work);
  }

  async #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const value = await this.#renewing(name, work);
    await this.#release(name);
    return value;
  }

  async #renewing<T>(name: string, work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => void this.#renew(name), this.#leaseMs / 4);
    try {
      return await work();
    } catch (error) {
      await this.#release(name);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  async #take(name: string): Promise<boolean> {
    const now = this.#parts.clock.now();
    const until = new Date(now.getTime() + this.#leaseMs).toISOString();
    try {
      await this.#claims.insert({ _id: name, holder: this.#holder, until, done: false });
      return true;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    const taken = await this.#claims.update(
      name,
      { done: false, until: { lt: now.toISOString() } },
      { holder: this.#holder, until },
    );
    return taken !== undefined;
  }

  async #renew(name: string): Promise<void> {
    const until = new Date(this.#parts.clock.now().getTime() + this.#leaseMs).toISOString();
    try {
      await this.#claims.update(name, { holder: this.#holder, done: false, until: { ne: never } }, { until });
    } catch (error) {
      this.#parts.log.warn(
        { claim: name, reason: reasonOf(error) },
        'a claim of a plan could not be renewed',
      );
    }
  }

  async #release(name: string): Promise<void> {
    await this.#claims.update(name, { holder: this.#holder, done: false }, { until: never });
  }

  get #leaseMs(): number {
    return this.#parts.leaseMs ?? 60_000;
  }
}
