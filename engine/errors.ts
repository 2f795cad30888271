/**
 * Errors that are meant to be read by the person at the desk.
 *
 * A `UserError` is one line: what happened, where, and what to do. Everything else that is thrown is a fault
 * of ours: it is logged under an id, and chat shows that id instead of the error's text.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
  }
}

/** The text of anything that was thrown, for a log line or as the reason inside a message of our own. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
