/**
 * The methods of the Bot API that the desk uses, with Telegram's refusals in Telegram's words. Stricter than
 * Telegram in one thing: a parameter that a method does not have is refused, not ignored.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Arguments, UploadedFile } from './body.ts';
import type { Button, ChatRecord, SentFile, ShownMessage, World } from './chats.ts';
import { HtmlError, type ParsedText, parseHtml } from './html.ts';
import type { Limits } from './limits.ts';

/** A refusal: the answer to the request. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  readonly parameters: object | undefined;

  constructor(code: number, description: string, parameters?: object) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

interface Context {
  readonly world: World;
  readonly limits: Pick<Limits, 'retryAfterS'>;
  readonly bot: { readonly id: number; readonly username: string };
  readonly files: Arguments['files'];
}

/** @throws Refusal */
export function answer(method: string, args: Arguments, context: Omit<Context, 'files'>): unknown {
  const known = methods[method];
  if (known === undefined) throw new Refusal(404, 'Not Found: method not found');
  return known(args.values, { ...context, files: args.files });
}

type MethodAnswer = (values: Readonly<Record<string, string>>, context: Context) => unknown;

function define<S extends z.ZodRawShape>(
  shape: S,
  run: (args: z.infer<z.ZodObject<S>>, context: Context) => unknown,
): MethodAnswer {
  // telegraf repeats the method's name in every form.
  const schema = z.strictObject({ ...shape, method: z.string().optional() });
  return (values, context) => {
    const parsed = schema.safeParse(values);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Refusal(400, `Bad Request: ${issue?.path.join('.')} ${issue?.message}`);
    }
    return run(parsed.data as unknown as z.infer<z.ZodObject<S>>, context);
  };
}

const integer = z.string().regex(/^\d+$/).transform(Number);
const chatId = z.string().min(1);
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: "can't parse as JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);

const sendTo = {
  chat_id: chatId,
  disable_notification: json(z.boolean()).optional(),
  message_thread_id: integer.optional(),
  reply_parameters: json(
    z.strictObject({ message_id: z.int(), allow_sending_without_reply: z.boolean() }),
  ).optional(),
};
const markup = json(
  z.strictObject({
    inline_keyboard: z.array(z.array(z.strictObject({ text: z.string(), callback_data: z.string() }))),
  }),
).optional();
const html = z.literal('HTML').optional();
const preview = json(z.strictObject({ is_disabled: z.boolean() })).optional();
const caption = { caption: z.string().optional(), parse_mode: html };
const scope = json(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.enum(['default', 'all_private_chats', 'all_group_chats']) }),
    z.strictObject({ type: z.literal('chat'), chat_id: z.union([z.string(), z.int()]) }),
  ]),
).optional();

