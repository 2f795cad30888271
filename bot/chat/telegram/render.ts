/**
 * A message as Telegram can show it: HTML, an inline keyboard and files. Nothing is cut off. A table that a phone is
 * too narrow for becomes a CSV file with its first rows in the message; a text that is too long for a message becomes
 * a file with its beginning in the message.
 */
import { createHash } from 'node:crypto';
import { type Attachment, plainText, type RichText, type Span, type Table } from '../../../commands/reply.ts';
import { overflowFile, splitText, tableCsv, tableText, tableWidth, toneMark } from '../layout.ts';
import type { Message, MessageButton } from '../platform.ts';
import type { InlineKeyboardButton } from './api.ts';
import { type Run, toHtml } from './html.ts';

export interface Rendering {
  /** Empty when the message is nothing but files. */
  readonly html: string;
  /** The file, or the album, that has the text as its caption: an album on its first file, where clients look for it. */
  readonly lead?: readonly Upload[];
  /** Files that follow, each list in one message or album: photos or documents, at most ten. */
  readonly albums: readonly (readonly Upload[])[];
  readonly keyboard: readonly (readonly InlineKeyboardButton[])[];
  /** Equal for equal files, whichever way they are sent. */
  readonly files: string;
}

export interface Upload {
  readonly kind: 'photo' | 'document';
  readonly name: string;
  readonly data: Uint8Array;
}

/** Characters of a message and of a file's caption, as https://core.telegram.org/bots/api counts them. */
const textLimit = 4096;
const captionLimit = 1024;
const fileLimit = 50_000_000;
const photoLimit = 10_000_000;
const albumLimit = 10;
/** What a phone held upright shows of a monospace line without breaking it. */
const phoneColumns = 40;
const longestTable = 30;
const previewRows = 10;
const previewLength = 700;
const titleLength = 200;

/**
 * @param as `answer`: a message of its own, where the first files take the text as their caption. `post`: one that is
 *   edited later, perhaps to one with buttons, which an album cannot have: only a single file takes the text. `text` and
 *   `caption`: the text goes into a message that is there already, and is one or the other; files follow it.
 */
export function render(message: Message, as: 'answer' | 'post' | 'text' | 'caption' = 'answer'): Rendering {
  const limit = as === 'caption' ? captionLimit : textLimit;
  const { runs, files } = fitting(message, limit);
  const text = toHtml(runs);
  const keyboard = keyboardOf(message.buttons ?? []);
  const albums = albumsOf(files);
  const fingerprint = fingerprintOf(files);
  const hasText = text.plain.trim() !== '';

  const [first, ...others] = albums;
  const isNew = as === 'answer' || as === 'post';
  const takesText = first?.length === 1 || (as === 'answer' && keyboard.length === 0);
  if (isNew && first !== undefined && takesText && text.plain.length <= captionLimit) {
    return {
      html: hasText ? text.html : '',
      lead: first,
      albums: others,
      keyboard,
      files: fingerprint,
    };
  }
  if (hasText) return { html: text.html, albums, keyboard, files: fingerprint };
  // An album takes no buttons, and a message that exists already cannot become empty.
  const needsText = !isNew || keyboard.length > 0 || files.length === 0;
  const html = needsText ? toneMark[message.tone ?? 'info'] : '';
  return { html, albums, keyboard, files: fingerprint };
}

interface Draft {
  readonly runs: readonly Run[];
  readonly files: readonly Upload[];
}

/** The most readable draft within the limit; the last one always is. */
function fitting(message: Message, limit: number): Draft {
  for (const draft of drafts(message)) {
    if (toHtml(draft.runs).plain.length <= limit) return draft;
  }
  return inFiles(message);
}

function* drafts(message: Message): Generator<Draft> {
  const { table } = message;
  const body = [...heading(message), ...textRuns(message.text ?? []), ...fieldRuns(message)];
  const attached = attachedFiles(message);
  const notes = attached.notes.map((text): Run => ({ text: `\n${text}` }));
  if (table === undefined) {
    yield { runs: [...body, ...notes], files: attached.files };
    return;
  }
  if (fitsPhone(table)) {
    const pre: Run = { text: tableText(table), style: 'pre' };
    yield { runs: [...withGap(body), pre, ...notes], files: attached.files };
  }
  const files = [...attached.files, csvFile(table)];
  const preview = previewOf(table);
  if (preview !== undefined) yield { runs: [...withGap(body), ...preview, ...notes], files };
  yield { runs: [...withGap(body), { text: tableNote(table) }, ...notes], files };
}

/** Too long for any message: the text's beginning, and all of it in a file. */
function inFiles(message: Message): Draft {
  const attached = attachedFiles(message);
  const body = toHtml([...heading(message), ...textRuns(message.text ?? []), ...fieldRuns(message)]).plain;
  const whole = [body, ...attached.notes].join('\n');
  const [title = ''] = splitText(message.title ?? '', titleLength);
  const [beginning = ''] = splitText(plainText(message.text ?? []), previewLength);
  const files = [
    ...attached.files,
    upload(overflowFile('message.txt', whole)),
    ...(message.table === undefined ? [] : [csvFile(message.table)]),
  ];
  const pointer = `\n\n… The whole text is in message.txt${message.table === undefined ? '' : ', the table in table.csv'}.`;
  return {
    runs: [...heading({ ...message, title }), { text: beginning }, { text: pointer, style: 'i' }],
    files,
  };
}

