/**
 * Wizards that somebody has begun, as stored records: so they can be left and gone on with, also after a restart and from
 * another platform. A person has one of each command.
 */
import { randomBytes } from 'node:crypto';
import type { RawValue } from '../../commands/options.ts';
import type { WizardProgress } from '../../commands/wizard.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { PlatformName } from './platform.ts';

export interface StoredWizard extends StoredDocument, WizardProgress {
  readonly person: string;
  /** The words of the command, with a space between. */
  readonly command: string;
  /** What was given with the command, and is not asked for. */
  readonly given: Readonly<Record<string, RawValue>>;
  /** What was typed and is not taken, or was taken back: offered when the question comes again. */
  readonly drafts: Readonly<Record<string, string>>;
  /** The questions that were answered together, oldest first. */
  readonly trail: readonly (readonly string[])[];
  /** Where its question stands; null where nothing is asked just now. */
  readonly askedOn: PlatformName | null;
  /** Grows with every step: an answer to an earlier question is none to this one. */
  readonly revision: number;
  readonly changedAt: string;
  readonly expiresAt: string;
}

const storedWizards = defineCollection<StoredWizard>('wizards', {
  unique: [['person', 'command']],
  indexes: [['expiresAt']],
});
const lifetimeMs = 7 * 86_400_000;

type Changes = Partial<Pick<StoredWizard, 'answers' | 'skipped' | 'drafts' | 'trail' | 'askedOn' | 'given'>>;

export class Wizards {
  readonly #records: Collection<StoredWizard>;
  readonly #clock: Clock;

  private constructor(records: Collection<StoredWizard>, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Wizards> {
    return new Wizards(await store.collection(storedWizards), clock);
  }

  /** What this person has begun of this command, and not finished. */
  async unfinished(person: string, command: string): Promise<StoredWizard | undefined> {
    const [found] = await this.#records.find({ person, command, expiresAt: { gt: stamp(this.#clock) } });
    return found;
  }

  /** The one whose question this person is to answer on this platform: the newest. */
  async asking(person: string, platform: PlatformName): Promise<StoredWizard | undefined> {
    const [newest] = await this.#records.find(
      { person, askedOn: platform, expiresAt: { gt: stamp(this.#clock) } },
      { sort: [['changedAt', 'descending']], limit: 1 },
    );
    return newest;
  }

  /** Of this person, by its id. @throws UserError when it is over */
  async get(id: string, person: string): Promise<StoredWizard> {
    const found = await this.#records.get(id);
    if (found && found.person !== person) throw new UserError(`Only ${found.person} may answer this.`);
    if (found && found.expiresAt > stamp(this.#clock)) return found;
    throw new UserError('These questions are over. Type the command again.');
  }

  /** Begins anew: what the person had begun of this command is forgotten. */
  async begin(
    person: string,
    command: string,
    given: Readonly<Record<string, RawValue>>,
  ): Promise<StoredWizard> {
    await this.forget(person, command);
    const record: StoredWizard = {
      _id: randomBytes(12).toString('base64url'),
      ...{ person, command, given, answers: {}, skipped: [], drafts: {}, trail: [], askedOn: null },
      ...{ revision: 1, ...this.#times() },
    };
    await this.#records.insert(record);
    return record;
  }

  /** @throws UserError when it was changed meanwhile: an answer counts once */
  async change({ _id, revision }: StoredWizard, changes: Changes): Promise<StoredWizard> {
    const changed = await this.#records.update(
      _id,
      { revision },
      { ...changes, revision: revision + 1, ...this.#times() },
    );
    if (changed) return changed;
    throw new UserError(answeredAlready);
  }

  async forget(person: string, command: string): Promise<void> {
    await this.#records.remove({ person, command });
  }

  /** Forgets what nobody went on with. */
  purge(): Promise<number> {
    return this.#records.remove({ expiresAt: { lt: stamp(this.#clock) } });
  }

  #times(): Pick<StoredWizard, 'changedAt' | 'expiresAt'> {
    const expiresAt = new Date(this.#clock.now().getTime() + lifetimeMs).toISOString();
    return { changedAt: stamp(this.#clock), expiresAt };
  }
}

export const answeredAlready = 'This question was answered already: go on with the newest one.';
