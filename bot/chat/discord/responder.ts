/**
 * The answer to one interaction: deferred within Discord's three seconds, then edited for as long as its token lives
 * (15 minutes), and after that as a message of the bot's own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RESTJSONErrorCodes } from 'discord.js';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import {
  DeliveryError,
  type Form,
  type Message,
  type MessageRef,
  type Placement,
  type Responder,
} from '../platform.ts';
import { deliveryError, isRefusal } from './failures.ts';
import { modalOf } from './forms.ts';
import { type Latest, latestOnly } from './latest.ts';
import type { Messages } from './messages.ts';
import { renderMessage } from './render.ts';
import type { InteractionKey, Requests } from './requests.ts';

/** What answering needs to know of an interaction. */
export interface Asked extends InteractionKey {
  readonly createdAt: Date;
  readonly userId: string;
  readonly channelId: string;
  readonly fileSizeLimit: number;
  /** The message whose button was pressed. */
  readonly pressed?: { readonly id: string; readonly onlyForUser: boolean };
  /** A form that was filled in: Discord does not open another one in answer to it. */
  readonly isForm: boolean;
}

export interface ResponderParts {
  readonly requests: Requests;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether Discord failed on an earlier try of this interaction's acknowledgement, so it may have got through. */
  readonly wasRetried: (interactionId: string) => boolean;
}

/** The token lives for 15 minutes; a request that begins before that also has to arrive before. */
const tokenLifetimeMs = 15 * 60_000 - 10_000;
/** Discord was away: what is to be shown is tried again after these, for the outcome of a command must not be lost. */
const retryPausesMs = [1_000, 2_000, 4_000, 8_000, 15_000];

export class InteractionResponder implements Responder {
  readonly #asked: Asked;
  readonly #parts: ResponderParts;
  readonly #latest: Latest<Message>;
  #placement: Placement = 'everyone';
  /** Where the answer goes: through the interaction's token, or as a message of the bot's; or it is not ours. */
  #through: 'token' | 'channel' | 'nobody' = 'token';
  #followUps: string[] = [];
  /** The bot's own message with the answer, once the token is of no use. */
  #ownMessage: MessageRef | undefined;
  #ownMessages = 0;
  readonly #hurried = new AbortController();

  constructor(asked: Asked, parts: ResponderParts) {
    this.#asked = asked;
    this.#parts = parts;
    this.#latest = latestOnly((message) => this.#deliver(message));
  }

