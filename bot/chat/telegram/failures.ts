/** What Telegram's refusals mean for the person who runs the desk: one line each, with what to do. */
import { reasonOf } from '../../../engine/errors.ts';
import { DeliveryError } from '../platform.ts';
import { ApiError } from './api.ts';

/** The error of a message that did not get to a chat. Is one already: stays as it is. */
export function deliveryError(thrown: unknown, chat: string): DeliveryError {
  if (thrown instanceof DeliveryError) return thrown;
  const of = (message: string, retryable: boolean) =>
    new DeliveryError(message, { retryable, cause: thrown });
  if (!(thrown instanceof ApiError)) return of(`Telegram: ${reasonOf(thrown)}`, false);

  const { failure } = thrown;
  if (failure.kind !== 'refused')
    return of(`Telegram cannot be reached (${thrown.message}): the message waits`, true);
  if (failure.code === 429 || failure.code >= 500) {
    return of(`Telegram is busy (${thrown.message}): the message waits`, true);
  }
  if (isTokenRefused(thrown)) return of(tokenRefused, true);
  if (failure.movedTo !== undefined) {
    return of(
      `The Telegram group ${chat} became a supergroup: put its new id ${failure.movedTo} into the configuration`,
      false,
    );
  }
  if (says(thrown, 'chat not found')) {
    return of(
      `Telegram knows no chat ${chat}: check the id in the configuration, and let the user press Start or add the bot to the group`,
      false,
    );
  }
  if (says(thrown, 'bot was blocked')) {
    return of(`The user of Telegram chat ${chat} has blocked the bot: they must unblock it there`, false);
  }
  if (isNotOpened(thrown)) {
    return of(`The user of Telegram chat ${chat} has not opened the bot: they must press Start there`, false);
  }
  if (isTopicGone(thrown)) {
    return new DeliveryError(`The topic in Telegram chat ${chat} is gone: it was deleted`, {
      ...{ retryable: false, threadGone: true, cause: thrown },
    });
  }
  if ((says(thrown, 'not enough rights') && says(thrown, 'topic')) || isTopicClosed(thrown)) {
    return of(
      `The bot may not open topics in Telegram chat ${chat}: make it an administrator there who may manage topics`,
      false,
    );
  }
  if (failure.code === 403) {
    return of(
      `Telegram does not let the bot write to chat ${chat} (${failure.description}): add it to the group again and let it write`,
      false,
    );
  }
  return of(`Telegram refused a message to chat ${chat}: ${failure.description}`, false);
}

export const tokenRefused =
  'Telegram refuses the bot token: put the token that @BotFather shows into platforms.telegram.token';

/** A revoked token gives 401; one that was mistyped so far that it cannot be a token gives 404. */
export function isTokenRefused({ failure }: ApiError): boolean {
  return failure.kind === 'refused' && (failure.code === 401 || failure.code === 404);
}

/** A bot may not begin to talk to a user: they have to open it once. */
export function isNotOpened(thrown: unknown): boolean {
  return (
    thrown instanceof ApiError &&
    (says(thrown, "can't initiate conversation") || says(thrown, 'chat not found'))
  );
}

function isTopicGone(thrown: unknown): boolean {
  return says(thrown, 'message thread not found') || says(thrown, 'TOPIC_DELETED');
}

/** Somebody closed it: only who may manage topics may write there. */
export function isTopicClosed(thrown: unknown): boolean {
  return says(thrown, 'TOPIC_CLOSED');
}

/** Whether Telegram gave this as its reason. It has no codes for reasons, so its words have to do. */
export function says(thrown: unknown, words: string): boolean {
  return (
    thrown instanceof ApiError &&
    thrown.failure.kind === 'refused' &&
    thrown.failure.description.toLowerCase().includes(words.toLowerCase())
  );
}
