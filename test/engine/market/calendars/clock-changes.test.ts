/** Sessions in UTC, day by day over many years, against the laws on daylight saving written out here: not against the time zone data that the calendars use. */
import { expect, test } from 'vitest';
import { calendar } from '../../../../engine/market/calendars/index.ts';

const hour = 3_600_000;
const dayMs = 24 * hour;

/** The n-th Sunday of a month, or with -1 the last, as midnight UTC. */
function sunday(year: number, month: number, count: number): number {
  if (count < 0) {
    const end = Date.UTC(year, month, 0);
    return end - new Date(end).getUTCDay() * dayMs;
  }
  const first = Date.UTC(year, month - 1, 1);
  return first + (((7 - new Date(first).getUTCDay()) % 7) + 7 * (count - 1)) * dayMs;
}

/** Energy Policy Act of 2005: from 2007 the second Sunday in March to the first in November; before, April to October. */
function isAmericanSummer(day: number): boolean {
  const year = new Date(day).getUTCFullYear();
  return year >= 2007
    ? day >= sunday(year, 3, 2) && day < sunday(year, 11, 1)
    : day >= sunday(year, 4, 1) && day < sunday(year, 10, -1);
}

/** Directive 2000/84/EC: the last Sunday in March to the last in October. */
function isEuropeanSummer(day: number): boolean {
  const year = new Date(day).getUTCFullYear();
  return day >= sunday(year, 3, -1) && day < sunday(year, 10, -1);
}

/** Hours to add to UTC on a day, by law. */
const offsets: Record<string, (day: number) => number> = {
  XNYS: (day) => (isAmericanSummer(day) ? -4 : -5),
  XNAS: (day) => (isAmericanSummer(day) ? -4 : -5),
  XLON: (day) => (isEuropeanSummer(day) ? 1 : 0),
  XETR: (day) => (isEuropeanSummer(day) ? 2 : 1),
  XHKG: () => 8,
  XTKS: () => 9,
  XSHG: () => 8,
  XSHE: () => 8,
};

const localOpens: Record<string, readonly number[]> = {
  XNYS: [9.5, 12],
  XNAS: [9.5, 12],
  XLON: [8],
  XETR: [9],
  XHKG: [10, 9.5, 13.5, 14],
  XTKS: [9],
  XSHG: [9.5],
  XSHE: [9.5],
};

const localCloses: Record<string, readonly number[]> = {
  XNYS: [16, 13],
  XNAS: [16, 13],
  XLON: [16.5, 12.5],
  XETR: [17.5, 20, 14],
  XHKG: [16, 12.5, 12],
  XTKS: [15, 15.5, 11],
  XSHG: [15],
  XSHE: [15],
};

test.each(Object.keys(offsets))('%s opens and closes at its own clock on every day of 28 years', (name) => {
  const sessions = calendar(name).sessions('2000-01-01', '2027-12-31');
  const wrong = sessions.filter(({ day, open, close }) => {
    const midnight = Date.parse(day) - (offsets[name]?.(Date.parse(day)) ?? Number.NaN) * hour;
    const opens = localOpens[name]?.map((time) => midnight + time * hour);
    const closes = localCloses[name]?.map((time) => midnight + time * hour);
    return !opens?.includes(open.getTime()) || !closes?.includes(close.getTime());
  });
  expect(sessions.length).toBeGreaterThan(6_500);
  expect(wrong).toEqual([]);
});

test('New York is four hours behind London in the weeks between the two clock changes, and five in all others', () => {
  const [newYork, london] = [calendar('XNYS'), calendar('XLON')];
  const near = london
    .sessions('2007-01-01', '2027-12-31')
    .flatMap((there) => {
      const here = newYork.session(there.day);
      return here && here.open.getUTCMinutes() === 30
        ? [{ day: there.day, hours: (here.open.getTime() - there.open.getTime()) / hour }]
        : [];
    })
    .filter(({ hours }) => hours !== 6.5);
  expect(new Set(near.map(({ hours }) => hours))).toEqual(new Set([5.5]));
  expect(near.filter(({ day }) => day.startsWith('2026')).map(({ day }) => day)).toEqual([
    ...['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12', '2026-03-13'],
    ...['2026-03-16', '2026-03-17', '2026-03-18', '2026-03-19', '2026-03-20'],
    ...['2026-03-23', '2026-03-24', '2026-03-25', '2026-03-26', '2026-03-27'],
    ...['2026-10-26', '2026-10-27', '2026-10-28', '2026-10-29', '2026-10-30'],
  ]);
});

test('every hour belongs to its own date where the market is, also on days of 23 and 25 hours', () => {
  for (const [name, offset] of Object.entries(offsets)) {
    if (name !== 'XNYS' && name !== 'XLON') continue;
    const market = calendar(name);
    const lengths = new Map<string, number>();
    for (let at = Date.UTC(2026, 0, 1, 12); at < Date.UTC(2026, 11, 31, 12); at += hour) {
      const day = market.dayOf(new Date(at));
      lengths.set(day, (lengths.get(day) ?? 0) + 1);
    }
    const odd = [...lengths].filter(
      ([day, hours]) => hours !== 24 && day > '2026-01-01' && day < '2026-12-31',
    );
    const change = name === 'XNYS' ? ['2026-03-08', '2026-11-01'] : ['2026-03-29', '2026-10-25'];
    expect(odd, name).toEqual([
      [change[0], 23],
      [change[1], 25],
    ]);
    expect(offset(Date.parse('2026-07-01')) - offset(Date.parse('2026-01-01'))).toBe(1);
  }
});

test('around the clock, a session is 24 hours of UTC whatever clocks change', () => {
  const everyDay = calendar('24/7').sessions('2024-01-01', '2027-12-31');
  expect(everyDay).toHaveLength(4 * 365 + 1);
  for (const { day, open, close } of everyDay) {
    expect(open.getTime()).toBe(Date.parse(day));
    expect(close.getTime()).toBe(Date.parse(day) + dayMs);
  }
  const weekdays = calendar('24/5').sessions('2026-11-01', '2026-11-30');
  expect(weekdays).toHaveLength(21);
  expect(calendar('24/5').session('2026-11-28'), 'a Saturday').toBeUndefined();
});
