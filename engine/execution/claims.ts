/**
 * Which step a movement of the broker's records belongs to.
 *
 * A loan, a repayment or a transfer carries no id of ours. One whose reply was lost is looked for in the broker's own
 * records, and each record is taken by one step and no other: so a movement is neither booked twice nor asked for twice.
 */
import type { Movement } from '../brokers/broker.ts';
import type { Decimal } from '../money.ts';
import { decimal, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

/** A step of an operation. */
export interface Claimant {
  readonly operation: string;
  readonly leg: string;
}

interface Claim extends StoredDocument, Claimant {}

const beforeTheDesk: Claimant = { operation: 'opening', leg: '' };

const claimCollection = defineCollection<Claim>('movement_claims');

/** What a movement that we asked for looks like in the broker's records. */
export interface Sought {
  readonly kind: 'borrow' | 'repay' | 'transfer';
  readonly asset: string;
  readonly amount: Decimal;
  /** By how much the broker may have rounded it. */
  readonly step: Decimal;
  readonly wallet: string;
  readonly to: string | null;
}

export class Claims {
  readonly #claims: Collection<Claim>;

  private constructor(claims: Collection<Claim>) {
    this.#claims = claims;
  }

  static async open(store: Store): Promise<Claims> {
    return new Claims(await store.collection(claimCollection));
  }

  /** Takes a movement for a step; `false` when another step has it. */
  async take(broker: string, movement: string, { operation, leg }: Claimant): Promise<boolean> {
    const _id = idOf(broker, movement);
    try {
      await this.#claims.insert({ _id, operation, leg });
      return true;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.#isFree(_id, { operation, leg });
    }
  }

  /** The one among a broker's records that is what was asked for, and not another step's. */
  async find(
    broker: string,
    records: readonly Movement[],
    sought: Sought,
    claimant: Claimant,
  ): Promise<Movement | undefined> {
    const alike = records
      .filter((movement) => isLike(movement, sought))
      .sort((one, other) => difference(one, sought).cmp(difference(other, sought)));
    for (const movement of alike) {
      if (await this.#isFree(idOf(broker, movement.id), claimant)) return movement;
    }
    return undefined;
  }

  /** Leaves a movement to the time before the desk: it is in what the account had when it was first seen. */
  async leave(broker: string, movement: string): Promise<void> {
    await this.take(broker, movement, beforeTheDesk);
  }

  async isBeforeTheDesk(broker: string, movement: string): Promise<boolean> {
    return (await this.#claims.get(idOf(broker, movement)))?.operation === beforeTheDesk.operation;
  }

  async #isFree(id: string, { operation, leg }: Claimant): Promise<boolean> {
    const claim = await this.#claims.get(id);
    return !claim || (claim.operation === operation && claim.leg === leg);
  }
}

function idOf(broker: string, movement: string): string {
  return `${broker}:${movement}`;
}

function isLike(movement: Movement, sought: Sought): boolean {
  return (
    movement.kind === sought.kind &&
    movement.asset === sought.asset &&
    movement.wallet === sought.wallet &&
    movement.to === sought.to &&
    difference(movement, sought).lte(sought.step)
  );
}

function difference(movement: Movement, { amount }: Sought): Decimal {
  const by = decimal(movement.amount).minus(amount);
  return by.lt(zero) ? by.neg() : by;
}
