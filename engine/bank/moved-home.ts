/** Where a book's money is kept, and when its file may name another place. */
import { decimalText } from '../money.ts';
import type { Holdings } from './position.ts';

export interface Home {
  readonly broker: string;
  readonly home: string;
  readonly wallet: string;
}

/**
 * Why the book cannot go from one place to another now, for people; `undefined` when it can. Its file changes nothing at
 * the broker, so what lies or is owed there would be lost from sight.
 */
export function refusalOfMove(
  book: string,
  before: Home,
  after: Home,
  { positions, debts, lent, wallets }: Holdings,
): string | undefined {
  const changed = (['broker', 'home', 'wallet'] as const).filter((field) => before[field] !== after[field]);
  if (changed.length === 0) return undefined;
  const isLeft = (wallet: string) =>
    before.broker !== after.broker ||
    (before.home !== after.home && wallet === before.home) ||
    (before.wallet !== after.wallet && wallet === before.wallet && wallet !== after.home);
  const lies = [...wallets]
    .filter(([wallet]) => isLeft(wallet))
    .flatMap(([wallet, amounts]) =>
      [...amounts].map(([asset, amount]) => `${decimalText(amount)} ${asset} in the wallet ${wallet}`),
    );
  const holds = [...positions].map(
    ([asset, { quantity }]) => `a position of ${decimalText(quantity)} ${asset}`,
  );
  const owes = [...debts].map(([asset, amount]) => `a debt of ${decimalText(amount)} ${asset}`);
  const owesBank = [...lent].map(([currency, amount]) => `${decimalText(amount)} ${currency} of the bank`);
  const why = [...holds, ...owes, ...owesBank, ...lies];
  if (why.length === 0) return undefined;
  const fields = changed.map((field) => `${field} ${after[field]} instead of ${before[field]}`).join(', ');
  return (
    `The file of the book "${book}" now says ${fields}, but at ${before.broker} it still has ${why.join(', ')}. ` +
    `Set it back; close its positions and withdraw its money first.`
  );
}
