/**
 * The audit: replays the whole ledger page by page, in memory that does not grow with it, and compares everything that
 * is kept of it (running sums, snapshots, trades) with what the postings say.
 */
import type { Decimal } from '../money.ts';
import { decimal, zero } from '../money.ts';
import type { Collection } from '../store/store.ts';
import type { BrokerBalances } from './broker-balances.ts';
import { noBalances, withPostingAt } from './broker-balances.ts';
import type { Ledger, Posting } from './ledger.ts';
import type { Snapshot } from './snapshots.ts';
import { snapshotText } from './snapshots.ts';
import { withoutZeros } from './sums.ts';
import type { BookState, Trade } from './trades.ts';
import { newBook, withTrades } from './trades.ts';

/** What the audit found. All lists are empty when the books are right. */
export interface Audit {
  readonly postings: number;
  /** What does not sum to zero over all accounts, by asset. */
  readonly imbalances: ReadonlyMap<string, Decimal>;
  /** Books, and brokers, of which running sums or snapshot differ from the ledger. */
  readonly wrongBooks: readonly string[];
  readonly wrongBrokers: readonly string[];
  /** Trades that are recorded otherwise than the ledger tells them, not recorded, or recorded without having been. */
  readonly wrongTrades: readonly string[];
}

/** What is kept of a book or a broker. */
export interface Kept<S> {
  readonly last: S | undefined;
  readonly snapshot: Snapshot | undefined;
}

export interface AuditParts {
  readonly ledger: Ledger;
  readonly trades: Collection<Trade>;
  readonly books: ReadonlyMap<string, Kept<BookState>>;
  readonly brokers: ReadonlyMap<string, Kept<BrokerBalances>>;
}

const page = 1000;

export async function auditLedger({ ledger, trades, books, brokers }: AuditParts): Promise<Audit> {
  const newest = await ledger.newest();
  const ofBooks = new Map(
    [...books].map(([name, kept]) => [name, new Comparison(newBook, withTrades(name), kept)]),
  );
  const ofBrokers = new Map(
    [...brokers].map(([name, kept]) => [name, new Comparison(noBalances, withPostingAt, kept)]),
  );
  const tradesOf = new Map([...ofBooks.keys()].map((name) => [name, { sequence: 0, count: 0 }]));
  const wrongTrades: string[] = [];
  const totals = new Map<string, Decimal>();
  let sequence = 0;
  let postings = 0;
  while (sequence < newest) {
    const next = (await ledger.after(sequence, page)).filter((posting) => posting.sequence <= newest);
    if (next.length === 0) break;
    for (const posting of next) {
      for (const { asset, amount } of posting.entries) {
        totals.set(asset, (totals.get(asset) ?? zero).plus(decimal(amount)));
      }
      ofBrokers.get(posting.broker)?.add(posting);
      for (const name of [posting.book, posting.otherBook]) {
        const book = name === null ? undefined : ofBooks.get(name);
        if (!book || name === null) continue;
        const { closed } = book.add(posting, (state) => ({ ...state, closed: [] }));
        for (const trade of closed) {
          if (posting.sequence > (books.get(name)?.last?.sequence ?? 0)) continue; // not recorded yet
          tradesOf.set(name, { sequence: posting.sequence, count: (tradesOf.get(name)?.count ?? 0) + 1 });
          if (!isSame(await trades.get(trade._id), trade)) wrongTrades.push(trade._id);
        }
      }
      sequence = posting.sequence;
      postings += 1;
    }
  }
  for (const [book, { count }] of tradesOf) {
    const until = books.get(book)?.last?.sequence ?? 0;
    if ((await trades.count({ book, sequence: { lte: until } })) !== count)
      wrongTrades.push(`number of ${book}`);
  }
  return {
    postings,
    imbalances: withoutZeros(totals),
    wrongBooks: [...ofBooks].filter(([, book]) => !book.right).map(([name]) => name),
    wrongBrokers: [...ofBrokers].filter(([, broker]) => !broker.right).map(([name]) => name),
    wrongTrades,
  };
}

/** Replays one book or broker, and compares on the way what is kept of it. */
class Comparison<S extends { readonly sequence: number }> {
  readonly #with: (before: S, posting: Posting) => S;
  /** By the number of the posting after which they were kept. */
  readonly #kept: { readonly sequence: number; readonly text: string }[] = [];
  #state: S;
  #matches = 0;

  constructor(initial: S, next: (before: S, posting: Posting) => S, { last, snapshot }: Kept<S>) {
    this.#state = initial;
    this.#with = next;
    if (last && last.sequence > 0) this.#kept.push({ sequence: last.sequence, text: snapshotText(last) });
    if (snapshot) this.#kept.push({ sequence: snapshot.sequence, text: snapshot.state });
  }

  /** The state with this posting, before `trim` took out of it what is not kept. */
  add(posting: Posting, trim: (state: S) => S = (state) => state): S {
    const state = this.#with(this.#state, posting);
    this.#state = trim(state);
    const due = this.#kept.filter(({ sequence }) => sequence === posting.sequence);
    if (due.length > 0) {
      const text = snapshotText(this.#state);
      this.#matches += due.filter((kept) => kept.text === text).length;
    }
    return state;
  }

  get right(): boolean {
    return this.#matches === this.#kept.length;
  }
}

function isSame(recorded: Trade | undefined, trade: Trade): boolean {
  if (!recorded) return false;
  const text = (of: Trade) =>
    JSON.stringify(Object.entries(of).sort(([one], [other]) => (one < other ? -1 : 1)));
  return text(recorded) === text(trade);
}
