/** What the ledger sums up to: of each book what it holds and has traded, of each broker what lies there. */
import type { Clock } from '../clock.ts';
import { Lanes } from '../lanes.ts';
import type { Collection, Filter, Store } from '../store/store.ts';
import { DuplicateKeyError } from '../store/store.ts';
import type { Audit } from './audit.ts';
import { auditLedger } from './audit.ts';
import type { BrokerBalances } from './broker-balances.ts';
import { noBalances, withPostingAt } from './broker-balances.ts';
import { Ledger } from './ledger.ts';
import type { Holdings } from './position.ts';
import { RunningState } from './running-state.ts';
import { Snapshots } from './snapshots.ts';
import type { BookState, Trade } from './trades.ts';
import { newBook, tradeCollection, withTrades } from './trades.ts';

export interface AccountsParts {
  readonly store: Store;
  readonly clock: Clock;
  /** A snapshot is stored after so many postings of a book or broker. */
  readonly snapshotEvery?: number;
}

export class Accounts {
  readonly ledger: Ledger;
  readonly #snapshots: Snapshots;
  readonly #trades: Collection<Trade>;
  readonly #snapshotEvery: number;
  readonly #books = new Map<string, RunningState<BookState>>();
  readonly #brokers = new Map<string, RunningState<BrokerBalances>>();
  readonly #lanes = new Lanes();

  private constructor(
    ledger: Ledger,
    snapshots: Snapshots,
    trades: Collection<Trade>,
    snapshotEvery: number,
  ) {
    this.ledger = ledger;
    this.#snapshots = snapshots;
    this.#trades = trades;
    this.#snapshotEvery = snapshotEvery;
  }

  static async open({ store, clock, snapshotEvery = 500 }: AccountsParts): Promise<Accounts> {
    return new Accounts(
      await Ledger.open(store, clock),
      await Snapshots.open(store),
      await store.collection(tradeCollection),
      snapshotEvery,
    );
  }

  /** What the book owns and owes by the ledger, without asking for any price. */
  async holdings(book: string): Promise<Holdings> {
    return (await this.#current(bookKey(book), this.#book(book))).holdings;
  }

  /** What the ledger says lies at a broker: of its books, and beyond them. */
  balances(broker: string): Promise<BrokerBalances> {
    return this.#current(brokerKey(broker), this.#broker(broker));
  }

  /** Closed trades of one book, oldest first: those that closed from `from` on and before `to`. */
  async trades({ book, from, to }: { book: string; from?: Date; to?: Date }): Promise<Trade[]> {
    await this.holdings(book); // whatever the newest postings closed is recorded by this
    const closed = { ...(from && { gte: from.toISOString() }), ...(to && { lt: to.toISOString() }) };
    const filter: Filter<Trade> = from || to ? { book, closed } : { book };
    return this.#trades.find(filter, { sort: [['sequence', 'ascending']] });
  }

  /**
   * Sums up the whole ledger anew, page by page, and compares what is kept with it. What is found wrong is summed up anew
   * when it is asked for next.
   */
  async audit(books: readonly string[], brokers: readonly string[]): Promise<Audit> {
    for (const book of books) await this.holdings(book);
    for (const broker of brokers) await this.balances(broker);
    const audit = await auditLedger({
      ledger: this.ledger,
      trades: this.#trades,
      books: new Map(await Promise.all(books.map(async (book) => [book, await this.#kept(book)] as const))),
      brokers: new Map(
        await Promise.all(brokers.map(async (broker) => [broker, await this.#keptAt(broker)] as const)),
      ),
    });
    for (const book of audit.wrongBooks) {
      await this.#lanes.run(bookKey(book), () => this.#book(book).rebuild());
    }
    for (const broker of audit.wrongBrokers) {
      await this.#lanes.run(brokerKey(broker), () => this.#broker(broker).rebuild());
    }
    return audit;
  }

  async #kept(book: string) {
    return { last: this.#book(book).last, snapshot: await this.#snapshots.get(bookKey(book)) };
  }

  async #keptAt(broker: string) {
    return { last: this.#broker(broker).last, snapshot: await this.#snapshots.get(brokerKey(broker)) };
  }

  #current<S extends { readonly sequence: number }>(key: string, state: RunningState<S>): Promise<S> {
    return this.#lanes.run(key, () => state.current());
  }

  #book(book: string): RunningState<BookState> {
    const known = this.#books.get(book);
    if (known) return known;
    const state = new RunningState<BookState>({
      name: bookKey(book),
      initial: newBook,
      snapshots: this.#snapshots,
      snapshotEvery: this.#snapshotEvery,
      next: (sequence, limit) => this.ledger.newerOf(book, sequence, limit),
      with: withTrades(book),
      beforeUse: async (after) => {
        for (const trade of after.closed) await this.#record(trade);
        return { ...after, closed: [] };
      },
    });
    this.#books.set(book, state);
    return state;
  }

  #broker(broker: string): RunningState<BrokerBalances> {
    const known = this.#brokers.get(broker);
    if (known) return known;
    const state = new RunningState<BrokerBalances>({
      name: brokerKey(broker),
      initial: noBalances,
      snapshots: this.#snapshots,
      snapshotEvery: this.#snapshotEvery,
      next: (sequence, limit) => this.ledger.newerAt(broker, sequence, limit),
      with: withPostingAt,
      beforeUse: async (after) => after,
    });
    this.#brokers.set(broker, state);
    return state;
  }

  /** Once, however often the postings that closed it are replayed. */
  async #record(trade: Trade): Promise<void> {
    try {
      await this.#trades.insert(trade);
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }
}

function bookKey(book: string): string {
  return `book:${book}`;
}

function brokerKey(broker: string): string {
  return `broker:${broker}`;
}
