import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calendar, calendarNames } from '../../../../engine/market/calendars/index.ts';

const newYork = calendar('XNYS');

test('the day after Thanksgiving is a short session, and Thanksgiving is none', () => {
  expect(newYork.session('2026-11-26')).toBeUndefined();
  expect(newYork.session('2026-11-27')).toEqual({
    day: '2026-11-27',
    open: new Date('2026-11-27T14:30:00Z'),
    close: new Date('2026-11-27T18:00:00Z'),
    breaks: [],
    early: true,
    provisional: false,
  });
  expect(newYork.nextSession('2026-11-25').day).toBe('2026-11-27');
  expect(newYork.previousSession('2026-11-30').day).toBe('2026-11-27');
});

test('a session is over at the instant of its close, and open from its opening on', () => {
  const at = (text: string) => new Date(`2026-11-27T${text}Z`);
  expect(newYork.isOpen(at('14:29:59.999'))).toBe(false);
  expect(newYork.isOpen(at('14:30:00.000'))).toBe(true);
  expect(newYork.isOpen(at('17:59:59.999'))).toBe(true);
  expect(newYork.isOpen(at('18:00:00.000'))).toBe(false);
  expect(newYork.lastClosed(at('17:59:59.999')).day).toBe('2026-11-25');
  expect(newYork.lastClosed(at('18:00:00.000')).day).toBe('2026-11-27');
  expect(newYork.dayOf(new Date('2026-11-28T03:00:00Z')), 'still Friday in New York').toBe('2026-11-27');
});

test('Tokyo, Hong Kong and Shanghai are closed over lunch, and a morning session has none', () => {
  const tokyo = calendar('XTKS');
  expect(tokyo.isOpen(new Date('2026-11-24T02:29:59Z'))).toBe(true);
  expect(tokyo.isOpen(new Date('2026-11-24T02:30:00Z'))).toBe(false);
  expect(tokyo.isOpen(new Date('2026-11-24T03:30:00Z'))).toBe(true);
  expect(tokyo.session('2024-11-01')?.close).toEqual(new Date('2024-11-01T06:00:00Z'));
  expect(tokyo.session('2024-11-05')?.close, 'half an hour more').toEqual(new Date('2024-11-05T06:30:00Z'));
  const hongKong = calendar('XHKG');
  const lunches = ['2011-03-04', '2011-03-07', '2012-03-05'].map((day) =>
    hongKong
      .session(day)
      ?.breaks.map(({ from, to }) => [from.toISOString().slice(11, 16), to.toISOString().slice(11, 16)]),
  );
  expect(lunches).toEqual([[['04:30', '06:30']], [['04:00', '05:30']], [['04:00', '05:00']]]);
  expect(hongKong.session('2026-12-24')).toMatchObject({ breaks: [], early: true });
  expect(hongKong.session('2023-10-09'), 'the morning was lost to a typhoon').toMatchObject({
    open: new Date('2023-10-09T06:00:00Z'),
    breaks: [],
    early: false,
  });
  expect(calendar('XSHG').isOpen(new Date('2026-11-24T04:00:00Z'))).toBe(false);
});

test('what is not announced yet is marked, and not silently taken for certain', () => {
  const shanghai = calendar('XSHG');
  expect(shanghai.announcedUntil).toBe('2026-12-31');
  expect(shanghai.session('2026-12-31')?.provisional).toBe(false);
  expect(shanghai.session('2027-01-04')?.provisional).toBe(true);
  expect(shanghai.session('2027-10-04'), 'the week of October, as every year').toBeUndefined();
  expect(
    calendar('XHKG').session('2027-02-09'),
    'the lunar new year of 2027 is on 6 February',
  ).toBeUndefined();
  expect(calendar('XHKG').session('2027-02-10')?.provisional).toBe(false);
  expect(calendar('XHKG').session('2028-01-03')?.provisional).toBe(true);
  expect(newYork.announcedUntil, 'by rules').toBeUndefined();
});

test('a day that is none, or that no table reaches, is refused in words', () => {
  expect(() => newYork.session('2026-02-30')).toThrow('"2026-02-30" is not a day. Write it like 2026-11-27.');
  expect(() => newYork.session('27.11.2026')).toThrow('is not a day');
  expect(() => newYork.session('1999-12-31')).toThrow(
    'The calendar XNYS reaches from 2000-01-01 to 2049-12-31, not to 1999-12-31.',
  );
  expect(() => calendar('XHKG').session('2050-01-03')).toThrow('reaches from 2000-01-01 to 2049-12-31');
});

test('a calendar is found by its name in any case, and an unknown one names those there are', () => {
  expect(calendar(' xnys ').title).toBe('New York Stock Exchange');
  expect(calendarNames).toContain('24/7');
  expect(() => calendar('NYSE')).toThrow(
    'There is no calendar "NYSE". There are: XNYS (New York Stock Exchange), ',
  );
});

test.each(calendarNames)('%s: sessions follow each other, and every instant has one that is over', (name) => {
  const market = calendar(name);
  const sessions = market.sessions('2000-01-01', '2049-12-31');
  for (const [index, session] of sessions.entries()) {
    const next = sessions[index + 1];
    expect(session.open < session.close && (next === undefined || session.close <= next.open)).toBe(true);
    const gap = next ? (Date.parse(next.day) - Date.parse(session.day)) / 86_400_000 : 1;
    expect(gap, `a market rests at most two weeks and a half, from ${session.day}`).toBeLessThan(18);
  }
  const first = Date.parse('2000-02-01');
  fc.assert(
    fc.property(fc.integer({ min: first, max: Date.parse('2049-11-30') }), (time) => {
      const at = new Date(time);
      const over = market.lastClosed(at);
      const next = market.nextSession(over.day);
      expect(over.close <= at && next.close > at).toBe(true);
      expect(market.previousSession(next.day)).toBe(over);
      const within = next.open <= at && !next.breaks.some(({ from, to }) => at >= from && at < to);
      expect(market.isOpen(at)).toBe(within);
    }),
    { numRuns: 200 },
  );
});
