/** Whether something belongs to the books and accounts to which somebody is limited. */
import type { Desk, Seen } from '../engine/desk.ts';
import type { Reach } from './running.ts';

/** A book at its account; without a book the whole account is meant. */
export interface Place {
  readonly book: string | null;
  readonly account: string;
}

/** Nobody's reach is everything: people without limits have none. */
export function isWithin(reach: Reach | undefined, { book, account }: Place): boolean {
  if (!reach) return true;
  if (reach.accounts && !reach.accounts.includes(account)) return false;
  return !reach.books || (book !== null && reach.books.includes(book));
}

/** Whether an account may be shown to them: it is among theirs, and where they are limited to books, it has one of these. */
export function isAccountWithin(
  reach: Reach | undefined,
  account: string,
  desk: Pick<Desk, 'books'>,
): boolean {
  if (!reach) return true;
  if (reach.accounts && !reach.accounts.includes(account)) return false;
  const { books } = reach;
  return (
    !books ||
    desk.books.names().some((book) => books.includes(book) && desk.books.accountOf(book) === account)
  );
}

/** All that they may see; null where they are not limited. */
export function seenBy(reach: Reach | undefined, desk: Pick<Desk, 'books' | 'brokers'>): Seen {
  if (!reach?.books && !reach?.accounts) return null;
  return {
    books: desk.books
      .names()
      .filter((book) => isWithin(reach, { book, account: desk.books.accountOf(book) })),
    brokers: desk.brokers.names().filter((broker) => isAccountWithin(reach, broker, desk)),
  };
}

/** `the books demo, rotation and the account paper`. */
export function reachText({ books, accounts }: Reach): string {
  const parts = [
    ...(books ? [`the books ${books.join(', ') || '(none)'}`] : []),
    ...(accounts ? [`the accounts ${accounts.join(', ') || '(none)'}`] : []),
  ];
  return parts.join(', at ');
}
