/**
 * What a command answers, said once for every platform.
 *
 * Text is a list of spans, never markup in a string: so a name with an asterisk or a `<` in it cannot change how
 * the message looks, and each platform escapes in its own way. A platform renders all of a reply within its limits:
 * what is too long becomes a file, never a cut-off.
 */

/** Plain text (newlines count), or a piece of text with one style. `block` is monospace on lines of its own. */
export type Span =
  | string
  | { readonly bold: string }
  | { readonly italic: string }
  | { readonly code: string }
  | { readonly block: string };

export type RichText = readonly Span[];

export const bold = (text: string): Span => ({ bold: text });
export const italic = (text: string): Span => ({ italic: text });
export const code = (text: string): Span => ({ code: text });
export const block = (text: string): Span => ({ block: text });

/** `` rich`Bought ${bold('SP500')} at ${price}` ``: values keep their style, everything else is plain. */
export function rich(
  strings: TemplateStringsArray,
  ...values: readonly (Span | number | RichText)[]
): RichText {
  const spans: Span[] = [];
  strings.forEach((text, index) => {
    if (text !== '') spans.push(text);
    const value = values[index];
    if (value === undefined) return;
    if (typeof value === 'number') spans.push(String(value));
    else if (isRichText(value)) spans.push(...value);
    else spans.push(value);
  });
  return spans;
}

/** The words alone, for a log, a file or a platform without styles. */
export function plainText(text: RichText): string {
  return text
    .map((span) => {
      if (typeof span === 'string') return span;
      if ('bold' in span) return span.bold;
      if ('italic' in span) return span.italic;
      if ('code' in span) return span.code;
      return `\n${span.block}\n`;
    })
    .join('');
}

function isRichText(value: Span | RichText): value is RichText {
  return Array.isArray(value);
}

/** A short name and its value, shown side by side. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Column {
  readonly name: string;
  /** Numbers stand right. */
  readonly align?: 'left' | 'right';
}

export interface Table {
  readonly columns: readonly Column[];
  /** One text per column. */
  readonly rows: readonly (readonly string[])[];
}

export interface Attachment {
  /** File name with ending. */
  readonly name: string;
  readonly type: 'image/png' | 'text/csv' | 'text/plain' | 'application/json';
  readonly data: Uint8Array;
}

export type Tone = 'info' | 'success' | 'warning' | 'danger';
export type Visibility = 'everyone' | 'only-you';
export type ButtonStyle = 'primary' | 'secondary' | 'danger';

/** Everything but the buttons, which mean a command to the command layer and an id to a platform. */
export interface Content {
  readonly title?: string;
  readonly text?: RichText;
  readonly fields?: readonly Field[];
  readonly table?: Table;
  readonly attachments?: readonly Attachment[];
  /** Colour and mark of the message; `info` where not given. */
  readonly tone?: Tone;
}

/** A button that runs a command with these options when it is pressed. */
export interface CommandButton {
  readonly label: string;
  readonly style?: ButtonStyle;
  /** Words of the command: `['plan', 'run']`. */
  readonly command: readonly string[];
  /** As typed options, by name. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

export interface Reply extends Content {
  readonly buttons?: readonly CommandButton[];
}

/** A sign of life from a long command, before its reply. */
export interface Progress {
  readonly text: string;
  /** 0 to 1, where it can be said. */
  readonly fraction?: number;
}
