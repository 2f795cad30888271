/** The books of the desk, as people see and move them. */
import type { BookReport as BankBookReport, Books } from '../bank/books.ts';
import { amountIn } from '../bank/sums.ts';
import type { Suspension, SuspensionScope } from '../bank/suspensions.ts';
import { UserError } from '../errors.ts';
import type { Executor } from '../execution/executor.ts';
import type { Operations } from '../execution/operations.ts';
import { type Decimal, decimal, decimalText, zero } from '../money.ts';
import type { Queue } from '../signals/queue.ts';

interface BooksParts {
  readonly books: Books;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly queue: Queue;
}

/** A book as it is shown in chat. Decimal text in the book's currency. */
export interface BookReport extends BankBookReport {
  /** Equity less what was deposited. */
  readonly profit: string;
  /** The broker's name; of a paper one it says so. */
  readonly account: string;
}

export class DeskBooks {
  readonly #parts: BooksParts;

  constructor(parts: BooksParts) {
    this.#parts = parts;
  }

  names(): readonly string[] {
    return this.#parts.books.names();
  }

  /** The broker at which a book trades. @throws UserError when there is no such book */
  accountOf(name: string): string {
    return this.#parts.books.settings(name).broker;
  }

  async list(): Promise<readonly BookReport[]> {
    return (await this.#parts.books.list()).map(shown);
  }

  /** @throws UserError when there is no such book */
  async show(name: string): Promise<BookReport> {
    return shown(await this.#parts.books.show(name));
  }

  /**
   * Puts money into a book: from what the desk has at its broker beyond its books, else from its owner.
   * @throws UserError when there is no such book, or for an amount that is none
   */
  async deposit(payment: {
    readonly book: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    await this.#parts.books.deposit({ ...payment, cause: `deposit:${crypto.randomUUID()}` });
  }

  /** @throws UserError when there is no such book, or it does not have that much to spare */
  async withdraw(payment: {
    readonly book: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    const { books, executor } = this.#parts;
    const promised = await executor.promised(payment.book);
    await books.withdraw({ ...payment, promised, cause: `withdrawal:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `withdraw` would */
  async checkWithdrawal(payment: { readonly book: string; readonly amount: string }): Promise<void> {
    const { books, executor } = this.#parts;
    await books.checkWithdrawal({ ...payment, promised: await executor.promised(payment.book) });
  }

  /** @throws UserError when there are no such books, they are not at one place, or the first cannot spare it */
  async move(move: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    const { books, executor } = this.#parts;
    const promised = await executor.promised(move.from);
    await books.move({ ...move, promised, cause: `move:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `move` would */
  async checkMove(move: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
  }): Promise<void> {
    const { books, executor } = this.#parts;
    await books.checkMove({ ...move, promised: await executor.promised(move.from) });
  }

  /**
   * A book that is not active takes no entries; exits go on.
   * @throws UserError when there is no such book
   */
  setActive(name: string, active: boolean): Promise<void> {
    return this.#parts.books.setActive(name, active);
  }

  /** @throws UserError when a book of this name is, or was */
  async checkNew(name: string): Promise<void> {
    if (!(await this.#parts.books.isKnown(name))) return;
    throw new UserError(
      this.names().includes(name)
        ? `There is a book "${name}" already. /book list shows them all.`
        : `There was a book "${name}", and its history is kept under the name. Choose another one.`,
    );
  }

  /** What a broker has in a currency beyond the books; null as long as they were not compared. */
  async beyond(broker: string, currency: string): Promise<string | null> {
    const { opened, unassigned } = await this.#parts.books.balancesOfBroker(broker);
    return opened ? decimalText(amountIn(unassigned, 'account', currency)) : null;
  }

  /** @throws UserError when the book owns or owes something, or something of it is open: it cannot be deleted then */
  async checkIsEmpty(name: string): Promise<void> {
    const { books, executor, operations, queue } = this.#parts;
    const { positions, cash, debts, lent } = await books.holdings(books.settings(name).name);
    const some = (verb: string, amounts: ReadonlyMap<string, Decimal>) =>
      [...amounts].flatMap(([asset, amount]) =>
        amount.eq(zero) ? [] : [`${verb} ${decimalText(amount)} ${asset}`],
      );
    const left = [
      ...[...positions.values()].map(({ quantity, symbol }) => `holds ${decimalText(quantity)} ${symbol}`),
      ...some('has', cash),
      ...some('owes', debts),
      ...some('owes the bank', lent),
      ...counted((await executor.openOrders({ book: name })).length, 'open order'),
      ...counted(await operations.countUnfinished(name), 'unfinished operation'),
      ...counted(await queue.countOpen([name]), 'signal in hand'),
    ];
    if (left.length === 0) return;
    throw new UserError(
      `The book "${name}" is not empty: it ${left.join(', ')}. Close and cancel what is open, and /book withdraw the rest.`,
    );
  }

  /**
   * Stops a book, or without one the whole desk.
   * @throws UserError when there is no such book
   */
  async suspend(suspension: {
    readonly scope: SuspensionScope;
    readonly book: string | undefined;
    readonly by: string;
    readonly reason: string;
  }): Promise<void> {
    await this.#parts.books.suspend({ ...suspension, book: suspension.book ?? null });
  }

  /**
   * False when it was not suspended.
   * @throws UserError when there is no such book
   */
  resume({ book, by }: { readonly book: string | undefined; readonly by: string }): Promise<boolean> {
    return this.#parts.books.resume({ book: book ?? null, by });
  }

  /**
   * The suspension of a book itself, or without one that of the whole desk: what `resume` would end.
   * @throws UserError when there is no such book
   */
  suspension(book: string | undefined): Promise<Suspension | null> {
    return this.#parts.books.suspension(book ?? null);
  }

  /** Whether alerts decide what a book trades. @throws UserError when there is no such book */
  takesAlerts(name: string): boolean {
    return this.#parts.books.settings(name).handler !== undefined;
  }

  /** What is open in which book, without asking for prices. */
  async openSymbols(): Promise<readonly { readonly book: string; readonly symbol: string }[]> {
    const { books } = this.#parts;
    const held = await Promise.all(
      books.names().map(async (book) => {
        const { positions } = await books.holdings(book);
        return [...positions.values()].map(({ symbol }) => ({ book, symbol }));
      }),
    );
    return held.flat();
  }
}

function counted(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`has ${count} ${what}${count === 1 ? '' : 's'}`];
}

function shown(report: BankBookReport): BookReport {
  const profit = decimal(report.equity).minus(decimal(report.deposited));
  return { ...report, profit: decimalText(profit), account: report.broker };
}
