/**
 * The exchanges of Shanghai and Shenzhen: closed on the holidays that the State Council announces each November for the
 * next year. Weekends on which offices work instead have no session.
 */
import { dayOfYear, daysFrom, plusDays, weekdayOf } from './days.ts';
import type { Exchange } from './exchange.ts';
import { lunarDays } from './lunar.ts';

/** Stretches without a session, month and day, by year. */
const announced: Readonly<Record<number, string>> = {
  2000: '0103 0131-0211 0501-0505 1002-1006',
  2001: '0101 0122-0202 0501-0507 1001-1005',
  2002: '0101-0103 0211-0222 0501-0507 0930-1007',
  2003: '0101 0130-0207 0501-0509 1001-1007',
  2004: '0101 0119-0128 0503-0507 1001-1007',
  2005: '0103 0207-0215 0502-0506 1003-1007',
  2006: '0102-0103 0126-0203 0501-0505 1002-1006',
  2007: '0101-0103 0219-0223 0501-0507 1001-1005 1231',
  2008: '0101 0206-0212 0404 0501-0502 0609 0915 0929-1003',
  2009: '0101-0102 0126-0130 0406 0501 0528-0529 1001-1008',
  2010: '0101 0215-0219 0405 0503 0614-0616 0922-0924 1001-1007',
  2011: '0103 0202-0208 0404-0405 0502 0606 0912 1003-1007',
  2012: '0102-0103 0123-0127 0402-0404 0430-0501 0622 1001-1005',
  2013: '0101-0103 0211-0215 0404-0405 0429-0501 0610-0612 0919-0920 1001-1007',
  2014: '0101 0131-0206 0407 0501-0502 0602 0908 1001-1007',
  2015: '0101-0102 0218-0224 0406 0501 0622 0903-0904 1001-1007',
  2016: '0101 0208-0212 0404 0502 0609-0610 0915-0916 1003-1007',
  2017: '0102 0127-0202 0403-0404 0501 0529-0530 1002-1006',
  2018: '0101 0215-0221 0405-0406 0430-0501 0618 0924 1001-1005 1231',
  2019: '0101 0204-0208 0405 0501-0503 0607 0913 1001-1007',
  2020: '0101 0124-0131 0406 0501-0505 0625-0626 1001-1008',
  2021: '0101 0211-0217 0405 0503-0505 0614 0920-0921 1001-1007',
  2022: '0103 0131-0204 0404-0405 0502-0504 0603 0912 1003-1007',
  2023: '0102 0123-0127 0405 0501-0503 0622-0623 0929-1006',
  2024: '0101 0209-0216 0404-0405 0501-0503 0610 0916-0917 1001-1007',
  2025: '0101 0128-0204 0404 0501-0505 0602 1001-1008',
  2026: '0101-0102 0216-0223 0406 0501-0505 0619 0925 1001-1007',
};

const bothExchanges: Omit<Exchange, 'name' | 'title'> = {
  zone: 'Asia/Shanghai',
  announcedUntil: '2026-12-31',
  hours: [{ since: '2000-01-01', open: '09:30', close: '15:00', pause: ['11:30', '13:00'] }],
  holidays(year) {
    const text = announced[year];
    return text === undefined ? usualHolidays(year) : text.split(' ').flatMap((part) => stretch(year, part));
  },
  oddHours: () => new Map(),
};

export const shanghai: Exchange = { ...bothExchanges, name: 'XSHG', title: 'Shanghai Stock Exchange' };
export const shenzhen: Exchange = { ...bothExchanges, name: 'XSHE', title: 'Shenzhen Stock Exchange' };

/** `0131-0211`, or one day. */
function stretch(year: number, text: string): string[] {
  const [from = '', to = from] = text.split('-').map((day) => `${year}-${day.slice(0, 2)}-${day.slice(2)}`);
  const days = [from];
  for (let day = plusDays(from, 1); day <= to; day = plusDays(day, 1)) days.push(day);
  return days;
}

/**
 * Before a year is announced: its statutory holidays (Regulation on Public Holidays, as of 2025), with the weeks of
 * the spring festival, of May and of October as long as they have been since 2020.
 */
function usualHolidays(year: number): string[] {
  const { newYear, chingMing, dragonBoat, midAutumn } = lunarDays(year);
  return [
    ...withBridge(dayOfYear(year, 1, 1)),
    ...daysFrom(plusDays(newYear, -1), 8),
    ...withBridge(chingMing),
    ...daysFrom(dayOfYear(year, 5, 1), 5),
    ...withBridge(dragonBoat),
    ...withBridge(midAutumn),
    ...daysFrom(dayOfYear(year, 10, 1), 7),
  ];
}

/** A day between the holiday and a weekend is off too, and a weekend's holiday is made up for on Monday. */
function withBridge(holiday: string): string[] {
  const weekday = weekdayOf(holiday);
  const further = { 0: 1, 1: 0, 2: -1, 3: 0, 4: 1, 5: 0, 6: 2 }[weekday];
  return [holiday, plusDays(holiday, further)];
}
