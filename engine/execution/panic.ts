/** Panic: entries are suspended, every open order is cancelled, and on demand every position is closed at the market. */
import type { Books } from '../bank/books.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import type { Executor } from './executor.ts';
import { flattenSteps } from './flatten.ts';
import type { Operations } from './operations.ts';
import { isFinal } from './states.ts';

export interface PanicRequest {
  /** Undefined for the whole desk. */
  readonly book: string | undefined;
  readonly flatten: boolean;
  readonly by: string;
  readonly reason: string;
}

export interface PanicReport {
  readonly book: string | undefined;
  /** Orders that are certainly not at the broker any more. */
  readonly cancelled: number;
  /** Orders of which the broker could not say yet that they have ended. */
  readonly stillOpen: readonly string[];
  /** What is being closed; each goes on until it is done, also over restarts. */
  readonly closing: readonly {
    readonly book: string;
    readonly summary: string;
    readonly state: string;
  }[];
}

/**
 * Entries first, so that nothing new comes while the rest is done. Exits are never suspended by it: what closes the
 * positions is one.
 * @throws UserError when there is no such book
 */
export async function panic(
  { book, flatten, by, reason }: PanicRequest,
  parts: {
    readonly books: Books;
    readonly executor: Executor;
    readonly operations: Operations;
    readonly clock: Clock;
  },
): Promise<PanicReport> {
  const { books, executor, operations, clock } = parts;
  await books.suspend({ scope: 'entries', book: book ?? null, by, reason });
  const orders = await executor.cancelAll(book === undefined ? {} : { book }, by);
  const ended = orders.filter(({ state }) => isFinal(state));
  const askedAt = stamp(clock);
  const closing = await Promise.all(
    (flatten ? (book === undefined ? books.names() : [book]) : []).map(async (name) => {
      const holdings = await books.holdings(name);
      const steps = flattenSteps(holdings, books.settings(name));
      if (steps.length === 0) return [];
      const assets = [...holdings.positions.keys()].join(', ');
      const summary = `close everything: ${assets}`;
      const source = `panic:${name}:${askedAt}`;
      const { state } = await operations.run({
        source,
        book: name,
        purpose: 'exit',
        summary,
        steps,
        askedAt,
      });
      return [{ book: name, summary, state }];
    }),
  );
  return {
    book,
    cancelled: ended.length,
    stillOpen: orders.filter(({ state }) => !isFinal(state)).map(({ _id, broker }) => `${_id} at ${broker}`),
    closing: closing.flat(),
  };
}
