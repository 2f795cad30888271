/** What Discord's refusals mean for the person who runs the desk: one line each, with what to do. */
import { DiscordAPIError, RESTJSONErrorCodes } from 'discord.js';
import { reasonOf } from '../../../engine/errors.ts';
import { DeliveryError } from '../platform.ts';

/** The error of a message that did not get to `place`, such as `channel 123`. */
export function deliveryError(thrown: unknown, place: string): DeliveryError {
  if (thrown instanceof DeliveryError) return thrown;
  const of = (message: string, retryable: boolean) =>
    new DeliveryError(message, { retryable, cause: thrown });
  if (isTokenRefused(thrown)) return of(tokenRefused, true);
  // discord.js throws its own error class for what Discord refused; the rest is network, time-outs and 5xx.
  if (!(thrown instanceof DiscordAPIError)) {
    return of(`Discord cannot be reached (${reasonOf(thrown)}): the message waits`, true);
  }
  switch (thrown.code) {
    case RESTJSONErrorCodes.UnknownChannel:
      return of(`Discord knows no ${place}: check the id in the configuration`, false);
    case RESTJSONErrorCodes.UnknownMessage:
      return of(`The message in Discord ${place} is gone: it was deleted`, false);
    case RESTJSONErrorCodes.MissingAccess:
      return of(`The bot cannot see Discord ${place}: invite it there and let it view the channel`, false);
    case RESTJSONErrorCodes.MissingPermissions:
      return of(
        `The bot may not write to Discord ${place}: give it Send Messages, Embed Links and Attach Files there`,
        false,
      );
    case RESTJSONErrorCodes.CannotSendMessagesToThisUser:
    case RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds:
      return of(
        `Discord ${place} takes no direct messages from the bot: they must share a server with it and allow them`,
        false,
      );
    default:
      return of(
        `Discord refused a message to ${place} (${thrown.code}): ${thrown.message}`,
        thrown.status === 429,
      );
  }
}

/** The same where it was for a thread of a channel, or a thread was to be opened there. */
export function threadError(thrown: unknown, thread: string | undefined, channel: string): DeliveryError {
  const of = (message: string, threadGone: boolean) =>
    new DeliveryError(message, { retryable: false, threadGone, cause: thrown });
  if (thread !== undefined && isRefusal(thrown, RESTJSONErrorCodes.UnknownChannel)) {
    return of(`The thread in Discord channel ${channel} is gone: it was deleted`, true);
  }
  if (isRefusal(thrown, RESTJSONErrorCodes.MissingPermissions, RESTJSONErrorCodes.MissingAccess)) {
    return of(
      `The bot may not open threads in Discord channel ${channel} or write into them: give it Create Public Threads and Send Messages in Threads there`,
      false,
    );
  }
  return deliveryError(thrown, `channel ${channel}`);
}

export const tokenRefused =
  'Discord refuses the bot token: put the token of the Bot page (https://discord.com/developers/applications) into platforms.discord.token';

/** After the first 401 discord.js drops the token, and says so of every request that follows. */
export function isTokenRefused(thrown: unknown): boolean {
  if (thrown instanceof DiscordAPIError) return thrown.status === 401;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'TokenInvalid' || reasonOf(thrown).startsWith('Expected token to be set');
}

/** Whether Discord gave one of these codes as its reason. */
export function isRefusal(thrown: unknown, ...codes: readonly RESTJSONErrorCodes[]): boolean {
  return thrown instanceof DiscordAPIError && codes.some((code) => code === thrown.code);
}
