/**
 * Sends renderings and changes what was sent. One message of ours may be several of Telegram's: the text with its
 * buttons (or a file or album with the text as its caption), and files after it.
 */
import type { Logger } from '../../../engine/log.ts';
import type { Message } from '../platform.ts';
import type { InlineKeyboardButton, TelegramApi } from './api.ts';
import { deliveryError, says } from './failures.ts';
import type { Pace } from './pace.ts';
import type { Turn } from './queue.ts';
import { type Rendering, render, type Upload } from './render.ts';

export interface Target {
  readonly chat: string;
  /** Topic of a group that has them. */
  readonly thread?: number;
  /** The message that is answered. */
  readonly replyTo?: number;
}

/** What a message of ours became. */
export interface Shown {
  readonly target: Target;
  /** Carries text and buttons. */
  readonly main: number;
  /** `unknown`: sent before the last start, so Telegram has to tell. */
  readonly kind: 'text' | 'media' | 'unknown';
  /** Fingerprint of the files that are shown with it. */
  readonly files: string;
  /** Messages with files that follow the main one. */
  readonly extras: readonly number[];
}

/** A message on its way. Kept when it failed in the middle, so that the next attempt sends only the rest. */
export interface Sending {
  readonly target: Target;
  readonly rendering: Rendering;
  readonly parts: readonly Part[];
  /** Ids by part, as far as it got. */
  readonly sent: number[][];
}

interface Part {
  readonly messages: number;
  send(): Promise<number[]>;
}

export interface Messenger {
  /** @param as `post`: others keep its id, to `revise` it */
  sending(target: Target, message: Message, as?: 'answer' | 'post'): Sending;
  /**
   * Sends it, or the rest of it.
   * @throws DeliveryError
   */
  send(turn: Turn, sending: Sending): Promise<Shown>;
  /**
   * Shows the message in place of the one before, files included: edited where Telegram can do that, else sent anew
   * and the old one deleted.
   * @throws DeliveryError
   */
  replace(turn: Turn, shown: Shown, message: Message): Promise<Shown>;
  /**
   * Edits it where it stands, because others know its id. New files follow as answers to it.
   * @throws DeliveryError
   */
  revise(turn: Turn, shown: Shown, message: Message): Promise<Shown>;
}

