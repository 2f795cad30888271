/**
 * A message within Discord's limits: embeds, buttons and files, in as many messages as it takes. What is too long for
 * an embed becomes a file; nothing is cut off.
 *
 * Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
 */
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  type APIEmbedField,
  ButtonStyle as ApiButtonStyle,
  ComponentType,
} from 'discord.js';
import type { Attachment, ButtonStyle, Field, RichText, Span, Table, Tone } from '../../../commands/reply.ts';
import { plainText } from '../../../commands/reply.ts';
import { overflowFile, splitText, tableCsv, tableText, tableWidth, toneMark } from '../layout.ts';
import type { Message, MessageButton } from '../platform.ts';
import { codeBlock, escaped, markdown, printable, zeroWidthSpace } from './markdown.ts';

/** One message as Discord takes it. */
export interface RenderedMessage {
  readonly embeds: readonly APIEmbed[];
  readonly components: readonly APIActionRowComponent<APIButtonComponentWithCustomId>[];
  readonly files: readonly Attachment[];
}

/** What Discord lets a bot upload where an interaction says nothing else. */
export const defaultFileSizeLimit = 10 * 1024 * 1024;

export const limits = {
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  embedTotal: 6000,
  embeds: 10,
  rows: 5,
  buttonsPerRow: 5,
  label: 80,
  files: 10,
} as const;

/** The first message is the one with the text; there are more when it has more than 10 files or 25 buttons. */
export function renderMessage(
  message: Message,
  fileSizeLimit: number,
): readonly [RenderedMessage, ...RenderedMessage[]] {
  const tone = message.tone ?? 'info';
  const files = new Files(fileSizeLimit);
  const tooLarge = (message.attachments ?? []).filter((attachment) => !files.add(attachment));
  const text: RichText = [
    ...(message.text ?? []),
    ...tooLarge.map((attachment): Span => `\n${tooLargeLine(attachment, fileSizeLimit)}`),
    ...(message.buttons ?? [])
      .filter(({ label }) => printable(label).length > limits.label)
      .map(({ label }): Span => `\n[${shortLabel(label)}] ${label}`),
  ];

  const embed = textEmbed({ ...message, text }, tone, files);
  const [firstFiles = [], ...moreFiles] = inGroups(files.all, limits.files);
  const [firstButtons = [], ...moreButtons] = inGroups(
    message.buttons ?? [],
    limits.rows * limits.buttonsPerRow,
  );
  const follow: RenderedMessage[] = [
    ...moreFiles.map((group) => ({ embeds: imageEmbeds(group, tone), components: [], files: group })),
    ...moreButtons.map((group) => ({
      embeds: [{ color: colour[tone], description: 'More choices:' }],
      components: buttonRows(group),
      files: [],
    })),
  ];
  const first: RenderedMessage = {
    embeds: withImages(embed, imageEmbeds(firstFiles, tone)),
    components: buttonRows(firstButtons),
    files: firstFiles,
  };
  return [first, ...follow];
}

const colour: Readonly<Record<Tone, number>> = {
  info: 0x3b82f6,
  success: 0x16a34a,
  warning: 0xd97706,
  danger: 0xdc2626,
};

const buttonStyle: Readonly<Record<ButtonStyle, APIButtonComponentWithCustomId['style']>> = {
  primary: ApiButtonStyle.Primary,
  secondary: ApiButtonStyle.Secondary,
  danger: ApiButtonStyle.Danger,
};

/** Columns that a phone shows in one line of a code block. */
const bearableWidth = 60;
/** How much of a text is shown whose whole is in a file. */
const excerptLength = 1500;
/** Rows of a table that are shown when the whole is in a file. */
const excerptRows = 10;
const excerptTableLength = 1500;
/** Kept free in a description for the lines that say which file has the rest. */
const noteSpace = 200;
/** Values up to this length stand side by side. */
const inlineLength = 32;

