/**
 * Telegram as a chat platform: long polling in, paced and retried messages out. Imported only when the configuration
 * names it.
 */
import type { Command, Role } from '../../../commands/command.ts';
import { takesFile } from '../../../commands/options.ts';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { tooLarge } from '../download.ts';
import type {
  ChatHandler,
  IncomingCommand,
  IncomingFiles,
  MessageRef,
  Platform,
  PlatformStatus,
} from '../platform.ts';
import { telegramApi } from './api.ts';
import { latestOnly, type Show } from './latest.ts';
import { messenger as createMessenger, type Sending, type Shown } from './messenger.ts';
import { type Pace, telegramPace } from './pace.ts';
import { type Bot, poller as createPoller } from './polling.ts';
import { sendQueue } from './queue.ts';
import { forgetMenus, registerMenus } from './registration.ts';
import { responderTo } from './responder.ts';
import { topicsOf } from './topics.ts';
import { type Incoming, incoming, type SentDocument } from './updates.ts';

export interface TelegramOptions {
  /** As @BotFather gave it: `123456:ABC…`. */
  readonly token: string;
  readonly commands: readonly Command[];
  readonly log: Logger;
  readonly clock: Clock;
  /** Another Bot API server: one's own (https://github.com/tdlib/telegram-bot-api), or a test's. */
  readonly apiRoot?: string;
  /** User ids by role: whose private chats get the command menu of that role. */
  readonly chatsByRole: () => ReadonlyMap<Role, readonly string[]>;
  /** Calls `listener` when somebody was let in, was removed, or has another role. */
  readonly onPeopleChanged?: (listener: () => void) => void;
  /** Where other limits hold than Telegram's own. */
  readonly pace?: Partial<Pace>;
}

