/** Markets without an exchange's holidays: coins, which trade on every day, and currencies, which rest on weekends. Days are those of UTC. */
import type { Exchange } from './exchange.ts';

const allDay: Omit<Exchange, 'name' | 'title'> = {
  zone: 'UTC',
  hours: [{ since: '2000-01-01', open: '00:00', close: '24:00' }],
  holidays: () => [],
  oddHours: () => new Map(),
};

export const everyDay: Exchange = {
  ...allDay,
  name: '24/7',
  title: 'every day, around the clock',
  everyDay: true,
};
export const weekdays: Exchange = { ...allDay, name: '24/5', title: 'Monday to Friday, around the clock' };
