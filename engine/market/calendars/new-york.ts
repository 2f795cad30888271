/**
 * The New York Stock Exchange, and Nasdaq, which has kept the same days since 2000.
 * Rules: NYSE Rule 7.2 (holidays) and the exchange's yearly list of holidays and trading hours.
 */
import { dayOfYear, easter, last, nearestWeekday, nth, plusDays, weekdayOf } from './days.ts';
import { type Exchange, type Hours, inYear } from './exchange.ts';

const closures = [
  // The attacks of 11 September 2001.
  '2001-09-11',
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  // Days of mourning for the presidents Reagan, Ford, Bush and Carter.
  '2004-06-11',
  '2007-01-02',
  '2018-12-05',
  '2025-01-09',
  // Hurricane Sandy.
  '2012-10-29',
  '2012-10-30',
];

const bothExchanges: Omit<Exchange, 'name' | 'title'> = {
  zone: 'America/New_York',
  hours: [{ since: '2000-01-01', open: '09:30', close: '16:00' }],
  holidays(year) {
    const newYear = dayOfYear(year, 1, 1);
    return [
      // On a Saturday it is not kept on the Friday before: that one ends the books of the year.
      weekdayOf(newYear) === 6 ? newYear : nearestWeekday(newYear),
      nth(year, 1, 1, 3), // Martin Luther King, Jr.
      nth(year, 2, 1, 3), // Washington's Birthday
      plusDays(easter(year), -2), // Good Friday
      last(year, 5, 1), // Memorial Day
      ...(year >= 2022 ? [nearestWeekday(dayOfYear(year, 6, 19))] : []), // Juneteenth
      nearestWeekday(dayOfYear(year, 7, 4)),
      nth(year, 9, 1, 1), // Labor Day
      nth(year, 11, 4, 4), // Thanksgiving
      nearestWeekday(dayOfYear(year, 12, 25)),
      ...inYear(closures, year),
    ];
  },
  oddHours(year, trades) {
    const beforeIndependence = dayOfYear(year, 7, 3);
    const independenceOnThursday = weekdayOf(dayOfYear(year, 7, 4)) === 4;
    const short = [
      // Until 2012 a Fourth of July on a Thursday shortened the Friday after it, since then the day before.
      independenceOnThursday && year < 2013 ? dayOfYear(year, 7, 5) : beforeIndependence,
      plusDays(nth(year, 11, 4, 4), 1),
      dayOfYear(year, 12, 24),
      // The Friday after Christmas, that once.
      ...inYear(['2003-12-26'], year),
    ];
    return new Map<string, Partial<Hours>>([
      ...short.filter(trades).map((day) => [day, { close: '13:00' }] as const),
      // A year after the attacks it opened at noon.
      ...inYear(['2002-09-11'], year).map((day) => [day, { open: '12:00' }] as const),
    ]);
  },
};

export const newYork: Exchange = { ...bothExchanges, name: 'XNYS', title: 'New York Stock Exchange' };
export const nasdaq: Exchange = { ...bothExchanges, name: 'XNAS', title: 'Nasdaq' };
