/** Discord's interactions as the events of a chat platform. */
import {
  ApplicationCommandOptionType,
  type Attachment,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  InteractionContextType,
  MessageFlags,
  type ModalSubmitInteraction,
  type RepliableInteraction,
} from 'discord.js';
import { UserError } from '../../../engine/errors.ts';
import { download, tooLarge } from '../download.ts';
import type {
  Choice,
  IncomingCommand,
  IncomingCompletion,
  IncomingFile,
  IncomingForm,
  IncomingPress,
} from '../platform.ts';
import { filledIn } from './forms.ts';
import { defaultFileSizeLimit } from './render.ts';
import type { Asked } from './responder.ts';

/** @param cdn where Discord keeps attachments: from nowhere else is one fetched */
export function commandOf(interaction: ChatInputCommandInteraction, cdn: string): IncomingCommand {
  const { words, options } = wordsAndOptions(interaction);
  const attachments = new Map(
    options.flatMap(({ attachment }) => (attachment ? [[attachment.id, fileOf(attachment, cdn)]] : [])),
  );
  const values = options.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  return {
    ...origin(interaction),
    input: { kind: 'structured', command: words, options: Object.fromEntries(values) },
    ...(attachments.size > 0 && { files: { named: (id) => attachments.get(id) } }),
  };
}

function fileOf({ name, size, url }: Attachment, cdn: string): IncomingFile {
  return {
    name,
    async read(maxBytes) {
      if (size > maxBytes) throw tooLarge(name, maxBytes);
      if (new URL(url).origin !== new URL(cdn).origin) {
        throw new UserError(`${name} does not lie where Discord keeps attachments, so it was not fetched.`);
      }
      return download(url, { name, maxBytes });
    },
  };
}

export function pressOf(interaction: ButtonInteraction): IncomingPress {
  return { ...origin(interaction), buttonId: interaction.customId };
}

export function formOf(interaction: ModalSubmitInteraction): IncomingForm {
  return {
    ...origin(interaction),
    formId: interaction.customId,
    values: filledIn(interaction),
    onMessage: interaction.isFromMessage(),
  };
}

export function completionOf(interaction: AutocompleteInteraction): IncomingCompletion {
  const { name, value } = interaction.options.getFocused(true);
  const { words, options } = wordsAndOptions(interaction);
  const others = options.filter((option) => option.name !== name);
  return {
    ...origin(interaction),
    command: words,
    option: name,
    value: String(value),
    given: Object.fromEntries(others.map((option) => [option.name, option.value])),
  };
}

export function askedBy(interaction: RepliableInteraction): Asked {
  const isForm = interaction.isModalSubmit();
  const pressed = interaction.isButton() || isForm ? (interaction.message ?? undefined) : undefined;
  return {
    id: interaction.id,
    token: interaction.token,
    applicationId: interaction.applicationId,
    createdAt: interaction.createdAt,
    userId: interaction.user.id,
    channelId: interaction.channelId ?? '',
    isForm,
    fileSizeLimit: interaction.attachmentSizeLimit || defaultFileSizeLimit,
    ...(pressed
      ? { pressed: { id: pressed.id, onlyForUser: pressed.flags.has(MessageFlags.Ephemeral) } }
      : {}),
  };
}

/**
 * The choices as Discord takes them: 25 at most, names and values of 1 to 100 characters, numbers for an option that
 * is a number. A value that is too long cannot be offered, for a shortened one would be another value.
 */
export function offeredChoices(interaction: AutocompleteInteraction, choices: readonly Choice[]): Choice[] {
  const { type } = interaction.options.getFocused(true);
  const isText = type === ApplicationCommandOptionType.String;
  return choices
    .map(({ name, value }): Choice => {
      const shown = name.length > nameLimit ? `${name.slice(0, nameLimit - 1)}…` : name;
      return { name: shown, value: isText ? String(value) : Number(value) };
    })
    .filter(({ name, value }) =>
      typeof value === 'string'
        ? value.length > 0 && value.length <= nameLimit && name.trim() !== ''
        : Number.isFinite(value),
    )
    .slice(0, mostChoices);
}

const nameLimit = 100;
const mostChoices = 25;

function origin(interaction: RepliableInteraction | AutocompleteInteraction) {
  const { user, channel, channelId, context, guildId, createdAt } = interaction;
  // A thread belongs to its channel: who may speak there may speak here.
  const chat = channel?.isThread() ? channel.parentId : channelId;
  return {
    user: { platform: 'discord' as const, id: user.id, name: user.displayName },
    chat: {
      id: chat ?? '',
      private: guildId === null && context === InteractionContextType.BotDM,
    },
    sentAt: createdAt,
  };
}

function wordsAndOptions(interaction: ChatInputCommandInteraction | AutocompleteInteraction): {
  words: string[];
  options: readonly CommandInteractionOption[];
} {
  const words = [interaction.commandName];
  let options: readonly CommandInteractionOption[] = interaction.options.data;
  for (;;) {
    const [first] = options;
    if (
      first?.type !== ApplicationCommandOptionType.Subcommand &&
      first?.type !== ApplicationCommandOptionType.SubcommandGroup
    ) {
      return { words, options };
    }
    words.push(first.name);
    options = first.options ?? [];
  }
}
