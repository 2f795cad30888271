/**
 * The commands as Discord shows them in its picker. At each start only the difference to what Discord has is sent:
 * Discord takes 200 new commands a day, and every change makes its clients load the list anew.
 */
import {
  type APIApplicationCommand,
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type REST,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
  Routes,
} from 'discord.js';
import type { Action, Command, Option } from '../../../commands/command.ts';
import { reasonOf } from '../../../engine/errors.ts';
import { splitText } from '../layout.ts';

export interface RegistrationTarget {
  readonly rest: REST;
  readonly applicationId: string;
  /** Only this server; without it, everywhere and in direct messages. */
  readonly guild?: string | undefined;
}

export interface Registered {
  readonly created: readonly string[];
  readonly edited: readonly string[];
  readonly removed: readonly string[];
  /** What Discord refused, each with its reason; the others are registered all the same. */
  readonly refused: readonly string[];
}

/** @throws when Discord's list cannot be read */
export async function registerCommands(
  { rest, applicationId, guild }: RegistrationTarget,
  commands: readonly Command[],
): Promise<Registered> {
  const list =
    guild === undefined
      ? Routes.applicationCommands(applicationId)
      : Routes.applicationGuildCommands(applicationId, guild);
  const there = (await rest.get(list)) as APIApplicationCommand[];
  const wanted = commands.map((command) => registrationOf(command, { everywhere: guild === undefined }));

  const done = { created: [] as string[], edited: [] as string[], removed: [] as string[] };
  const refused: string[] = [];
  const attempt = async (name: string, outcome: string[], send: () => Promise<unknown>) => {
    try {
      await send();
      outcome.push(name);
    } catch (thrown) {
      refused.push(`/${name}: ${reasonOf(thrown)}`);
    }
  };
  for (const old of there) {
    if (wanted.some(({ name }) => name === old.name && old.type === ApplicationCommandType.ChatInput))
      continue;
    await attempt(old.name, done.removed, () => rest.delete(`${list}/${old.id}`));
  }
  for (const body of wanted) {
    const old = there.find(
      ({ name, type }) => name === body.name && type === ApplicationCommandType.ChatInput,
    );
    if (!old) await attempt(body.name, done.created, () => rest.post(list, { body }));
    else if (essence(old) !== essence(body)) {
      await attempt(body.name, done.edited, () => rest.patch(`${list}/${old.id}`, { body: changesTo(body) }));
    }
  }
  return { ...done, refused };
}

/** One command as Discord takes it. */
export function registrationOf(
  command: Command,
  { everywhere }: { everywhere: boolean },
): RESTPostAPIChatInputApplicationCommandsJSONBody {
  const { name, description, body } = command;
  const options: APIApplicationCommandOption[] =
    'action' in body
      ? optionsOf(body.action)
      : Object.entries(body.subcommands).map(([subcommand, action]) => ({
          type: ApplicationCommandOptionType.Subcommand,
          name: subcommand,
          description: shortened(action.description),
          options: optionsOf(action),
        }));
  return {
    type: ApplicationCommandType.ChatInput,
    name,
    description: shortened(description),
    options,
    // A server's own commands are always for that server.
    ...(everywhere
      ? {
          contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
          integration_types: [ApplicationIntegrationType.GuildInstall],
        }
      : {}),
  };
}

const descriptionLimit = 100;

/** Discord wants the required ones first; what a wizard asks for may be left out. */
function optionsOf({ options: all, wizard }: Action): APIApplicationCommandBasicOption[] {
  const options = Object.entries(all);
  const required = options.filter(([, option]) => option.required);
  const others = options.filter(([, option]) => !option.required);
  return [...required, ...others].map(([name, option]) => {
    const shown = optionOf(name, option);
    return wizard ? { ...shown, required: false } : shown;
  });
}

function optionOf(name: string, option: Option): APIApplicationCommandBasicOption {
  const base = {
    name,
    description: shortened(option.description),
    required: option.required === true,
  };
  const suggested = option.suggest ? { autocomplete: true as const } : {};
  switch (option.type) {
    case 'boolean':
      return { ...base, type: ApplicationCommandOptionType.Boolean };
    case 'choice':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        choices: option.choices.map((choice) => ({ name: choice, value: choice })),
      };
    case 'number':
    case 'integer':
      return {
        ...base,
        ...suggested,
        type:
          option.type === 'integer'
            ? ApplicationCommandOptionType.Integer
            : ApplicationCommandOptionType.Number,
        ...(option.min === undefined ? {} : { min_value: option.min }),
        ...(option.max === undefined ? {} : { max_value: option.max }),
      };
    case 'string':
    case 'date':
    case 'pairs':
      return { ...base, ...suggested, type: ApplicationCommandOptionType.String };
    case 'file':
      return { ...base, type: ApplicationCommandOptionType.Attachment };
    default:
      return option satisfies never;
  }
}

function shortened(description: string): string {
  if (description.length <= descriptionLimit) return description;
  return `${(splitText(description, descriptionLimit - 1)[0] ?? '').trimEnd()}…`;
}

/** The type of a command cannot be changed, and an edit may not name it. */
function changesTo({ type: _, ...changes }: RESTPostAPIChatInputApplicationCommandsJSONBody): object {
  return changes;
}

/** What a command consists of, as text to compare: Discord adds ids, versions and defaults of its own. */
function essence(command: APIApplicationCommand | RESTPostAPIChatInputApplicationCommandsJSONBody): string {
  const { name, description, options = [], contexts, integration_types } = command;
  return JSON.stringify({
    name,
    description,
    options: options.map(optionEssence),
    contexts: contexts ? [...contexts].sort() : null,
    // A server's commands come back with the default.
    integration_types: contexts && integration_types ? [...integration_types].sort() : null,
  });
}

function optionEssence(option: APIApplicationCommandOption): object {
  const known = {
    required: false,
    autocomplete: false,
    choices: [],
    options: [],
    min_value: null,
    max_value: null,
    ...option,
  };
  return {
    type: known.type,
    name: known.name,
    description: known.description,
    required: known.required,
    autocomplete: known.autocomplete,
    choices: known.choices.map(({ name, value }: { name: string; value: string | number }) => [name, value]),
    min_value: known.min_value,
    max_value: known.max_value,
    options: known.options.map((inner: APIApplicationCommandOption) => optionEssence(inner)),
  };
}
