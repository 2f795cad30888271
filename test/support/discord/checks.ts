/**
 * What Discord checks of a request's body: its own OpenAPI description first, then the limits that are written in its
 * documentation only. Each check returns the problems it found; none means that Discord would take it.
 */
import {
  ApplicationCommandAutocompleteCallbackRequestSchema,
  ApplicationCommandCreateRequestSchema,
  ApplicationCommandPatchRequestPartialSchema,
  CreateMessageInteractionCallbackRequestSchema,
  CreatePrivateChannelRequestSchema,
  CreateTextThreadWithoutMessageRequestSchema,
  IncomingWebhookRequestPartialSchema,
  IncomingWebhookUpdateRequestPartialSchema,
  MessageCreateRequestSchema,
  MessageEditRequestPartialSchema,
  ModalInteractionCallbackRequestSchema,
  UpdateMessageInteractionCallbackRequestSchema,
  UpdateThreadRequestPartialSchema,
} from 'discord-api-spec/zod';
import type { Body, CommandBody, CommandOption, Embed, MessageBody, ModalBody } from './shapes.ts';

const described = {
  createCommand: ApplicationCommandCreateRequestSchema,
  editCommand: ApplicationCommandPatchRequestPartialSchema,
  createMessage: MessageCreateRequestSchema,
  editMessage: MessageEditRequestPartialSchema,
  createFollowUp: IncomingWebhookRequestPartialSchema,
  editFollowUp: IncomingWebhookUpdateRequestPartialSchema,
  replyToInteraction: CreateMessageInteractionCallbackRequestSchema,
  updateByInteraction: UpdateMessageInteractionCallbackRequestSchema,
  openModal: ModalInteractionCallbackRequestSchema,
  offerChoices: ApplicationCommandAutocompleteCallbackRequestSchema,
  openDirectChannel: CreatePrivateChannelRequestSchema,
  openThread: CreateTextThreadWithoutMessageRequestSchema,
  changeThread: UpdateThreadRequestPartialSchema,
} as const;

export type BodyKind = keyof typeof described;