function textEmbed(message: Message, tone: Tone, files: Files): APIEmbed {
  const mark = tone === 'info' ? '' : `${toneMark[tone]} `;
  const title = escaped(printable(message.title ?? '').trim());
  const titleFits = mark.length + title.length <= limits.title;
  const shownTitle = titleFits
    ? title
    : excerpt([printable(message.title ?? '')], limits.title - mark.length);
  const text = message.text ?? [];
  const lead = shownTitle === '' ? mark : '';
  const room = limits.description - noteSpace - lead.length;
  const body = markdown(text);
  const textFits = body.length <= room;
  const shownText = lead + (textFits ? body : excerpt(text, excerptLength));

  const parts = [shownText.trimEnd()];
  const notes: string[] = [];
  if (message.table && message.table.columns.length > 0) {
    const left = room - shownText.length;
    const { shown, note } = tableParts(message.table, left, files);
    parts.push(shown);
    notes.push(note);
  }

  const used = mark.length + shownTitle.length + parts.join('\n').length + noteSpace;
  const { shown: fields, allFit } = fittingFields(message.fields ?? [], limits.embedTotal - used);
  if (!titleFits || !textFits || !allFit) {
    const names = files.overflow('message.txt', wholeText(message));
    notes.push(`The whole text is in ${names}.`);
  }
  const description = [...parts, notes.filter((note) => note !== '').join('\n')]
    .filter((part) => part !== '')
    .join('\n');
  const nothing = description === '' && shownTitle === '' && fields.length === 0;
  return {
    color: colour[tone],
    ...(shownTitle === '' ? {} : { title: mark + shownTitle }),
    ...(description.trim() === '' ? {} : { description }),
    ...(nothing ? { description: zeroWidthSpace } : {}),
    ...(fields.length > 0 ? { fields } : {}),
  };
}

/** As much of the text as fits, cut at a line or word, with an ellipsis. */
function excerpt(text: RichText, limit: number): string {
  const shown: Span[] = [];
  for (const span of text) {
    if (markdown([...shown, span]).length < limit) {
      shown.push(span);
      continue;
    }
    const whole = plainText([span]);
    for (let length = Math.min(limit, whole.length); length >= 2; length = Math.floor(length * 0.75)) {
      const piece = withText(span, splitText(whole, length)[0] ?? '');
      const written = markdown([...shown, piece]).trimEnd();
      if (written.length < limit) return `${written}…`;
    }
    break;
  }
  return `${markdown(shown).trimEnd()}…`;
}

function withText(span: Span, text: string): Span {
  if (typeof span === 'string') return text;
  if ('bold' in span) return { bold: text };
  if ('italic' in span) return { italic: text };
  if ('code' in span) return { code: text };
  return { block: text };
}

function tableParts(table: Table, room: number, files: Files): { shown: string; note: string } {
  if (tableWidth(table) <= bearableWidth) {
    const whole = codeBlock(tableText(table));
    if (whole.length <= room) return { shown: whole, note: '' };
  }
  const names = files.overflow('table.csv', tableCsv(table));
  const { rows } = table;
  const narrow = bearableColumns(table);
  for (let count = Math.min(excerptRows, rows.length); count > 0 && narrow.columns.length > 0; count--) {
    const shown = codeBlock(tableText({ ...narrow, rows: narrow.rows.slice(0, count) }));
    if (shown.length > Math.min(room, excerptTableLength)) continue;
    const columns =
      narrow.columns.length < table.columns.length
        ? ` and ${narrow.columns.length} of ${table.columns.length} columns`
        : '';
    return { shown, note: `${count} of ${rows.length} rows${columns}; all of it is in ${names}.` };
  }
  return { shown: '', note: `The table (${rows.length} rows) is in ${names}.` };
}

/** The table with its first columns only: as many as stand side by side on a phone. */
function bearableColumns(table: Table): Table {
  for (let count = table.columns.length; count > 0; count--) {
    const narrow = {
      columns: table.columns.slice(0, count),
      rows: table.rows.slice(0, excerptRows).map((cells) => cells.slice(0, count)),
    };
    if (tableWidth(narrow) <= bearableWidth) return { ...narrow, rows: narrow.rows };
  }
  return { columns: [], rows: [] };
}

