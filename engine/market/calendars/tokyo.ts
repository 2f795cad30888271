/**
 * The Tokyo Stock Exchange: closed on the national holidays of Japan (Act on National Holidays, 1948) and from
 * 31 December to 3 January.
 */
import { backTo, dayOfYear, isWeekend, nth, plusDays, weekdayOf } from './days.ts';
import { type Exchange, inYear } from './exchange.ts';

const closures = [
  '2019-05-01', // accession of the emperor
  '2019-10-22', // his enthronement
  '2020-10-01', // trading system failed, all day
];

/** In the years of the Olympic Games three holidays moved to their opening and closing. */
const olympics: Readonly<Record<number, readonly [marine: string, sports: string, mountain: string]>> = {
  2020: ['2020-07-23', '2020-07-24', '2020-08-10'],
  2021: ['2021-07-22', '2021-07-23', '2021-08-08'],
};

export const tokyo: Exchange = {
  name: 'XTKS',
  title: 'Tokyo Stock Exchange',
  zone: 'Asia/Tokyo',
  hours: [
    { since: '2000-01-01', open: '09:00', close: '15:00', pause: ['11:00', '12:30'] },
    { since: '2011-11-21', open: '09:00', close: '15:00', pause: ['11:30', '12:30'] },
    { since: '2024-11-05', open: '09:00', close: '15:30', pause: ['11:30', '12:30'] },
  ],
  holidays(year) {
    const national = withSubstitutes(nationalHolidays(year), year);
    return [
      ...national,
      ...betweenHolidays(national),
      dayOfYear(year, 1, 2),
      dayOfYear(year, 1, 3),
      dayOfYear(year, 12, 31),
    ];
  },
  /** Until 2009 the first session of a year was a morning only, until 2008 the last one too. */
  oddHours(year, trades) {
    let opening = dayOfYear(year, 1, 4);
    while (!trades(opening)) opening = plusDays(opening, 1);
    return new Map([
      ...(year <= 2009 ? [[opening, { close: '11:00' }] as const] : []),
      ...(year <= 2008 ? [[backTo(dayOfYear(year, 12, 30), trades), { close: '11:00' }] as const] : []),
    ]);
  },
};

function nationalHolidays(year: number): string[] {
  const [marine, sports, mountain] = olympics[year] ?? [];
  return [
    dayOfYear(year, 1, 1),
    nth(year, 1, 1, 2), // Coming of Age
    dayOfYear(year, 2, 11), // Foundation
    ...(year >= 2020 ? [dayOfYear(year, 2, 23)] : []), // Emperor's Birthday
    dayOfYear(year, 3, vernalEquinox(year)),
    dayOfYear(year, 4, 29), // Greenery, later Showa
    dayOfYear(year, 5, 3), // Constitution
    dayOfYear(year, 5, 4), // between two holidays, later Greenery
    dayOfYear(year, 5, 5), // Children
    marine ?? (year >= 2003 ? nth(year, 7, 1, 3) : dayOfYear(year, 7, 20)),
    ...(year >= 2016 ? [mountain ?? dayOfYear(year, 8, 11)] : []),
    year >= 2003 ? nth(year, 9, 1, 3) : dayOfYear(year, 9, 15), // Respect for the Aged
    dayOfYear(year, 9, autumnalEquinox(year)),
    sports ?? nth(year, 10, 1, 2),
    dayOfYear(year, 11, 3), // Culture
    dayOfYear(year, 11, 23), // Labor Thanksgiving
    ...(year <= 2018 ? [dayOfYear(year, 12, 23)] : []), // Emperor's Birthday
    ...inYear(closures, year),
  ];
}

/** A holiday on a Sunday makes the next day one; since 2007 the next that is not a holiday already. */
function withSubstitutes(holidays: readonly string[], year: number): string[] {
  const days = new Set(holidays);
  for (const holiday of holidays.filter((day) => weekdayOf(day) === 0)) {
    let substitute = plusDays(holiday, 1);
    while (year >= 2007 && days.has(substitute)) substitute = plusDays(substitute, 1);
    days.add(substitute);
  }
  return [...days];
}

/** A weekday between two holidays is one as well (article 3, paragraph 3). */
function betweenHolidays(holidays: readonly string[]): string[] {
  const days = new Set(holidays);
  return holidays
    .filter((day) => days.has(plusDays(day, 2)))
    .map((day) => plusDays(day, 1))
    .filter((day) => !isWeekend(day));
}

/** Day in March, 1980 to 2099: the approximation of the Hydrographic Department of Japan. */
function vernalEquinox(year: number): number {
  return Math.floor(20.8431 + 0.242194 * (year - 1980) - Math.floor((year - 1980) / 4));
}

/** Day in September, as above. */
function autumnalEquinox(year: number): number {
  return Math.floor(23.2488 + 0.242194 * (year - 1980) - Math.floor((year - 1980) / 4));
}
