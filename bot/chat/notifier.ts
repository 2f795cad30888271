/**
 * Tells each chat what happened: every event of the outbox, in order, however long its platform was away.
 *
 * Each address keeps its place in the outbox. The place moves after the message was delivered; should the desk die
 * between the two, the same message is tried again under the same key, by which Discord knows it for a repetition.
 */
import type { Times } from '../../commands/times.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Outbox, OutboxRecord } from '../../engine/events.ts';
import type { Logger } from '../../engine/log.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { Actions } from './actions.ts';
import type { Announcer } from './announcer.ts';
import type { Answers } from './answers.ts';
import { withButtons } from './buttons.ts';
import { type Hearing, nameOf } from './notices.ts';
import { type ChatAddress, DeliveryError, type Message, type MessageRef, type Platform } from './platform.ts';
import type { Threads } from './threads.ts';

/** Where an address stands in the outbox. */
interface Place extends StoredDocument {
  readonly sequence: number;
}

/** The message in which a subject is told to an address. */
interface ToldMessage extends StoredDocument {
  readonly chat: string;
  readonly message: string;
  readonly at: string;
}

const places = defineCollection<Place>('places');
const toldMessages = defineCollection<ToldMessage>('told_messages', { indexes: [['at']] });
const batch = 50;
/** An event that is told later than this says when it happened. */
const lateAfterMs = 60_000;

