/**
 * The requests that carry messages to Discord, and the form a rendered message has in them. They go by REST alone, so
 * a message can be sent while the gateway is away.
 */
import { createHash } from 'node:crypto';
import {
  type APIGuildChannel,
  type APIMessage,
  type APIModalInteractionResponseCallbackData,
  type APIThreadChannel,
  ChannelType,
  InteractionResponseType,
  MessageFlags,
  type RawFile,
  type REST,
  type RESTGetAPIGuildThreadsResult,
  type RESTPostAPIChannelThreadsJSONBody,
  type RESTPostAPICurrentUserCreateDMChannelResult,
  Routes,
  ThreadAutoArchiveDuration,
} from 'discord.js';
import type { Choice } from '../platform.ts';
import type { RenderedMessage } from './render.ts';

/** What identifies one interaction in requests that answer it. */
export interface InteractionKey {
  readonly id: string;
  readonly token: string;
  readonly applicationId: string;
}

export interface Requests {
  /** Posts to a channel; the same `key` within a few minutes gives the message that is there already. */
  post(
    channel: string,
    message: RenderedMessage,
    key: string,
    options?: { silent: boolean },
  ): Promise<APIMessage>;
  edit(channel: string, id: string, message: RenderedMessage): Promise<void>;
  remove(channel: string, id: string): Promise<void>;
  /** The id of a public thread of this name in the channel: one that is open there, else a new one. */
  openThread(channel: string, name: string): Promise<string>;
  /** Opens a thread again that Discord has archived. */
  unarchive(thread: string): Promise<void>;
  /** The channel of direct messages with this user. */
  directChannel(user: string): Promise<string>;

  deferReply(interaction: InteractionKey, options: { onlyYou: boolean }): Promise<void>;
  deferUpdate(interaction: InteractionKey): Promise<void>;
  openModal(interaction: InteractionKey, modal: APIModalInteractionResponseCallbackData): Promise<void>;
  replyOnlyYou(interaction: InteractionKey, message: RenderedMessage): Promise<void>;
  offer(interaction: InteractionKey, choices: readonly Choice[]): Promise<void>;
  editReply(interaction: InteractionKey, message: RenderedMessage): Promise<void>;
  /** A further message of the answer; returns its id. */
  followUp(
    interaction: InteractionKey,
    message: RenderedMessage,
    options: { onlyYou: boolean },
  ): Promise<string>;
  removeFollowUp(interaction: InteractionKey, id: string): Promise<void>;
}

export function discordRequests(rest: REST): Requests {
  const directChannels = new Map<string, string>();
  const respond = (
    { id, token }: InteractionKey,
    type: InteractionResponseType,
    data?: object,
    files: RawFile[] = [],
  ) =>
    rest.post(Routes.interactionCallback(id, token), {
      body: data === undefined ? { type } : { type, data },
      files,
      auth: false,
    });

  return {
    async post(channel, message, key, { silent } = { silent: false }) {
      const body = {
        ...bodyOf(message),
        nonce: nonceOf(key),
        enforce_nonce: true,
        ...(silent ? { flags: MessageFlags.SuppressNotifications } : {}),
      };
      return (await rest.post(Routes.channelMessages(channel), {
        body,
        files: filesOf(message),
      })) as APIMessage;
    },
    async edit(channel, id, message) {
      await rest.patch(Routes.channelMessage(channel, id), {
        body: bodyOf(message),
        files: filesOf(message),
      });
    },
    async remove(channel, id) {
      await rest.delete(Routes.channelMessage(channel, id));
    },
    async openThread(channel, name) {
      const { guild_id } = (await rest.get(Routes.channel(channel))) as Partial<APIGuildChannel>;
      if (guild_id !== undefined) {
        // Its answer may have been lost when it was made.
        const { threads } = (await rest.get(
          Routes.guildActiveThreads(guild_id),
        )) as RESTGetAPIGuildThreadsResult;
        const there = threads.find(
          (thread) => 'parent_id' in thread && thread.parent_id === channel && thread.name === name,
        );
        if (there) return there.id;
      }
      const body: RESTPostAPIChannelThreadsJSONBody = {
        name,
        type: ChannelType.PublicThread,
        auto_archive_duration: ThreadAutoArchiveDuration.OneWeek,
      };
      const { id } = (await rest.post(Routes.threads(channel), { body })) as APIThreadChannel;
      return id;
    },
    async unarchive(thread) {
      await rest.patch(Routes.channel(thread), { body: { archived: false } });
    },
    async directChannel(user) {
      const known = directChannels.get(user);
      if (known !== undefined) return known;
      const { id } = (await rest.post(Routes.userChannels(), {
        body: { recipient_id: user },
      })) as RESTPostAPICurrentUserCreateDMChannelResult;
      directChannels.set(user, id);
      return id;
    },

    async deferReply(interaction, { onlyYou }) {
      const data = onlyYou ? { flags: MessageFlags.Ephemeral } : {};
      await respond(interaction, InteractionResponseType.DeferredChannelMessageWithSource, data);
    },
    async deferUpdate(interaction) {
      await respond(interaction, InteractionResponseType.DeferredMessageUpdate);
    },
    async openModal(interaction, modal) {
      await respond(interaction, InteractionResponseType.Modal, modal);
    },
    async replyOnlyYou(interaction, message) {
      const data = { ...bodyOf(message), flags: MessageFlags.Ephemeral };
      await respond(interaction, InteractionResponseType.ChannelMessageWithSource, data, filesOf(message));
    },
    async offer(interaction, choices) {
      await respond(interaction, InteractionResponseType.ApplicationCommandAutocompleteResult, { choices });
    },
    async editReply({ applicationId, token }, message) {
      await rest.patch(Routes.webhookMessage(applicationId, token, '@original'), {
        body: bodyOf(message),
        files: filesOf(message),
        auth: false,
      });
    },
    async followUp({ applicationId, token }, message, { onlyYou }) {
      const { id } = (await rest.post(Routes.webhook(applicationId, token), {
        body: { ...bodyOf(message), ...(onlyYou ? { flags: MessageFlags.Ephemeral } : {}) },
        files: filesOf(message),
        auth: false,
      })) as APIMessage;
      return id;
    },
    async removeFollowUp({ applicationId, token }, id) {
      await rest.delete(Routes.webhookMessage(applicationId, token, id), { auth: false });
    },
  };
}

/** Everything is named, so that an edit leaves nothing behind of what was there before. */
function bodyOf({ embeds, components, files }: RenderedMessage) {
  return {
    content: '',
    embeds,
    components,
    attachments: files.map(({ name }, index) => ({ id: String(index), filename: name })),
    allowed_mentions: { parse: [] },
  };
}

function filesOf({ files }: RenderedMessage): RawFile[] {
  return files.map(({ name, type, data }) => ({ name, data, contentType: type }));
}

/** A nonce has at most 25 characters. */
function nonceOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 25);
}
