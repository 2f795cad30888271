/**
 * A message as an e-mail: HTML with its pictures inline, and the same as plain text for readers without HTML. Nothing is
 * cut off, and nothing in it can be pressed: an e-mail only tells.
 */
import { createHash } from 'node:crypto';
import { type Attachment, plainText, type Span, type Table, type Tone } from '../../commands/reply.ts';
import { tableText, toneMark } from '../chat/layout.ts';
import type { Message } from '../chat/platform.ts';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly files: readonly MailFile[];
}

export interface MailFile {
  readonly name: string;
  readonly type: string;
  readonly data: Uint8Array;
  /** By which the HTML shows it in its place (RFC 2392); without it, it is attached. */
  readonly contentId?: string;
}

/** @param desk the name of the environment, before each subject */
export function render(message: Message, desk: string): Mail {
  const { title, tone = 'info', text = [], fields = [], table, attachments = [], buttons = [] } = message;
  const heading = title ?? (plainText(text).trim().split('\n')[0] || 'A message');
  const files = attachments.map(mailFile);
  const labels = buttons.map(({ label }) => label).join(', ');
  const note = labels === '' ? '' : `In chat this has buttons: ${labels}.`;
  const parts = [
    ...(title === undefined ? [] : [title]),
    plainText(text).trim(),
    fields.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    table === undefined ? '' : tableText(table),
    note,
    attachments.length === 0 ? '' : `Attached: ${attachments.map(({ name }) => name).join(', ')}`,
  ];
  return {
    subject: oneLine(`${toneMark[tone]} ${desk}: ${heading}`),
    text: `${parts.filter((part) => part !== '').join('\n\n')}\n`,
    html: page(tone, [
      title === undefined ? '' : `<h2 style="margin:0 0 12px;font-size:18px">${escaped(title)}</h2>`,
      text.length === 0
        ? ''
        : `<div style="white-space:pre-wrap;margin:0 0 12px">${text.map(span).join('')}</div>`,
      fields.length === 0 ? '' : fieldsHtml(fields),
      table === undefined ? '' : tableHtml(table),
      ...files.map(pictureHtml),
      note === '' ? '' : `<p style="color:#667">${escaped(note)}</p>`,
    ]),
    files,
  };
}

const colors: Readonly<Record<Tone, string>> = {
  info: '#5b7083',
  success: '#1a8f5a',
  warning: '#c98a00',
  danger: '#c0392b',
};
const cell = 'padding:4px 12px 4px 0;vertical-align:top';
const mono = 'font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px';
const longestSubject = 180;

function page(tone: Tone, parts: readonly string[]): string {
  const body = parts.filter((part) => part !== '').join('\n');
  return `<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:16px;font-family:system-ui,sans-serif;font-size:15px;line-height:1.45">
<div style="max-width:720px;border-left:4px solid ${colors[tone]};padding-left:16px">
${body}
</div></body></html>
`;
}

function span(part: Span): string {
  if (typeof part === 'string') return escaped(part);
  if ('bold' in part) return `<b>${escaped(part.bold)}</b>`;
  if ('italic' in part) return `<i>${escaped(part.italic)}</i>`;
  if ('code' in part) return `<code style="${mono}">${escaped(part.code)}</code>`;
  return `<pre style="${mono};overflow-x:auto;margin:8px 0">${escaped(part.block)}</pre>`;
}

function fieldsHtml(fields: NonNullable<Message['fields']>): string {
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><td style="${cell};color:#667">${escaped(name)}</td><td style="${cell}"><b>${escaped(value)}</b></td></tr>`,
  );
  return `<table style="border-collapse:collapse;margin:0 0 12px">${rows.join('')}</table>`;
}

function tableHtml({ columns, rows }: Table): string {
  const align = (index: number) => columns[index]?.align ?? 'left';
  const head = columns.map(
    ({ name }, index) => `<th style="${cell};text-align:${align(index)};color:#667">${escaped(name)}</th>`,
  );
  const body = rows.map(
    (cells) =>
      `<tr>${cells.map((text, index) => `<td style="${cell};text-align:${align(index)}">${escaped(text)}</td>`).join('')}</tr>`,
  );
  return `<table style="border-collapse:collapse;margin:0 0 12px"><tr>${head.join('')}</tr>${body.join('')}</table>`;
}

function pictureHtml({ name, contentId }: MailFile): string {
  if (contentId === undefined) return '';
  return `<img src="cid:${contentId}" alt="${escaped(name)}" style="max-width:100%;margin:0 0 12px">`;
}

function mailFile({ name, type, data }: Attachment, index: number): MailFile {
  if (type !== 'image/png') return { name, type, data };
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 24);
  return { name, type, data, contentId: `${index}.${hash}@outcry` };
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A line break in a header would begin another header. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= longestSubject ? line : `${line.slice(0, longestSubject - 1)}…`;
}