function heading({ title, tone, text, fields }: Message): Run[] {
  if (title === undefined || title === '') {
    return tone === undefined || tone === 'info' ? [] : [{ text: `${toneMark[tone]} ` }];
  }
  const more = (text ?? []).length > 0 || (fields ?? []).length > 0;
  return [
    { text: `${toneMark[tone ?? 'info']} ` },
    { text: title, style: 'b' },
    ...(more ? [{ text: '\n' }] : []),
  ];
}

function textRuns(text: RichText): Run[] {
  return text.map((span: Span): Run => {
    if (typeof span === 'string') return { text: span };
    if ('bold' in span) return { text: span.bold, style: 'b' };
    if ('italic' in span) return { text: span.italic, style: 'i' };
    if ('code' in span) return { text: span.code, style: 'code' };
    return { text: span.block, style: 'pre' };
  });
}

function fieldRuns({ text, fields = [] }: Message): Run[] {
  if (fields.length === 0) return [];
  const gap: Run[] = (text ?? []).length > 0 ? [{ text: '\n\n' }] : [];
  return [
    ...gap,
    ...fields.flatMap(({ name, value }, index): Run[] => [
      { text: `${index === 0 ? '' : '\n'}` },
      { text: `${name}:`, style: 'b' },
      { text: ` ${value}` },
    ]),
  ];
}

function withGap(runs: readonly Run[]): Run[] {
  return runs.length === 0 ? [] : [...runs, { text: '\n\n' }];
}

function fitsPhone(table: Table): boolean {
  // A line break in a cell is a space in monospace; the CSV keeps it.
  const inOneLine = !table.rows.some((cells) => cells.some((cell) => /[\r\n]/.test(cell)));
  return inOneLine && table.rows.length <= longestTable && tableWidth(table) <= phoneColumns;
}

/** The first rows, with as many of the first columns as a phone can show; undefined when not even one. */
function previewOf(table: Table): Run[] | undefined {
  const rows = table.rows.slice(0, previewRows);
  for (let count = table.columns.length; count > 0; count--) {
    const part: Table = {
      columns: table.columns.slice(0, count),
      rows: rows.map((cells) => cells.slice(0, count)),
    };
    if (tableWidth(part) <= phoneColumns) {
      return [{ text: tableText(part), style: 'pre' }, { text: tableNote(table) }];
    }
  }
  return undefined;
}

function tableNote({ rows, columns }: Table): string {
  return `The whole table is in table.csv: ${rows.length} rows, ${columns.length} columns.`;
}

function csvFile(table: Table): Upload {
  return upload(overflowFile('table.csv', tableCsv(table)));
}

/** Files that Telegram takes, and a line for each that it does not. */
function attachedFiles({ attachments = [] }: Message): { files: Upload[]; notes: string[] } {
  const files: Upload[] = [];
  const notes: string[] = [];
  for (const attachment of attachments) {
    const { name, data } = attachment;
    if (data.length === 0) notes.push(`${name} is empty.`);
    else if (data.length > fileLimit) {
      const megabytes = (data.length / 1e6).toFixed(1);
      notes.push(
        `${name} is too large for Telegram (${megabytes} MB of 50): ask for it on another platform.`,
      );
    } else files.push(upload(attachment));
  }
  return { files, notes };
}

function upload({ name, type, data }: Attachment): Upload {
  return { kind: type === 'image/png' && isPhoto(data) ? 'photo' : 'document', name, data };
}

/** Telegram shows a picture as a photo up to 10 MB, 10,000 pixels of width and height together, and a ratio of 20. */
function isPhoto(data: Uint8Array): boolean {
  if (data.length > photoLimit || data.length < 24) return false;
  // PNG: eight bytes of signature, then IHDR with its width at 16 and height at 20 (RFC 2083, 4.1.1).
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  return width + height <= 10_000 && Math.max(width, height) <= 20 * Math.min(width, height);
}

function albumsOf(files: readonly Upload[]): Upload[][] {
  const albums: Upload[][] = [];
  // Photos and documents cannot share an album.
  for (const kind of ['photo', 'document'] as const) {
    const alike = files.filter((file) => file.kind === kind);
    for (let start = 0; start < alike.length; start += albumLimit)
      albums.push(alike.slice(start, start + albumLimit));
  }
  return albums;
}

/** Labels share a row as long as a phone can show them whole. */
function keyboardOf(buttons: readonly MessageButton[]): InlineKeyboardButton[][] {
  const rows: InlineKeyboardButton[][] = [];
  let width = Number.POSITIVE_INFINITY;
  for (const { id, label } of buttons) {
    const button = { text: label, callback_data: id };
    const row = rows.at(-1);
    width += label.length + 4;
    if (row !== undefined && width <= phoneColumns) row.push(button);
    else {
      rows.push([button]);
      width = label.length + 4;
    }
  }
  return rows;
}

function fingerprintOf(files: readonly Upload[]): string {
  if (files.length === 0) return '';
  const hash = createHash('sha256');
  for (const { name, data } of files) hash.update(`${name}\n${data.length}\n`).update(data);
  return hash.digest('hex');
}
