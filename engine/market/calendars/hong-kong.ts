/**
 * The Stock Exchange of Hong Kong: closed on general holidays (General Holidays Ordinance, Cap. 149); until September 2024
 * also when a typhoon signal 8 or a black rainstorm stood past noon. Sundays aside, a holiday is not made up for a Saturday.
 */
import { dayOfYear, easter, kept, plusDays, weekdayOf } from './days.ts';
import { type Exchange, type Hours, inYear } from './exchange.ts';
import { lunarDays } from './lunar.ts';

/** Whole days. */
const closures = [
  '2001-07-06', // typhoon Utor
  '2001-07-25', // typhoon Yutu
  '2008-08-06', // typhoon Kammuri
  '2008-08-22', // typhoon Nuri
  '2011-09-29', // typhoon Nesat
  '2013-08-14', // typhoon Utor
  '2015-09-03', // 70 years after the war's end
  '2016-08-02', // typhoon Nida
  '2016-10-21', // typhoon Haima
  '2017-08-23', // typhoon Hato
  '2020-10-13', // typhoon Nangka
  '2021-10-13', // typhoon Kompasu
  '2023-07-17', // typhoon Talim
  '2023-09-01', // typhoon Saola
  '2023-09-08', // black rainstorm
  '2024-09-06', // typhoon Yagi
];

/** Mornings lost to the weather, since 2021: when trading began. Earlier ones are not in the table. */
const lateOpenings: ReadonlyMap<string, Partial<Hours>> = new Map([
  ['2021-06-28', { open: '13:30' }], // black rainstorm
  ['2023-10-09', { open: '14:00' }], // typhoon Koinu
]);

export const hongKong: Exchange = {
  name: 'XHKG',
  title: 'Hong Kong Exchanges',
  zone: 'Asia/Hong_Kong',
  announcedUntil: '2027-12-31',
  hours: [
    { since: '2000-01-01', open: '10:00', close: '16:00', pause: ['12:30', '14:30'] },
    { since: '2011-03-07', open: '09:30', close: '16:00', pause: ['12:00', '13:30'] },
    { since: '2012-03-05', open: '09:30', close: '16:00', pause: ['12:00', '13:00'] },
  ],
  holidays: (year) => [...generalHolidays(year), ...inYear(closures, year)],
  oddHours(year, trades) {
    const mornings = [
      plusDays(lunarDays(year).newYear, -1),
      dayOfYear(year, 12, 24),
      dayOfYear(year, 12, 31),
    ];
    const close = (day: string) => (day < '2011-03-07' ? '12:30' : '12:00');
    return new Map<string, Partial<Hours>>([
      ...mornings.filter(trades).map((day) => [day, { close: close(day) }] as const),
      ...[...lateOpenings].filter(([day]) => trades(day)),
    ]);
  },
};

/** A holiday on a Sunday, or on the day of another, is kept on the next day that is neither. */
function generalHolidays(year: number): string[] {
  const { chingMing, buddha, dragonBoat, midAutumn, doubleNinth } = lunarDays(year);
  const sunday = easter(year);
  return kept(
    [
      dayOfYear(year, 1, 1),
      ...newYearDays(year),
      plusDays(sunday, -2),
      plusDays(sunday, -1),
      plusDays(sunday, 1),
      chingMing,
      dayOfYear(year, 5, 1),
      buddha,
      dragonBoat,
      dayOfYear(year, 7, 1),
      dayOfYear(year, 10, 1),
      afterMidAutumn(midAutumn),
      doubleNinth,
      dayOfYear(year, 12, 25),
      dayOfYear(year, 12, 26),
    ],
    (day) => weekdayOf(day) !== 0,
  );
}

/** Three days; until 2011 the day before them stood in for a Sunday among them. */
function newYearDays(year: number): string[] {
  const { newYear } = lunarDays(year);
  const days = [newYear, plusDays(newYear, 1), plusDays(newYear, 2)];
  if (year >= 2012) return days;
  return days.map((day) => (weekdayOf(day) === 0 ? plusDays(newYear, -1) : day));
}

/** Until 2011, when the day after the festival was a Sunday, the festival itself was the holiday. */
function afterMidAutumn(festival: string): string {
  const after = plusDays(festival, 1);
  return weekdayOf(after) === 0 && Number(after.slice(0, 4)) <= 2011 ? festival : after;
}
