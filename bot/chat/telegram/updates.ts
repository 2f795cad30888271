/** What Telegram tells, as the events of the platform contract; undefined for what is not for us. */
import type { IncomingCommand, IncomingPress } from '../platform.ts';
import type { Update } from './api.ts';
import type { Asked } from './responder.ts';

/** What Telegram is asked for; the rest, such as reactions, is not for us. */
export const wantedUpdates = ['message', 'edited_message', 'callback_query'] as const;

/** A document as a message carries it. */
export interface SentDocument {
  readonly id: string;
  readonly name: string;
  readonly bytes: number | undefined;
}

export type Incoming =
  | {
      /** A file without a word: it belongs to the command before it. */
      readonly kind: 'file';
      readonly document: SentDocument;
      readonly command: Omit<IncomingCommand, 'input'>;
      readonly asked: Asked;
    }
  | {
      readonly kind: 'command';
      readonly command: IncomingCommand;
      readonly asked: Asked;
      readonly document?: SentDocument;
    }
  | {
      readonly kind: 'press';
      readonly press: IncomingPress;
      readonly asked: Asked;
      /** To be answered, or the button goes on spinning. */
      readonly queryId: string;
    };

/**
 * @param botUsername ours, without the `@`
 * @param pressedAfter Telegram does not say when a button was pressed, only when its message was sent. This is the
 *   earliest moment at which a press that arrives now can have been made.
 */
export function incoming(update: Update, botUsername: string, pressedAfter: Date): Incoming | undefined {
  if ('edited_message' in update) {
    const { edited_message: message } = update;
    // What is corrected but is no command, such as the answer to a question, was taken as it stood.
    if (!('text' in message) || !message.text.startsWith('/')) return undefined;
    const given = incoming({ update_id: update.update_id, message } as Update, botUsername, pressedAfter);
    if (given?.kind !== 'command') return undefined;
    const sentAt = new Date((message.edit_date ?? message.date) * 1000);
    return { ...given, command: { ...given.command, sentAt, corrected: true } };
  }
  if ('message' in update) {
    const { message } = update;
    if (message.from === undefined || message.from.is_bot) return undefined;
    const isPrivate = message.chat.type === 'private';
    const document = 'document' in message ? documentOf(message.document) : undefined;
    const said =
      'text' in message ? message.text : document && 'caption' in message ? message.caption : undefined;
    const text = said === undefined ? undefined : ours(said, botUsername, isPrivate);
    if (text === undefined && (said !== undefined || document === undefined)) return undefined;
    const chat = String(message.chat.id);
    const user = userOf(message.from);
    const asked = {
      user,
      private: isPrivate,
      target: {
        chat,
        ...(message.is_topic_message && message.message_thread_id !== undefined
          ? { thread: message.message_thread_id }
          : {}),
        // Among others it must be clear who is answered.
        ...(isPrivate ? {} : { replyTo: message.message_id }),
      },
      typed: message.message_id,
    };
    const command = { user, chat: { id: chat, private: isPrivate }, sentAt: new Date(message.date * 1000) };
    if (text !== undefined) {
      const input = { kind: 'typed', text } as const;
      return { kind: 'command', command: { ...command, input }, asked, ...(document && { document }) };
    }
    return document && { kind: 'file', document, command, asked };
  }

  if ('callback_query' in update) {
    const query = update.callback_query;
    if (!('data' in query) || query.message === undefined) return undefined;
    const isPrivate = query.message.chat.type === 'private';
    const chat = String(query.message.chat.id);
    const user = userOf(query.from);
    const thread =
      'is_topic_message' in query.message && query.message.is_topic_message
        ? query.message.message_thread_id
        : undefined;
    const asked = {
      user,
      private: isPrivate,
      target: {
        chat,
        ...(thread === undefined ? {} : { thread }),
        ...(isPrivate ? {} : { replyTo: query.message.message_id }),
      },
      pressed: {
        message: query.message.message_id,
        kind: 'text' in query.message ? ('text' as const) : ('media' as const),
      },
    };
    // A message that Telegram no longer has comes with date 0.
    const shownAt = query.message.date * 1000;
    const sentAt = new Date(Math.max(shownAt, pressedAfter.getTime()));
    const press: IncomingPress = {
      user,
      chat: { id: chat, private: isPrivate },
      sentAt,
      buttonId: query.data,
    };
    return { kind: 'press', press, asked, queryId: query.id };
  }
  return undefined;
}

function documentOf(document: { file_id: string; file_name?: string; file_size?: number }): SentDocument {
  const { file_id: id, file_name: name = 'file', file_size: bytes } = document;
  return { id, name, bytes };
}

/**
 * The text without the bot's name after the command word. In a group only commands are for us, and only those that
 * name no other bot; in a private chat everything is.
 */
function ours(text: string, botUsername: string, isPrivate: boolean): string | undefined {
  const addressed = /^(\/[^\s@]+)@(\w+)(?=\s|$)/.exec(text);
  if (addressed === null) return isPrivate || text.startsWith('/') ? text : undefined;
  const [whole, word = '', name = ''] = addressed;
  if (name.toLowerCase() !== botUsername.toLowerCase()) return undefined;
  return word + text.slice(whole.length);
}

function userOf(from: { id: number; first_name: string; last_name?: string | undefined }) {
  const name = [from.first_name, from.last_name].filter((part) => part !== undefined).join(' ');
  return { platform: 'telegram' as const, id: String(from.id), name };
}
