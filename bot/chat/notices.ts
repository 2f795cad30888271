/**
 * Which chat is told of what: the chats of the configuration hear everything that concerns everybody, the admins in
 * their private chats what concerns admins, and both can be changed in chat, per kind of event, and per book and kind.
 */
import { isWithin } from '../../commands/reach.ts';
import type { Asker, Notice, NoticeLevel, NoticesOfDesk, ThreadsPer } from '../../commands/running.ts';
import { UserError } from '../../engine/errors.ts';
import type { DeskEvent } from '../../engine/events.ts';
import { nearest } from '../../engine/nearest.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { People } from './people.ts';
import type { ChatAddress, PlatformName } from './platform.ts';

type KindOf<T extends DeskEvent['type']> = T extends 'desk.changed'
  ? 'change'
  : T extends 'suspended' | 'resumed'
    ? 'suspension'
    : T extends `${infer Part}.${string}`
      ? Part
      : never;
type Kind = KindOf<DeskEvent['type']>;

/** Every kind of event; `adminsOnly` are told to admins and at the terminal, and nowhere else. */
const kinds: Readonly<Record<Kind, { readonly adminsOnly: boolean }>> = {
  signal: { adminsOnly: false },
  order: { adminsOnly: false },
  operation: { adminsOnly: false },
  trade: { adminsOnly: false },
  run: { adminsOnly: false },
  task: { adminsOnly: false },
  suspension: { adminsOnly: false },
  command: { adminsOnly: false },
  limit: { adminsOnly: false },
  difference: { adminsOnly: false },
  ledger: { adminsOnly: false },
  bars: { adminsOnly: false },
  broker: { adminsOnly: false },
  desk: { adminsOnly: false },
  change: { adminsOnly: true },
  mail: { adminsOnly: false },
  access: { adminsOnly: true },
  threads: { adminsOnly: true },
};

/** What is passing, in messages that can be edited; and that e-mail does not get there. */
const notMailed: ReadonlySet<DeskEvent['type']> = new Set(['signal.received', 'mail.refused']);

/** Kinds of which some concern one book: for each book it can be said apart. */
const ofBooks: ReadonlySet<Kind> = new Set([
  'signal',
  'order',
  'operation',
  'trade',
  'run',
  'suspension',
  'limit',
  'difference',
] as const);

interface StoredNotice extends StoredDocument {
  readonly chat: string;
  readonly kind: string;
  /** Missing where every book is meant. */
  readonly book?: string | null;
  readonly level: NoticeLevel;
}

const storedNotices = defineCollection<StoredNotice>('notices');

/** That a chat is told in threads. */
export interface Threading {
  readonly per: 'book' | 'plan';
  /** Names the decision: another one each time that it is made. */
  readonly setting: string;
}

interface StoredThreading extends StoredDocument, Threading {}

/** By chat. */
const storedThreadings = defineCollection<StoredThreading>('notice_threads');

/** Whom the notifier tells what. */
export interface Hearing {
  addresses(): readonly ChatAddress[];
  level(address: ChatAddress, event: DeskEvent): NoticeLevel;
  /** Calls `listener` when there may be a new address. */
  onChanged(listener: () => void): void;
}

export interface NoticesParts {
  readonly store: Store;
  readonly people: People;
  /** Chats that the configuration names, the terminal among them. */
  readonly configured: readonly ChatAddress[];
  /** Platforms that run. */
  readonly platforms: readonly PlatformName[];
  /** Those of them that know threads. */
  readonly threaded: readonly PlatformName[];
  /** The book of a plan; undefined for a plan that is not there any more. */
  readonly bookOf: (plan: string) => string | undefined;
}

export class Notices implements NoticesOfDesk, Hearing {
  readonly kinds = Object.keys(kinds);
  readonly #parts: NoticesParts;
  readonly #records: Collection<StoredNotice>;
  /** By chat and kind, and by chat, kind and book. */
  readonly #levels: Map<string, NoticeLevel>;
  readonly #threadings: Collection<StoredThreading>;
  readonly #threadingByChat: Map<string, Threading>;
  readonly #listeners = new Set<() => void>();

