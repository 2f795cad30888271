/**
 * Discord as a chat platform: slash commands, buttons, forms and completions in over the gateway, messages out over REST.
 * Imported only when the configuration names it.
 */

import { setTimeout as delay } from 'node:timers/promises';
import {
  type AutocompleteInteraction,
  type Interaction,
  REST,
  RESTEvents,
  type RESTOptions,
} from 'discord.js';
import type { Command } from '../../../commands/command.ts';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { type ChatHandler, type Choice, DeliveryError, type Platform } from '../platform.ts';
import { Connection } from './connection.ts';
import { isTokenRefused, threadError, tokenRefused } from './failures.ts';
import { askedBy, commandOf, completionOf, formOf, offeredChoices, pressOf } from './incoming.ts';
import { channelMessages } from './messages.ts';
import { registerCommands } from './registration.ts';
import { discordRequests } from './requests.ts';
import { InteractionResponder } from './responder.ts';

export interface DiscordOptions {
  /** As the Bot page of the application shows it. */
  readonly token: string;
  /** The server whose members may use the commands; without it they are registered everywhere the bot is. */
  readonly guild?: string | undefined;
  readonly commands: readonly Command[];
  readonly log: Logger;
  readonly clock: Clock;
  /** Another server than Discord's own: a test's. */
  readonly rest?: Partial<RESTOptions>;
}

export function discordPlatform({
  token,
  guild,
  commands,
  log,
  clock,
  rest: restOptions = {},
}: DiscordOptions): Platform {
  const rest = new REST({
    version: '10',
    handlerSweepInterval: queueSweepMs,
    ...restOptions,
  }).setToken(token);
  const requests = discordRequests(rest);
  const messages = channelMessages(requests);
  const responders = new Set<InteractionResponder>();
  const inHand = new Set<Promise<unknown>>();
  let handler: ChatHandler | undefined;
  let stopping = false;

  /** Interactions whose acknowledgement Discord failed on: discord.js tries again, and the first may have arrived. */
  const retried = new Set<string>();
  rest.on(RESTEvents.Response, ({ path }, { status }) => {
    const [, id] = /^\/interactions\/(\d+)\/[^/]+\/callback$/.exec(path) ?? [];
    if (id !== undefined && status >= 500) retried.add(id);
  });

  const connection = new Connection({
    token,
    rest: restOptions,
    clock,
    log,
    onReady: (applicationId) => void track(register(applicationId)),
    onInteraction: (interaction) => void track(take(interaction)),
  });

  function track<T>(work: Promise<T>): Promise<T> {
    const noted: Promise<unknown> = work.catch(() => undefined).finally(() => inHand.delete(noted));
    inHand.add(noted);
    return work;
  }

  async function register(applicationId: string): Promise<void> {
    try {
      const { refused, ...changes } = await registerCommands({ rest, applicationId, guild }, commands);
      if (Object.values(changes).some(({ length }) => length > 0)) {
        log.info(changes, 'Discord has the commands');
      }
      if (refused.length === 0) return;
      connection.complain(`Discord refused ${refused.length} commands, the first was ${refused[0]}`);
      log.error({ refused }, 'Discord refused commands: they are missing or old in its picker');
    } catch (thrown) {
      if (isTokenRefused(thrown)) return connection.refused();
      const where = guild === undefined ? '' : ` of server ${guild} (platforms.discord.guild)`;
      connection.complain(
        `The Discord commands${where} could not be registered: ${reasonOf(thrown)}. Invite the bot with the scope applications.commands, then restart the desk`,
      );
    }
  }

  async function take(interaction: Interaction): Promise<void> {
    if (!handler) return;
    if (interaction.isAutocomplete()) return complete(interaction, handler);
    if (!interaction.isChatInputCommand() && !interaction.isButton() && !interaction.isModalSubmit()) return;
    const responder = new InteractionResponder(askedBy(interaction), {
      requests,
      messages,
      clock,
      log,
      wasRetried: (id) => retried.has(id),
    });
    responders.add(responder);
    try {
      if (interaction.isModalSubmit()) await handler.onForm(formOf(interaction), responder);
      else if (interaction.isButton()) await handler.onPress(pressOf(interaction), responder);
      else await handler.onCommand(commandOf(interaction, rest.options.cdn), responder);
    } catch (thrown) {
      log.error({ err: thrown, interaction: interaction.id }, 'the answer to a Discord user failed');
    } finally {
      responders.delete(responder);
      retried.delete(interaction.id);
    }
  }

  /** Discord waits three seconds; no choices in time are better than choices too late. */
  async function complete(interaction: AutocompleteInteraction, chat: ChatHandler): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<readonly Choice[]>((resolve) => {
      timer = setTimeout(() => resolve([]), completionLimitMs);
    });
    try {
      const choices = await Promise.race([chat.onCompletion(completionOf(interaction)), tooLate]);
      const { id, token: answerToken, applicationId } = interaction;
      await requests.offer({ id, token: answerToken, applicationId }, offeredChoices(interaction, choices));
    } catch (thrown) {
      // The user goes on typing, and is asked anew with the next letter.
      log.debug({ reason: reasonOf(thrown) }, 'Discord took no choices');
    } finally {
      clearTimeout(timer);
    }
  }

  function send<T>(work: () => Promise<T>): Promise<T> {
    if (stopping) {
      const message = 'Discord is being stopped: the message waits until it runs again';
      return Promise.reject(new DeliveryError(message, { retryable: true }));
    }
    return track(
      work().catch((thrown: unknown) => {
        if (thrown instanceof DeliveryError && thrown.message === tokenRefused) connection.refused();
        throw thrown;
      }),
    );
  }

  return {
    name: 'discord',
    async start(chatHandler) {
      handler = chatHandler;
      connection.start();
    },
    async stop() {
      stopping = true;
      for (const responder of responders) responder.hurry();
      await Promise.race([Promise.all(inHand), delay(stopLimitMs, undefined, { ref: false })]);
      await connection.stop();
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
    status: () => connection.status(),
    openThread: (chat, name) =>
      send(async () => {
        if (chat.kind === 'user') return undefined;
        try {
          return await requests.openThread(chat.id, name.slice(0, threadNameLimit));
        } catch (thrown) {
          throw threadError(thrown, undefined, chat.id);
        }
      }),
    post: (address, message, key) => send(() => messages.post(address, message, key)),
    edit: (ref, message) => send(async () => void (await messages.edit(ref, message))),
  };
}

/**
 * discord.js keeps a queue of requests for each interaction token, though it is of use to one command only; by itself it
 * would drop the idle ones once an hour, which is 650 bytes for each command of that hour.
 */
const queueSweepMs = 10_000;
const completionLimitMs = 2_500;
const threadNameLimit = 100;
/** What is not sent by then is not waited for. */
const stopLimitMs = 5_000;