/** Against Discord's OpenAPI description, a field that it does not know included. */
export function descriptionProblems(kind: BodyKind, body: Body): string[] {
  const result = described[kind].safeParse(body);
  if (!result.success) {
    return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
  return unknownFields(body, result.data, '');
}

const messageLimits = { content: 2000, embedTotal: 6000, rows: 5, perRow: 5, files: 10 };

/**
 * Of a message as it would stand: `attachments` are the names of all its files. A message in which nothing is to be
 * seen is the caller's to refuse.
 */
export function messageProblems(message: MessageBody, attachments: readonly string[]): string[] {
  const problems: string[] = [];
  const check = (ok: boolean, problem: string) => {
    if (!ok) problems.push(problem);
  };
  const { content = '', embeds = [], components = [] } = message;
  check((content ?? '').length <= messageLimits.content, 'content: Must be 2000 or fewer in length.');

  const total = (embeds ?? []).reduce((sum, embed) => sum + embedLength(embed), 0);
  check(total <= messageLimits.embedTotal, `embeds: Embed size exceeds maximum size of 6000 (${total})`);
  (embeds ?? []).forEach((embed, index) => {
    const { fields = [] } = embed;
    (fields ?? []).forEach((field, at) => {
      check(field.name.trim() !== '', `embeds.${index}.fields.${at}.name: This field is required`);
      check(field.value.trim() !== '', `embeds.${index}.fields.${at}.value: This field is required`);
    });
    const seen = [embed.title, embed.description].some((text) => (text ?? '').trim() !== '');
    const some = seen || (fields ?? []).length > 0 || embed.image || embed.thumbnail || embed.footer;
    check(Boolean(some), `embeds.${index}: Embed is empty`);
    for (const picture of [embed.image?.url, embed.thumbnail?.url]) {
      if (!picture?.startsWith('attachment://')) continue;
      const name = picture.slice('attachment://'.length);
      check(attachments.includes(name), `embeds.${index}: no attachment is called "${name}"`);
    }
  });

  const ids = new Set<string>();
  check((components ?? []).length <= messageLimits.rows, 'components: Must be 5 or fewer in length.');
  (components ?? []).forEach((row, index) => {
    check(row.components.length <= messageLimits.perRow, `components.${index}: more than 5 buttons`);
    row.components.forEach((button, at) => {
      const where = `components.${index}.components.${at}`;
      check((button.label ?? '').trim() !== '', `${where}.label: a button needs a label or an emoji`);
      check(button.style !== 5 || Boolean(button.url), `${where}.url: This field is required`);
      if (button.style === 5) return;
      check(Boolean(button.custom_id), `${where}.custom_id: This field is required`);
      check(!ids.has(button.custom_id ?? ''), `${where}.custom_id: Component custom id cannot be duplicated`);
      ids.add(button.custom_id ?? '');
    });
  });

  check(attachments.length <= messageLimits.files, 'attachments: Must be 10 or fewer in length.');
  const texts = [content ?? '', ...(embeds ?? []).flatMap(embedTexts)];
  check(!texts.some((text) => /\p{Cs}/u.test(text)), 'a text holds half a character');
  return problems;
}

const modalLimits = { fields: 5, optionsPerMenu: 25 };

export function modalProblems({ title, components }: ModalBody): string[] {
  const problems: string[] = [];
  if (title.trim() === '') problems.push('title: This field is required');
  if (components.length > modalLimits.fields) problems.push('components: Must be between 1 and 5 in length.');
  const ids = components.map(({ component }) => component?.custom_id ?? '');
  if (new Set(ids).size < ids.length) problems.push('components: Component custom id cannot be duplicated');
  components.forEach(({ component }, index) => {
    const { options = [], min_values, required = true } = component ?? {};
    if (component?.type !== 3) return;
    const at = `components.${index}.component`;
    if (options.length === 0 || options.length > modalLimits.optionsPerMenu)
      problems.push(`${at}.options: Must be between 1 and 25 in length.`);
    if (new Set(options.map(({ value }) => value)).size < options.length)
      problems.push(`${at}.options: values must be unique`);
    if (required && min_values === 0) problems.push(`${at}.min_values: a required menu needs at least 1`);
  });
  return problems;
}

const commandName = /^[-_'\p{L}\p{N}]{1,32}$/u;
const commandTotal = 8000;

export function commandProblems(command: CommandBody): string[] {
  const problems = [...nameProblems(command.name, 'name')];
  if (!command.description) problems.push('description: This field is required');
  problems.push(...optionProblems(command.options ?? [], 'options', 0));
  const total = textLength(command);
  if (total > commandTotal) problems.push(`the command's texts are ${total} long, the limit is 8000`);
  return problems;
}

const subcommand = 1;
const subcommandGroup = 2;

function optionProblems(options: readonly CommandOption[], path: string, depth: number): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  let optionalSeen = false;
  const nested = options.filter(({ type }) => type === subcommand || type === subcommandGroup);
  if (nested.length > 0 && nested.length < options.length) {
    problems.push(`${path}: Sub-command and sub-command group options are mutually exclusive to other types`);
  }
  options.forEach((option, index) => {
    const at = `${path}.${index}`;
    problems.push(...nameProblems(option.name, `${at}.name`));
    if (names.has(option.name)) problems.push(`${at}.name: Application command option names must be unique`);
    names.add(option.name);
    if (option.required && optionalSeen) {
      problems.push(`${at}: Required options must be placed before non-required options`);
    }
    optionalSeen ||= !option.required;
    if (option.autocomplete && (option.choices ?? []).length > 0) {
      problems.push(`${at}: choices and autocomplete are mutually exclusive`);
    }
    const choices = (option.choices ?? []).map(({ name }) => name);
    if (new Set(choices).size < choices.length) problems.push(`${at}.choices: names must be unique`);
    if (option.type === subcommandGroup && depth > 0) problems.push(`${at}: a group cannot hold a group`);
    if (option.options) problems.push(...optionProblems(option.options, `${at}.options`, depth + 1));
  });
  return problems;
}

function nameProblems(name: string, path: string): string[] {
  const valid = commandName.test(name) && name === name.toLowerCase();
  return valid ? [] : [`${path}: Command name is invalid ("${name}")`];
}

function textLength({
  name,
  description = '',
  options,
  choices,
}: CommandBody | (CommandOption & { description?: string })): number {
  const own = name.length + (description ?? '').length;
  const inChoices = (choices ?? []).reduce(
    (sum, choice) => sum + choice.name.length + String(choice.value).length,
    0,
  );
  return own + inChoices + (options ?? []).reduce((sum, option) => sum + textLength(option), 0);
}

/** Discord's sum of title, description, field names and values, footer and author. */
function embedLength(embed: Embed): number {
  return embedTexts(embed).reduce((sum, text) => sum + text.length, 0);
}

function embedTexts({ title, description, footer, author, fields }: Embed): string[] {
  return [
    title ?? '',
    description ?? '',
    footer?.text ?? '',
    author?.name ?? '',
    ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
  ];
}

/** zod drops what the description does not know: what is missing afterwards was unknown. */
function unknownFields(sent: unknown, known: unknown, path: string): string[] {
  if (Array.isArray(sent) && Array.isArray(known)) {
    return sent.flatMap((item, index) => unknownFields(item, known[index], `${path}.${index}`));
  }
  if (!isRecord(sent) || !isRecord(known)) return [];
  return Object.entries(sent).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const at = path === '' ? name : `${path}.${name}`;
    return name in known
      ? unknownFields(value, known[name], at)
      : [`${at}: Discord does not know this field`];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
