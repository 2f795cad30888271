/** Operations, as people see them and give them up. */
import type { Books } from '../bank/books.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Leftovers } from '../execution/giving-up.ts';
import type { Operation } from '../execution/operation.ts';
import { isOver } from '../execution/operation.ts';
import type { Operations } from '../execution/operations.ts';
import type { Fill } from '../execution/order.ts';
import type { Logger } from '../log.ts';
import type { DeskBrokers, DifferenceReport } from './brokers.ts';
import type { ListRequest } from './orders.ts';

interface OperationsParts {
  readonly books: Books;
  readonly operations: Operations;
  readonly brokers: DeskBrokers;
  readonly log: Logger;
}

/** An operation with what it has traded. */
export interface OperationReport {
  readonly operation: Operation;
  readonly fills: readonly Fill[];
  /** What stays open when it is given up now; null of one that is over. */
  readonly leftovers: Leftovers | null;
}

/** An operation that was given up, and how its account compares with the books since. */
export interface EndedOperation {
  readonly operation: Operation;
  readonly differences: readonly DifferenceReport[];
  /** Why the account could not be compared; undefined when it was. */
  readonly notCompared: string | undefined;
}

export class DeskOperations {
  readonly #parts: OperationsParts;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  /**
   * Operations that are not over, or the newest ones, the newest first.
   * @throws UserError when there is no such book
   */
  async list({ book, which, limit }: ListRequest): Promise<readonly Operation[]> {
    const { books, operations } = this.#parts;
    const of = book === undefined ? {} : { book: books.settings(book).name };
    if (which === 'latest') return operations.operations({ ...of, limit });
    return (await operations.open(of)).toReversed().slice(0, limit);
  }

  /**
   * An operation by its id, or one that is not over by the last letters of it.
   * @throws UserError when there is none of that name, or several are
   */
  async show(named: string): Promise<OperationReport> {
    const { operations } = this.#parts;
    const operation = await this.#find(named);
    const fills = await operations.fillsOf(operation._id);
    const leftovers = isOver(operation) ? null : await operations.leftovers(operation);
    return { operation, fills, leftovers };
  }

  /** The book of an operation. @throws UserError as `show` would */
  async bookOf(named: string): Promise<string> {
    return (await this.#find(named)).book;
  }

  async #find(named: string): Promise<Operation> {
    const { operations } = this.#parts;
    const exact = await operations.operation(named);
    if (exact) return exact;
    const found = (await operations.open()).filter(({ _id }) => named.length >= 4 && _id.endsWith(named));
    const [operation] = found;
    if (!operation) throw new UserError(`There is no operation "${named}". /operation list shows them.`);
    if (found.length > 1) throw new UserError(`Several operations end with "${named}". Give more letters.`);
    return operation;
  }

  /**
   * Gives an operation up on a person's word, and compares its account with the books.
   * @throws UserError when there is no such operation, or it is over
   */
  async end({
    operation: named,
    by,
    reason,
  }: {
    readonly operation: string;
    readonly by: string;
    readonly reason: string;
  }): Promise<EndedOperation> {
    const { operations, log } = this.#parts;
    const { _id } = await this.#find(named);
    const operation = await operations.giveUp(_id, { by, reason });
    try {
      const differences = await this.#parts.brokers.reconcile(operation.broker);
      return { operation, differences, notCompared: undefined };
    } catch (error) {
      log.warn({ operation: _id, error: reasonOf(error) }, 'an account was not compared after an operation');
      return { operation, differences: [], notCompared: reasonOf(error) };
    }
  }
}
