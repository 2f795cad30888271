/** Reads Discord's markdown as its client shows it, so that a test can tell what is left of a text for its reader. */

/** The words that are seen: escapes resolved, marks of styles and code dropped. */
export function shownWords(markdown: string): string {
  let shown = '';
  let rest = markdown;
  while (rest !== '') {
    const [whole, words] = nextPiece(rest);
    shown += words;
    rest = rest.slice(whole.length);
  }
  return shown;
}

/** In the order in which Discord's client tries them at each place. */
function nextPiece(rest: string): readonly [whole: string, words: string] {
  const literal = /^\\([^0-9A-Za-z\s])/.exec(rest);
  if (literal) return [literal[0], literal[1] ?? ''];
  const block = /^```(?:[a-z0-9_+\-.#]*\n)?\n*([^\n][\s\S]*?)\n*```/i.exec(rest);
  if (block) return [block[0], block[1] ?? ''];
  const link = /^<([^: >]+:\/[^ >]+)>/.exec(rest);
  if (link) return [link[0], link[1] ?? ''];
  const address = /^https?:\/\/[^\s<]+[^<.,:;"'\]\s]/.exec(rest);
  if (address) return [address[0], address[0]];
  const bold = /^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/.exec(rest);
  if (bold) return [bold[0], shownWords(bold[1] ?? '')];
  const italic = /^\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)/.exec(rest);
  if (italic) return [italic[0], shownWords(italic[1] ?? '')];
  const code = /^(`+)([\s\S]*?[^`])\1(?!`)/.exec(rest);
  if (code) return [code[0], code[2] ?? ''];
  const [sign = ''] = rest;
  if (/^[*_~|`<[]/.test(sign))
    throw new Error(`"${sign}" stands open to Discord before ${JSON.stringify(rest.slice(0, 60))}`);
  return [sign, sign];
}

/** Without white space and without what only parts signs from each other. */
export function bare(text: string): string {
  return text.replace(/[\s\u200B]/g, '');
}
