/**
 * A message of ours in a channel, which may take several messages of Discord's: posted, and edited as a whole.
 */
import { RESTJSONErrorCodes } from 'discord.js';
import type { ChatAddress, Message, MessageRef } from '../platform.ts';
import { deliveryError, isRefusal, threadError } from './failures.ts';
import { defaultFileSizeLimit, renderMessage } from './render.ts';
import type { Requests } from './requests.ts';

export interface Messages {
  /** @throws DeliveryError */
  post(
    address: Pick<ChatAddress, 'kind' | 'id' | 'thread'>,
    message: Message,
    key: string,
  ): Promise<MessageRef>;
  /** Returns where the message is now: it may take more or fewer of Discord's than before. @throws DeliveryError */
  edit(ref: MessageRef, message: Message): Promise<MessageRef>;
}

export function channelMessages(requests: Requests): Messages {
  return {
    async post({ kind, id, thread }, message, key) {
      const parts = renderMessage(message, defaultFileSizeLimit);
      try {
        const channel = kind === 'user' ? await requests.directChannel(id) : (thread ?? id);
        const ids: string[] = [];
        for (const [index, part] of parts.entries()) {
          const silent = message.silent === true;
          const post = () => requests.post(channel, part, `${key}/${index}`, { silent });
          ids.push((await unarchived(requests, channel, post)).id);
        }
        return refOf(channel, ids);
      } catch (thrown) {
        if (thread !== undefined) throw threadError(thrown, thread, id);
        throw deliveryError(thrown, kind === 'user' ? `user ${id}` : `channel ${id}`);
      }
    },

    async edit(ref, message) {
      const parts = renderMessage(message, defaultFileSizeLimit);
      const ids = idsOf(ref);
      try {
        const now: string[] = [];
        for (const [index, part] of parts.entries()) {
          const id = ids[index];
          if (id === undefined) {
            const key = `${ref.message}/${index}`;
            now.push((await requests.post(ref.chat, part, key)).id);
          } else {
            await unarchived(requests, ref.chat, () => requests.edit(ref.chat, id, part));
            now.push(id);
          }
        }
        for (const id of ids.slice(parts.length)) await removeIfThere(requests, ref.chat, id);
        return refOf(ref.chat, now);
      } catch (thrown) {
        throw deliveryError(thrown, `channel ${ref.chat}`);
      }
    },
  };
}

/** Discord archives a thread in which nobody says anything for a while: it is opened again, and the request made anew. */
async function unarchived<T>(requests: Requests, channel: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (thrown) {
    if (!isRefusal(thrown, RESTJSONErrorCodes.InvalidActionOnArchivedThread)) throw thrown;
    await requests.unarchive(channel);
    return request();
  }
}

const separator = '+';

function refOf(chat: string, ids: readonly string[]): MessageRef {
  return { platform: 'discord', chat, message: ids.join(separator) };
}

function idsOf({ message }: MessageRef): string[] {
  return message.split(separator);
}

async function removeIfThere(requests: Requests, channel: string, id: string): Promise<void> {
  try {
    await requests.remove(channel, id);
  } catch (thrown) {
    if (!isRefusal(thrown, RESTJSONErrorCodes.UnknownMessage)) throw thrown;
  }
}
