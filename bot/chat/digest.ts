/**
 * The daily digest: told to each chat that asked for it, at its time of day, by its own clock, once a day.
 *
 * Whoever tells it first claims the chat's day in the store, so that two desks on one store, or one that starts anew, do
 * not tell it twice. A claim that was made and not kept, because the platform was away or the desk died, is taken over
 * by the next attempt, under the same key, by which Discord knows a message for a repetition.
 */
import { digestReply } from '../../commands/digest-text.ts';
import type { DigestChoice, DigestsOfDesk, TimeOfDay } from '../../commands/running.ts';
import type { Times } from '../../commands/times.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import type { Desk } from '../../engine/desk.ts';
import { nextRun } from '../../engine/jobs/recurrence.ts';
import type { Logger } from '../../engine/log.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { Notices } from './notices.ts';
import type { People } from './people.ts';
import { type ChatAddress, DeliveryError, type Message, type Platform } from './platform.ts';

/** When a chat wants to be told; its id is the chat's name. */
interface StoredDigest extends StoredDocument {
  readonly at: TimeOfDay;
  readonly chosenAt: string;
  /** Up to when the last one told; null before the first. */
  readonly toldUntil: string | null;
}

/** The day of a chat, which is told by whoever made this; its id says which. */
interface Claim extends StoredDocument {
  readonly claimedAt: string;
  readonly told: boolean;
}

const storedDigests = defineCollection<StoredDigest>('digests');
const claims = defineCollection<Claim>('digest_claims');

/** Comes on every quarter of an hour: so do the times that can be chosen, in every zone there is. */
export const digestJob = { name: 'digest', key: 'quarterly', at: { cron: '*/15 * * * *', timezone: 'UTC' } };
/** What is later than this is yesterday's news. */
const latestMs = 12 * 3_600_000;
/** Less than a quarter of an hour: the next attempt takes over what the one before could not deliver. */
const abandonedAfterMs = 10 * 60_000;
/** A digest that is told later than this says when it was due. */
const lateAfterMs = 5 * 60_000;
const dayMs = 86_400_000;

