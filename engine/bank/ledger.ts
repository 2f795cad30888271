/**
 * The ledger: every movement of money and of instruments as a double entry, appended once and never changed.
 *
 * A posting is one document with all its entries, named by its cause: a deposit, a fill. For each asset (a currency or
 * an instrument) its entries sum to zero, so the sum over all accounts is zero for ever. Posting the same cause again
 * changes nothing, which is what makes every step above this one repeatable.
 */
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

/**
 * `book:<name>` is what a book owns. The others are the world outside it: `owner`, who deposits and withdraws; `market`,
 * with whom it trades; `fees`, what brokers took.
 */
export type LedgerAccount = `book:${string}` | 'owner' | 'market' | 'fees';

export interface LedgerEntry {
  readonly account: LedgerAccount;
  /** A currency or the symbol of an instrument. */
  readonly asset: string;
  /** At the posting's broker: in which wallet it lies. */
  readonly wallet: string;
  /** Signed decimal text, never zero. */
  readonly amount: string;
}

/** A fill of an order of one book. */
export interface BookFill {
  /** Names the posting: the same fill is booked once. */
  readonly cause: string;
  readonly book: string;
  readonly broker: string;
  readonly wallet: string;
  readonly symbol: string;
  /** What changed hands: what the book holds more or less of. */
  readonly asset: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  readonly price: string;
  /** In which the price is counted. */
  readonly currency: string;
  readonly fee: string;
  readonly feeCurrency: string;
}

/** Money that an owner puts into a book, or takes out when the amount is negative. */
export interface BookDeposit {
  readonly cause: string;
  readonly book: string;
  readonly broker: string;
  readonly wallet: string;
  readonly amount: string;
  readonly currency: string;
}

export interface Posting extends StoredDocument {
  /** The cause. */
  readonly _id: string;
  /** 1, 2, 3, ... through the whole ledger: the order in which books are replayed. */
  readonly sequence: number;
  readonly at: string;
  readonly kind: 'deposit' | 'fill';
  readonly book: string;
  /** At which broker the money and the instruments lie. */
  readonly broker: string;
  readonly entries: readonly LedgerEntry[];
  /** The fill behind a posting of that kind: entries alone do not tell its price. */
  readonly fill: Omit<BookFill, 'cause' | 'book' | 'broker'> | null;
}

export type NewPosting = Omit<Posting, 'sequence' | 'at'>;

const postings = defineCollection<Posting>('ledger', {
  unique: [['sequence']],
  indexes: [['book', 'sequence']],
});

/** Something is wrong with our own books: never the user's doing, and nothing may be traded over it. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

export class Ledger {
  readonly #postings: Collection<Posting>;
  readonly #clock: Clock;

  private constructor(collection: Collection<Posting>, clock: Clock) {
    this.#postings = collection;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Ledger> {
    return new Ledger(await store.collection(postings), clock);
  }

  /**
   * Resolves when it is stored; `false` when this cause was posted before.
   * @throws LedgerError when the entries do not sum to zero, or the cause was posted with other entries
   */
  async post(posting: NewPosting): Promise<boolean> {
    checkBalanced(posting);
    for (;;) {
      const [newest] = await this.#postings.find({}, { sort: [['sequence', 'descending']], limit: 1 });
      try {
        const sequence = (newest?.sequence ?? 0) + 1;
        await this.#postings.insert({ ...posting, sequence, at: stamp(this.#clock) });
        return true;
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
        const before = await this.#postings.get(posting._id);
        if (before) {
          checkSame(before, posting);
          return false;
        }
        // The sequence was taken by another posting: this one comes after it.
      }
    }
  }

  find(cause: string): Promise<Posting | undefined> {
    return this.#postings.get(cause);
  }

  /** Postings after `sequence` in the order in which they were made; of all books where none is named. */
  after(sequence: number, { book, limit }: { book?: string; limit: number }): Promise<Posting[]> {
    return this.#postings.find(
      { sequence: { gt: sequence }, ...(book !== undefined && { book }) },
      { sort: [['sequence', 'ascending']], limit },
    );
  }
}

export function bookAccount(book: string): LedgerAccount {
  return `book:${book}`;
}

export function depositPosting({ cause, book, broker, wallet, amount, currency }: BookDeposit): NewPosting {
  return {
    _id: cause,
    kind: 'deposit',
    book,
    broker,
    entries: transfer('owner', bookAccount(book), { asset: currency, wallet }, decimal(amount)),
    fill: null,
  };
}

/** A purchase moves the instrument to the book and its price to the market; a sale is the reverse; the fee leaves. */
export function fillPosting({ cause, book, broker, ...fill }: BookFill): NewPosting {
  const { asset, wallet } = fill;
  if (asset === fill.currency) {
    throw new LedgerError(`the instrument ${asset} has the name of a currency, so they cannot be told apart`);
  }
  const bought = decimal(fill.quantity).times(decimal(fill.side === 'buy' ? '1' : '-1'));
  const account = bookAccount(book);
  return {
    _id: cause,
    kind: 'fill',
    book,
    broker,
    entries: [
      ...transfer(account, 'market', { asset: fill.currency, wallet }, bought.times(decimal(fill.price))),
      ...transfer(account, 'fees', { asset: fill.feeCurrency, wallet }, decimal(fill.fee)),
      ...transfer('market', account, { asset, wallet }, bought),
    ],
    fill,
  };
}

/** Sums by asset of one account. Zero sums are left out. */
export function balancesOf(
  account: LedgerAccount,
  entries: Iterable<LedgerEntry>,
): ReadonlyMap<string, Decimal> {
  return sums([...entries].filter((entry) => entry.account === account));
}

/** What does not sum to zero over all accounts, by asset: empty in a sound ledger. */
export function imbalances(entries: Iterable<LedgerEntry>): ReadonlyMap<string, Decimal> {
  return sums(entries);
}

function sums(entries: Iterable<LedgerEntry>): ReadonlyMap<string, Decimal> {
  const totals = new Map<string, Decimal>();
  for (const { asset, amount } of entries)
    totals.set(asset, (totals.get(asset) ?? zero).plus(decimal(amount)));
  return new Map([...totals].filter(([, total]) => !total.eq(zero)));
}

function transfer(
  from: LedgerAccount,
  to: LedgerAccount,
  what: { readonly asset: string; readonly wallet: string },
  amount: Decimal,
): readonly LedgerEntry[] {
  if (amount.eq(zero)) return [];
  return [
    { account: from, ...what, amount: decimalText(amount.neg()) },
    { account: to, ...what, amount: decimalText(amount) },
  ];
}

function checkBalanced({ _id, entries }: NewPosting): void {
  for (const [asset, total] of imbalances(entries)) {
    throw new LedgerError(`the posting "${_id}" is out of balance by ${decimalText(total)} ${asset}`);
  }
}

function checkSame(before: Posting, again: NewPosting): void {
  const same =
    before.entries.length === again.entries.length &&
    before.entries.every((entry, index) => {
      const other = again.entries[index];
      return (
        entry.account === other?.account &&
        entry.asset === other.asset &&
        entry.wallet === other.wallet &&
        entry.amount === other.amount
      );
    });
  if (!same || before.book !== again.book) {
    throw new LedgerError(`"${again._id}" was posted before with other entries; the first ones stand`);
  }
}
