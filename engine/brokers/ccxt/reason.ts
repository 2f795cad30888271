/** Why something failed, in one line that may be shown: without signatures, keys, or what a proxy's address holds. */

/** Longer than any exchange's sentence; a front server's page goes on for ever. */
const longest = 300;

export class Reasons {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly (string | undefined)[]) {
    this.#secrets = secrets.filter((secret) => secret !== undefined && secret.length >= 4) as string[];
  }

  of(thrown: unknown): string {
    let text = thrown instanceof Error ? thrown.message : String(thrown);
    for (const secret of this.#secrets) {
      text = text.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
    }
    text = text
      .replace(/((?:https?|wss?|socks\w*):\/\/)[^\s/@]*@/gi, '$1')
      .replace(/((?:https?|wss?):\/\/[^\s?"']+)\?[^\s"']*/gi, '$1')
      .replace(
        /\b(signature|timestamp|apiKey|listenKey|listenToken|token)("?[=:]\s*"?)[^&\s",}]+/gi,
        '$1$2***',
      )
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
  }
}