  private constructor(
    parts: NoticesParts,
    records: Collection<StoredNotice>,
    stored: readonly StoredNotice[],
    threadings: Collection<StoredThreading>,
    storedByChat: readonly StoredThreading[],
  ) {
    this.#parts = parts;
    this.#records = records;
    this.#levels = new Map(stored.map(({ _id, level }) => [_id, level]));
    this.#threadings = threadings;
    this.#threadingByChat = new Map(storedByChat.map(({ _id, per, setting }) => [_id, { per, setting }]));
    parts.people.onChanged(() => this.#changed());
  }

  static async open(parts: NoticesParts): Promise<Notices> {
    const records = await parts.store.collection(storedNotices);
    const threadings = await parts.store.collection(storedThreadings);
    return new Notices(parts, records, await records.find(), threadings, await threadings.find());
  }

  /** Those of the configuration, those that were chosen in chat, and the private chats of the admins. */
  addresses(): readonly ChatAddress[] {
    const { people, configured, platforms } = this.#parts;
    const chosen = [...this.#levels.keys()].flatMap((id) => {
      const address = addressOf(id.slice(0, id.lastIndexOf('/')));
      return address && (address.kind === 'chat' || this.#personOf(address)) ? [address] : [];
    });
    const admins = people
      .list()
      .filter(({ role }) => role === 'admin')
      .flatMap(({ ids }) => Object.entries(ids))
      .flatMap(([platform, id]): ChatAddress[] =>
        platform === 'console' ? [] : [{ platform: platform as PlatformName, kind: 'user', id }],
      );
    const all = [...configured, ...chosen, ...admins].filter(({ platform }) => platforms.includes(platform));
    return [...new Map(all.map((address) => [nameOf(address), address])).values()];
  }

  level(address: ChatAddress, event: DeskEvent): NoticeLevel {
    if (address.platform === 'mail' && notMailed.has(event.type)) return 'off';
    const kind = kindOf(event);
    const person = this.#personOf(address);
    if (address.kind === 'user' && !person) return 'off';
    if (kinds[kind].adminsOnly && !this.#isForAdmins(address)) return 'off';
    const book = this.#bookOf(event);
    // Of a book that they may not see, nobody is told in private; what concerns the whole desk they are.
    if (
      person?.books &&
      book !== null &&
      !isWithin({ books: person.books, accounts: null }, { book, account: '' })
    )
      return 'off';
    const chat = nameOf(address);
    const ofBook = book === null ? undefined : this.#levels.get(idOf({ chat, kind, book }));
    return ofBook ?? this.#levels.get(idOf({ chat, kind })) ?? this.#usual(address, kind);
  }

  onChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  chats(): readonly string[] {
    return this.addresses().map(nameOf);
  }

  chatOf({ platform, id, chat }: Asker): string {
    if (platform === 'console') return nameOf({ platform, kind: 'chat', id: chat.id });
    const kind = chat.private ? 'user' : 'chat';
    return nameOf({ platform: platform as PlatformName, kind, id: chat.private ? id : chat.id });
  }

  list(chat: string): readonly Notice[] {
    const address = this.known(chat);
    return Object.entries(kinds)
      .filter(([, { adminsOnly }]) => !adminsOnly || this.#isForAdmins(address))
      .flatMap(([kind]): Notice[] => {
        const stored = this.#levels.get(idOf({ chat, kind }));
        const level = stored ?? this.#usual(address, kind as Kind);
        const begins = idOf({ chat, kind, book: '' });
        const apart = [...this.#levels]
          .filter(([id]) => id.startsWith(begins))
          .map(
            ([id, of]): Notice => ({ chat, kind, book: id.slice(begins.length), level: of, origin: 'chat' }),
          );
        return [{ chat, kind, book: null, level, origin: stored ? 'chat' : 'default' }, ...apart];
      });
  }

  async set({ chat, kind, book, level }: Omit<Notice, 'origin'>): Promise<void> {
    const address = this.known(chat);
    if (!isKind(kind)) {
      const [near] = nearest(kind, this.kinds, 1);
      throw new UserError(
        `There is no kind "${kind}". ${near ? `Did you mean ${near}?` : this.kinds.join(', ')}`,
      );
    }
    if (kinds[kind].adminsOnly && !this.#isForAdmins(address)) {
      throw new UserError(`${kind} is told to admins in their private chats, and nowhere else.`);
    }
    if (book !== null && !ofBooks.has(kind)) {
      throw new UserError(`${kind} is of no book. These are: ${[...ofBooks].join(', ')}.`);
    }
    const id = idOf({ chat, kind, book });
    if (this.#levels.has(id)) await this.#records.update(id, {}, { level });
    else await this.#records.insert({ _id: id, chat, kind, book, level });
    this.#levels.set(id, level);
    this.#changed();
  }

  threads(chat: string): ThreadsPer {
    return this.#threadingByChat.get(chat)?.per ?? 'off';
  }

  threading(address: ChatAddress): Threading | undefined {
    return this.#threadingByChat.get(nameOf(address));
  }

  async setThreads(chat: string, per: ThreadsPer): Promise<void> {
    const address = this.known(chat);
    if (per === 'off') {
      await this.#threadings.remove({ _id: chat });
      this.#threadingByChat.delete(chat);
      return;
    }
    if (address.kind === 'user' || !this.#parts.threaded.includes(address.platform)) {
      throw new UserError(
        `There are no threads in ${chat}. They can be had in channels of Discord and in Telegram groups with topics.`,
      );
    }
    const setting = crypto.randomUUID();
    if (this.#threadingByChat.has(chat)) await this.#threadings.update(chat, {}, { per, setting });
    else await this.#threadings.insert({ _id: chat, per, setting });
    this.#threadingByChat.set(chat, { per, setting });
  }

  /**
   * A chat of the desk, or any group on a platform that runs: the router lets nobody speak from a foreign one.
   * @throws UserError for a chat that does not exist
   */
  known(chat: string): ChatAddress {
    const address = addressOf(chat);
    if (!address || !this.#parts.platforms.includes(address.platform)) {
      throw new UserError(
        `There is no chat "${chat}". It is written as discord:chat:123; /notify list names them.`,
      );
    }
    if (address.platform === 'mail' && (address.kind !== 'chat' || !isMailAddress(address.id))) {
      throw new UserError(`"${chat}" is no address. It is written as mail:chat:ann@example.com.`);
    }
    if (address.kind === 'user' && !this.#personOf(address)) {
      throw new UserError(`Nobody on the list has the private chat ${chat}.`);
    }
    return address;
  }

  /** Where a chat is told; undefined while its platform does not run, or nobody on the list has it any more. */
  find(chat: string): ChatAddress | undefined {
    const address = addressOf(chat);
    if (!address || !this.#parts.platforms.includes(address.platform)) return undefined;
    return address.kind === 'chat' || this.#personOf(address) ? address : undefined;
  }

  #usual(address: ChatAddress, kind: Kind): NoticeLevel {
    if (address.kind === 'user') return kinds[kind].adminsOnly && this.#isForAdmins(address) ? 'on' : 'off';
    return this.#parts.configured.some((configured) => nameOf(configured) === nameOf(address)) ? 'on' : 'off';
  }

  #bookOf(event: DeskEvent): string | null {
    if ('book' in event) return event.book;
    return ('plan' in event ? this.#parts.bookOf(event.plan) : undefined) ?? null;
  }

  #isForAdmins(address: ChatAddress): boolean {
    return address.platform === 'console' || this.#personOf(address)?.role === 'admin';
  }

  #personOf({ platform, kind, id }: ChatAddress) {
    return kind === 'user' ? this.#parts.people.find(platform, id) : undefined;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A name of a chat may have any letter but those behind its last slash. */
function idOf({ chat, kind, book = null }: { chat: string; kind: string; book?: string | null }): string {
  return `${chat}/${kind}${book === null ? '' : `@${book}`}`;
}

function kindOf({ type }: DeskEvent): Kind {
  if (type === 'desk.changed') return 'change';
  if (type === 'suspended' || type === 'resumed') return 'suspension';
  return type.slice(0, type.indexOf('.')) as Kind;
}

/** As much as is needed to tell an address from a slip of the finger: the rest is up to the mail server. */
function isMailAddress(text: string): boolean {
  return /^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(text);
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text);
}

/** `discord:chat:123`: how a chat is named in the store and by people. */
export function nameOf({ platform, kind, id }: ChatAddress): string {
  return `${platform}:${kind}:${id}`;
}

function addressOf(name: string): ChatAddress | undefined {
  const [, platform, kind, id = ''] = /^(console|discord|telegram|mail):(chat|user):(.+)$/.exec(name) ?? [];
  return platform && kind
    ? { platform: platform as PlatformName, kind: kind as ChatAddress['kind'], id }
    : undefined;
}
