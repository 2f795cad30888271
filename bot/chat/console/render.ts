/** A message as text for a terminal: styles as ANSI codes where the terminal has them, tables aligned, files by path. */

import type { RichText, Span, Tone } from '../../../commands/reply.ts';
import { tableText, toneMark } from '../layout.ts';
import type { Message } from '../platform.ts';

export interface TerminalStyle {
  /** ANSI colours and weights (https://no-color.org says when not). */
  readonly color: boolean;
}

/** `paths` are where the attachments were saved, in their order; `firstButton` is the number of the first button. */
export function renderMessage(
  message: Message,
  { color }: TerminalStyle,
  { paths, firstButton }: { paths: readonly string[]; firstButton: number },
): string {
  const style = color ? ansi : plain;
  const tone = message.tone ?? 'info';
  const blocks: string[] = [];
  if (message.title !== undefined) {
    const mark = tone === 'info' ? '' : `${toneMark[tone]} `;
    blocks.push(style.toned(tone, style.bold(`${mark}${printable(message.title)}`)));
  }
  if (message.text && message.text.length > 0) {
    const mark = message.title === undefined && tone !== 'info' ? `${toneMark[tone]} ` : '';
    blocks.push(mark + renderText(message.text, style).trim());
  }
  if (message.fields && message.fields.length > 0) blocks.push(renderFields(message.fields, style));
  if (message.table) blocks.push(printable(tableText(message.table)));
  if (paths.length > 0) blocks.push(paths.map((path) => `${style.dim('saved')} ${path}`).join('\n'));
  if (message.question) blocks.push(...questionLines(message, message.question.choices, style));
  else if (message.buttons && message.buttons.length > 0) {
    const buttons = message.buttons.map(({ label }, index) => `[${firstButton + index}] ${printable(label)}`);
    blocks.push(`${style.bold(buttons.join('   '))}${style.dim('   (type the number)')}`);
  }
  return blocks.join('\n\n');
}

/** Choices by number, and words for what is beside them. */
function questionLines({ buttons = [] }: Message, choices: number, style: Style): string[] {
  const numbered = buttons
    .slice(0, choices)
    .map(({ label }, index) => `[${index + 1}] ${printable(label)}`)
    .join('   ');
  const words = buttons.slice(choices).map(({ label }) => {
    const [first = '', ...more] = printable(label).toLowerCase().split(' ');
    return more.length === 0 ? first : `${first} (${more.join(' ')})`;
  });
  const how = choices > 0 ? 'type the number' : 'type the answer';
  return [...(choices > 0 ? [style.bold(numbered)] : []), style.dim(`(${[how, ...words].join(', or ')})`)];
}

interface Style {
  bold(text: string): string;
  dim(text: string): string;
  italic(text: string): string;
  code(text: string): string;
  toned(tone: Tone, text: string): string;
}

const plain: Style = {
  bold: (text) => text,
  dim: (text) => text,
  italic: (text) => text,
  code: (text) => text,
  toned: (_tone, text) => text,
};

const toneCode: Readonly<Record<Tone, number>> = { info: 36, success: 32, warning: 33, danger: 31 };
const ansi: Style = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  italic: (text) => `\u001b[3m${text}\u001b[23m`,
  code: (text) => `\u001b[36m${text}\u001b[39m`,
  toned: (tone, text) => `\u001b[${toneCode[tone]}m${text}\u001b[39m`,
};

function renderText(text: RichText, style: Style): string {
  return text.map((span) => renderSpan(span, style)).join('');
}

function renderSpan(span: Span, style: Style): string {
  if (typeof span === 'string') return printable(span);
  if ('bold' in span) return style.bold(printable(span.bold));
  if ('italic' in span) return style.italic(printable(span.italic));
  if ('code' in span) return style.code(printable(span.code));
  return `\n${printable(span.block)}\n`;
}

function renderFields(fields: NonNullable<Message['fields']>, style: Style): string {
  const width = Math.max(...fields.map(({ name }) => name.length));
  return fields
    .map(({ name, value }) => `${style.dim(printable(name).padEnd(width))}  ${printable(value)}`)
    .join('\n');
}

/** Text from outside may hold control codes that would move the cursor or hide what stands there. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�');
}
