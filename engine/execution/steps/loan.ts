/** What the bank lends to a book for a trade, and gets back after it. Nothing moves at the broker. */
import { UserError } from '../../errors.ts';
import { decimal } from '../../money.ts';
import type { LendStep, SettleStep } from '../operation.ts';
import type { Ended, Turn } from './turn.ts';
import { done, failed } from './turn.ts';

/** Under its cause it is lent once, however often it is asked for. */
export async function carryOutLend({ books, operation }: Turn, { leg, amount }: LendStep): Promise<Ended> {
  try {
    const { lent } = await books.lend({ cause: causeOf(operation._id, leg), book: operation.book, amount });
    return done(decimal(lent));
  } catch (error) {
    if (error instanceof UserError) return failed(error.message);
    throw error;
  }
}

export async function carryOutSettle(
  { books, executor, operation }: Turn,
  { leg }: SettleStep,
): Promise<Ended> {
  const { _id, book } = operation;
  const promised = await executor.promised(book);
  const { returned } = await books.settle({ cause: causeOf(_id, leg), book, promised });
  return done(decimal(returned));
}

function causeOf(operation: string, leg: string): string {
  return `operation:${operation}:${leg}`;
}
