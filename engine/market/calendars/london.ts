/** The London Stock Exchange: closed on the bank holidays of England and Wales. */
import { backTo, dayOfYear, easter, isWeekend, kept, last, nth, plusDays } from './days.ts';
import { type Exchange, inYear } from './exchange.ts';

/** Bank holidays that a proclamation moved, by the day on which they would have been. */
const moved: Readonly<Record<string, string>> = {
  '2002-05-27': '2002-06-04',
  '2012-05-28': '2012-06-04',
  '2020-05-04': '2020-05-08', // 75 years after the war's end in Europe
  '2022-05-30': '2022-06-02',
};

const closures = [
  '2002-06-03', // Golden Jubilee
  '2011-04-29', // wedding of Prince William
  '2012-06-05', // Diamond Jubilee
  '2022-06-03', // Platinum Jubilee
  '2022-09-19', // funeral of Queen Elizabeth II
  '2023-05-08', // coronation of King Charles III
];

export const london: Exchange = {
  name: 'XLON',
  title: 'London Stock Exchange',
  zone: 'Europe/London',
  hours: [{ since: '2000-01-01', open: '08:00', close: '16:30' }],
  holidays(year) {
    const isFree = (day: string) => !isWeekend(day);
    const monday = (day: string) => moved[day] ?? day;
    return [
      ...kept([dayOfYear(year, 1, 1)], isFree),
      plusDays(easter(year), -2),
      plusDays(easter(year), 1),
      monday(nth(year, 5, 1, 1)),
      monday(last(year, 5, 1)),
      last(year, 8, 1),
      ...kept([dayOfYear(year, 12, 25), dayOfYear(year, 12, 26)], isFree),
      ...inYear(closures, year),
    ];
  },
  oddHours(year, trades) {
    const short = [dayOfYear(year, 12, 24), dayOfYear(year, 12, 31)].map((day) => backTo(day, trades));
    return new Map(short.map((day) => [day, { close: '12:30' }]));
  },
};
