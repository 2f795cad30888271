/** A rehearsal: what an alert would lead to now, without doing any of it. */
import type { Books } from '../bank/books.ts';
import { UserError } from '../errors.ts';
import { alertOf, parseAlert } from './alert.ts';
import type { Decision, ReadSignal } from './handler.ts';
import type { Inbox } from './inbox.ts';
import type { Queue } from './queue.ts';

/** One alert, as the desk would take it now. */
export interface Rehearsal {
  readonly book: string;
  /** The broker's name. */
  readonly account: string;
  /** How it reads, in a few words. */
  readonly summary: string;
  readonly decision: Decision;
  /** Why the book would not act on it although its handler would; undefined when it would. */
  readonly refusal: string | undefined;
}

export interface RehearsalParts {
  readonly queue: Queue;
  readonly books: Books;
}

/**
 * Each alert of a body by itself, by what the book and the market are at this moment.
 * @param book the book to whose address it would be sent; without it, to that of the desk
 * @throws UserError when it would be refused with 400, in the words that its sender would get
 */
export async function rehearse(
  body: string,
  book: string | undefined,
  parts: RehearsalParts & { readonly inbox: Inbox },
): Promise<readonly Rehearsal[]> {
  if (book !== undefined) parts.books.settings(book);
  const parsed = parseAlert(Buffer.from(withStraightQuotes(body)));
  if ('problem' in parsed) throw new UserError(`It would be refused: ${parsed.problem}.`);
  const rehearsals: Rehearsal[] = [];
  for (const { key: _key, api_key: _apiKey, ...alert } of parsed.alerts) {
    if ('request' in alert && 'alerts' in alertOf(alert['request'])) {
      throw new UserError('This is a sealed envelope. Paste the alert that is inside it.');
    }
    const { book: name, read } = parts.inbox.examine(alert, book);
    rehearsals.push(await rehearseAt(name, read, parts));
  }
  return rehearsals;
}

/** The same for what a book has read already. */
export async function rehearseAt(
  book: string,
  read: ReadSignal,
  { queue, books }: RehearsalParts,
): Promise<Rehearsal> {
  const decision = await queue.decide(book, read);
  return {
    book,
    account: books.settings(book).broker,
    summary: read.summary,
    decision,
    refusal: 'steps' in decision ? await books.refusal(book, decision.purpose) : undefined,
  };
}

/** Phones type curly quotes; in JSON they mean nothing else. */
function withStraightQuotes(body: string): string {
  return /^\s*[{[]/.test(body) ? body.replace(/[“”„]/g, '"') : body;
}
