/** The comment over a strategy's class, as the one line that lists of strategies show. */

/** First sentence of the doc comment before the default export; empty where there is none. */
export function docOf(source: string): string {
  const position = source.search(/^export\s+default\b/m);
  const before = position < 0 ? '' : source.slice(0, position);
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before)?.[1] ?? '';
  const text = comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .join(' ')
    .trim();
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}
