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
    const touching = /[*`]$/.test(written) && /^[*`]/.test(next) && !written.endsWith('\\`');
    written += touching ? zeroWidthSpace + next : next;
  }
  return written;
}

/** Plain text: no sign in it means anything to Discord. A web address stays one, and stays clickable. */
export function escaped(text: string): string {
  return printable(text)
    .split(webAddress)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(signs, '\\$&').replace(lineStarts, '$1\\$2'),
    )
    .join('');
}

/** Monospace text on lines of its own. Three backticks inside it would end it: a zero-width space parts them. */
export function codeBlock(text: string): string {
  const inside = printable(text).replaceAll('``', `\`${zeroWidthSpace}\``);
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

const webAddress = /(\bhttps?:\/\/[^\s<>\\|*`[\]()]+)/;
const signs = /[\\*_~`|<[\]]|@(?=everyone|here)|\((?=https?:)/g;
/** Headings, quotes and lists begin a line; the line may have begun in the span before. */
const lineStarts = /^([^\S\n]*\d*)([-+#>.)])/gm;

function spanMarkdown(span: Span, before: string): string {
  if (typeof span === 'string') return escaped(span);
  if ('bold' in span) return styled(span.bold, '**');
  if ('italic' in span) return styled(span.italic, '*');
  if ('code' in span) return inlineCode(span.code);
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

/** Between more backticks than any run inside it has. A backslash means nothing there. */
function inlineCode(text: string): string {
  if (text === '') return '';
  const inside = printable(text);
  const longest = Math.max(0, ...(inside.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(inside) ? ' ' : '';
  return fence + pad + inside + pad + fence;
}
