/** Orders, as people see them and cancel them. */
import type { Books } from '../bank/books.ts';
import { UserError } from '../errors.ts';
import type { Executor } from '../execution/executor.ts';
import type { Order } from '../execution/order.ts';

interface OrdersParts {
  readonly books: Books;
  readonly executor: Executor;
}

/** Which orders or operations are listed: all that are open, or the newest ones whatever became of them. */
export interface ListRequest {
  readonly which: 'open' | 'latest';
  readonly limit: number;
  /** All books where none is named. */
  readonly book?: string;
}

export class DeskOrders {
  readonly #parts: OrdersParts;

  constructor(parts: OrdersParts) {
    this.#parts = parts;
  }

  /**
   * Orders that are open, or the newest ones, the newest first.
   * @throws UserError when there is no such book
   */
  async list({ book, which, limit }: ListRequest): Promise<readonly Order[]> {
    const { books, executor } = this.#parts;
    const of = book === undefined ? {} : { book: books.settings(book).name };
    if (which === 'latest') return executor.orders({ ...of, limit });
    return (await executor.openOrders(of)).toReversed().slice(0, limit);
  }

  /**
   * An open order by its id, or the last letters of it.
   * @throws UserError when none is open under that name, or several are
   */
  async open(named: string): Promise<Order> {
    const open = await this.#parts.executor.openOrders();
    const found = open.filter(({ _id }) => _id === named || (named.length >= 4 && _id.endsWith(named)));
    const [order] = found;
    if (!order) throw new UserError(`No open order is called "${named}". /orders shows those that are.`);
    if (found.length > 1) throw new UserError(`Several open orders end with "${named}". Give more letters.`);
    return order;
  }

  /** The book of an order, open or not; undefined when the desk knows none under this id. */
  async bookOf(id: string): Promise<string | undefined> {
    return (await this.#parts.executor.order(id))?.book;
  }

  /** Cancels an order, and waits until it is certain what became of it, as far as the broker tells. */
  cancel(id: string, by: string): Promise<Order> {
    return this.#parts.executor.cancel(id, by);
  }
}
