/** What must be true after every story of trading, however it went: no cent is lost. */
import { expect } from 'vitest';
import { decimal, decimalText } from '../../engine/money.ts';
import type { Trading } from './trading.ts';

/** To the last digit: what the book gained and lost is what the account gained and lost. */
export async function expectBooksEqualAccount(
  { books, paper }: Pick<Trading, 'books' | 'paper'>,
  when: string,
): Promise<void> {
  const audit = await books.audit();
  expect([...audit.imbalances.keys()], `${when}: the ledger must balance`).toEqual([]);
  expect(audit.wrongBooks, `${when}: each book must be the sum of its postings`).toEqual([]);
  const book = await books.show('demo');
  const [cash] = await paper.balances();
  const spentByBook = decimal(book.cash).minus(decimal('10000'));
  const spentByAccount = decimal(cash?.free ?? '0').minus(decimal('100000'));
  expect(decimalText(spentByBook), `${when}: the book's cash must follow the account's`).toBe(
    decimalText(spentByAccount),
  );
  expect(
    book.positions.map(({ symbol, quantity }) => ({ asset: symbol, symbol, wallet: 'account', quantity })),
    `${when}: the book must hold what the account holds`,
  ).toEqual(await paper.positions());
}
