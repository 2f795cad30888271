/**
 * The bank's face: the books, what each of them owns, and whether it may trade.
 *
 * What a book is comes from its file at each start. What became of it is in the store and survives every change of the
 * file: its money (the ledger), whether it is active, and who suspended it.
 */
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import type { Logger } from '../log.ts';
import { decimal, decimalText } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import { Accounts } from './accounts.ts';
import type { Audit } from './audit.ts';
import type {
  AccountLine,
  Adoption,
  BookMove,
  BookPayment,
  BookWithdrawal,
  Loan,
  OpenedAccount,
  Settlement,
  SharedCost,
} from './bank.ts';
import { Bank } from './bank.ts';
import type { BookSettings } from './book.ts';
import type { BookReport } from './book-report.ts';
import { bookReport } from './book-report.ts';
import type { BrokerBalances } from './broker-balances.ts';
import type { BookDeposit, BookFill, BookMovement, Posting } from './ledger.ts';
import { depositPosting, fillPosting, movementPosting } from './ledger.ts';
import type { MoneyInUse } from './money-in-use.ts';
import type { Home } from './moved-home.ts';
import { refusalOfMove } from './moved-home.ts';
import type { Holdings } from './position.ts';
import { amountIn } from './sums.ts';
import type { Suspension, SuspensionScope } from './suspensions.ts';
import { Suspensions } from './suspensions.ts';
import type { Trade } from './trades.ts';

export type { BookReport, PositionReport } from './book-report.ts';

/** Whether an order opens risk or takes it away: an exit is let through where an entry is not. */
export type Purpose = 'entry' | 'exit';

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
  /** A snapshot of a book's sums is stored after so many of its postings; 500 where not given. */
  readonly snapshotEvery?: number;
}

interface BookRecord extends StoredDocument, Home {
  readonly currency: string;
  readonly active: boolean;
}

const bookRecords = defineCollection<BookRecord>('books');

export class Books {
  readonly #parts: BooksParts;
  readonly #settings: Map<string, BookSettings>;
  readonly #records: Collection<BookRecord>;
  readonly #accounts: Accounts;
  readonly #bank: Bank;
  readonly #suspensions: Suspensions;

  private constructor(
    parts: BooksParts,
    records: Collection<BookRecord>,
    accounts: Accounts,
    suspensions: Suspensions,
  ) {
    this.#parts = parts;
    this.#settings = new Map(parts.settings.map((settings) => [settings.name, settings]));
    this.#records = records;
    this.#accounts = accounts;
    this.#bank = new Bank(accounts, (book) => this.settings(book));
    this.#suspensions = suspensions;
  }