const methods: Readonly<Record<string, MethodAnswer>> = {
  getMe: define({}, (_, { bot }) => ({
    id: bot.id,
    is_bot: true,
    first_name: 'Outcry',
    username: bot.username,
    can_join_groups: true,
  })),

  deleteWebhook: define({ drop_pending_updates: z.literal('false') }, (_, { world }) => {
    world.webhook = '';
    return true;
  }),

  getFile: define({ file_id: z.string() }, ({ file_id }, { world }) => {
    const document = world.documents.get(file_id);
    if (!document)
      throw new Refusal(400, 'Bad Request: wrong file_id or the file is temporarily unavailable');
    // https://core.telegram.org/bots/api#getfile
    if (document.data.length > 20 * 1024 * 1024) throw new Refusal(400, 'Bad Request: file is too big');
    return { file_id, file_unique_id: file_id.slice(-8), file_path: document.path };
  }),

  sendChatAction: define(
    { chat_id: chatId, message_thread_id: integer.optional(), action: z.literal('typing') },
    ({ chat_id, action }, { world }) => {
      chatOf(world, chat_id).actions.push(action);
      world.changed();
      return true;
    },
  ),

  createForumTopic: define({ chat_id: chatId, name: z.string().min(1).max(128) }, (args, context) => {
    const { world } = context;
    const chat = chatOf(world, args.chat_id);
    if (!chat.topics) throw new Refusal(400, 'Bad Request: the chat is not a forum');
    if (!chat.managesTopics) throw new Refusal(400, 'Bad Request: not enough rights to create a topic');
    pass(context, chat, 1);
    const id = world.nextMessageId();
    chat.topics.set(id, { name: args.name, closed: false });
    world.changed();
    return { message_thread_id: id, name: args.name, icon_color: 0x6fb9f0 };
  }),

  reopenForumTopic: define({ chat_id: chatId, message_thread_id: integer }, (args, { world }) => {
    const chat = chatOf(world, args.chat_id);
    if (!chat.topics) throw new Refusal(400, 'Bad Request: the chat is not a forum');
    const topic = chat.topics.get(args.message_thread_id);
    if (!topic) throw new Refusal(400, 'Bad Request: message thread not found');
    // Every topic here was opened by the bot, and what it opened itself it may open again.
    topic.closed = false;
    world.changed();
    return true;
  }),

  sendMessage: define(
    {
      ...sendTo,
      text: z.string(),
      parse_mode: html,
      link_preview_options: preview,
      reply_markup: markup,
    },
    (args, context) => {
      const chat = chatOf(context.world, args.chat_id);
      const content = textOf(args.text, args.parse_mode, 'text');
      const keyboard = keyboardOf(args.reply_markup);
      const place = placeOf(chat, args);
      pass(context, chat, 1);
      return messageJson(context, chat, context.world.add(chat, content, { keyboard, ...place }));
    },
  ),

  sendPhoto: define(
    { ...sendTo, ...caption, photo: z.string().optional(), reply_markup: markup },
    (args, context) => sendFile('photo', context.files.get('photo'), args, context),
  ),

  sendDocument: define(
    { ...sendTo, ...caption, document: z.string().optional(), reply_markup: markup },
    (args, context) => sendFile('document', context.files.get('document'), args, context),
  ),

  sendMediaGroup: define(
    {
      ...sendTo,
      media: json(
        z.array(
          z.strictObject({
            type: z.enum(['photo', 'document']),
            media: z.string().startsWith('attach://'),
            ...caption,
          }),
        ),
      ),
    },
    (args, context) => {
      const { world, files } = context;
      const chat = chatOf(world, args.chat_id);
      if (args.media.length < 2 || args.media.length > 10) {
        throw new Refusal(400, 'Bad Request: group send failed: media groups hold 2 to 10 items');
      }
      if (new Set(args.media.map(({ type }) => type)).size > 1) {
        throw new Refusal(400, "Bad Request: document can't be mixed with other media types");
      }
      const sent = args.media.map(({ type, media, caption = '', parse_mode }) => ({
        file: checkedFile(type, files.get(media.slice('attach://'.length))),
        content: textOf(caption, parse_mode, 'caption'),
      }));
      const place = placeOf(chat, args);
      pass(context, chat, sent.length);
      const album = randomUUID();
      return sent.map(({ file, content }) =>
        messageJson(context, chat, world.add(chat, content, { keyboard: [], file, album, ...place })),
      );
    },
  ),

  editMessageText: define(
    {
      chat_id: chatId,
      message_id: integer,
      text: z.string(),
      parse_mode: html,
      link_preview_options: preview,
      reply_markup: markup,
    },
    (args, context) => {
      const { chat, message } = messageOf(context.world, args, 'edit');
      if (message.file !== undefined)
        throw new Refusal(400, 'Bad Request: there is no text in the message to edit');
      return edit(context, chat, message, textOf(args.text, args.parse_mode, 'text'), args.reply_markup);
    },
  ),

  editMessageCaption: define(
    { chat_id: chatId, message_id: integer, ...caption, reply_markup: markup },
    (args, context) => {
      const { chat, message } = messageOf(context.world, args, 'edit');
      if (message.file === undefined)
        throw new Refusal(400, 'Bad Request: there is no caption in the message to edit');
      return edit(
        context,
        chat,
        message,
        textOf(args.caption ?? '', args.parse_mode, 'caption'),
        args.reply_markup,
      );
    },
  ),

  deleteMessages: define(
    { chat_id: chatId, message_ids: json(z.array(z.int()).min(1).max(100)) },
    (args, { world }) => {
      const chat = chatOf(world, args.chat_id);
      for (const id of args.message_ids) {
        const message = chat.messages.get(id);
        if (message !== undefined) chat.deleted.push(message);
        chat.messages.delete(id);
      }
      world.changed();
      return true;
    },
  ),

  deleteMessage: define({ chat_id: chatId, message_id: integer }, ({ chat_id, message_id }, { world }) => {
    const chat = chatOf(world, chat_id);
    const own = chat.messages.get(message_id);
    // What others wrote a bot may delete in a private chat; in a group it would have to be an administrator.
    if (own === undefined && chat.type !== 'private') {
      throw new Refusal(400, "Bad Request: message can't be deleted");
    }
    if (own) chat.deleted.push(own);
    chat.messages.delete(message_id);
    world.changed();
    return true;
  }),

  answerCallbackQuery: define({ callback_query_id: z.string() }, ({ callback_query_id }, { world }) => {
    if (!world.openPresses.delete(callback_query_id)) {
      throw new Refusal(
        400,
        'Bad Request: query is too old and response timeout expired or query ID is invalid',
      );
    }
    world.changed();
    return true;
  }),

  getMyCommands: define({ scope }, (args, { world }) => world.menus.get(scopeName(world, args.scope)) ?? []),

  deleteMyCommands: define({ scope }, (args, { world }) => {
    world.menus.delete(scopeName(world, args.scope));
    world.changed();
    return true;
  }),

  setMyCommands: define(
    { scope, commands: json(z.array(z.strictObject({ command: z.string(), description: z.string() }))) },
    (args, { world }) => {
      if (args.commands.length > 100) throw new Refusal(400, 'Bad Request: BOT_COMMANDS_TOO_MUCH');
      for (const { command, description } of args.commands) {
        if (!/^[a-z0-9_]{1,32}$/.test(command)) throw new Refusal(400, 'Bad Request: BOT_COMMAND_INVALID');
        if (description.length < 1 || description.length > 256) {
          throw new Refusal(400, 'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID');
        }
      }
      world.menus.set(scopeName(world, args.scope), args.commands);
      world.changed();
      return true;
    },
  ),
};

