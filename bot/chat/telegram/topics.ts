/**
 * Topics of a group, which are Telegram's threads: opened, and opened again when somebody closed them. Telegram does not
 * tell a bot which there are, so after a lost answer an empty one may be left.
 */
import { DeliveryError } from '../platform.ts';
import type { TelegramApi } from './api.ts';
import { deliveryError, isTopicClosed, says } from './failures.ts';
import type { Target } from './messenger.ts';
import type { Pace } from './pace.ts';
import type { Turn } from './queue.ts';

export interface Topics {
  /**
   * The number of a new topic; undefined: the group has none.
   * @throws DeliveryError
   */
  open(turn: Turn, chat: string, name: string): Promise<string | undefined>;
  /**
   * Sends; and once more where the topic was closed, and could be opened again.
   * @throws DeliveryError
   */
  reopened<T>(turn: Turn, target: Target, send: () => Promise<T>): Promise<T>;
}

/** https://core.telegram.org/bots/api#createforumtopic */
const nameLimit = 128;

export function topicsOf(api: TelegramApi, { requestMs: timeoutMs }: Pick<Pace, 'requestMs'>): Topics {
  return {
    async open(turn, chat, name) {
      try {
        const { message_thread_id } = await turn.send(1, 'message', () =>
          api.call('createForumTopic', { chat_id: chat, name: name.slice(0, nameLimit) }, { timeoutMs }),
        );
        return String(message_thread_id);
      } catch (thrown) {
        if (says(thrown, 'not a forum')) return undefined;
        throw deliveryError(thrown, chat);
      }
    },
    async reopened(turn, { chat, thread }, send) {
      try {
        return await send();
      } catch (thrown) {
        const cause = thrown instanceof DeliveryError ? thrown.cause : thrown;
        if (thread === undefined || !isTopicClosed(cause)) throw thrown;
        try {
          await turn.send(1, 'message', () =>
            api.call('reopenForumTopic', { chat_id: chat, message_thread_id: thread }, { timeoutMs }),
          );
        } catch (refused) {
          throw deliveryError(refused, chat);
        }
        return send();
      }
    },
  };
}
