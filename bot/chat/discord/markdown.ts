/**
 * Rich text in Discord's markdown. A backslash before a sign that is neither letter, digit nor space shows that sign
 * as it is, so a name with an asterisk, a `<@id>` or a `# ` in it stays what it was.
 */
import type { RichText, Span } from '../../../commands/reply.ts';

export function markdown(text: RichText): string {
  let written = '';
  for (const span of text) {
    const next = spanMarkdown(span, written);
    // Two styled spans side by side would share their asterisks or backticks.
    const touching = /[*`]$/.test(written) && /^[*`]/.test(next);
    written += touching ? zeroWidthSpace + next : next;
  }
  return written;
}

/**
 * Plain text: no sign in it means anything to Discord. With `links`, a web address stays clickable: it stands in
 * angle brackets, which Discord does not show and which say where it ends.
 */
export function escaped(text: string, { links = false } = {}): string {
  const quoted = (part: string) => part.replace(signs, '\\$&').replace(lineStarts, '$1\\$2');
  if (!links) return quoted(printable(text));
  return printable(text)
    .split(webAddress)
    .map((part, index) => (index % 2 === 1 ? `<${part}>` : quoted(part)))
    .join('');
}

/** Monospace text on lines of its own. */
export function codeBlock(text: string): string {
  const inside = partedBackticks(text);
  return `\`\`\`\n${inside.endsWith('`') ? inside + zeroWidthSpace : inside}\n\`\`\``;
}

/**
 * What Discord can show: control characters and halves of characters become the replacement character, line ends
 * become `\n`.
 */
export function printable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[^\n\t\P{Cc}]|\p{Cs}/gu, '\uFFFD');
}

export const zeroWidthSpace = '\u200B';

/** Without the punctuation of the sentence around it. */
const webAddress = /(https?:\/\/[^\s<>]*[^\s<>.,:;!?"'\])])/;
/** A colon matters before two slashes and around the name of an emoji, a bracket where a link follows. */
const signs = /[\\*_~`|<[\]]|@(?=everyone|here)|:(?=\/\/|\w+:)|\((?=https?:)/g;
/** Headings, quotes and lists begin a line; the line may have begun in the span before. */
const lineStarts = /^([^\S\n]*\d*)([-+#>.)])/gm;

function spanMarkdown(span: Span, before: string): string {
  if (typeof span === 'string') return escaped(span, { links: true });
  if ('bold' in span) return styled(span.bold, '**');
  if ('italic' in span) return styled(span.italic, '*');
  if ('code' in span) return inlineCode(span.code);
  if (span.block.trim() === '') return span.block;
  return `${before === '' || before.endsWith('\n') ? '' : '\n'}${codeBlock(span.block)}\n`;
}

/** A style may not begin or end with white space, so that stays outside. */
function styled(text: string, mark: '*' | '**'): string {
  const core = text.trim();
  if (core === '') return escaped(text);
  const start = text.indexOf(core);
  const inside = escaped(core);
  return escaped(text.slice(0, start)) + mark + inside + mark + escaped(text.slice(start + core.length));
}

/** A backslash means nothing between backticks, so those inside stand between two on each side. */
function inlineCode(text: string): string {
  const inside = partedBackticks(text);
  if (!inside.includes('`')) return inside === '' ? '' : `\`${inside}\``;
  const pad = /^`|`$/.test(inside) ? ' ' : '';
  return `\`\`${pad}${inside}${pad}\`\``;
}

/** Several backticks in a row would end the code that they stand in: a zero-width space parts them. */
function partedBackticks(text: string): string {
  return printable(text).replace(/`(?=`)/g, `\`${zeroWidthSpace}`);
}
