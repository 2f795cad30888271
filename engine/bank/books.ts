/**
 * The bank's face: the books, what each of them owns, and whether it may trade.
 *
 * What a book is comes from its file at each start. What became of it is in the store and survives every change of the
 * file: its money (the ledger), whether it is active, and who suspended it.
 */
import type { Clock } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import type { BookSettings } from './book.ts';
import type { BrokerBalances } from './broker-balances.ts';
import { noBalances, withPostingAt } from './broker-balances.ts';
import type {
  BookDeposit,
  BookFill,
  BookLoan,
  BookMovement,
  LedgerEntry,
  NewPosting,
  Posting,
} from './ledger.ts';
import {
  balancesOf,
  bookAccount,
  depositPosting,
  fillPosting,
  imbalances,
  Ledger,
  LedgerError,
  lendPosting,
  movementPosting,
  settlePosting,
} from './ledger.ts';
import type { MoneyInUse } from './money-in-use.ts';
import { moneyInUse } from './money-in-use.ts';
import type { Holdings } from './position.ts';
import { noHoldings, withPosting } from './position.ts';
import { amountIn } from './sums.ts';
import type { Suspension, SuspensionScope } from './suspensions.ts';
import { Suspensions } from './suspensions.ts';

/** Whether an order opens risk or takes it away: an exit is let through where an entry is not. */
export type Purpose = 'entry' | 'exit';

/** One position of a book as it is shown. Decimal text; money in the book's currency. */
export interface PositionReport {
  readonly symbol: string;
  /** Negative when short. */
  readonly quantity: string;
  readonly averageCost: string;
  /** Null when there is no price just now: the position then counts at its cost. */
  readonly lastPrice: string | null;
  readonly value: string;
  readonly unrealised: string;
}

/** A book as it stands. Decimal text; money in the book's currency. */
export interface BookReport {
  readonly name: string;
  readonly description: string;
  readonly currency: string;
  readonly broker: string;
  readonly active: boolean;
  /** What stops it, by itself or with the whole desk. */
  readonly suspension: Suspension | null;
  readonly cash: string;
  readonly positions: readonly PositionReport[];
  /** Cash and positions. */
  readonly equity: string;
  /** Deposits less withdrawals. */
  readonly deposited: string;
  /** Profit of what was closed, fees not taken off. */
  readonly realised: string;
  readonly unrealised: string;
  readonly fees: string;
}

/** The newest price of a symbol at a broker. */
export type LastPriceOf = (
  broker: string,
  symbol: string,
) => Promise<{ readonly price: string; readonly currency: string }>;

export interface BooksParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly settings: readonly BookSettings[];
  readonly lastPrice: LastPriceOf;
}

/** What the ledger's audit found. */
export interface Audit {
  readonly postings: number;
  /** What does not sum to zero, by asset; empty when the books balance. */
  readonly imbalances: ReadonlyMap<string, Decimal>;
  /** Books whose running sums differ from the ledger's; empty when they are right. */
  readonly wrongBooks: readonly string[];
}

interface BookRecord extends StoredDocument {
  readonly currency: string;
  readonly active: boolean;
}

const bookRecords = defineCollection<BookRecord>('books');

/** Postings that are read at once when a book is replayed. */
const page = 1000;

export class Books {
  readonly #parts: BooksParts;
  readonly #settings: ReadonlyMap<string, BookSettings>;
  readonly #records: Collection<BookRecord>;
  readonly #ledger: Ledger;
  readonly #suspensions: Suspensions;
  readonly #holdings = new Map<string, Holdings>();
  readonly #balances = new Map<string, BrokerBalances>();
  readonly #lanes = new Lanes();

  private constructor(
    parts: BooksParts,
    records: Collection<BookRecord>,
    ledger: Ledger,
    suspensions: Suspensions,
  ) {
    this.#parts = parts;
    this.#settings = new Map(parts.settings.map((settings) => [settings.name, settings]));
    this.#records = records;
    this.#ledger = ledger;
    this.#suspensions = suspensions;
  }

