/** Which runs somebody may see: those of a plan belong to its book, and a backtest to the person who asked for it. */
import type { Desk, RunRecord } from '../engine/desk.ts';
import type { Caller } from './command.ts';
import { isWithin } from './reach.ts';

export function maySeeRun(
  { plan, by }: Pick<RunRecord, 'plan' | 'by'>,
  { name, reach }: Caller,
  desk: Pick<Desk, 'plans' | 'books'>,
): boolean {
  if (!reach) return true;
  if (plan === null) return by === name;
  // Of a plan that was deleted it is not known any more for which book it ran.
  if (!desk.plans.names().includes(plan)) return false;
  const book = desk.plans.bookOf(plan);
  return isWithin(reach, { book, account: desk.books.accountOf(book) });
}
