/**
 * Telegram's limits, as its FAQ gives them (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this):
 * one message a second in a chat, where short bursts pass (here: ten, an album's worth), 20 a minute in a group,
 * 30 a second in all.
 */

export class Limits {
  readonly #chats = new Map<string, { tokens: number; at: number }>();
  readonly #groups = new Map<string, number[]>();
  #all: number[] = [];

  /** Seconds to wait, or 0 when `count` messages to the chat may pass, which then are counted. */
  retryAfterS(chat: string, count: number, now: number): number {
    const bucket = this.#chats.get(chat) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / 1000);
    if (tokens < count) return Math.ceil(count - tokens);

    this.#all = this.#all.filter((at) => at > now - 1000);
    if (this.#all.length + count > 30) return 1;

    if (chat.startsWith('-')) {
      const sent = (this.#groups.get(chat) ?? []).filter((at) => at > now - 59_000);
      const [oldest = now] = sent;
      if (sent.length + count > 20) return Math.ceil((oldest + 59_000 - now) / 1000);
      this.#groups.set(chat, [...sent, ...Array<number>(count).fill(now)]);
    }
    this.#chats.set(chat, { tokens: tokens - count, at: now });
    this.#all.push(...Array<number>(count).fill(now));
    return 0;
  }
}

const burst = 10;
