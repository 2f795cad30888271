/**
 * In which thread of a chat an event is told, where a chat wants a thread for each book or plan: opened when it is first
 * needed, found again after a restart, opened anew when somebody deleted it. Where there can be none, the chat itself is used.
 */
import { type Clock, stamp } from '../../engine/clock.ts';
import type { DeskEvent, Outbox } from '../../engine/events.ts';
import type { Logger } from '../../engine/log.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import { nameOf, type Threading } from './notices.ts';
import { type ChatAddress, DeliveryError, type MessageRef, type Platform } from './platform.ts';

interface StoredThread extends StoredDocument {
  /** As the platform names it. */
  readonly thread: string;
  readonly at: string;
}

const storedThreads = defineCollection<StoredThread>('chat_threads');
/** Whoever gives the missing right need not restart the desk; until then not every event is refused anew. */
const refusalHoldsMs = 10 * 60_000;

export interface ThreadsParts {
  readonly store: Store;
  readonly outbox: Pick<Outbox, 'publish'>;
  /** What the chat wants; undefined: no threads. */
  readonly threading: (address: ChatAddress) => Threading | undefined;
  /** The plan that trades for a book, where there is one. */
  readonly planOf: (book: string) => string | undefined;
  /** The book of a plan; undefined for a plan that is not there any more. */
  readonly bookOf: (plan: string) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Threads {
  readonly #parts: ThreadsParts;
  readonly #records: Collection<StoredThread>;
  /** When a chat refused a thread, by the setting under which it did: set anew, it is tried anew. */
  readonly #refused = new Map<string, number>();

  private constructor(parts: ThreadsParts, records: Collection<StoredThread>) {
    this.#parts = parts;
    this.#records = records;
  }

  static async open(parts: ThreadsParts): Promise<Threads> {
    return new Threads(parts, await parts.store.collection(storedThreads));
  }

  /**
   * Calls `send` with where the event is to be told: a thread of the chat, or the chat.
   * @throws DeliveryError as `send` does
   */
  async tell(
    { chat, platform, event }: { chat: ChatAddress; platform: Platform; event: DeskEvent },
    send: (to: ChatAddress) => Promise<MessageRef>,
  ): Promise<MessageRef> {
    const threading = this.#parts.threading(chat);
    const subject = threading && this.#subjectOf(event, threading);
    if (!platform.openThread || !threading || !subject || this.#isRefused(threading)) return send(chat);
    const id = `${nameOf(chat)}/${threading.per}/${subject}`;
    try {
      const known = (await this.#records.get(id))?.thread;
      if (known !== undefined) {
        try {
          return await send({ ...chat, thread: known });
        } catch (error) {
          if (!(error instanceof DeliveryError) || !error.threadGone) throw error;
          await this.#records.remove({ _id: id });
        }
      }
      const thread = await platform.openThread(chat, subject);
      if (thread === undefined) return await send(chat);
      await this.#records.insert({ _id: id, thread, at: stamp(this.#parts.clock) });
      return await send({ ...chat, thread });
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.retryable) throw error;
      // What the chat refuses, too, is not the thread's fault.
      const ref = await send(chat);
      await this.#complain(chat, threading, error);
      return ref;
    }
  }

  /** The book or plan that an event concerns. */
  #subjectOf(event: DeskEvent, { per }: Threading): string | undefined {
    const { planOf, bookOf } = this.#parts;
    const plan = 'plan' in event ? event.plan : undefined;
    const book = 'book' in event ? (event.book ?? undefined) : plan && bookOf(plan);
    return per === 'book' ? book : (plan ?? (book && planOf(book)));
  }

  #isRefused({ setting }: Threading): boolean {
    const at = this.#refused.get(setting);
    return at !== undefined && this.#parts.clock.now().getTime() - at < refusalHoldsMs;
  }

  /** The admins hear of it once for each time that threads were asked for. */
  async #complain(chat: ChatAddress, { setting }: Threading, { message }: DeliveryError): Promise<void> {
    const { outbox, clock, log } = this.#parts;
    this.#refused.set(setting, clock.now().getTime());
    log.warn(
      { chat: nameOf(chat), reason: message },
      'what belongs into a thread is told in the chat itself',
    );
    await outbox.publish(
      { type: 'threads.refused', chat: nameOf(chat), reason: message },
      `threads/${setting}`,
    );
  }
}
