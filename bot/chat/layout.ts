/**
 * Layout of plain text that more than one platform needs: tables as monospace text and as CSV, long texts in pieces,
 * the mark of a tone, and the file that takes what does not fit a message. Nothing here knows a platform's limits.
 */
import type { Attachment, Table, Tone } from '../../commands/reply.ts';

/** Stands before the title, so that the tone can be read without its colour. */
export const toneMark: Readonly<Record<Tone, string>> = {
  info: 'ℹ️',
  success: '✅',
  warning: '⚠️',
  danger: '⛔',
};

/**
 * The table with aligned columns, for a monospace font: names, a rule, one line per row. A line break or tab inside
 * a cell becomes a space, because it would break the columns.
 */
export function tableText(table: Table): string {
  const { lines, widths } = measured(table);
  const [names = [], ...rows] = lines.map((cells) =>
    widths.map((width, index) => aligned(cells[index] ?? '', width, table.columns[index]?.align ?? 'left')),
  );
  const rule = widths.map((width) => '─'.repeat(width));
  return [names, rule, ...rows].map((cells) => cells.join(columnGap).trimEnd()).join('\n');
}

/** Columns of a monospace font that `tableText` takes. */
export function tableWidth(table: Table): number {
  const { widths } = measured(table);
  return widths.reduce((sum, width) => sum + width, 0) + columnGap.length * Math.max(0, widths.length - 1);
}

/**
 * The table as CSV (RFC 4180: CRLF, quotes doubled). A cell that a spreadsheet would run as a formula gets an
 * apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection); numbers such as `-1.5` stay numbers.
 */
export function tableCsv(table: Table): string {
  return [table.columns.map(({ name }) => name), ...table.rows]
    .map((cells) => `${cells.map(csvCell).join(',')}\r\n`)
    .join('');
}

/**
 * The text in pieces of at most `limit` UTF-16 units, cut after a line break where there is one in the second half
 * of a piece, else after white space there, else between characters. The pieces joined are the text.
 * @throws RangeError when `limit` cannot hold a character
 */
export function splitText(text: string, limit: number): string[] {
  if (!Number.isInteger(limit) || limit < 2) throw new RangeError(`a piece of ${limit} holds no character`);
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const end = cutBefore(rest, limit);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (rest !== '' || pieces.length === 0) pieces.push(rest);
  return pieces;
}

/** The file that takes a text which is too long for a message. Its type follows from the ending of `name`. */
export function overflowFile(name: string, text: string): Attachment {
  const type = name.endsWith('.csv')
    ? 'text/csv'
    : name.endsWith('.json')
      ? 'application/json'
      : 'text/plain';
  return { name, type, data: new TextEncoder().encode(text) };
}

const columnGap = '  ';
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Emoji, and the East Asian blocks that take two columns (Unicode Standard Annex 11, W and F). */
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;
const printableAscii = /^[\x20-\x7E]*$/;
const formulaStart = /^[=+\-@\t\r]/;
const number = /^[+-]?\d[\d.,]*(?:e[+-]?\d+)?%?$/i;

function measured(table: Table): { lines: string[][]; widths: number[] } {
  const lines = [table.columns.map(({ name }) => name), ...table.rows].map((cells) =>
    cells.map((cell) => cell.replace(/\r\n|[\r\n\t\v\f\u0085\u2028\u2029]/g, ' ')),
  );
  const widths: number[] = [];
  for (const cells of lines) {
    cells.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    });
  }
  return { lines, widths };
}

function aligned(cell: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return align === 'right' ? space + cell : cell + space;
}

function displayWidth(text: string): number {
  if (printableAscii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

function csvCell(cell: string): string {
  const safe = formulaStart.test(cell) && !number.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function cutBefore(text: string, limit: number): number {
  const window = text.slice(0, limit);
  const half = limit / 2;
  const line = window.lastIndexOf('\n') + 1;
  if (line > half) return line;
  for (let end = limit; end > half; end--) {
    if (/\s/.test(window.charAt(end - 1))) return end;
  }
  return isHighSurrogate(window.charCodeAt(limit - 1)) && isLowSurrogate(text.charCodeAt(limit))
    ? limit - 1
    : limit;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
