/**
 * Commands that take two people: what one of them has confirmed is kept until another one confirms the same, from whichever
 * platform, or refuses it. Nothing is done before.
 */
import { createHash } from 'node:crypto';
import { type Clock, stamp } from '../../engine/clock.ts';
import type { Outbox } from '../../engine/events.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import { type RawOptions, spell } from './spelling.ts';

interface Agreement extends StoredDocument {
  readonly line: string;
  readonly by: string;
  readonly expiresAt: string;
}

const agreements = defineCollection<Agreement>('agreements', { indexes: [['expiresAt']] });
const withinMinutes = 10;

/** What a confirmation led to: both have agreed, or another person is waited for. */
export type Agreed = { readonly with: string } | { readonly waitsFor: string };

export class Agreements {
  readonly #records: Collection<Agreement>;
  readonly #commands: readonly string[];
  readonly #outbox: Pick<Outbox, 'publish'>;
  readonly #clock: Clock;

  private constructor(records: Collection<Agreement>, parts: AgreementsParts) {
    this.#records = records;
    this.#commands = parts.commands;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
  }

  static async open(parts: AgreementsParts): Promise<Agreements> {
    return new Agreements(await parts.store.collection(agreements), parts);
  }

  /** Whether this command takes two people. */
  takesTwo(words: readonly string[]): boolean {
    return this.#commands.includes(words.join(' '));
  }

  /** A confirmation by this person; of two at once one is the first. */
  async confirm(words: readonly string[], options: RawOptions, by: string): Promise<Agreed> {
    const line = spell(words, options);
    const _id = idOf(line);
    await this.#records.remove({ _id, expiresAt: { lte: stamp(this.#clock) } });
    const before = await this.#records.get(_id);
    if (before && before.by !== by) {
      const taken = await this.#records.remove({ _id, by: before.by });
      if (taken > 0) return { with: before.by };
    }
    const waitsFor = `You have confirmed it. Somebody else must confirm the same within ${withinMinutes} minutes, else nothing is done.`;
    if (before) return { waitsFor };
    const expiresAt = new Date(this.#clock.now().getTime() + withinMinutes * 60_000).toISOString();
    try {
      await this.#records.insert({ _id, line, by, expiresAt });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.confirm(words, options, by);
    }
    await this.#outbox.publish({
      type: 'command.waiting',
      ...{ line, command: words, options, by, withinMinutes },
    });
    return { waitsFor };
  }

  /** One refusal ends it. Returns who had confirmed, where somebody had. */
  async refuse(words: readonly string[], options: RawOptions): Promise<string | undefined> {
    const _id = idOf(spell(words, options));
    const before = await this.#records.get(_id);
    await this.#records.remove({ _id });
    return before?.by;
  }

  purge(): Promise<number> {
    return this.#records.remove({ expiresAt: { lt: stamp(this.#clock) } });
  }
}

export interface AgreementsParts {
  readonly store: Store;
  /** Those that take two, without their slash. */
  readonly commands: readonly string[];
  readonly outbox: Pick<Outbox, 'publish'>;
  readonly clock: Clock;
}

function idOf(line: string): string {
  return createHash('sha256').update(line).digest('base64url');
}