export function telegramPlatform(options: TelegramOptions): Platform {
  const { commands, log, clock, chatsByRole } = options;
  const pace: Pace = { ...telegramPace, ...options.pace };
  const api = telegramApi(options.token, options.apiRoot);
  const queue = sendQueue(pace);
  const messenger = createMessenger(api, pace, log);
  const topics = topicsOf(api, pace);

  let status: PlatformStatus = { state: 'stopped', since: clock.now() };
  const become = (state: PlatformStatus['state'], why?: string) => {
    if (status.state === state && status.why === why) return;
    const since = status.state === state ? status.since : clock.now();
    status = { state, since, ...(why === undefined ? {} : { why }) };
    if (why !== undefined) log.warn({ platform: 'telegram', state }, why);
    else log.info({ platform: 'telegram', state }, `Telegram is ${state}`);
  };

  let handler: ChatHandler | undefined;
  const stopping = new AbortController();
  let registered = false;
  /** Chats of users who have yet to open the bot: Telegram takes their menus only then. */
  let unopened: ReadonlySet<string> = new Set();
  /** Chats with a menu, and one menu after another: who was removed loses theirs. */
  let withMenu: readonly string[] = [];
  let inTurn: Promise<void> = Promise.resolve();
  const register = async () => {
    if (registered) return;
    registered = true;
    try {
      const now = [...chatsByRole().values()].flat();
      await forgetMenus({
        api,
        chats: withMenu.filter((chat) => !now.includes(chat)),
        requestMs: pace.requestMs,
      });
      withMenu = now;
      unopened = await registerMenus({
        api,
        commands,
        chatsByRole,
        log,
        requestMs: pace.requestMs,
        signal: stopping.signal,
      });
    } catch (thrown) {
      registered = false;
      if (!stopping.signal.aborted)
        log.warn({ reason: reasonOf(thrown) }, 'Telegram did not take the command menus; trying again later');
    }
  };

  options.onPeopleChanged?.(() => {
    inTurn = inTurn.then(async () => {
      if (status.state !== 'ready') return; // they are written when it is
      registered = false;
      await register();
    });
  });

  const filesOf = ({ id, name, bytes }: SentDocument): IncomingFiles => ({
    attached: {
      name,
      async read(maxBytes) {
        if (bytes !== undefined && bytes > maxBytes) throw tooLarge(name, maxBytes);
        return api.fetchFile({ id, name }, { maxBytes, timeoutMs: pace.requestMs });
      },
    },
  });

  /** Commands that take a file and came without one, by who said them where: their file may follow. */
  const awaitingFile = recent<{ readonly text: string; readonly at: Date }>();

  /** The command with its file; undefined for a file that nobody asked for, in a chat with others. */
  const commandOf = (event: Extract<Incoming, { kind: 'file' | 'command' }>): IncomingCommand | undefined => {
    const who = `${event.command.chat.id}/${event.command.user.id}`;
    if (event.kind === 'command') {
      const { document, command } = event;
      if (document) return { ...command, files: filesOf(document) };
      const text = command.input.kind === 'typed' ? command.input.text : '';
      if (takesFile(text, commands)) awaitingFile.set(who, { text, at: clock.now() });
      else awaitingFile.delete(who);
      return command;
    }
    const before = awaitingFile.get(who);
    awaitingFile.delete(who);
    const fresh = before && clock.now().getTime() - before.at.getTime() < fileFollowsWithinMs;
    if (!fresh && !event.command.chat.private) return undefined;
    const input = { kind: 'typed', text: fresh ? before.text : '' } as const;
    return { ...event.command, input, files: filesOf(event.document) };
  };

  const handOver = (update: Parameters<typeof incoming>[0], bot: Bot, pressedAfter: Date) => {
    const event = incoming(update, bot.username, pressedAfter);
    if (event === undefined || handler === undefined) return;
    const command = event.kind === 'press' ? undefined : commandOf(event);
    if (event.kind !== 'press' && command === undefined) return;
    if (event.asked.private && unopened.has(event.asked.target.chat)) {
      unopened = new Set();
      registered = false;
      void register();
    }
    const responder = responderTo(event.asked, {
      api,
      queue,
      messenger,
      pace,
      log,
      botName: `@${bot.username}`,
    });
    if (event.kind === 'press') {
      api
        .call('answerCallbackQuery', { callback_query_id: event.queryId }, { timeoutMs: pace.requestMs })
        .catch((thrown) => log.debug({ reason: reasonOf(thrown) }, 'Telegram took no answer to a press'));
    }
    const handled =
      event.kind === 'press'
        ? handler.onPress(event.press, responder)
        : command && handler.onCommand(command, responder);
    handled?.catch((thrown) => log.error({ err: thrown }, 'the answer to a Telegram user failed'));
  };

  const polling = createPoller({
    api,
    pace,
    clock,
    log,
    events: {
      update: handOver,
      state(state, why) {
        if (state === 'ready') void register();
        become(state, why);
      },
    },
  });

  /** Messages that got there in part, by the key of their post. */
  const unfinished = recent<Sending>();
  const known = recent<Shown>();
  const edits = recent<Show>();

  const remember = (shown: Shown): MessageRef => {
    const ref = { platform: 'telegram' as const, chat: shown.target.chat, message: String(shown.main) };
    known.set(nameOf(ref), shown);
    return ref;
  };

  const editorOf = (ref: MessageRef): Show => {
    const name = nameOf(ref);
    const there = edits.get(name);
    if (there !== undefined) return there;
    const before: Shown = {
      target: { chat: ref.chat },
      main: Number(ref.message),
      kind: 'unknown',
      files: '',
      extras: [],
    };
    const show = latestOnly(queue, ref.chat, false, async (turn, message) => {
      remember(await messenger.revise(turn, known.get(name) ?? before, message));
    });
    edits.set(name, show);
    return show;
  };

  return {
    name: 'telegram',
    async start(chatHandler) {
      handler = chatHandler;
      status = { state: 'connecting', since: clock.now(), why: 'Telegram: connecting' };
      void polling.run();
    },
    async stop() {
      stopping.abort();
      await polling.stop();
      await queue.finish(pace.stopMs);
      become('stopped');
    },
    status: () => status,
    openThread: ({ kind, id }, name) =>
      kind === 'user' ? Promise.resolve(undefined) : queue.enqueue(id, (turn) => topics.open(turn, id, name)),
    post({ id, thread }, message, key) {
      return queue.enqueue(id, async (turn) => {
        const target = { chat: id, ...(thread === undefined ? {} : { thread: Number(thread) }) };
        const sending = unfinished.get(key) ?? messenger.sending(target, message, 'post');
        try {
          const shown = await topics.reopened(turn, target, () => messenger.send(turn, sending));
          unfinished.delete(key);
          return remember(shown);
        } catch (thrown) {
          if (sending.sent.length > 0) unfinished.set(key, sending);
          throw thrown;
        }
      });
    },
    edit: (ref, message) => editorOf(ref)(message),
  };
}

/** A file that comes later than this after a command is another matter. */
const fileFollowsWithinMs = 10 * 60_000;

function nameOf({ chat, message }: MessageRef): string {
  return `${chat}/${message}`;
}

/** A map of the latest thousand: what is older is treated like something from before the last start. */
function recent<T>() {
  const entries = new Map<string, T>();
  return {
    get: (name: string) => entries.get(name),
    set(name: string, value: T) {
      entries.delete(name);
      entries.set(name, value);
      const [oldest] = entries.keys();
      if (entries.size > 1000 && oldest !== undefined) entries.delete(oldest);
    },
    delete: (name: string) => entries.delete(name),
  };
}
