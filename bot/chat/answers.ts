/**
 * Where the commands of late are answered, so that a chat is not told of what its own command brought about with the same
 * files again that the answer brings. Forgotten at a new start: then a file comes twice rather than never.
 */

/** Far more than are under way at once. */
const mostKept = 200;

export class Answers {
  readonly #chats = new Map<string, string>();

  /** The answer to this request comes for all to see in this chat. */
  expect(request: string, chat: string): void {
    this.#chats.set(request, chat);
    for (const oldest of this.#chats.keys()) {
      if (this.#chats.size <= mostKept) break;
      this.#chats.delete(oldest);
    }
  }

  /** The answer came without files, or there was none but the reason why not. */
  withoutFiles(request: string): void {
    this.#chats.delete(request);
  }

  /** Whether this was asked for in this chat, and is answered there. */
  isIn(chat: string, request: string): boolean {
    return this.#chats.get(request) === chat;
  }
}
