/**
 * A Telegram for tests: a Bot API server on this machine that refuses what Telegram refuses, and people who talk to
 * the bot through it.
 *
 * ```ts
 * await using telegram = await startTelegram();
 * const anna = telegram.user('Anna');
 * // ... a desk with { token: telegram.token, apiRoot: telegram.apiRoot } and a user of id anna.id ...
 * anna.says('/backtest sma_cross SP500');
 * const report = await anna.chat.shows(/Return/);
 * report.files[0]?.name; // 'equity.png'
 * anna.presses('Run again');
 * ```
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../../engine/clock.ts';
import { parseBody } from './body.ts';
import { type ChatRecord, type MenuEntry, type SentFile, type ShownMessage, World } from './chats.ts';
import type { Entity } from './html.ts';
import { Limits } from './limits.ts';
import { answer, Refusal } from './methods.ts';

export { type Entity, HtmlError, type ParsedText, parseHtml } from './html.ts';

/** A message of the bot as a person sees it now. */
export interface SeenMessage {
  readonly id: number;
  readonly sentAt: Date;
  /** Text, or the caption of its file. */
  readonly text: string;
  readonly entities: readonly Entity[];
  /** Labels, row by row. */
  readonly buttons: readonly (readonly string[])[];
  readonly file?: SentFile;
  /** Messages of one album have the same. */
  readonly album?: string;
  readonly replyTo?: number;
  /** Came without a sound. */
  readonly silent?: boolean;
  readonly thread?: number;
  /** Every text it has had, the present one last. */
  readonly versions: readonly string[];
}

/** What a chat shows of the bot. */
export interface SeenChat {
  readonly id: string;
  /** The bot's messages in their order, as last edited, without the deleted ones. */
  readonly messages: readonly SeenMessage[];
  /** Texts of messages that the bot deleted. */
  readonly deleted: readonly string[];
  /** Files of all messages. */
  readonly files: readonly SentFile[];
  /** Chat actions so far, such as `typing`. */
  readonly actions: readonly string[];
  /**
   * Waits until a message of the bot has a text that matches, and gives the latest such message. A string has to
   * occur in it.
   */
  shows(text: RegExp | string): Promise<SeenMessage>;
}

export interface TestGroup {
  readonly id: string;
  readonly chat: SeenChat;
  /** The bot is thrown out. */
  removesBot(): void;
  /** It gets another id, as groups do when they grow. */
  becomes(id: number): void;
  /** In the order in which they were opened; the deleted ones are gone. */
  readonly topics: readonly { readonly id: number; readonly name: string; readonly closed: boolean }[];
  closesTopic(id: number): void;
  /** Somebody deletes a topic, with all that stands in it. */
  deletesTopic(id: number): void;
  /** Whether the bot is an administrator who may manage topics; it is, unless told otherwise. */
  managesTopics(may: boolean): void;
}

export interface TestUser {
  readonly id: string;
  readonly name: string;
  /** Their private chat with the bot. */
  readonly chat: SeenChat;
  /** The command menu that their client shows in the private chat. */
  readonly menu: readonly MenuEntry[];
  /** Presses Start: before, a bot may not write to them. */
  opensBot(): void;
  blocksBot(): void;
  says(text: string, where?: { readonly in?: TestGroup; readonly at?: Date; readonly thread?: number }): void;
  /** Corrects a message after it was sent. */
  edits(text: string): void;
  /**
   * Presses the button with this label on the latest message that has it.
   * @throws Error when no message has one
   */
  presses(label: string, where?: { readonly in?: TestGroup }): { readonly answered: () => boolean };
  /** Sends a document, with or without words. */
  sendsFile(
    file: { readonly name: string; readonly data: string | Uint8Array },
    how?: { readonly caption?: string; readonly in?: TestGroup },
  ): void;
  /** A photo, sticker or anything else that is not text. */
  sendsPhoto(): void;
  /** Deletes a message of the bot from the private chat. */
  deletes(text: string): void;
}

export interface TestTelegram extends AsyncDisposable {
  readonly apiRoot: string;
  readonly token: string;
  readonly botUsername: string;
  /** Someone who has opened the bot, unless `opened` says no. */
  user(name: string, options?: { readonly opened?: boolean }): TestUser;
  group(title: string, options?: { readonly forum?: boolean }): TestGroup;
  /** Updates that the bot has not confirmed. */
  readonly pending: number;
  /** Methods that were called, in their order, polling left out. */
  readonly calls: readonly string[];
  /** What was refused because Telegram would refuse it, faults on purpose not counted. */
  readonly refusals: readonly string[];
  /** How often 429 was answered, on demand or because the bot sent too much. */
  readonly throttled: number;
  /** Menu of a scope without chat: `default`, `all_private_chats`, `all_group_chats`. */
  menuOf(scope: string): readonly MenuEntry[];
  setMenu(scope: string, menu: readonly MenuEntry[]): void;
  /** Waits until the condition gives something, looking whenever anything changed. */
  until<T>(condition: () => T | undefined | false, what: string): Promise<T>;

