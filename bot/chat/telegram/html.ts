/** Styled text as Telegram's HTML (https://core.telegram.org/bots/api#html-style), and how long Telegram finds it. */

/** A piece of text with at most one style; they are never nested. */
export interface Run {
  readonly text: string;
  readonly style?: 'b' | 'i' | 'code' | 'pre';
}

export interface Html {
  readonly html: string;
  /** What the reader sees. Telegram's limits count this, without the markup. */
  readonly plain: string;
}

/** Telegram ignores the styles of a message from the 101st on, so there they are left out; the text stays. */
export const mostStyles = 100;

export function toHtml(runs: readonly Run[]): Html {
  let html = '';
  let plain = '';
  // A table that loses its style loses its columns, so those come first.
  let left = mostStyles - runs.filter(({ style }) => style === 'pre').length;
  const add = (text: string, open = '', close = '') => {
    html += open + escaped(text) + close;
    plain += text;
  };
  for (const { text: raw, style } of runs) {
    const text = sendable(raw);
    // A style around nothing visible is one that Telegram drops or moves.
    const styled = style !== undefined && text.trim() !== '';
    if (style === 'pre' && plain !== '' && !plain.endsWith('\n')) add('\n');
    if (styled && (style === 'pre' || left > 0)) {
      if (style !== 'pre') left -= 1;
      add(text, `<${style}>`, `</${style}>`);
    } else {
      add(text);
    }
    if (style === 'pre' && !text.endsWith('\n')) add('\n');
  }
  return { html, plain };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Half a surrogate pair is no character: Telegram refuses the message it stands in. */
function sendable(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\u{FFFD}');
}
