/** What the ledger says lies at one broker: of all books and beyond them, to be compared with what the broker says. */
import { decimal } from '../money.ts';
import type { LedgerEntry, Posting } from './ledger.ts';
import type { Wallets } from './sums.ts';
import { plusIn } from './sums.ts';

export interface BrokerBalances {
  /** Of the newest posting that is in it. */
  readonly sequence: number;
  /** Whether it was written down what the account held when it was first seen. Until then nothing is known of it. */
  readonly opened: boolean;
  /** What lies there, of books and beyond them, borrowed assets with it. */
  readonly held: Wallets;
  /** The part of it that belongs to no book. */
  readonly unassigned: Wallets;
  /** What is owed to the broker, positive. */
  readonly debts: Wallets;
}

export const noBalances: BrokerBalances = {
  sequence: 0,
  opened: false,
  held: new Map(),
  unassigned: new Map(),
  debts: new Map(),
};

/** The balances after one more posting at the broker. */
export function withPostingAt(before: BrokerBalances, posting: Posting): BrokerBalances {
  const { sequence, kind, entries } = posting;
  return entries.reduce(withEntry, { ...before, sequence, opened: before.opened || kind === 'opening' });
}

function withEntry(before: BrokerBalances, entry: LedgerEntry): BrokerBalances {
  const amount = decimal(entry.amount);
  const [kind] = entry.account.split(':');
  switch (kind) {
    case 'book':
      return { ...before, held: plusIn(before.held, entry, amount) };
    case 'unassigned':
      return {
        ...before,
        held: plusIn(before.held, entry, amount),
        unassigned: plusIn(before.unassigned, entry, amount),
      };
    case 'loans':
    case 'unassigned-loans':
      return { ...before, debts: plusIn(before.debts, entry, amount.neg()) };
    default:
      return before; // the world outside
  }
}