export function messenger(api: TelegramApi, pace: Pace, log: Logger): Messenger {
  const partsOf = (target: Target, { html, lead, albums, keyboard }: Rendering, silent: boolean): Part[] => {
    const base = { ...baseOf(target), ...(silent ? { disable_notification: true } : {}) };
    const files = albums.map((uploads) => filesPart(base, uploads));
    const markup = keyboard.length === 0 ? {} : { reply_markup: { inline_keyboard: rowsOf(keyboard) } };
    if (lead !== undefined) return [filesPart({ ...base, ...markup }, lead, html), ...files];
    if (html === '') return files;
    const text: Part = {
      messages: 1,
      send: async () => {
        const { message_id } = await api.call(
          'sendMessage',
          { ...base, text: html, ...htmlMode, ...noPreview, ...markup },
          { timeoutMs: pace.requestMs },
        );
        return [message_id];
      },
    };
    return [text, ...files];
  };

  /** A single file, or an album with the caption on its first. */
  const filesPart = (base: ReturnType<typeof baseOf>, uploads: readonly Upload[], html = ''): Part => {
    const bytes = uploads.reduce((sum, { data }) => sum + data.length, 0);
    const timeoutMs = pace.requestMs + bytes / slowestUpload;
    return {
      messages: uploads.length,
      send: async () => {
        const [only] = uploads;
        if (only !== undefined && uploads.length === 1) {
          const captioned = { ...base, ...captionOf(html) };
          const { message_id } =
            only.kind === 'photo'
              ? await api.call('sendPhoto', { ...captioned, photo: inputFile(only) }, { timeoutMs })
              : await api.call('sendDocument', { ...captioned, document: inputFile(only) }, { timeoutMs });
          return [message_id];
        }
        const media = uploads.map((upload, index) => ({
          type: upload.kind,
          media: inputFile(upload),
          ...(index === 0 && captionOf(html)),
        }));
        // An album is of one kind, which the types cannot see.
        const album = media as { type: 'document'; media: ReturnType<typeof inputFile> }[];
        const messages = await api.call('sendMediaGroup', { ...base, media: album }, { timeoutMs });
        return messages.map(({ message_id }) => message_id);
      },
    };
  };

  const send = async (turn: Turn, { target, rendering, parts, sent }: Sending): Promise<Shown> => {
    try {
      for (const part of parts.slice(sent.length))
        sent.push(await turn.send(part.messages, 'message', () => part.send()));
    } catch (thrown) {
      throw deliveryError(thrown, target.chat);
    }
    const [main, ...extras] = sent.flat();
    if (main === undefined) throw deliveryError(new Error('a message without parts'), target.chat);
    return { target, main, kind: kindOf(rendering), files: rendering.files, extras };
  };

  const sending = (target: Target, message: Message, as: 'answer' | 'post' = 'answer'): Sending => {
    const rendering = render(message, as);
    return { target, rendering, parts: partsOf(target, rendering, message.silent === true), sent: [] };
  };

  /** Changes text and buttons of the main message; the same once more is no error. */
  const editMain = async (turn: Turn, { target, main }: Shown, kind: 'text' | 'media', next: Rendering) => {
    const base = {
      chat_id: target.chat,
      message_id: main,
      reply_markup: { inline_keyboard: rowsOf(next.keyboard) },
      ...htmlMode,
    };
    const options = { timeoutMs: pace.requestMs };
    try {
      await turn.send(1, 'edit', async () => {
        if (kind === 'text') {
          await api.call('editMessageText', { ...base, text: next.html, ...noPreview }, options);
        } else {
          await api.call('editMessageCaption', { ...base, caption: next.html }, options);
        }
      });
    } catch (thrown) {
      if (!says(thrown, 'message is not modified')) throw thrown;
    }
  };

  const remove = async (turn: Turn, chat: string, ids: readonly number[]): Promise<boolean> => {
    if (ids.length === 0) return true;
    try {
      return await turn.send(0, 'message', () =>
        api.call('deleteMessages', { chat_id: chat, message_ids: [...ids] }, { timeoutMs: pace.requestMs }),
      );
    } catch (thrown) {
      log.warn({ chat, ids, reason: String(thrown) }, 'Telegram did not delete messages that were replaced');
      return false;
    }
  };

  const anew = async (turn: Turn, shown: Shown, message: Message): Promise<Shown> => {
    const next = await send(turn, sending(shown.target, message));
    const gone = await remove(turn, shown.target.chat, [shown.main, ...shown.extras]);
    if (!gone && shown.kind === 'text') {
      // It must not say for ever that work goes on.
      await editMain(turn, shown, 'text', render({ text: ['The answer is below.'] }, 'text')).catch(
        (thrown) =>
          log.warn({ chat: shown.target.chat, reason: String(thrown) }, 'Telegram kept an outdated message'),
      );
    }
    return next;
  };

  const withExtras = async (turn: Turn, shown: Shown, next: Rendering): Promise<Shown> => {
    if (next.files === shown.files) return shown;
    await remove(turn, shown.target.chat, shown.extras);
    const target = { ...shown.target, replyTo: shown.main };
    const extras: number[] = [];
    for (const part of next.albums.map((uploads) => filesPart(baseOf(target), uploads))) {
      extras.push(...(await turn.send(part.messages, 'message', () => part.send())));
    }
    return { ...shown, files: next.files, extras };
  };

  return {
    sending,
    send,
    async replace(turn, shown, message) {
      const next = render(message);
      const kind = kindOf(next);
      const editable = shown.kind === kind && (kind === 'text' || shown.files === next.files);
      if (!editable) return anew(turn, shown, message);
      try {
        await editMain(turn, shown, kind, next);
        return await withExtras(turn, shown, next);
      } catch (thrown) {
        // The user may delete what the desk wrote; the answer is still owed.
        if (isGone(thrown)) return send(turn, sending(shown.target, message));
        throw deliveryError(thrown, shown.target.chat);
      }
    },
    async revise(turn, shown, message) {
      const edited = async (kind: 'text' | 'media') => {
        const next = render(message, kind === 'text' ? 'text' : 'caption');
        await editMain(turn, shown, kind, next);
        return withExtras(turn, { ...shown, kind }, next);
      };
      try {
        if (shown.kind !== 'unknown') return await edited(shown.kind);
        try {
          return await edited('text');
        } catch (thrown) {
          if (!says(thrown, 'there is no text in the message')) throw thrown;
          return await edited('media');
        }
      } catch (thrown) {
        throw deliveryError(thrown, shown.target.chat);
      }
    },
  };
}

const htmlMode = { parse_mode: 'HTML' as const };
const noPreview = { link_preview_options: { is_disabled: true } };
/** Bytes a millisecond: an upload that is slower has failed. */
const slowestUpload = 50;

function baseOf({ chat, thread, replyTo }: Target) {
  return {
    chat_id: chat,
    ...(thread === undefined ? {} : { message_thread_id: thread }),
    ...(replyTo === undefined
      ? {}
      : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
  };
}

function captionOf(html: string) {
  return html === '' ? {} : { caption: html, ...htmlMode };
}

/** telegraf writes the name into a header as it is. */
function inputFile({ name, data }: Upload) {
  return {
    source: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    filename: name.replace(/["\\\p{Control}]/gu, '_'),
  };
}

function rowsOf(keyboard: Rendering['keyboard']): InlineKeyboardButton[][] {
  return keyboard.map((row) => [...row]);
}

function kindOf({ html, lead }: Rendering): 'text' | 'media' {
  return lead === undefined && html !== '' ? 'text' : 'media';
}

function isGone(thrown: unknown): boolean {
  return says(thrown, 'message to edit not found') || says(thrown, "message can't be edited");
}