  /**
   * Opens the books; one that was never seen before gets its capital.
   * @throws UserError when a file gives a book another currency than it was opened in, or another place for its money
   * while it has or owes something at the one where it is
   */
  static async open(parts: BooksParts): Promise<Books> {
    const { store, clock, snapshotEvery } = parts;
    const records = await store.collection(bookRecords);
    const accounts = await Accounts.open({ store, clock, ...(snapshotEvery && { snapshotEvery }) });
    const books = new Books(parts, records, accounts, await Suspensions.open(store, clock));
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

  /**
   * Gives a book other settings from now on. Not its currency, and not the place of its money: they count when the books
   * are opened.
   * @throws UserError when there is no such book
   */
  change(settings: BookSettings): void {
    const { currency, broker, home, wallet } = this.settings(settings.name);
    const { wallet: _, ...others } = settings;
    const kept = { currency, broker, home, ...(wallet !== undefined && { wallet }) };
    this.#settings.set(settings.name, { ...others, ...kept });
  }

  /**
   * Goes by these settings from now on: known books as `change`, new ones are opened and get their capital, and those that
   * are not among them are closed: their history stays.
   */
  async become(all: readonly BookSettings[]): Promise<void> {
    for (const settings of all) {
      if (this.#settings.has(settings.name)) this.change(settings);
      else {
        this.#settings.set(settings.name, settings); // the deposit of its capital asks for them
        await this.#seed(settings);
      }
    }
    const kept = new Set(all.map(({ name }) => name));
    for (const name of this.names()) if (!kept.has(name)) this.#settings.delete(name);
  }

  /** Whether a book of this name is, or was: its history is kept under the name. */
  async isKnown(name: string): Promise<boolean> {
    return (await this.#records.get(name)) !== undefined;
  }

  list(): Promise<readonly BookReport[]> {
    return Promise.all(this.names().map((name) => this.show(name)));
  }

  /** @throws UserError when there is no such book */
  async show(name: string): Promise<BookReport> {
    const settings = this.settings(name);
    const { broker, home, currency } = settings;
    const { opened, unassigned } = await this.balancesOfBroker(broker);
    return bookReport({
      settings,
      holdings: await this.holdings(name),
      active: await this.isActive(name),
      suspension: await this.#suspensions.of(name),
      unassigned: opened ? decimalText(amountIn(unassigned, home, currency)) : null,
      lastPrice: (symbol) => this.#lastPrice(name, broker, symbol),
    });
  }

  /** What the book owns and owes by the ledger, without asking for any price. */
  holdings(name: string): Promise<Holdings> {
    return this.#accounts.holdings(name);
  }

  /** What the ledger says lies at a broker: of its books, and of the desk beyond them. */
  balancesOfBroker(broker: string): Promise<BrokerBalances> {
    return this.#accounts.balances(broker);
  }

  /** What the book owns of itself, has in use and could use, in its currency, by cost. */
  moneyInUse(name: string): Promise<MoneyInUse> {
    return this.#bank.moneyInUse(name);
  }

  /** The closed trades of a book that ended from `from` on and before `to`, oldest first. */
  trades(query: { readonly book: string; readonly from?: Date; readonly to?: Date }): Promise<Trade[]> {
    return this.#accounts.trades(query);
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

  /**
   * The suspension of the book itself, or of the whole desk when `book` is null: what `resume` would end.
   * @throws UserError when there is no such book
   */
  async suspension(book: string | null): Promise<Suspension | null> {
    return this.#suspensions.own(book === null ? null : this.settings(book).name);
  }

  /** Books a deposit, or a withdrawal, as it is told; `false` when this cause was booked before. */
  postDeposit(deposit: BookDeposit): Promise<boolean> {
    return this.#accounts.ledger.post(depositPosting(deposit));
  }

  /** Books a fill; `false` when this cause was booked before. */
  postFill(fill: BookFill): Promise<boolean> {
    return this.#accounts.ledger.post(fillPosting(fill));
  }

  /** Books what moved in the book's part of an account without an order; `false` when this cause was booked before. */
  postMovement(movement: BookMovement): Promise<boolean> {
    return this.#accounts.ledger.post(movementPosting(movement));
  }

  /**
   * The bank lends to a book what the desk has at its broker beyond its books, within the book's pool. The same cause
   * again lends nothing more, and answers with what was lent.
   * @throws UserError when the pool or the bank does not have that much
   */
  lend(loan: Loan): Promise<{ readonly lent: string }> {
    return this.#bank.lend(loan);
  }

  /** A book gives back to the bank what was lent to it and is not in use; once for each cause. */
  settle(settlement: Settlement): Promise<{ readonly returned: string }> {
    return this.#bank.settle(settlement);
  }

  /**
   * Puts money into a book, once for each cause: from what the desk has at its broker beyond its books; where that is not
   * enough or not known, from its owner, who has to send it there.
   * @throws UserError for an amount that is none
   */
  deposit(payment: BookPayment): Promise<boolean> {
    return this.#bank.deposit(payment);
  }

  /**
   * Takes money out of a book, once for each cause.
   * @throws UserError when the book does not have that much to spare
   */
  withdraw(payment: BookWithdrawal): Promise<boolean> {
    return this.#bank.withdraw(payment);
  }

  /** @throws UserError when the book does not have that much to spare */
  checkWithdrawal(payment: Pick<BookWithdrawal, 'book' | 'amount' | 'promised'>): Promise<void> {
    return this.#bank.checkWithdrawal(payment);
  }

  /**
   * Moves money from one book to another, once for each cause.
   * @throws UserError when they are not at the same place, or the first does not have that much to spare
   */
  move(move: BookMove): Promise<boolean> {
    return this.#bank.move(move);
  }

  /** @throws UserError as `move` would */
  checkMove(move: Pick<BookMove, 'from' | 'to' | 'amount' | 'promised'>): Promise<void> {
    return this.#bank.checkMove(move);
  }

  /**
   * Writes down, once, what an account holds and owes beyond its books. What the books say more than it has is `missing`:
   * that is a difference, and nothing is posted for it.
   */
  openAccount(broker: string, lines: readonly AccountLine[]): Promise<OpenedAccount> {
    return this.#bank.openAccount(broker, lines);
  }

  /** What the ledger says lies and is owed at a broker, by wallet and asset. */
  accountOf(broker: string): Promise<readonly AccountLine[]> {
    return this.#bank.accountOf(broker);
  }

  /** The postings that changed a book, after the one of this number, in the order in which they were made. */
  postingsOf(book: string, after: number, limit: number): Promise<Posting[]> {
    return this.#accounts.ledger.afterOf(book, after, limit);
  }

  /** The number of the newest posting of the whole ledger; 0 when there is none. */
  newestPosting(): Promise<number> {
    return this.#accounts.ledger.newest();
  }

  /** Books interest or funding of an account on the books there that have a part in it, as `Bank.shareCost`. */
  shareCost(cost: SharedCost): Promise<void> {
    const there = [...this.#settings.values()].filter(({ broker }) => broker === cost.broker);
    return this.#bank.shareCost(
      cost,
      there.map(({ name }) => name),
    );
  }

  /** Writes down what was found at a broker as the desk's own, beyond its books. False when this cause was booked before. */
  adopt(adoption: Adoption): Promise<boolean> {
    return this.#bank.adopt(adoption);
  }

  /** The same for what is owed there. */
  adoptDebt(adoption: Adoption): Promise<boolean> {
    return this.#bank.adoptDebt(adoption);
  }

  /** Sums up the whole ledger anew, and compares what is kept of it; what is wrong is summed up anew. */
  audit(): Promise<Audit> {
    const brokers = new Set([...this.#settings.values()].map(({ broker }) => broker));
    return this.#accounts.audit(this.names(), [...brokers]);
  }

  /** The audit of every night: chat hears what it finds, the log also that it found nothing. */
  async nightlyAudit(): Promise<void> {
    const { log, outbox, clock } = this.#parts;
    const audit = await this.audit();
    const wrong = wrongIn(audit);
    if (wrong.length === 0) {
      log.info(
        { postings: audit.postings },
        'the ledger was audited: it balances, and all that is kept of it is right',
      );
      return;
    }
    const reason = `The audit of ${audit.postings} postings found: ${wrong.join('; ')}.`;
    log.error({ reason }, 'the ledger is wrong');
    await outbox.publish({ type: 'ledger.wrong', reason }, `ledger.wrong:${stamp(clock)}`);
  }

  async #seed(settings: BookSettings): Promise<void> {
    const { name, currency, capital, broker, home, wallet = home, active } = settings;
    const place: Home = { broker, home, wallet };
    try {
      await this.#records.insert({ _id: name, currency, active, ...place });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const known = await this.#records.get(name);
      if (known) await this.#checkKnown(settings, known, place);
    }
    const cause = `seed:${name}`;
    const seeded = await this.#accounts.ledger.find(cause);
    if (!seeded) {
      await this.deposit({ cause, book: name, amount: capital, by: null });
    } else if (!seeded.entries.some(({ amount }) => decimal(amount).eq(decimal(capital)))) {
      this.#parts.log.info(
        { book: name, capital },
        'the capital in the file counts only when a book is first seen; it has changed since, and that has no effect',
      );
    }
  }

  async #checkKnown({ name, currency }: BookSettings, known: BookRecord, place: Home): Promise<void> {
    if (known.currency !== currency) {
      throw new UserError(
        `The book "${name}" was opened in ${known.currency}; its file now says ${currency}. ` +
          `Set the currency back, or give the new book another name.`,
      );
    }
    const refusal = refusalOfMove(name, known, place, await this.holdings(name));
    if (refusal !== undefined) throw new UserError(refusal);
    await this.#records.update(name, {}, { ...place });
  }

  async #lastPrice(book: string, broker: string, symbol: string): Promise<string | null> {
    try {
      return (await this.#parts.lastPrice(broker, symbol)).price;
    } catch (error) {
      this.#parts.log.warn(
        { book, symbol, error: reasonOf(error) },
        'there is no price for what a book holds',
      );
      return null;
    }
  }
}

/** What an audit found, in words; empty when the books are right. */
function wrongIn({ imbalances, wrongBooks, wrongBrokers, wrongTrades }: Audit): readonly string[] {
  const about = (what: string, names: readonly string[]) =>
    names.length > 0 ? [`${what} ${names.join(', ')}`] : [];
  return [
    ...[...imbalances].map(
      ([asset, total]) => `${asset} does not balance, it is out by ${decimalText(total)}`,
    ),
    ...about('the kept sums were wrong, and are summed up anew, of the books', wrongBooks),
    ...about('and of the brokers', wrongBrokers),
    ...about('the trades are recorded wrongly:', wrongTrades),
  ];
}
