/**
 * Telegram's HTML, parsed as strictly as Telegram does it (https://core.telegram.org/bots/api#html-style): what is
 * refused here with "can't parse entities" is refused there.
 */

export interface Entity {
  readonly type: string;
  /** UTF-16 units, like Telegram's. */
  readonly offset: number;
  readonly length: number;
}

export interface ParsedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** @throws HtmlError with Telegram's words */
export function parseHtml(html: string): ParsedText {
  let text = '';
  const entities: Entity[] = [];
  const open: { tag: string; offset: number }[] = [];
  for (let at = 0; at < html.length; ) {
    const char = html.charAt(at);
    if (char === '&') {
      const reference = /^&(?:(lt|gt|amp|quot)|#(\d+)|#x([\da-f]+));/i.exec(html.slice(at, at + 12));
      if (reference === null) {
        text += char;
        at += 1;
        continue;
      }
      const [whole, name, decimal, hex] = reference;
      text += name === undefined ? String.fromCodePoint(Number(decimal ?? `0x${hex}`)) : named(name);
      at += whole.length;
    } else if (char === '<') {
      const tag = /^<(\/?)([a-z-]+)((?:\s[^<>]*)?)>/i.exec(html.slice(at));
      if (tag === null) throw new HtmlError(`Unclosed start tag at byte offset ${bytes(html, at)}`);
      const [whole, slash, rawName = ''] = tag;
      const name = rawName.toLowerCase();
      if (slash === '/') {
        const last = open.pop();
        if (last === undefined) throw new HtmlError(`Unexpected end tag at byte offset ${bytes(html, at)}`);
        if (last.tag !== name) {
          throw new HtmlError(
            `Unmatched end tag at byte offset ${bytes(html, at)}, expected "</${last.tag}>", found "</${name}>"`,
          );
        }
        const length = text.length - last.offset;
        if (length > 0) entities.push({ type: typeOf(name), offset: last.offset, length });
      } else {
        if (!(name in types))
          throw new HtmlError(`Unsupported start tag "${name}" at byte offset ${bytes(html, at)}`);
        open.push({ tag: name, offset: text.length });
      }
      at += whole.length;
    } else {
      text += char;
      at += 1;
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined)
    throw new HtmlError(`Can't find end tag corresponding to start tag "${unclosed.tag}"`);
  return trimmed(text, entities);
}

export class HtmlError extends Error {
  override readonly name = 'HtmlError';
}

const types: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  s: 'strikethrough',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
};

function typeOf(tag: string): string {
  return types[tag] ?? tag;
}

function named(name: string): string {
  return { lt: '<', gt: '>', amp: '&', quot: '"' }[name.toLowerCase()] ?? '';
}

function bytes(html: string, end: number): number {
  return Buffer.byteLength(html.slice(0, end));
}

/** Telegram shows no white space around a message. */
function trimmed(text: string, entities: readonly Entity[]): ParsedText {
  const start = text.length - text.trimStart().length;
  const result = text.trim();
  const inside = entities.map(({ type, offset, length }) => {
    const from = Math.max(0, offset - start);
    const to = Math.min(result.length, offset + length - start);
    return { type, offset: from, length: to - from };
  });
  return { text: result, entities: inside.filter(({ length }) => length > 0) };
}