  /**
   * Opens the books; one that was never seen before gets its capital.
   * @throws UserError when a file gives a book another currency than it was opened in
   */
  static async open(parts: BooksParts): Promise<Books> {
    const { store, clock } = parts;
    const records = await store.collection(bookRecords);
    const ledger = await Ledger.open(store, clock);
    const books = new Books(parts, records, ledger, await Suspensions.open(store, clock));
    for (const settings of parts.settings) await books.#seed(settings);
    for (const { _id } of await records.find()) {
      if (books.#settings.has(_id)) continue;
      parts.log.warn({ book: _id }, 'this book is in the store, but has no file any more: it stands still');
    }
    return books;
  }

  names(): readonly string[] {
    return [...this.#settings.keys()];
  }

  /** @throws UserError when there is no such book */
  settings(name: string): BookSettings {
    const settings = this.#settings.get(name);
    if (settings) return settings;
    const known = this.names().join(', ') || 'none';
    throw new UserError(`There is no book "${name}". Books: ${known}.`);
  }

  list(): Promise<readonly BookReport[]> {
    return Promise.all(this.names().map((name) => this.show(name)));
  }

  /** @throws UserError when there is no such book */
  async show(name: string): Promise<BookReport> {
    const { description, currency, broker } = this.settings(name);
    const holdings = await this.holdings(name);
    const positions = await Promise.all(
      [...holdings.positions].map(async ([symbol, { quantity, cost }]): Promise<PositionReport> => {
        const lastPrice = await this.#lastPrice(name, broker, symbol);
        const value = lastPrice === null ? cost : quantity.times(decimal(lastPrice));
        return {
          symbol,
          quantity: decimalText(quantity),
          averageCost: decimalText(cost.div(quantity)),
          lastPrice,
          value: decimalText(value),
          unrealised: decimalText(value.minus(cost)),
        };
      }),
    );
    const cash = holdings.cash.get(currency) ?? zero;
    const total = (amounts: readonly string[]) =>
      amounts.reduce((sum, amount) => sum.plus(decimal(amount)), zero);
    return {
      name,
      description,
      currency,
      broker,
      active: await this.isActive(name),
      suspension: await this.#suspensions.of(name),
      cash: decimalText(cash),
      positions,
      equity: decimalText(cash.plus(total(positions.map(({ value }) => value)))),
      deposited: decimalText(holdings.deposited.get(currency) ?? zero),
      realised: decimalText(holdings.realised.get(currency) ?? zero),
      unrealised: decimalText(total(positions.map(({ unrealised }) => unrealised))),
      fees: decimalText(holdings.fees.get(currency) ?? zero),
    };
  }

  /** What the book owns by the ledger, without asking for any price. */
  holdings(name: string): Promise<Holdings> {
    return this.#lanes.run(`book:${name}`, async () => {
      let holdings = this.#holdings.get(name) ?? noHoldings;
      for (;;) {
        const newer = await this.#ledger.afterOf(name, holdings.sequence, page);
        holdings = newer.reduce(withPosting(name), holdings);
        this.#holdings.set(name, holdings);
        if (newer.length < page) return holdings;
      }
    });
  }

