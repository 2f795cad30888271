/** Xetra, the electronic market of the Frankfurt stock exchange: by the trading calendars of Deutsche Börse. */
import { backTo, dayOfYear, easter, plusDays } from './days.ts';
import { type Exchange, inYear } from './exchange.ts';

export const frankfurt: Exchange = {
  name: 'XETR',
  title: 'Xetra, Frankfurt',
  zone: 'Europe/Berlin',
  hours: [
    { since: '2000-01-01', open: '09:00', close: '17:30' },
    { since: '2000-06-02', open: '09:00', close: '20:00' },
    { since: '2003-11-03', open: '09:00', close: '17:30' },
  ],
  holidays(year) {
    return [
      dayOfYear(year, 1, 1),
      plusDays(easter(year), -2),
      plusDays(easter(year), 1),
      dayOfYear(year, 5, 1),
      ...(year === 2007 || (year >= 2015 && year <= 2021) ? [plusDays(easter(year), 50)] : []), // Whit Monday
      ...(year >= 2014 && year <= 2021 ? [dayOfYear(year, 10, 3)] : []), // German Unity Day
      ...inYear(['2017-10-31'], year), // 500 years of the Reformation
      dayOfYear(year, 12, 24),
      dayOfYear(year, 12, 25),
      dayOfYear(year, 12, 26),
      dayOfYear(year, 12, 31),
    ];
  },
  oddHours(year, trades) {
    // The year's last session ends early: announced so in 2005 already.
    if (year < 2005) return new Map();
    return new Map([[backTo(dayOfYear(year, 12, 30), trades), { close: '14:00' }]]);
  },
};
