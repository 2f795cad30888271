/** The calendars by name. A new exchange is a file beside this one and a line here. */
import { UserError } from '../../errors.ts';
import { everyDay, weekdays } from './always.ts';
import { type Calendar, exchangeCalendar } from './calendar.ts';
import { shanghai, shenzhen } from './china.ts';
import { frankfurt } from './frankfurt.ts';
import { hongKong } from './hong-kong.ts';
import { london } from './london.ts';
import { nasdaq, newYork } from './new-york.ts';
import { tokyo } from './tokyo.ts';

const exchanges = [
  newYork,
  nasdaq,
  london,
  frankfurt,
  hongKong,
  tokyo,
  shanghai,
  shenzhen,
  everyDay,
  weekdays,
] as const;

/** In the order in which they are offered. */
export const calendarNames: readonly string[] = exchanges.map(({ name }) => name);

/**
 * The calendar of a market by its name (ISO 10383, such as `XNYS`; `24/7` and `24/5`). Case does not count.
 * Ask once and keep it: it remembers the sessions it has worked out.
 * @throws UserError for an unknown one
 */
export function calendar(name: string): Calendar {
  const wanted = name.trim().toUpperCase();
  const exchange = exchanges.find((each) => each.name === wanted);
  if (exchange) return exchangeCalendar(exchange);
  const known = exchanges.map((each) => `${each.name} (${each.title})`).join(', ');
  throw new UserError(`There is no calendar "${name}". There are: ${known}.`);
}