  /** What the ledger says lies at a broker: of its books, and of the desk beyond them. */
  balancesOfBroker(broker: string): Promise<BrokerBalances> {
    return this.#lanes.run(`broker:${broker}`, async () => {
      let balances = this.#balances.get(broker) ?? noBalances;
      for (;;) {
        const newer = await this.#ledger.afterAt(broker, balances.sequence, page);
        balances = newer.reduce(withPostingAt, balances);
        this.#balances.set(broker, balances);
        if (newer.length < page) return balances;
      }
    });
  }

  /** What the book owns, has in use and could use, in its currency. */
  async moneyInUse(name: string): Promise<MoneyInUse> {
    return moneyInUse(await this.holdings(name), this.settings(name));
  }

  /** Why the book may not do this now, in a sentence for people; `undefined` when it may. */
  async refusal(name: string, purpose: Purpose): Promise<string | undefined> {
    const suspension = await this.#suspensions.of(name);
    if (suspension && (suspension.scope === 'all' || purpose === 'entry')) {
      const { scope, book, by, reason, since } = suspension;
      const who = book === null ? 'The desk is suspended' : `The book "${book}" is suspended`;
      return `${who} (${scope}) by ${by} since ${since}: ${reason}`;
    }
    if (purpose === 'entry' && !(await this.isActive(name))) {
      return `The book "${name}" is not active, so it takes no new entries.`;
    }
    return undefined;
  }

  async isActive(name: string): Promise<boolean> {
    return (await this.#records.get(name))?.active ?? false;
  }

  /** @throws UserError when there is no such book */
  async setActive(name: string, active: boolean): Promise<void> {
    await this.#records.update(this.settings(name).name, {}, { active });
  }

  /**
   * Stops a book, or the whole desk when `book` is null.
   * @throws UserError when there is no such book
   */
  async suspend(suspension: {
    readonly scope: SuspensionScope;
    readonly book: string | null;
    readonly by: string;
    readonly reason: string;
  }): Promise<Suspension> {
    if (suspension.book !== null) this.settings(suspension.book);
    const { scope, book, by, reason } = suspension;
    const stored = await this.#suspensions.set({ scope, book, by, reason });
    await this.#parts.outbox.publish({ type: 'suspended', scope, book, by, reason });
    return stored;
  }

  /**
   * Lifts the suspension of a book, or that of the desk when `book` is null; `false` when there was none.
   * The desk's suspension still stops a book whose own was lifted.
   * @throws UserError when there is no such book
   */
  async resume({ book, by }: { readonly book: string | null; readonly by: string }): Promise<boolean> {
    if (book !== null) this.settings(book);
    const lifted = await this.#suspensions.lift(book);
    if (lifted) await this.#parts.outbox.publish({ type: 'resumed', book, by });
    return lifted;
  }

  /** What stops the book, by itself or with the whole desk; for the desk alone when `book` is null. */
  suspension(book: string | null): Promise<Suspension | null> {
    return book === null ? this.#suspensions.ofDesk() : this.#suspensions.of(book);
  }

  /** Books a deposit, or a withdrawal; `false` when this cause was booked before. */
  postDeposit(deposit: BookDeposit): Promise<boolean> {
    return this.#ledger.post(depositPosting(deposit));
  }

  /** Books a fill; `false` when this cause was booked before. */
  postFill(fill: BookFill): Promise<boolean> {
    return this.#ledger.post(fillPosting(fill));
  }

  /** Books what moved in the book's part of an account without an order; `false` when this cause was booked before. */
  postMovement(movement: BookMovement): Promise<boolean> {
    return this.#ledger.post(movementPosting(movement));
  }

  /**
   * The bank lends to a book what the desk has at its broker beyond its books, within the book's pool. The same cause
   * again lends nothing more, and answers with what was lent.
   * @throws UserError when the pool or the bank does not have that much
   */
  async lend(loan: {
    readonly cause: string;
    readonly book: string;
    readonly amount: string;
  }): Promise<{ readonly lent: string }> {
    const posting = await this.#decide(loan, 'lend', async () => {
      await this.#checkLoan(loan.book, decimal(loan.amount));
      return lendPosting(this.#loan(loan, loan.amount));
    });
    return { lent: decimalText(receivedBy(loan.book, posting)) };
  }

  /** The book gives back to the bank what was lent to it and is not in use; once for each cause. */
  async settle(settlement: {
    readonly cause: string;
    readonly book: string;
  }): Promise<{ readonly returned: string }> {
    const { book } = settlement;
    const posting = await this.#decide(settlement, 'settle', async () => {
      const { lent, free } = await this.moneyInUse(book);
      return settlePosting(this.#loan(settlement, decimalText(free.lt(lent) ? free : lent)));
    });
    return { returned: decimalText(receivedBy(book, posting).neg()) };
  }

  /** Sums up the whole ledger anew, and compares the books with it. */
  async audit(): Promise<Audit> {
    const entries: LedgerEntry[] = [];
    const books = new Set<string>();
    let sequence = 0;
    let postings = 0;
    for (;;) {
      const newer = await this.#ledger.after(sequence, page);
      for (const posting of newer) {
        entries.push(...posting.entries);
        if (posting.book !== null) books.add(posting.book);
        sequence = posting.sequence;
      }
      postings += newer.length;
      if (newer.length < page) break;
    }
    const wrongBooks: string[] = [];
    for (const book of books) {
      const { cash, positions, debts } = await this.holdings(book);
      const lies = balancesOf(bookAccount(book), entries);
      const amountOf = (sums: ReadonlyMap<string, Decimal>, asset: string) => sums.get(asset) ?? zero;
      const assets = new Set([...lies.keys(), ...cash.keys(), ...positions.keys(), ...debts.keys()]);
      const wrong = [...assets].some((asset) => {
        const net = amountOf(cash, asset).plus(positions.get(asset)?.quantity ?? zero);
        return !amountOf(lies, asset).minus(amountOf(debts, asset)).eq(net);
      });
      if (wrong) wrongBooks.push(book);
    }
    return { postings, imbalances: imbalances(entries), wrongBooks };
  }

  async #seed({ name, currency, capital, broker, home: wallet, active }: BookSettings): Promise<void> {
    try {
      await this.#records.insert({ _id: name, currency, active });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const known = await this.#records.get(name);
      if (known && known.currency !== currency) {
        throw new UserError(
          `The book "${name}" was opened in ${known.currency}; its file now says ${currency}. ` +
            `Set the currency back, or give the new book another name.`,
        );
      }
    }
    const cause = `seed:${name}`;
    const seeded = await this.#ledger.find(cause);
    if (!seeded) {
      await this.postDeposit({ cause, book: name, broker, wallet, amount: capital, currency });
    } else if (!seeded.entries.some(({ amount }) => decimal(amount).eq(decimal(capital)))) {
      this.#parts.log.info(
        { book: name, capital },
        'the capital in the file counts only when a book is first seen; it has changed since, and that has no effect',
      );
    }
  }

  #loan({ cause, book }: { readonly cause: string; readonly book: string }, amount: string): BookLoan {
    const { broker, home, currency } = this.settings(book);
    return { cause, book, broker, wallet: home, amount, currency };
  }

  async #checkLoan(book: string, amount: Decimal): Promise<void> {
    const { broker, home, currency, pool } = this.settings(book);
    if (amount.lte(zero)) throw new UserError(`The bank lends only what is more than 0 ${currency}.`);
    const { lent } = await this.moneyInUse(book);
    if (lent.plus(amount).gt(decimal(pool))) {
      throw new UserError(
        `The bank does not lend ${decimalText(amount)} ${currency} to the book "${book}": its pool is ${pool} ${currency}, ` +
          `of which ${decimalText(lent)} is lent already.`,
      );
    }
    const has = amountIn((await this.balancesOfBroker(broker)).unassigned, home, currency);
    if (has.lt(amount)) {
      throw new UserError(
        `The bank cannot lend ${decimalText(amount)} ${currency} to the book "${book}": ${decimalText(has)} ${currency} ` +
          `in the wallet ${home} at ${broker} belong to no book.`,
      );
    }
  }

  /**
   * Posts once, under the cause, what `make` decides on the newest state of the books: when another posting comes
   * between, also of another process, it decides anew.
   */
  #decide(
    { cause, book }: { readonly cause: string; readonly book: string },
    kind: Posting['kind'],
    make: () => Promise<NewPosting>,
  ): Promise<Posting> {
    return this.#lanes.run('decisions', async () => {
      for (;;) {
        const known = await this.#ledger.find(cause);
        if (known) {
          if (known.kind === kind && known.book === book) return known;
          throw new LedgerError(
            `"${cause}" was posted before as a ${known.kind} of "${known.book}", not as a ${kind}`,
          );
        }
        const newest = await this.#ledger.newest();
        await this.#ledger.postAfter(newest, await make());
      }
    });
  }

  async #lastPrice(book: string, broker: string, symbol: string): Promise<string | null> {
    try {
      return (await this.#parts.lastPrice(broker, symbol)).price;
    } catch (error) {
      this.#parts.log.warn(
        { book, symbol, error: reasonOf(error) },
        'no price for a position: it counts at its cost',
      );
      return null;
    }
  }
}

/** What the posting changed in what lies in the book, in its only currency. */
function receivedBy(book: string, { entries }: Posting): Decimal {
  return [...balancesOf(bookAccount(book), entries).values()][0] ?? zero;
}