function chatOf(world: World, id: string): ChatRecord {
  const chat = world.chats.get(id);
  if (chat === undefined) throw new Refusal(400, 'Bad Request: chat not found');
  if (chat.movedTo !== undefined) {
    throw new Refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chat.movedTo,
    });
  }
  if (chat.blocked) throw new Refusal(403, 'Forbidden: bot was blocked by the user');
  if (!chat.open) {
    throw new Refusal(
      403,
      chat.type === 'private'
        ? "Forbidden: bot can't initiate conversation with a user"
        : 'Forbidden: bot was kicked from the supergroup chat',
    );
  }
  return chat;
}

function messageOf(
  world: World,
  { chat_id, message_id }: { chat_id: string; message_id: number },
  verb: string,
): { chat: ChatRecord; message: ShownMessage } {
  const chat = chatOf(world, chat_id);
  const message = chat.messages.get(message_id);
  if (message === undefined) throw new Refusal(400, `Bad Request: message to ${verb} not found`);
  return { chat, message };
}

function pass({ limits }: Context, chat: ChatRecord, count: number): void {
  const seconds = limits.retryAfterS(chat.id, count, Date.now());
  if (seconds > 0) {
    throw new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
  }
}

function textOf(raw: string, mode: 'HTML' | undefined, what: 'text' | 'caption'): ParsedText {
  if (/\p{Surrogate}/u.test(raw)) throw new Refusal(400, 'Bad Request: strings must be encoded in UTF-8');
  let parsed: ParsedText;
  try {
    parsed = mode === 'HTML' ? parseHtml(raw) : { text: raw.trim(), entities: [] };
  } catch (thrown) {
    if (!(thrown instanceof HtmlError)) throw thrown;
    throw new Refusal(400, `Bad Request: can't parse entities: ${thrown.message}`);
  }
  if (what === 'caption') {
    if (parsed.text.length > 1024) throw new Refusal(400, 'Bad Request: message caption is too long');
  } else {
    if (parsed.text === '') throw new Refusal(400, 'Bad Request: message text is empty');
    if (parsed.text.length > 4096) throw new Refusal(400, 'Bad Request: message is too long');
  }
  // Telegram leaves out the styles from the 101st on, without a word.
  return { text: parsed.text, entities: parsed.entities.slice(0, 100) };
}

function keyboardOf(markup: { inline_keyboard: Button[][] } | undefined): Button[][] {
  const rows = markup?.inline_keyboard ?? [];
  for (const button of rows.flat()) {
    if (button.text === '')
      throw new Refusal(400, 'Bad Request: inline keyboard button text must be non-empty');
    const size = Buffer.byteLength(button.callback_data);
    if (size < 1 || size > 64) throw new Refusal(400, 'Bad Request: BUTTON_DATA_INVALID');
  }
  if (rows.flat().length > 100) throw new Refusal(400, 'Bad Request: reply markup is too long');
  return rows;
}

