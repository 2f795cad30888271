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
import type { PostingsRead } from './ledger-tail.ts';
import { LedgerTail } from './ledger-tail.ts';

/**
 * What lies at a broker: `book:<name>`, what a book has there, borrowed assets with it; `unassigned:<broker>`, what
 * belongs to no book. What is owed there: `loans:<book>` and `unassigned-loans:<broker>`, negative as long as it is owed.
 * The others are the world outside: `owner`, who deposits and withdraws; `market`, with whom is traded; `fees`,
 * `interest` and `funding`, what brokers took; `differences`, what was found at a broker without a cause of ours.
 */
export type LedgerAccount =
  | `book:${string}`
  | `unassigned:${string}`
  | `loans:${string}`
  | `unassigned-loans:${string}`
  | 'owner'
  | 'market'
  | 'fees'
  | 'interest'
  | 'funding'
  | 'differences';

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
  /** The fee may be taken in the asset itself, or in a third currency. */
  readonly feeCurrency: string;
  /** Names the operation that traded: what one operation opens is one trade. Without it each asset is a trade of its own. */
  readonly operation?: string;
}

/** Money that an owner puts into a book, or takes out when the amount is negative. */
export interface BookDeposit {
  readonly cause: string;
  readonly book: string;
  readonly broker: string;
  readonly wallet: string;
  readonly amount: string;
  readonly currency: string;
  /** Where it comes from or goes to; the owner where not given. */
  readonly from?: 'owner' | 'unassigned';
  /** Who wanted it; null for the capital of the book's file. */
  readonly by?: string | null;
}

/** What moved in a book's part of an account without an order. */
export interface BookMovement {
  readonly cause: string;
  readonly book: string;
  readonly broker: string;
  readonly kind: 'transfer' | 'borrow' | 'repay' | 'interest' | 'funding';
  readonly asset: string;
  /** Positive decimal text. Interest and funding: positive where the book pays, negative where it is paid. */
  readonly amount: string;
  /** Where it lies or is owed; of a transfer: from where. */
  readonly wallet: string;
  /** Of a transfer: to where; null for all others. */
  readonly to: string | null;
}

/** Money between the bank and a book, in the book's currency and home wallet. */
export interface BookLoan {
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
  readonly kind: PostingKind;
  /** Null for what concerns no book. */
  readonly book: string | null;
  /** The book that gets what `book` gives, of a `move`; null for all others. */
  readonly otherBook: string | null;
  /** At which broker the money and the instruments lie. */
  readonly broker: string;
  readonly entries: readonly LedgerEntry[];
  /** The fill behind a posting of that kind: entries alone do not tell its price. */
  readonly fill: Omit<BookFill, 'cause' | 'book' | 'broker'> | null;
  /** The person behind it; null where there is none. */
  readonly by: string | null;
}

export type PostingKind =
  | 'deposit'
  | 'move'
  | 'fill'
  /** From the bank to a book, and back. */
  | 'lend'
  | 'settle'
  | BookMovement['kind']
  /** What an account held beyond its books when it was first seen, and what was found there later. */
  | 'opening'
  | 'adopted';

export type NewPosting = Omit<Posting, 'sequence' | 'at'>;

export const ledgerCollection = defineCollection<Posting>('ledger', {
  unique: [['sequence']],
  indexes: [
    ['book', 'sequence'],
    ['otherBook', 'sequence'],
    ['broker', 'sequence'],
  ],
});