function fittingFields(fields: readonly Field[], room: number): { shown: APIEmbedField[]; allFit: boolean } {
  const shown: APIEmbedField[] = [];
  let left = room;
  for (const field of fields) {
    const name = visible(escaped(field.name));
    const value = visible(escaped(field.value, { links: true }));
    const size = name.length + value.length;
    const fits = name.length <= limits.fieldName && value.length <= limits.fieldValue && size <= left;
    if (!fits || shown.length === limits.fields) continue;
    left -= size;
    shown.push({ name, value, inline: value.length <= inlineLength && !value.includes('\n') });
  }
  return { shown, allFit: shown.length === fields.length };
}

/** Discord refuses a field or label without a visible sign. */
function visible(text: string): string {
  return text.trim() === '' ? zeroWidthSpace : text;
}

function wholeText({ title, text = [], fields = [] }: Message): string {
  return [title ?? '', plainText(text), fields.map(({ name, value }) => `${name}: ${value}`).join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Every picture of these files in an embed, as far as Discord has embeds. */
function imageEmbeds(files: readonly Attachment[], tone: Tone): APIEmbed[] {
  return files
    .filter(({ type }) => type === 'image/png')
    .slice(0, limits.embeds)
    .map(({ name }) => ({ color: colour[tone], image: { url: `attachment://${name}` } }));
}

/** The first picture stands in the embed of the text. */
function withImages(embed: APIEmbed, [first, ...others]: readonly APIEmbed[]): APIEmbed[] {
  return [{ ...embed, ...(first?.image ? { image: first.image } : {}) }, ...others];
}

function buttonRows(
  buttons: readonly MessageButton[],
): APIActionRowComponent<APIButtonComponentWithCustomId>[] {
  return inGroups(buttons, limits.buttonsPerRow).map((row) => ({
    type: ComponentType.ActionRow,
    components: row.map(({ id, label, style }) => ({
      type: ComponentType.Button,
      custom_id: id,
      label: shortLabel(label),
      style: buttonStyle[style],
    })),
  }));
}

function shortLabel(label: string): string {
  const text = visible(printable(label));
  return text.length <= limits.label ? text : `${(splitText(text, limits.label - 1)[0] ?? '').trimEnd()}…`;
}

function tooLargeLine({ name, data }: Attachment, limit: number): string {
  return `${name} (${megabytes(data.length)}) is larger than the ${megabytes(limit)} that Discord takes here, and was not sent.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}

/** The files of a message: each within the size limit and with a name of its own that `attachment://` can point at. */
class Files {
  readonly all: Attachment[] = [];
  readonly #sizeLimit: number;
  readonly #names = new Set<string>();

  constructor(sizeLimit: number) {
    this.#sizeLimit = sizeLimit;
  }

  /** False when it is too large. */
  add(attachment: Attachment): boolean {
    if (attachment.data.length > this.#sizeLimit) return false;
    this.all.push({ ...attachment, name: this.#freeName(attachment.name) });
    return true;
  }

  /** The text as a file, or as several when one would be too large; returns what to call it in a sentence. */
  overflow(name: string, text: string): string {
    const bytesPerUnit = 3; // the most that UTF-8 takes for one UTF-16 unit
    const pieces =
      text.length * bytesPerUnit <= this.#sizeLimit
        ? [text]
        : splitText(text, Math.max(2, Math.floor(this.#sizeLimit / bytesPerUnit)));
    const names = pieces.map((piece) => {
      const file = { ...overflowFile(name, piece), name: this.#freeName(name) };
      this.all.push(file);
      return file.name;
    });
    const [first = name] = names;
    return names.length === 1 ? `\`${first}\`` : `\`${first}\` and the ${names.length - 1} files after it`;
  }

  /** Discord replaces other signs in a name, and then an `attachment://` would point at nothing. */
  #freeName(wanted: string): string {
    const safe = wanted.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '') || 'file';
    const dot = safe.lastIndexOf('.');
    const [stem, ending] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ''];
    let name = stem.slice(0, 80) + ending.slice(0, 16);
    for (let number = 2; this.#names.has(name); number++)
      name = `${stem.slice(0, 80)}-${number}${ending.slice(0, 16)}`;
    this.#names.add(name);
    return name;
  }
}
