/**
 * A message that is shown anew again and again: while one version waits for its turn, newer ones take its place.
 * Progress may come faster than Telegram lets us write; what counts is the last of it, and that is never left out.
 */
import type { Message } from '../platform.ts';
import type { SendQueue, Turn } from './queue.ts';

/** Resolves when the message, or a newer one in its place, is shown. */
export type Show = (message: Message) => Promise<void>;

/** @param isNew whether the first version is a message of its own; all others are edits */
export function latestOnly(
  queue: SendQueue,
  chat: string,
  isNew: boolean,
  apply: (turn: Turn, message: Message) => Promise<void>,
): Show {
  let wanted: Message;
  let waiting: Promise<void> | undefined;
  let first = isNew;
  return (message) => {
    wanted = message;
    waiting ??= queue.enqueue(chat, async (turn) => {
      try {
        await turn.ready(1, first ? 'message' : 'edit');
      } finally {
        waiting = undefined;
      }
      await apply(turn, wanted);
      first = false;
    });
    return waiting;
  };
}
