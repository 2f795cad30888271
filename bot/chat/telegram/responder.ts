/**
 * The answer to one command or press: typing at once, then one message that changes until it is final.
 *
 * What only the asker may see goes to their private chat when they asked in a group.
 */

import { bold, rich } from '../../../commands/reply.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { DeliveryError, type Responder } from '../platform.ts';
import type { TelegramApi } from './api.ts';
import { isNotOpened, says } from './failures.ts';
import { latestOnly, type Show } from './latest.ts';
import type { Messenger, Shown, Target } from './messenger.ts';
import type { Pace } from './pace.ts';
import type { SendQueue } from './queue.ts';

export interface Asked {
  readonly user: { readonly id: string; readonly name: string };
  readonly private: boolean;
  /** Where it was asked, and where the answer goes unless it is for the user alone. */
  readonly target: Target;
  /** The message that is answered. */
  readonly typed?: number;
  /** The message whose button was pressed. */
  readonly pressed?: { readonly message: number; readonly kind: 'text' | 'media' };
}

export function responderTo(
  asked: Asked,
  parts: {
    readonly api: TelegramApi;
    readonly queue: SendQueue;
    readonly messenger: Messenger;
    readonly pace: Pace;
    readonly log: Logger;
    /** What users call the bot, for the invitation to open it. */
    readonly botName: string;
  },
): Responder {
  const { api, queue, messenger, pace, log, botName } = parts;
  let aside = false;
  let before: Shown | undefined;
  let show: Show | undefined;
  let invited = false;

  const shownIn = (target: Target, before?: Shown): Show => {
    let shown = before;
    return latestOnly(queue, target.chat, before === undefined, async (turn, message) => {
      shown =
        shown === undefined
          ? await messenger.send(turn, messenger.sending(target, message))
          : await messenger.replace(turn, shown, message);
    });
  };

  const invite = async () => {
    if (invited) return;
    invited = true;
    const text = rich`${bold(asked.user.name)}, the answer is for you alone: open ${botName}, press Start, and ask again.`;
    await shownIn(asked.target)({ text, tone: 'warning' });
  };

  return {
    async acknowledge(placement) {
      const { pressed } = asked;
      const { chat, thread } = asked.target;
      aside = placement === 'only-you' && !asked.private;
      if (placement === 'in-place' && pressed !== undefined) {
        // No answer to that message: it may be replaced by another one.
        const place = thread === undefined ? { chat } : { chat, thread };
        before = { target: place, main: pressed.message, kind: pressed.kind, files: '', extras: [] };
      }
      // Only a sign: the work does not wait for it, and it may fail.
      api
        .call(
          'sendChatAction',
          {
            chat_id: aside ? asked.user.id : chat,
            action: 'typing',
            ...(aside || thread === undefined ? {} : { message_thread_id: thread }),
          },
          { timeoutMs: pace.requestMs },
        )
        .catch((thrown) => log.debug({ chat, reason: reasonOf(thrown) }, 'Telegram did not show typing'));
    },
    async show(message) {
      show ??= aside ? shownIn({ chat: asked.user.id }) : shownIn(asked.target, before);
      try {
        await show(message);
      } catch (thrown) {
        if (!aside || !isClosedToUs(thrown)) throw thrown;
        await invite();
      }
    },
    // Whoever is not let in shall not learn that somebody is there.
    refuse: async () => undefined,
    async removeAsked() {
      const { typed, target } = asked;
      if (typed === undefined) return false;
      try {
        return await api.call(
          'deleteMessage',
          { chat_id: target.chat, message_id: typed },
          { timeoutMs: pace.requestMs },
        );
      } catch (thrown) {
        // In a group only an administrator of it may delete what others wrote.
        log.warn(
          { chat: target.chat, reason: reasonOf(thrown) },
          'Telegram did not delete a message with a secret',
        );
        return false;
      }
    },
  };
}

function isClosedToUs(thrown: unknown): boolean {
  return (
    thrown instanceof DeliveryError &&
    (isNotOpened(thrown.cause) || says(thrown.cause, 'bot was blocked by the user'))
  );
}