function placeOf(
  { topics, messages, managesTopics }: ChatRecord,
  args: {
    disable_notification?: boolean | undefined;
    message_thread_id?: number | undefined;
    reply_parameters?: { message_id: number } | undefined;
  },
) {
  // An answer stands where the message does that it answers.
  const thread = args.message_thread_id ?? messages.get(args.reply_parameters?.message_id ?? 0)?.thread;
  if (topics && thread !== undefined) {
    const topic = topics.get(thread);
    if (!topic) throw new Refusal(400, 'Bad Request: message thread not found');
    if (topic.closed && !managesTopics) throw new Refusal(400, 'Bad Request: TOPIC_CLOSED');
  }
  return {
    ...(thread === undefined ? {} : { thread }),
    ...(args.reply_parameters === undefined ? {} : { replyTo: args.reply_parameters.message_id }),
    ...(args.disable_notification === true ? { silent: true } : {}),
  };
}

function sendFile(
  kind: SentFile['kind'],
  uploaded: UploadedFile | undefined,
  args: {
    chat_id: string;
    caption?: string | undefined;
    parse_mode?: 'HTML' | undefined;
    reply_markup?: { inline_keyboard: Button[][] } | undefined;
    message_thread_id?: number | undefined;
    reply_parameters?: { message_id: number } | undefined;
  },
  context: Context,
): unknown {
  const chat = chatOf(context.world, args.chat_id);
  const file = checkedFile(kind, uploaded);
  const content = textOf(args.caption ?? '', args.parse_mode, 'caption');
  const keyboard = keyboardOf(args.reply_markup);
  const place = placeOf(chat, args);
  pass(context, chat, 1);
  return messageJson(context, chat, context.world.add(chat, content, { keyboard, file, ...place }));
}

function checkedFile(kind: SentFile['kind'], file: UploadedFile | undefined): SentFile {
  if (file === undefined) throw new Refusal(400, `Bad Request: there is no ${kind} in the request`);
  if (file.data.length === 0) throw new Refusal(400, 'Bad Request: file must be non-empty');
  if (file.data.length > 50_000_000) throw new Refusal(413, 'Request Entity Too Large');
  if (kind === 'photo') {
    if (file.data.length > 10_000_000) throw new Refusal(400, 'Bad Request: file is too big for a photo');
    const signature = file.data.subarray(0, 8).toString('hex');
    if (signature !== '89504e470d0a1a0a' || file.data.length < 24) {
      throw new Refusal(400, 'Bad Request: IMAGE_PROCESS_FAILED');
    }
    const width = file.data.readUInt32BE(16);
    const height = file.data.readUInt32BE(20);
    if (width + height > 10_000 || Math.max(width, height) > 20 * Math.min(width, height)) {
      throw new Refusal(400, 'Bad Request: PHOTO_INVALID_DIMENSIONS');
    }
  }
  return { kind, ...file };
}

/** A keyboard that an edit does not repeat is gone. */
function edit(
  context: Context,
  chat: ChatRecord,
  message: ShownMessage,
  { text, entities }: ParsedText,
  markup: { inline_keyboard: Button[][] } | undefined,
): unknown {
  const keyboard = keyboardOf(markup);
  const next = JSON.stringify({ text, entities, keyboard: keyboard.filter((row) => row.length > 0) });
  if (
    next === JSON.stringify({ text: message.text, entities: message.entities, keyboard: message.keyboard })
  ) {
    throw new Refusal(
      400,
      'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  }
  if (message.album !== undefined && keyboard.length > 0) {
    throw new Refusal(400, "Bad Request: message can't be edited");
  }
  pass(context, chat, 1);
  message.text = text;
  message.entities = entities;
  message.keyboard = keyboard;
  message.versions.push(text);
  context.world.changed();
  return messageJson(context, chat, message);
}

function scopeName(
  world: World,
  scope: { type: string; chat_id?: string | number | undefined } | undefined,
): string {
  if (scope?.chat_id === undefined) return scope?.type ?? 'default';
  return `chat ${chatOf(world, String(scope.chat_id)).id}`;
}

function messageJson({ bot }: Context, chat: ChatRecord, message: ShownMessage) {
  return {
    message_id: message.id,
    date: message.date,
    chat: { id: Number(chat.id), type: chat.type },
    from: { id: bot.id, is_bot: true, first_name: 'Outcry', username: bot.username },
    ...(message.file === undefined ? { text: message.text } : { caption: message.text }),
    ...(message.file?.kind === 'document'
      ? { document: { file_id: `file-${message.id}`, file_name: message.file.name } }
      : {}),
    ...(message.file?.kind === 'photo' ? { photo: [{ file_id: `file-${message.id}` }] } : {}),
  };
}