/** Something is wrong with our own books: never the user's doing, and nothing may be traded over it. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

export class Ledger {
  readonly #postings: Collection<Posting>;
  readonly #clock: Clock;
  readonly #tail: LedgerTail<Posting>;

  private constructor(collection: Collection<Posting>, clock: Clock) {
    this.#postings = collection;
    this.#clock = clock;
    this.#tail = new LedgerTail(this);
  }

  static async open(store: Store, clock: Clock): Promise<Ledger> {
    return new Ledger(await store.collection(ledgerCollection), clock);
  }

  /**
   * Resolves when it is stored; `false` when this cause was posted before.
   * @throws LedgerError when the entries do not sum to zero, or the cause was posted with other entries
   */
  async post(posting: NewPosting): Promise<boolean> {
    for (;;) {
      const outcome = await this.postAfter(await this.newest(), posting);
      if (outcome !== 'overtaken') return outcome === 'posted';
      // The number was taken by another posting: this one comes after it.
    }
  }

  /**
   * The same for what was decided on the state of the books after the posting number `sequence`: `overtaken` when
   * another one was made since, also by another process. Then nothing is posted, and it is to be decided anew.
   */
  async postAfter(sequence: number, posting: NewPosting): Promise<'posted' | 'known' | 'overtaken'> {
    checkBalanced(posting);
    try {
      await this.#postings.insert({ ...posting, sequence: sequence + 1, at: stamp(this.#clock) });
      return 'posted';
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const before = await this.#postings.get(posting._id);
      if (!before) return 'overtaken';
      checkSame(before, posting);
      return 'known';
    }
  }

  find(cause: string): Promise<Posting | undefined> {
    return this.#postings.get(cause);
  }

  /** The number of the newest posting; 0 when there is none. */
  async newest(): Promise<number> {
    const [newest] = await this.#postings.find({}, { sort: [['sequence', 'descending']], limit: 1 });
    return newest?.sequence ?? 0;
  }

  /** Postings after `sequence` in the order in which they were made. */
  after(sequence: number, limit: number): Promise<Posting[]> {
    return this.#postings.find({ sequence: { gt: sequence } }, { sort: [['sequence', 'ascending']], limit });
  }

  /** Those that change what lies or is owed at one broker, at most `limit`; from the first on they come from the store. */
  async newerAt(broker: string, sequence: number, limit: number): Promise<PostingsRead<Posting>> {
    const concerns = (posting: Posting) => posting.broker === broker;
    return (
      (await this.#newer(sequence, concerns)) ??
      (await this.#allOrSome(limit, () =>
        this.#postings.find(
          { broker, sequence: { gt: sequence } },
          { sort: [['sequence', 'ascending']], limit },
        ),
      ))
    );
  }

  /** The same for those that change one book. */
  async newerOf(book: string, sequence: number, limit: number): Promise<PostingsRead<Posting>> {
    const concerns = (posting: Posting) => posting.book === book || posting.otherBook === book;
    return (
      (await this.#newer(sequence, concerns)) ??
      (await this.#allOrSome(limit, () => this.afterOf(book, sequence, limit)))
    );
  }

  /** Whoever sums up from the first posting does it from what is stored, and not from what was read before. */
  async #newer(
    sequence: number,
    concerns: (posting: Posting) => boolean,
  ): Promise<PostingsRead<Posting> | undefined> {
    return sequence === 0 ? undefined : this.#tail.after(sequence, concerns);
  }

  async #allOrSome(limit: number, find: () => Promise<readonly Posting[]>): Promise<PostingsRead<Posting>> {
    const newest = await this.newest();
    const postings = await find();
    const last = postings.at(-1)?.sequence ?? 0;
    return { postings, upTo: postings.length < limit ? Math.max(newest, last) : last };
  }

  /** Those that change one book. */
  async afterOf(book: string, sequence: number, limit: number): Promise<Posting[]> {
    const options = { sort: [['sequence', 'ascending'] as const], limit };
    const own = await this.#postings.find({ book, sequence: { gt: sequence } }, options);
    const received = await this.#postings.find({ otherBook: book, sequence: { gt: sequence } }, options);
    if (received.length === 0) return own;
    return [...own, ...received].sort((one, other) => one.sequence - other.sequence).slice(0, limit);
  }
}

export function bookAccount(book: string): LedgerAccount {
  return `book:${book}`;
}

export function loansAccount(book: string): LedgerAccount {
  return `loans:${book}`;
}

function unassignedAccount(broker: string): LedgerAccount {
  return `unassigned:${broker}`;
}

function unassignedLoansAccount(broker: string): LedgerAccount {
  return `unassigned-loans:${broker}`;
}

export function depositPosting(deposit: BookDeposit): NewPosting {
  const { cause, book, broker, wallet, amount, currency, from = 'owner', by = null } = deposit;
  const source = from === 'owner' ? from : unassignedAccount(broker);
  return {
    ...blank(cause, book, broker),
    kind: 'deposit',
    entries: transfer(source, bookAccount(book), { asset: currency, wallet }, decimal(amount)),
    by,
  };
}

/** What the bank lends to a book. */
export function lendPosting({ cause, book, broker, wallet, amount, currency }: BookLoan): NewPosting {
  const what = { asset: currency, wallet };
  return {
    ...blank(cause, book, broker),
    kind: 'lend',
    entries: transfer(unassignedAccount(broker), bookAccount(book), what, decimal(amount)),
  };
}

/** What a book gives back to the bank; it has no entries when there is nothing to give back. */
export function settlePosting({ cause, book, broker, wallet, amount, currency }: BookLoan): NewPosting {
  const what = { asset: currency, wallet };
  return {
    ...blank(cause, book, broker),
    kind: 'settle',
    entries: transfer(bookAccount(book), unassignedAccount(broker), what, decimal(amount)),
  };
}

/** From one book to another, in one posting: the money is never in between. */
export function movePosting(move: {
  readonly cause: string;
  readonly from: string;
  readonly to: string;
  readonly broker: string;
  readonly wallet: string;
  readonly currency: string;
  readonly amount: string;
  readonly by: string;
}): NewPosting {
  const { cause, from, to, broker, wallet, currency, amount, by } = move;
  const what = { asset: currency, wallet };
  return {
    ...blank(cause, from, broker),
    kind: 'move',
    otherBook: to,
    entries: transfer(bookAccount(from), bookAccount(to), what, decimal(amount)),
    by,
  };
}

