/**
 * Which of the desk's jobs somebody may see: a plan's runs belong to its book, and a task to nobody who is limited. What
 * the desk does for itself anybody may see.
 */
import type { Desk, DeskStatus } from '../engine/desk.ts';
import { isWithin, seenBy } from './reach.ts';
import type { Reach } from './running.ts';

export function maySeeJob(
  { name, key }: Pick<DeskStatus['jobs'][number], 'name' | 'key'>,
  desk: Pick<Desk, 'plans' | 'books' | 'brokers'>,
  reach: Reach | undefined,
): boolean {
  if (name === 'task') return seenBy(reach, desk) === null;
  const [plan = ''] = key.split(' ');
  if (name !== 'plan' || !desk.plans.names().includes(plan)) return true;
  const book = desk.plans.bookOf(plan);
  return isWithin(reach, { book, account: desk.books.accountOf(book) });
}
