/**
 * Buttons and confirmations as stored records: what a press means, who may press, until when, and whether it was
 * pressed. So they work after a restart, from either platform, and once.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, stamp } from '../../engine/clock.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';

export interface StoredAction extends StoredDocument {
  /** Words of the command that a press runs. */
  readonly command: readonly string[];
  /** Its options as they were given, by name. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Names of the options that are encrypted, because they are secret. */
  readonly sealed?: readonly string[];
  /** A confirmation: pressing runs the command without asking again. */
  readonly confirmed: boolean;
  /** Only this person may press; null: whoever has the command's role. */
  readonly only: string | null;
  readonly expiresAt: string;
  readonly state: 'open' | 'used' | 'cancelled';
  /** Who pressed it. */
  readonly pressedBy: string | null;
}

const storedActions = defineCollection<StoredAction>('actions', { indexes: [['expiresAt']] });

export type NewAction = Pick<StoredAction, 'command' | 'options' | 'sealed' | 'confirmed' | 'only'> & {
  readonly lifetimeMs: number;
};

/** A press took the action, or it says in one line why not. */
export type Taken = { readonly action: StoredAction } | { readonly refusal: string };

const expired: Taken = {
  refusal: 'This button has expired. Type the command again to see how things stand now.',
};

export class Actions {
  readonly #records: Collection<StoredAction>;
  readonly #clock: Clock;

  private constructor(records: Collection<StoredAction>, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Actions> {
    return new Actions(await store.collection(storedActions), clock);
  }

  /** Stores an action and returns the id that its button carries. */
  async place({ lifetimeMs, ...action }: NewAction): Promise<string> {
    const id = randomBytes(12).toString('base64url');
    const expiresAt = new Date(this.#clock.now().getTime() + lifetimeMs).toISOString();
    await this.#records.insert({ _id: id, ...action, expiresAt, state: 'open', pressedBy: null });
    return id;
  }

  get(id: string): Promise<StoredAction | undefined> {
    return this.#records.get(id);
  }

  /** An action for this person that may be pressed as often as they like, as long as it lasts. */
  async look(id: string, person: string): Promise<Taken> {
    const found = await this.#of(id, person);
    if ('refusal' in found || found.action.expiresAt > stamp(this.#clock)) return found;
    return expired;
  }

  /** Takes an open action for this person; of two presses at once only one succeeds. */
  async take(id: string, person: string, outcome: 'used' | 'cancelled'): Promise<Taken> {
    const found = await this.#of(id, person);
    if ('refusal' in found) return found;
    const taken = await this.#records.update(
      id,
      { state: 'open', expiresAt: { gt: stamp(this.#clock) } },
      { state: outcome, pressedBy: person },
    );
    if (taken) return { action: taken };
    const now = await this.#records.get(id);
    if (now?.state === 'used') return { refusal: `This was already confirmed by ${now.pressedBy}.` };
    if (now?.state === 'cancelled') return { refusal: `This was already cancelled by ${now.pressedBy}.` };
    return expired;
  }

  async #of(id: string, person: string): Promise<Taken> {
    const action = await this.#records.get(id);
    if (!action)
      return { refusal: 'This button belongs to no action of this desk. Type the command instead.' };
    if (action.only !== null && action.only !== person)
      return { refusal: `Only ${action.only} may press this button.` };
    return { action };
  }

  /** Forgets what expired more than a day ago. */
  purge(): Promise<number> {
    const before = new Date(this.#clock.now().getTime() - 86_400_000).toISOString();
    return this.#records.remove({ expiresAt: { lt: before } });
  }
}
