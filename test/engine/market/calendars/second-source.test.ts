/**
 * The calendars against a second source: `facts.json` holds the weekdays without a session and the early closes from 2000
 * on, as the package exchange_calendars 4.13.2 of PyPI gives them (dates only). Where we differ, each day says why.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { calendar } from '../../../../engine/market/calendars/index.ts';
import { wallClockOf } from '../../../../engine/market/wall-clock.ts';

interface Facts {
  readonly from: string;
  readonly to: string;
  /** Month and day of each, by year. */
  readonly closed: Readonly<Record<string, string>>;
  /** Month and day, and the time of the close. */
  readonly early: Readonly<Record<string, string>>;
}

const facts: Record<string, Facts> = JSON.parse(
  readFileSync(new URL('./facts.json', import.meta.url), 'utf8'),
);

/** Days on which our close is not theirs: ours, or `closed`, with the reason. */
const ours: Record<string, Record<string, string>> = {
  XNYS: {},
  XLON: {},
  XETR: {
    // The year's last session ended at 14:00 (dpa-AFX of 29 December 2005); theirs does since 2010.
    '2005-12-30': '14:00',
    '2006-12-29': '14:00',
    '2007-12-28': '14:00',
    '2008-12-30': '14:00',
    '2009-12-30': '14:00',
  },
  XHKG: {
    // The eve of the lunar new year is a morning only; before 2012 theirs is a whole day in these years.
    '2001-01-23': '12:30',
    '2002-02-11': '12:30',
    '2004-01-21': '12:30',
    '2005-02-08': '12:30',
    '2008-02-06': '12:30',
    '2011-02-02': '12:30',
    // Typhoon Saola and a black rainstorm: HKEX cancelled trading for the whole day. Theirs has sessions.
    '2023-09-01': 'closed',
    '2023-09-08': 'closed',
  },
  XTKS: Object.fromEntries([
    // The year's first and last session were mornings only, until January 2009. Theirs are whole days.
    ...['2000-01-04', '2001-01-04', '2002-01-04', '2003-01-06', '2004-01-05'].map((day) => [day, '11:00']),
    ...['2005-01-04', '2006-01-04', '2007-01-04', '2008-01-04', '2009-01-05'].map((day) => [day, '11:00']),
    ...['2000-12-29', '2001-12-28', '2002-12-30', '2003-12-30', '2004-12-30'].map((day) => [day, '11:00']),
    ...['2005-12-30', '2006-12-29', '2007-12-28', '2008-12-30'].map((day) => [day, '11:00']),
  ]),
  XSHG: {},
};

/** The usual close, since a day. Xetra's second is ours alone: its evening trading until 31 October 2003 is not in theirs. */
const usualClose: Record<string, readonly (readonly [since: string, close: string])[]> = {
  XNYS: [['2000-01-01', '16:00']],
  XLON: [['2000-01-01', '16:30']],
  XETR: [
    ['2000-01-01', '17:30'],
    ['2000-06-02', '20:00'],
    ['2003-11-03', '17:30'],
  ],
  XHKG: [['2000-01-01', '16:00']],
  XTKS: [
    ['2000-01-01', '15:00'],
    ['2024-11-05', '15:30'],
  ],
  XSHG: [['2000-01-01', '15:00']],
};

test.each(Object.keys(facts))('%s has the sessions and closes of the second source, or a reason', (name) => {
  const market = calendar(name);
  const { from, to } = fact(name);
  const theirs = closesOf(name);
  const differences: Record<string, string> = {};
  let days = 0;
  for (let time = Date.parse(from); time <= Date.parse(to); time += 86_400_000) {
    const day = new Date(time).toISOString().slice(0, 10);
    const session = market.session(day);
    const close = session ? clockOf(session.close, market.zone) : 'closed';
    if (close !== theirs(day)) differences[day] = close;
    days += 1;
  }
  expect(differences).toEqual(ours[name]);
  expect(days, 'more than twenty years').toBeGreaterThan(26 * 365);
});

test('Nasdaq keeps the days of New York, and Shenzhen those of Shanghai', () => {
  for (const [one, other] of [
    ['XNYS', 'XNAS'],
    ['XSHG', 'XSHE'],
  ] as const) {
    expect(calendar(other).sessions('2000-01-01', '2027-12-31')).toEqual(
      calendar(one).sessions('2000-01-01', '2027-12-31'),
    );
  }
});

function fact(name: string): Facts {
  const found = facts[name];
  if (found === undefined) throw new Error(`facts.json has no ${name}`);
  return found;
}

function closesOf(name: string): (day: string) => string {
  const { closed, early } = fact(name);
  const odd = new Map<string, string>();
  for (const [year, days] of Object.entries(closed)) {
    for (const text of days.split(' ')) odd.set(dayOf(year, text), 'closed');
  }
  for (const [year, days] of Object.entries(early)) {
    for (const text of days.split(' ')) odd.set(dayOf(year, text), text.slice(5));
  }
  return (day) => {
    if ([0, 6].includes(new Date(day).getUTCDay())) return 'closed';
    return odd.get(day) ?? usualClose[name]?.findLast(([since]) => since <= day)?.[1] ?? '';
  };
}

function dayOf(year: string, text: string): string {
  return `${year}-${text.slice(0, 2)}-${text.slice(2, 4)}`;
}

function clockOf(at: Date, zone: string): string {
  return new Date(wallClockOf(at.getTime(), zone)).toISOString().slice(11, 16);
}