  async acknowledge(placement: Placement): Promise<void> {
    const { requests } = this.#parts;
    this.#placement = placement;
    await this.#takeUp(() =>
      placement === 'in-place' && this.#asked.pressed
        ? requests.deferUpdate(this.#asked)
        : requests.deferReply(this.#asked, { onlyYou: placement === 'only-you' }),
    );
  }

  show(message: Message): Promise<void> {
    return this.#latest.show(message);
  }

  async refuse(message: Message): Promise<void> {
    const [first] = renderMessage(message, this.#asked.fileSizeLimit);
    this.#placement = 'only-you';
    await this.#takeUp(() => this.#parts.requests.replyOnlyYou(this.#asked, first));
  }

  async openForm(form: Form): Promise<boolean> {
    if (this.#asked.isForm) return false;
    await this.#takeUp(() => this.#parts.requests.openModal(this.#asked, modalOf(form)));
    return true;
  }

  /** Sends without pause what waits: the desk is stopping. */
  hurry(): void {
    this.#latest.hurry();
    this.#hurried.abort();
  }

  async #takeUp(request: () => Promise<void>): Promise<void> {
    const { log, wasRetried } = this.#parts;
    const { id } = this.#asked;
    try {
      await request();
    } catch (thrown) {
      if (isRefusal(thrown, RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged)) {
        if (wasRetried(id)) return; // by us: the first try got through, only Discord's answer to it was lost
        this.#through = 'nobody';
        throw new DeliveryError(
          'Another process has answered this Discord command, so this one does nothing: is the desk running twice with the same platforms.discord.token?',
          { retryable: false, cause: thrown },
        );
      }
      if (isRefusal(thrown, RESTJSONErrorCodes.UnknownInteraction)) {
        log.warn(
          { interaction: id },
          'a Discord command came too late to be acknowledged; it is answered by message',
        );
        this.#through = 'channel';
        return;
      }
      throw deliveryError(thrown, `channel ${this.#asked.channelId}`);
    }
  }

  async #deliver(message: Message): Promise<void> {
    for (const pauseMs of retryPausesMs) {
      try {
        return await this.#tryToDeliver(message);
      } catch (thrown) {
        const { signal } = this.#hurried;
        if (!(thrown instanceof DeliveryError) || !thrown.retryable || signal.aborted) throw thrown;
        this.#parts.log.warn(
          { err: thrown, interaction: this.#asked.id, pauseMs },
          'an answer on Discord waits',
        );
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await this.#tryToDeliver(message);
  }

  async #tryToDeliver(message: Message): Promise<void> {
    if (this.#through === 'nobody') {
      throw new DeliveryError('this Discord command is answered by another process', { retryable: false });
    }
    if (this.#through === 'token' && this.#isTokenOver()) this.#leaveToken('its 15 minutes are over');
    if (this.#through === 'token') {
      try {
        return await this.#deliverByToken(message);
      } catch (thrown) {
        if (!isTokenGone(thrown)) throw deliveryError(thrown, `channel ${this.#asked.channelId}`);
        this.#leaveToken(reasonOf(thrown));
      }
    }
    await this.#deliverByChannel(message);
  }

  async #deliverByToken(message: Message): Promise<void> {
    const { requests } = this.#parts;
    const [first, ...more] = renderMessage(message, this.#asked.fileSizeLimit);
    await requests.editReply(this.#asked, first);
    const before = this.#followUps;
    this.#followUps = [];
    for (const id of before) await requests.removeFollowUp(this.#asked, id);
    for (const part of more) {
      this.#followUps.push(await requests.followUp(this.#asked, part, { onlyYou: this.#isOnlyForUser }));
    }
  }

  /** A private answer stays private: it goes to the user's direct messages, not to the channel. */
  async #deliverByChannel(message: Message): Promise<void> {
    const { messages } = this.#parts;
    const { id, userId, channelId, pressed } = this.#asked;
    if (this.#ownMessage) {
      this.#ownMessage = await messages.edit(this.#ownMessage, message);
    } else if (this.#placement === 'in-place' && pressed && !pressed.onlyForUser) {
      const ref: MessageRef = { platform: 'discord', chat: channelId, message: pressed.id };
      this.#ownMessage = await messages.edit(ref, message);
    } else {
      this.#ownMessages += 1;
      const key = `answer/${id}/${this.#ownMessages}`;
      const address = this.#isOnlyForUser
        ? { kind: 'user' as const, id: userId }
        : { kind: 'chat' as const, id: channelId };
      this.#ownMessage = await messages.post(address, message, key);
    }
  }

  get #isOnlyForUser(): boolean {
    if (this.#placement === 'in-place') return this.#asked.pressed?.onlyForUser ?? false;
    return this.#placement === 'only-you';
  }

  #isTokenOver(): boolean {
    return this.#parts.clock.now().getTime() - this.#asked.createdAt.getTime() > tokenLifetimeMs;
  }

  #leaveToken(why: string): void {
    this.#through = 'channel';
    this.#parts.log.info(
      { interaction: this.#asked.id, channel: this.#asked.channelId, why },
      'a Discord command can no longer be answered in its reply; it is answered by message',
    );
  }
}

function isTokenGone(thrown: unknown): boolean {
  return isRefusal(
    thrown,
    RESTJSONErrorCodes.InvalidWebhookToken,
    RESTJSONErrorCodes.UnknownWebhook,
    RESTJSONErrorCodes.UnknownInteraction,
  );
}
