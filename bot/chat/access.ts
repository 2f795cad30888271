/**
 * The door of the desk. Fail closed: only the people of its list, by their numeric ids, in private chats and in the
 * configured groups. Every refusal is stored and counted; the admins hear of it at most once an hour.
 */

import type { Caller } from '../../commands/command.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import type { Outbox } from '../../engine/events.ts';
import type { Logger } from '../../engine/log.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { People } from './people.ts';
import type { ChatUser, PlatformName } from './platform.ts';

interface Refusal extends StoredDocument {
  readonly at: string;
  readonly description: string;
}

/** When the admins were last told. */
interface RefusalNotice extends StoredDocument {
  readonly toldAt: string;
}

const refusals = defineCollection<Refusal>('refusals', { indexes: [['at']] });
const refusalNotices = defineCollection<RefusalNotice>('refusal_notices');
const noticeId = 'admins';
const noticePauseMs = 3_600_000;

export class Access {
  readonly #people: People;
  /** Group chats in which the desk answers, by platform. Private chats need no entry. */
  readonly #groups: ReadonlyMap<PlatformName, readonly string[]>;
  readonly #refusals: Collection<Refusal>;
  readonly #notices: Collection<RefusalNotice>;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Refusals are recorded one after another, so that two at once make one notice. */
  #recording: Promise<void> = Promise.resolve();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(parts: AccessParts, records: Collection<Refusal>, notices: Collection<RefusalNotice>) {
    this.#people = parts.people;
    this.#groups = parts.groups;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#refusals = records;
    this.#notices = notices;
  }

  static async open(parts: AccessParts): Promise<Access> {
    return new Access(
      parts,
      await parts.store.collection(refusals),
      await parts.store.collection(refusalNotices),
    );
  }

  /** The caller behind a message, or undefined: then it is a stranger, or a known user in a foreign group. */
  identify(user: ChatUser, chat: { readonly id: string; readonly private: boolean }): Caller | undefined {
    if (!chat.private && !this.#groups.get(user.platform)?.includes(chat.id)) return undefined;
    const known = this.#people.find(user.platform, user.id);
    if (!known) return undefined;
    const { name, role, books, accounts } = known;
    return books || accounts ? { name, role, reach: { books, accounts } } : { name, role };
  }

  /** Nobody is on the list of any chat platform yet: whoever knows the code may become the first admin. */
  get isUnclaimed(): boolean {
    return this.#people.claimCode !== undefined;
  }

  /** Counts a refusal, and tells the admins if the last telling is an hour old; else a timer tells them then. */
  refused(description: string): void {
    this.#count += 1;
    this.#log.warn({ refused: description }, 'access refused');
    this.#recording = this.#recording
      .then(() => this.#record(description))
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'a refusal could not be recorded');
      });
  }

  /** Refusals since the desk started. */
  get refusedCount(): number {
    return this.#count;
  }

  /** Waits until what was refused is stored. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#recording;
  }

  async #record(description: string): Promise<void> {
    await this.#refusals.insert({ _id: crypto.randomUUID(), at: stamp(this.#clock), description });
    await this.#tellIfDue();
  }

  async #tellIfDue(): Promise<void> {
    const told = await this.#notices.get(noticeId);
    const waitMs = told ? Date.parse(told.toldAt) + noticePauseMs - this.#clock.now().getTime() : 0;
    if (waitMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#recording = this.#recording.then(() => this.#tellIfDue());
      }, waitMs).unref();
      return;
    }
    const untold = told ? { at: { gt: told.toldAt } } : {};
    const [latest] = await this.#refusals.find(untold, { sort: [['at', 'descending']], limit: 1 });
    if (!latest) return;
    const attempts = await this.#refusals.count(untold);
    const toldAt = latest.at;
    if (told) await this.#notices.update(noticeId, { toldAt: told.toldAt }, { toldAt });
    else await this.#notices.insert({ _id: noticeId, toldAt });
    await this.#outbox.publish({ type: 'access.refused', attempts, latest: latest.description });
  }
}

export interface AccessParts {
  readonly people: People;
  readonly groups: ReadonlyMap<PlatformName, readonly string[]>;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
}