export interface DigestsParts {
  readonly store: Store;
  readonly desk: Desk;
  readonly notices: Pick<Notices, 'known' | 'find'>;
  readonly people: Pick<People, 'find'>;
  readonly platforms: readonly Platform[];
  /** By whose clock an address is told of moments. */
  readonly timesOf: (address: ChatAddress) => Times;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Digests implements DigestsOfDesk {
  readonly #parts: DigestsParts;
  readonly #digests: Collection<StoredDigest>;
  readonly #claims: Collection<Claim>;
  #isStarted = false;
  /** One round after another: the first one after the start may meet that of the schedule. */
  #round: Promise<void> = Promise.resolve();

  private constructor(
    parts: DigestsParts,
    digests: Collection<StoredDigest>,
    claimRecords: Collection<Claim>,
  ) {
    this.#parts = parts;
    this.#digests = digests;
    this.#claims = claimRecords;
  }

  static async open(parts: DigestsParts): Promise<Digests> {
    return new Digests(
      parts,
      await parts.store.collection(storedDigests),
      await parts.store.collection(claims),
    );
  }

  async of(chat: string): Promise<DigestChoice | undefined> {
    const stored = await this.#digests.get(chat);
    if (!stored) return undefined;
    const { zone } = this.#parts.timesOf(this.#parts.notices.known(chat));
    return { at: stored.at, zone, next: nextRun(recurrenceOf(stored, zone), this.#parts.clock.now()) };
  }

  async since(chat: string): Promise<Date> {
    return this.#sinceOf(await this.#digests.get(chat));
  }

  async set(chat: string, at: TimeOfDay | null): Promise<void> {
    this.#parts.notices.known(chat);
    if (at === null) {
      await this.#digests.remove({ _id: chat });
      return;
    }
    const chosen = { at, chosenAt: stamp(this.#parts.clock) };
    if (await this.#digests.update(chat, {}, chosen)) return;
    await this.#digests.insert({ _id: chat, ...chosen, toldUntil: null });
  }

  /** Tells from now on what is due, and at once what became due while no platform was there. */
  start(): void {
    this.#isStarted = true;
    void this.tellDue();
  }

  /** Finishes what is being told. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    await this.#round;
  }

  /** Tells every chat whose time has come. What cannot be told now is tried again the next time. */
  tellDue(): Promise<void> {
    this.#round = this.#round.then(async () => {
      if (!this.#isStarted) return;
      try {
        for (const digest of await this.#digests.find()) await this.#tell(digest);
        const longAgo = new Date(this.#parts.clock.now().getTime() - 30 * dayMs).toISOString();
        await this.#claims.remove({ claimedAt: { lt: longAgo } });
      } catch (error) {
        this.#parts.log.error({ err: error }, 'the digests wait for the next quarter of an hour');
      }
    });
    return this.#round;
  }

  async #tell(digest: StoredDigest): Promise<void> {
    const { notices, platforms, timesOf, clock, log } = this.#parts;
    const address = notices.find(digest._id);
    const platform = platforms.find(({ name }) => name === address?.platform);
    if (!address || !platform) return;
    const times = timesOf(address);
    const dueAt = this.#dueAt(digest, times.zone);
    if (!dueAt) return;
    // By the day where the reader is: where clocks go back, a time that comes twice is one digest.
    const claim = `${digest._id}/${times.day(dueAt)}`;
    if (!(await this.#claim(claim))) return;
    try {
      const now = clock.now();
      await platform.post(address, await this.#message(digest, address, { times, dueAt }), `digest/${claim}`);
      await this.#claims.update(claim, {}, { told: true });
      await this.#digests.update(digest._id, {}, { toldUntil: now.toISOString() });
    } catch (error) {
      log.error({ err: error, chat: digest._id }, 'a digest was not delivered');
      // It will never get there, today or at the next attempt.
      if (error instanceof DeliveryError && !error.retryable)
        await this.#claims.update(claim, {}, { told: true });
    }
  }

  /** The moment that has come and is not too long ago; undefined where there is none. */
  #dueAt(digest: StoredDigest, zone: string): Date | undefined {
    const now = this.#parts.clock.now();
    const dueAt = nextRun(recurrenceOf(digest, zone), new Date(now.getTime() - latestMs));
    const isDue = dueAt <= now && dueAt.toISOString() > digest.chosenAt;
    return isDue ? dueAt : undefined;
  }

  /** False when it is told, or somebody else is telling it. */
  async #claim(id: string): Promise<boolean> {
    const { clock } = this.#parts;
    const claimedAt = stamp(clock);
    try {
      await this.#claims.insert({ _id: id, claimedAt, told: false });
      return true;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    const abandoned = new Date(clock.now().getTime() - abandonedAfterMs).toISOString();
    const taken = await this.#claims.update(id, { told: false, claimedAt: { lt: abandoned } }, { claimedAt });
    return taken !== undefined;
  }

  async #message(
    digest: StoredDigest,
    address: ChatAddress,
    { times, dueAt }: { readonly times: Times; readonly dueAt: Date },
  ): Promise<Message> {
    const { desk, people } = this.#parts;
    const reach = address.kind === 'user' ? people.find(address.platform, address.id) : undefined;
    const { title, text = [], tone } = await digestReply({ desk, reach, times }, this.#sinceOf(digest));
    const isLate = times.now.getTime() - dueAt.getTime() >= lateAfterMs;
    return {
      title: `Digest. ${title ?? ''}`.trim(),
      text: isLate ? [...text, `\n(was due at ${times.clock(dueAt)})`] : text,
      ...(tone && { tone }),
    };
  }

  /** What happened after the last one; before the first one, the day until now. */
  #sinceOf(digest: StoredDigest | undefined): Date {
    if (digest?.toldUntil) return new Date(digest.toldUntil);
    return new Date(this.#parts.clock.now().getTime() - dayMs);
  }
}

function recurrenceOf({ at: { hour, minute } }: StoredDigest, timezone: string) {
  return { cron: `${minute} ${hour} * * *`, timezone };
}