export interface NotifierParts {
  readonly outbox: Outbox;
  readonly store: Store;
  readonly actions: Actions;
  readonly answers: Pick<Answers, 'isIn'>;
  readonly platforms: readonly Platform[];
  readonly hearing: Hearing;
  readonly announcer: Pick<Announcer, 'announce'>;
  readonly threads: Pick<Threads, 'tell'>;
  /** By whose clock an address is told of moments. */
  readonly timesOf: (address: ChatAddress) => Times;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause before a platform that was away is tried again. */
  readonly retryMs?: number;
}

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #places: Collection<Place>;
  readonly #told: Collection<ToldMessage>;
  readonly #deliveries = new Map<string, AddressDelivery>();
  #unsubscribe: () => void = () => undefined;
  #isStarted = false;
  /** New addresses are taken up one after another. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(parts: NotifierParts, placeRecords: Collection<Place>, told: Collection<ToldMessage>) {
    this.#parts = parts;
    this.#places = placeRecords;
    this.#told = told;
  }

  /** An address that is new begins with what happens from now on. */
  static async open(parts: NotifierParts): Promise<Notifier> {
    const notifier = new Notifier(
      parts,
      await parts.store.collection(places),
      await parts.store.collection(toldMessages),
    );
    await notifier.#takeUp();
    parts.hearing.onChanged(() => {
      notifier.#turn = notifier.#turn
        .then(() => notifier.#takeUp())
        .catch((error: unknown) => parts.log.error({ err: error }, 'a new chat does not hear events yet'));
    });
    return notifier;
  }

  start(): void {
    this.#isStarted = true;
    const wake = () => {
      for (const delivery of this.#deliveries.values()) delivery.wake();
    };
    this.#unsubscribe = this.#parts.outbox.onPublished(wake);
    wake();
  }

  async #takeUp(): Promise<void> {
    const newest = await this.#parts.outbox.newest();
    for (const address of this.#parts.hearing.addresses()) {
      const id = nameOf(address);
      const platform = this.#parts.platforms.find(({ name }) => name === address.platform);
      if (!platform || this.#deliveries.has(id)) continue;
      if (!(await this.#places.get(id))) await this.#places.insert({ _id: id, sequence: newest });
      const delivery = new AddressDelivery(this.#parts, address, platform, this.#places, this.#told);
      this.#deliveries.set(id, delivery);
      if (this.#isStarted) delivery.wake();
    }
  }

  /** Delivers what can be delivered now, then ends. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#isStarted = false;
    await this.#turn;
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.stop()));
    const monthAgo = new Date(this.#parts.clock.now().getTime() - 30 * 86_400_000).toISOString();
    await this.#told.remove({ at: { lt: monthAgo } });
  }
}

/** One address: its events, one after another. */
class AddressDelivery {
  readonly #parts: NotifierParts;
  readonly #address: ChatAddress;
  readonly #platform: Platform;
  readonly #places: Collection<Place>;
  readonly #told: Collection<ToldMessage>;
  readonly #id: string;
  #running: Promise<void> | undefined;
  #wanted = false;
  #stopping = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    parts: NotifierParts,
    address: ChatAddress,
    platform: Platform,
    placeRecords: Collection<Place>,
    told: Collection<ToldMessage>,
  ) {
    this.#parts = parts;
    this.#address = address;
    this.#platform = platform;
    this.#places = placeRecords;
    this.#told = told;
    this.#id = nameOf(address);
  }

  wake(): void {
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#wanted && !this.#stopping) this.wake();
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#retry);
    try {
      await this.#deliverAll();
    } catch (error) {
      this.#parts.log.warn({ err: error, address: this.#id }, 'events wait until they can be delivered');
      if (this.#stopping) return;
      this.#retry = setTimeout(() => this.wake(), this.#parts.retryMs ?? 15_000).unref();
    }
  }

  async #deliverAll(): Promise<void> {
    for (;;) {
      const place = await this.#places.get(this.#id);
      const records = await this.#parts.outbox.after(place?.sequence ?? 0, batch);
      const newest = records.at(-1)?.sequence;
      for (const record of records) {
        const isTold = await this.#deliver(record);
        // What is not told here costs no write of its own.
        if (!isTold && record.sequence !== newest) continue;
        await this.#places.update(this.#id, {}, { sequence: record.sequence });
      }
      if (records.length < batch) return;
    }
  }

  /** False when this address does not hear of it. */
  async #deliver(record: OutboxRecord): Promise<boolean> {
    const level = this.#parts.hearing.level(this.#address, record.event);
    if (level === 'off') return false;
    const { content, subject } = await this.#parts.announcer.announce(record);
    const told = this.#markLate(await withButtons(content, this.#parts.actions), record);
    const message: Message = level === 'silent' ? { ...told, silent: true } : told;
    const toldId = subject && `${this.#id}/${subject}`;
    const earlier = toldId ? await this.#told.get(toldId) : undefined;
    try {
      if (earlier && (await this.#edited(earlier, message))) return true;
      const ref = await this.#post(record, message);
      const { chat, message: id } = ref;
      if (toldId && earlier) await this.#told.update(toldId, {}, { chat, message: id });
      else if (toldId) await this.#told.insert({ _id: toldId, chat, message: id, at: record.at });
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.retryable) throw error;
      // It will never get there: say so, and let what comes after it have its turn.
      this.#parts.log.error(
        { err: error, address: this.#id, sequence: record.sequence },
        'an event was not delivered',
      );
    }
    return true;
  }

  #post({ sequence, event }: OutboxRecord, message: Message): Promise<MessageRef> {
    return this.#parts.threads.tell({ chat: this.#address, platform: this.#platform, event }, (to) => {
      // In another place it is another message; and the files of an answer are where the answer is.
      if (to.thread !== undefined)
        return this.#platform.post(to, message, `${this.#id}/${to.thread}/${sequence}`);
      const request = 'request' in event ? event.request : undefined;
      const isAnswered = request !== undefined && this.#parts.answers.isIn(this.#id, request);
      return this.#platform.post(to, isAnswered ? withoutFiles(message) : message, `${this.#id}/${sequence}`);
    });
  }

  /** False when the message is gone: then the event is posted anew. */
  async #edited({ chat, message: id }: ToldMessage, message: Message): Promise<boolean> {
    const ref: MessageRef = { platform: this.#platform.name, chat, message: id };
    try {
      await this.#platform.edit(ref, message);
      return true;
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.retryable) throw error;
      return false;
    }
  }

  #markLate(message: Message, { at }: OutboxRecord): Message {
    const lateMs = this.#parts.clock.now().getTime() - Date.parse(at);
    if (lateMs < lateAfterMs) return message;
    return {
      ...message,
      text: [...(message.text ?? []), `\n(happened ${this.#parts.timesOf(this.#address).minute(at)})`],
    };
  }
}

function withoutFiles({ attachments: _, ...message }: Message): Message {
  return message;
}
