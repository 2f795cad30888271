/** Which of the desk's jobs somebody may see: a plan's runs belong to its book; the rest is the desk's own. */
import type { Desk, DeskStatus } from '../engine/desk.ts';
import { isWithin } from './reach.ts';
import type { Reach } from './running.ts';

export function maySeeJob(
  { name, key }: Pick<DeskStatus['jobs'][number], 'name' | 'key'>,
  desk: Pick<Desk, 'planNames' | 'bookOfPlan' | 'accountOfBook'>,
  reach: Reach | undefined,
): boolean {
  const [plan = ''] = key.split(' ');
  if (name !== 'plan' || !desk.planNames().includes(plan)) return true;
  const book = desk.bookOfPlan(plan);
  return isWithin(reach, { book, account: desk.accountOfBook(book) });
}
