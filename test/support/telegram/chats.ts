/** Chats, messages, menus and updates: what Telegram remembers. No HTTP here. */
import { EventEmitter, once } from 'node:events';
import type { Clock } from '../../../engine/clock.ts';
import type { UploadedFile } from './body.ts';
import type { Entity, ParsedText } from './html.ts';

export interface SentFile extends UploadedFile {
  readonly kind: 'photo' | 'document';
}

export interface Button {
  readonly text: string;
  readonly callback_data: string;
}

/** A message of the bot, as its chat shows it now. */
export interface ShownMessage {
  readonly id: number;
  readonly date: number;
  /** Text or caption. */
  text: string;
  entities: readonly Entity[];
  keyboard: readonly (readonly Button[])[];
  readonly file?: SentFile;
  /** Messages of one album have the same. */
  readonly album?: string;
  readonly replyTo?: number;
  readonly silent?: boolean;
  readonly thread?: number;
  /** Every text it has had, the present one last. */
  readonly versions: string[];
}

export interface ChatRecord {
  readonly id: string;
  readonly type: 'private' | 'supergroup';
  readonly title: string;
  /** Private: the user pressed Start. Group: the bot is a member. */
  open: boolean;
  blocked: boolean;
  movedTo?: number;
  /** Of a group with topics, by their numbers. */
  readonly topics?: Map<number, { readonly name: string; closed: boolean }>;
  /** The bot is an administrator who may manage topics. */
  managesTopics: boolean;
  readonly messages: Map<number, ShownMessage>;
  readonly deleted: ShownMessage[];
  /** Chat actions, such as `typing`. */
  readonly actions: string[];
}

export interface MenuEntry {
  readonly command: string;
  readonly description: string;
}

/** Emits `change` whenever something is different, so that a test can wait for a condition. */
export class World {
  readonly chats = new Map<string, ChatRecord>();
  readonly menus = new Map<string, readonly MenuEntry[]>();
  /** What people sent, by its file id. */
  readonly documents = new Map<string, { readonly path: string; readonly data: Buffer }>();
  /** Presses that wait for `answerCallbackQuery`. */
  readonly openPresses = new Set<string>();
  readonly #updates: { update_id: number }[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);
  #lastUpdate = 800_000;
  #lastMessage = 0;
  readonly #clock: Clock;
  webhook = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  changed(): void {
    this.#events.emit('change');
  }

  /** Resolves when something changes; rejects when the signal aborts. */
  async change(signal: AbortSignal): Promise<void> {
    await once(this.#events, 'change', { signal });
  }

  nextMessageId(): number {
    this.#lastMessage += 1;
    return this.#lastMessage;
  }

  addUpdate(update: object): void {
    this.#lastUpdate += 1;
    this.#updates.push({ update_id: this.#lastUpdate, ...update });
    this.changed();
  }

  /** Forgets what `offset` confirms, and gives what is left. */
  updatesFrom(offset: number, limit: number): readonly object[] {
    while ((this.#updates[0]?.update_id ?? offset) < offset) this.#updates.shift();
    return this.#updates.slice(0, limit);
  }

  /** How many updates are not confirmed yet. */
  get pending(): number {
    return this.#updates.length;
  }

  add(
    chat: ChatRecord,
    content: ParsedText,
    more: Omit<ShownMessage, 'id' | 'date' | 'text' | 'entities' | 'versions'>,
  ): ShownMessage {
    const message: ShownMessage = {
      id: this.nextMessageId(),
      date: Math.floor(this.#clock.now().getTime() / 1000),
      text: content.text,
      entities: content.entities,
      versions: [content.text],
      ...more,
    };
    chat.messages.set(message.id, message);
    this.changed();
    return message;
  }
}