/** An asset in a wallet, or owed there. */
interface Placed {
  readonly wallet: string;
  readonly asset: string;
  readonly amount: string;
}

/** What an account holds and owes beyond its books when the desk first looks at it. */
export function openingPosting({
  broker,
  held,
  owed,
}: {
  readonly broker: string;
  readonly held: readonly Placed[];
  readonly owed: readonly Placed[];
}): NewPosting {
  return {
    ...blank(`opening:${broker}`, null, broker),
    kind: 'opening',
    entries: [
      ...held.flatMap(({ asset, wallet, amount }) =>
        transfer('owner', unassignedAccount(broker), { asset, wallet }, decimal(amount)),
      ),
      ...owed.flatMap(({ asset, wallet, amount }) =>
        transfer(unassignedLoansAccount(broker), 'owner', { asset, wallet }, decimal(amount)),
      ),
    ],
  };
}

/** Interest or funding that no book has to bear. */
export function unassignedCostPosting(
  cost: Omit<BookMovement, 'book' | 'to' | 'kind'> & {
    readonly kind: 'interest' | 'funding';
  },
): NewPosting {
  const { cause, broker, kind, asset, wallet } = cost;
  const amount = decimal(cost.amount);
  const grows = kind === 'interest' && amount.gt(zero);
  const account = grows ? unassignedLoansAccount(broker) : unassignedAccount(broker);
  return {
    ...blank(cause, null, broker),
    kind,
    entries: transfer(account, kind, { asset, wallet }, amount),
  };
}

/** What was found at a broker beyond what the ledger says. */
export function adoptedPosting(
  adoption: Placed & {
    readonly cause: string;
    readonly broker: string;
    readonly of: 'balance' | 'debt';
    readonly by: string;
  },
): NewPosting {
  const { cause, broker, asset, wallet, amount, of, by } = adoption;
  const what = { asset, wallet };
  return {
    ...blank(cause, null, broker),
    kind: 'adopted',
    entries:
      of === 'balance'
        ? transfer('differences', unassignedAccount(broker), what, decimal(amount))
        : transfer(unassignedLoansAccount(broker), 'differences', what, decimal(amount)),
    by,
  };
}

/**
 * A loan of the broker puts the asset into the book, which owes it; a repayment is the reverse. Interest makes the debt
 * grow, funding is taken from what lies there; either is paid into the wallet where the broker pays.
 */
export function movementPosting(movement: BookMovement): NewPosting {
  const { cause, book, broker, kind } = movement;
  return { ...blank(cause, book, broker), kind, entries: movementEntries(movement) };
}

function movementEntries({ book, kind, asset, amount: text, wallet, to }: BookMovement) {
  const amount = decimal(text);
  const what = { asset, wallet };
  const owned = bookAccount(book);
  const owed = loansAccount(book);
  switch (kind) {
    case 'transfer':
      if (to === null) throw new LedgerError(`a transfer of ${text} ${asset} from ${wallet} goes nowhere`);
      return wallet === to ? [] : transferBetween(owned, asset, { from: wallet, to }, amount);
    case 'borrow':
      return transfer(owed, owned, what, amount);
    case 'repay':
      return transfer(owned, owed, what, amount);
    case 'interest':
      return transfer(amount.lt(zero) ? owned : owed, 'interest', what, amount);
    case 'funding':
      return transfer(owned, 'funding', what, amount);
    default:
      return kind satisfies never;
  }
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
    ...blank(cause, book, broker),
    kind: 'fill',
    entries: [
      ...transfer(account, 'market', { asset: fill.currency, wallet }, bought.times(decimal(fill.price))),
      ...transfer(account, 'fees', { asset: fill.feeCurrency, wallet }, decimal(fill.fee)),
      ...transfer('market', account, { asset, wallet }, bought),
    ],
    fill,
  };
}

function blank(cause: string, book: string | null, broker: string) {
  return { _id: cause, book, otherBook: null, broker, fill: null, by: null };
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

function transferBetween(
  account: LedgerAccount,
  asset: string,
  { from, to }: { readonly from: string; readonly to: string },
  amount: Decimal,
): readonly LedgerEntry[] {
  return [
    { account, asset, wallet: from, amount: decimalText(amount.neg()) },
    { account, asset, wallet: to, amount: decimalText(amount) },
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
  if (
    !same ||
    before.book !== again.book ||
    before.otherBook !== again.otherBook ||
    before.kind !== again.kind
  ) {
    throw new LedgerError(`"${again._id}" was posted before with other entries; the first ones stand`);
  }
}
