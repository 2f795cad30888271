/** The world's things in the form in which Discord sends them. */

import { ephemeral } from './shapes.ts';
import type { Channel, Person, RegisteredCommand, StoredInteraction, StoredMessage, World } from './world.ts';
import { attachmentSizeLimit } from './world.ts';

const allPermissions = String((1n << 50n) - 1n);
const discordTypes = { command: 2, press: 3, completion: 4, form: 5 } as const;

export function wireMessage(world: World, message: StoredMessage) {
  const { id, channel, versions, onlyFor, sentAt } = message;
  const version = versions.at(-1);
  return {
    id,
    channel_id: channel.id,
    type: 0,
    author: wireBot(world),
    content: version?.content ?? '',
    embeds: version?.embeds ?? [],
    components: version?.components ?? [],
    attachments: (version?.files ?? []).map((file) => ({
      id: file.id,
      filename: file.name,
      size: file.data.length,
      content_type: file.type,
      url: `https://cdn.invalid/${file.id}/${file.name}`,
      proxy_url: `https://cdn.invalid/${file.id}/${file.name}`,
    })),
    timestamp: sentAt.toISOString(),
    edited_timestamp: versions.length > 1 ? sentAt.toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    pinned: false,
    flags: onlyFor ? ephemeral : 0,
  };
}

export function wireInteraction(world: World, interaction: StoredInteraction, data: object) {
  const { id, token, type, person, channel, pressed } = interaction;
  const user = wirePerson(person);
  const place = channel.person
    ? { context: 1, user }
    : {
        context: 0,
        guild_id: world.guildId,
        guild_locale: 'en-US',
        guild: { id: world.guildId, locale: 'en-US', features: [] },
        member: {
          user,
          roles: [],
          permissions: allPermissions,
          joined_at: '2020-01-01T00:00:00.000Z',
          deaf: false,
          mute: false,
          flags: 0,
          nick: null,
          avatar: null,
        },
      };
  return {
    id,
    application_id: world.applicationId,
    type: discordTypes[type],
    token,
    version: 1,
    channel_id: channel.id,
    channel: wireChannel(world, channel),
    ...place,
    ...(pressed ? { message: wireMessage(world, pressed) } : {}),
    app_permissions: allPermissions,
    locale: 'en-US',
    entitlements: [],
    authorizing_integration_owners: { 0: world.guildId },
    attachment_size_limit: attachmentSizeLimit,
    data,
  };
}

export function wireChannel(world: World, { id, name, person, parent, archived, locked }: Channel) {
  if (person) return { id, type: 1, recipients: [wirePerson(person)], last_message_id: null, flags: 0 };
  if (parent) {
    return {
      id,
      type: 11,
      guild_id: world.guildId,
      parent_id: parent.id,
      owner_id: world.applicationId,
      name,
      message_count: 0,
      member_count: 1,
      rate_limit_per_user: 0,
      last_message_id: null,
      flags: 0,
      thread_metadata: {
        archived: archived ?? false,
        locked: locked ?? false,
        auto_archive_duration: 10080,
        archive_timestamp: '2020-01-01T00:00:00.000Z',
      },
    };
  }
  return {
    id,
    type: 0,
    guild_id: world.guildId,
    name,
    position: 0,
    permission_overwrites: [],
    permissions: allPermissions,
    flags: 0,
  };
}

export function wireGuild(world: World) {
  const id = world.guildId;
  return {
    id,
    name: 'The trading floor',
    owner_id: world.applicationId,
    unavailable: false,
    channels: [...world.channels.values()]
      .filter(({ person, parent }) => !person && !parent)
      .map((channel) => wireChannel(world, channel)),
    roles: [
      {
        id,
        name: '@everyone',
        permissions: allPermissions,
        position: 0,
        color: 0,
        colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
        hoist: false,
        managed: false,
        mentionable: false,
        flags: 0,
      },
    ],
    members: [{ user: wireBot(world), roles: [], joined_at: '2020-01-01T00:00:00.000Z', flags: 0 }],
    member_count: 1,
    emojis: [],
    stickers: [],
    threads: [...world.channels.values()]
      .filter(({ parent, archived }) => parent && !archived)
      .map((thread) => wireChannel(world, thread)),
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    features: [],
    preferred_locale: 'en-US',
  };
}

export function wireCommand(world: World, { guild, options, ...command }: RegisteredCommand) {
  return {
    default_member_permissions: null,
    nsfw: false,
    ...command,
    // Discord leaves out what was not asked for.
    ...(options && options.length > 0 ? { options: options.map(withoutDefaults) } : {}),
    application_id: world.applicationId,
    ...(guild === undefined
      ? { integration_types: [0], contexts: command.contexts ?? null }
      : { guild_id: guild, contexts: null, integration_types: [0] }),
  };
}

type WireOption = NonNullable<RegisteredCommand['options']>[number];

function withoutDefaults({ required, autocomplete, options, ...option }: WireOption): object {
  return {
    ...option,
    ...(required ? { required } : {}),
    ...(autocomplete ? { autocomplete } : {}),
    ...(options && options.length > 0 ? { options: options.map(withoutDefaults) } : {}),
  };
}

export function wireBot(world: World) {
  return {
    id: world.applicationId,
    username: 'outcry',
    discriminator: '0',
    global_name: null,
    avatar: null,
    bot: true,
  };
}

function wirePerson({ id, name }: Person) {
  return { id, username: name, discriminator: '0', global_name: name, avatar: null };
}