  /** The next call of the method is carried out, but its answer is lost. */
  losesReply(method: string): void;
  /** The next call of the method is not carried out and gets this status, such as 502. */
  fails(method: string, status: number): void;
  /** The next call of the method is refused with 400 and this description. */
  refuses(method: string, description: string): void;
  /** The next call of the method gets 429. */
  throttles(method: string, retryAfterS: number): void;
  /** The next call of the method is never answered. */
  hangs(method: string): void;
  /** From now on every connection breaks. */
  goesAway(): void;
  comesBack(): void;
  revokesToken(): void;
  restoresToken(): void;
  /** Another program polls with the same token, again and again, until the function that it returns is called. */
  anotherInstancePolls(): () => void;
  setsWebhook(url: string): void;
  close(): Promise<void>;
}

export interface TelegramSettings {
  /** By whose time messages are sent. */
  readonly clock?: Clock;
  /** `false`: a Bot API server of one's own, which takes messages as fast as they come. */
  readonly limited?: boolean;
}

export async function startTelegram({
  clock = systemClock,
  limited = true,
}: TelegramSettings = {}): Promise<TestTelegram> {
  const world = new World(clock);
  const limits: Pick<Limits, 'retryAfterS'> = limited ? new Limits() : { retryAfterS: () => 0 };
  const bot = { id: 4242, username: 'outcry_test_bot' };
  const token = `${bot.id}:${randomUUID()}`;
  const calls: string[] = [];
  const refusals: string[] = [];
  let throttled = 0;
  const faults: { method: string; fault: Fault }[] = [];
  let away = false;
  let revoked = false;
  let poll: { end(): void } | undefined;
  let nextId = 1000;

  const longPoll = async (values: Readonly<Record<string, string>>, response: ServerResponse) => {
    if (world.webhook !== '') {
      throw new Refusal(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    }
    poll?.end();
    const ended = new AbortController();
    let terminated = false;
    const mine = {
      end() {
        terminated = true;
        ended.abort();
      },
    };
    poll = mine;
    response.once('close', () => ended.abort());
    const timer = setTimeout(() => ended.abort(), Number(values['timeout'] ?? 0) * 1000);
    const offset = Number(values['offset'] ?? 0);
    const limit = Number(values['limit'] ?? 100);
    try {
      for (;;) {
        if (terminated) {
          throw new Refusal(
            409,
            'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
          );
        }
        const updates = world.updatesFrom(offset, limit);
        if (updates.length > 0 || ended.signal.aborted || values['timeout'] === '0') return updates;
        await world.change(ended.signal).catch(() => undefined);
      }
    } finally {
      clearTimeout(timer);
      if (poll === mine) poll = undefined;
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, path = '', method = ''] = (request.url ?? '').split('/');
    if (away) {
      request.socket.destroy();
      return;
    }
    const [, , owner, ...place] = (request.url ?? '').split('/');
    if (path === 'file' && owner === `bot${token}` && !revoked) {
      const file = [...world.documents.values()].find((each) => each.path === place.join('/'));
      response.writeHead(file ? 200 : 404).end(file?.data);
      return;
    }
    if (path !== `bot${token}` || revoked) throw new Refusal(401, 'Unauthorized');
    if (method !== 'getUpdates') calls.push(method);
    const index = faults.findIndex((entry) => entry.method === method);
    const [{ fault } = { fault: undefined }] = index < 0 ? [] : faults.splice(index, 1);
    world.changed();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'refusal') throw new Refusal(400, fault.description);
    if (fault?.kind === 'throttle') {
      const { retryAfterS } = fault;
      throw new Refusal(429, `Too Many Requests: retry after ${retryAfterS}`, { retry_after: retryAfterS });
    }
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'text/html' }).end('<html>an error</html>');
      return;
    }
    const args = bodyOf(request, Buffer.concat(chunks));
    const result =
      method === 'getUpdates' ? await longPoll(args.values, response) : answerOrNote(method, args);
    if (fault?.kind === 'lostReply') request.socket.destroy();
    else send(response, 200, { ok: true, result });
  };

  const answerOrNote = (method: string, args: ReturnType<typeof parseBody>) => {
    try {
      return answer(method, args, { world, limits, bot });
    } catch (thrown) {
      refusals.push(`${method}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      throw thrown;
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      if (thrown instanceof Refusal && thrown.code === 429) throttled += 1;
      world.changed();
      const refusal = thrown instanceof Refusal ? thrown : new Refusal(400, `Bad Request: ${String(thrown)}`);
      send(response, refusal.code, {
        ok: false,
        error_code: refusal.code,
        description: refusal.message,
        ...(refusal.parameters === undefined ? {} : { parameters: refusal.parameters }),
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const until: TestTelegram['until'] = async (condition, what) => {
    const patience = AbortSignal.timeout(15_000);
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      await world.change(patience).catch(() => {
        throw new Error(`waited 15 s in vain: ${what}`);
      });
    }
  };

  const seen = (chat: ChatRecord): SeenChat => ({
    id: chat.id,
    get messages() {
      return [...chat.messages.values()].map(seenMessage);
    },
    get deleted() {
      return chat.deleted.map(({ text }) => text);
    },
    get files() {
      return [...chat.messages.values()].flatMap(({ file }) => (file === undefined ? [] : [file]));
    },
    actions: chat.actions,
    async shows(text) {
      const matches = (message: ShownMessage) =>
        typeof text === 'string' ? message.text.includes(text) : text.test(message.text);
      try {
        return seenMessage(
          await until(() => [...chat.messages.values()].reverse().find(matches), `${text} in ${chat.title}`),
        );
      } catch (cause) {
        const shown = [...chat.messages.values()].map((message) => message.text).join('\n---\n');
        throw new Error(`${chat.title} never showed ${text}; it shows:\n${shown || '(nothing)'}`, { cause });
      }
    },
  });

  const newChat = (
    id: string,
    type: ChatRecord['type'],
    title: string,
    open: boolean,
    forum = false,
  ): ChatRecord => {
    const chat: ChatRecord = {
      id,
      type,
      title,
      open,
      blocked: false,
      managesTopics: true,
      ...(forum ? { topics: new Map() } : {}),
      messages: new Map(),
      deleted: [],
      actions: [],
    };
    world.chats.set(id, chat);
    return chat;
  };

  const chatJson = ({ id, type, title }: ChatRecord) =>
    type === 'private' ? { id: Number(id), type, first_name: title } : { id: Number(id), type, title };

  const recordOf = (id: string): ChatRecord => {
    const chat = world.chats.get(id);
    if (chat === undefined) throw new Error(`no chat ${id} in this Telegram`);
    return chat;
  };

  const newUser = (name: string, opened: boolean): TestUser => {
    nextId += 1;
    const id = String(nextId);
    const own = newChat(id, 'private', name, opened);
    const from = { id: Number(id), is_bot: false, first_name: name };
    const say = (chat: ChatRecord, more: object, at = clock.now()) => ({
      message_id: world.nextMessageId(),
      date: Math.floor(at.getTime() / 1000),
      chat: chatJson(chat),
      from,
      ...more,
    });
    let latest: object = {};
    return {
      id,
      name,
      chat: seen(own),
      get menu() {
        return (
          world.menus.get(`chat ${id}`) ??
          world.menus.get('all_private_chats') ??
          world.menus.get('default') ??
          []
        );
      },
      opensBot() {
        own.open = true;
        own.blocked = false;
      },
      blocksBot() {
        own.blocked = true;
      },
      says(text, where = {}) {
        const topic =
          where.thread === undefined ? {} : { is_topic_message: true, message_thread_id: where.thread };
        latest = say(recordOf(where.in?.id ?? id), { text, ...topic }, where.at);
        world.addUpdate({ message: latest });
      },
      edits(text) {
        world.addUpdate({
          edited_message: { ...latest, text, edit_date: Math.floor(clock.now().getTime() / 1000) },
        });
      },
      presses(label, where = {}) {
        const chat = recordOf(where.in?.id ?? id);
        const message = [...chat.messages.values()]
          .reverse()
          .find(({ keyboard }) => keyboard.flat().some(({ text }) => text === label));
        const button = message?.keyboard.flat().find(({ text }) => text === label);
        if (message === undefined || button === undefined) {
          const there = [...chat.messages.values()].flatMap(({ keyboard }) =>
            keyboard.flat().map(({ text }) => text),
          );
          throw new Error(`${chat.title} has no button ${label}; it has: ${there.join(', ') || 'none'}`);
        }
        const queryId = randomUUID();
        world.openPresses.add(queryId);
        world.addUpdate({
          callback_query: {
            id: queryId,
            from,
            chat_instance: chat.id,
            data: button.callback_data,
            message: {
              message_id: message.id,
              date: message.date,
              chat: chatJson(chat),
              ...(message.file === undefined
                ? { text: message.text }
                : { caption: message.text, document: { file_id: `file-${message.id}` } }),
              ...(message.thread === undefined
                ? {}
                : { is_topic_message: true, message_thread_id: message.thread }),
            },
          },
        });
        return { answered: () => !world.openPresses.has(queryId) };
      },
      deletes(text) {
        for (const message of own.messages.values()) {
          if (message.text === text) own.messages.delete(message.id);
        }
      },
      sendsFile({ name: fileName, data }, how = {}) {
        const bytes = Buffer.from(data);
        const fileId = `doc-${randomUUID()}`;
        world.documents.set(fileId, { path: `documents/file_${world.documents.size}.bin`, data: bytes });
        const document = {
          file_id: fileId,
          file_unique_id: fileId.slice(-8),
          file_name: fileName,
          file_size: bytes.length,
        };
        const caption = how.caption === undefined ? {} : { caption: how.caption };
        world.addUpdate({ message: say(recordOf(how.in?.id ?? id), { document, ...caption }) });
      },
      sendsPhoto() {
        world.addUpdate({ message: say(own, { photo: [{ file_id: 'theirs', width: 1, height: 1 }] }) });
      },
    };
  };

  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const fault = (method: string, kind: Fault) => void faults.push({ method, fault: kind });

  return {
    apiRoot: `http://127.0.0.1:${port}`,
    token,
    botUsername: bot.username,
    user: (name, { opened = true } = {}) => newUser(name, opened),
    group(title, { forum = false } = {}) {
      nextId += 1;
      const chat = newChat(`-100${nextId}`, 'supergroup', title, true, forum);
      return {
        id: chat.id,
        chat: seen(chat),
        removesBot() {
          chat.open = false;
        },
        becomes(id) {
          chat.movedTo = id;
        },
        get topics() {
          return [...(chat.topics ?? [])].map(([id, { name, closed }]) => ({ id, name, closed }));
        },
        closesTopic(id) {
          const topic = chat.topics?.get(id);
          if (topic) topic.closed = true;
        },
        deletesTopic(id) {
          chat.topics?.delete(id);
          for (const message of chat.messages.values()) {
            if (message.thread === id) chat.messages.delete(message.id);
          }
        },
        managesTopics(may) {
          chat.managesTopics = may;
        },
      };
    },
    get pending() {
      return world.pending;
    },
    calls,
    refusals,
    get throttled() {
      return throttled;
    },
    menuOf: (scope) => world.menus.get(scope) ?? [],
    setMenu: (scope, menu) => void world.menus.set(scope, menu),
    until,
    losesReply: (method) => fault(method, { kind: 'lostReply' }),
    fails: (method, status) => fault(method, { kind: 'status', status }),
    refuses: (method, description) => fault(method, { kind: 'refusal', description }),
    throttles: (method, retryAfterS) => fault(method, { kind: 'throttle', retryAfterS }),
    hangs: (method) => fault(method, { kind: 'hang' }),
    goesAway() {
      away = true;
      server.closeAllConnections();
    },
    comesBack() {
      away = false;
    },
    revokesToken() {
      revoked = true;
      server.closeAllConnections();
    },
    restoresToken() {
      revoked = false;
    },
    anotherInstancePolls() {
      // It asks whenever ours does, so that ours never lasts.
      const timer = setInterval(() => poll?.end(), 5);
      return () => clearInterval(timer);
    },
    setsWebhook(url) {
      world.webhook = url;
      poll?.end();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Fault =
  | { readonly kind: 'lostReply' }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'refusal'; readonly description: string }
  | { readonly kind: 'throttle'; readonly retryAfterS: number }
  | { readonly kind: 'hang' };

function bodyOf(request: IncomingMessage, body: Buffer) {
  return parseBody(request.headers['content-type'] ?? '', body);
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function seenMessage({
  id,
  date,
  text,
  entities,
  keyboard,
  file,
  album,
  replyTo,
  silent,
  thread,
  versions,
}: ShownMessage): SeenMessage {
  return {
    id,
    sentAt: new Date(date * 1000),
    text,
    entities: [...entities],
    buttons: keyboard.map((row) => row.map((button) => button.text)),
    ...(file === undefined ? {} : { file }),
    ...(album === undefined ? {} : { album }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(silent === undefined ? {} : { silent }),
    ...(thread === undefined ? {} : { thread }),
    versions: [...versions],
  };
}
