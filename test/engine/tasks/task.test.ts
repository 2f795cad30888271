/** What a script says about itself, and what a crontab line means. */
import { describe, expect, it } from 'vitest';
import { nextMoments, readHeader, readSchedule } from '../../../engine/tasks/task.ts';

/** The weekdays of the next two weeks at which a crontab line fires. */
function weekdays(cron: string): string {
  const after = new Date('2026-01-04T12:00:00Z'); // a Sunday
  const moments = nextMoments({ schedule: readSchedule(cron, 'UTC'), timezone: 'UTC' }, after, 7);
  return [...new Set(moments.map((moment) => moment.toUTCString().slice(0, 3)))].join(' ');
}

describe('a crontab line', () => {
  it.each([
    ['0 9 * * 1-5', 'Mon Tue Wed Thu Fri'],
    ['0 9 * * mon-fri', 'Mon Tue Wed Thu Fri'],
    ['0 9 * * MON-FRI', 'Mon Tue Wed Thu Fri'],
    ['0 9 * * 0', 'Sun'],
    ['0 9 * * 7', 'Sun'],
    ['0 9 * * sun', 'Sun'],
    ['0 9 * * 5-7', 'Fri Sat Sun'],
    ['0 9 * * fri-sun', 'Fri Sat Sun'],
    ['0 9 * * sun-tue', 'Mon Tue Sun'],
    ['0 9 * * 1,3', 'Mon Wed'],
    ['0 9 * * */2', 'Tue Thu Sat Sun'],
  ])('%s fires on the days that crontab means: %s', (cron, days) => {
    expect(weekdays(cron)).toBe(days);
  });

  it('fires on a day of the month or of the week, when both are named', () => {
    const schedule = readSchedule('0 9 13 * 5', 'UTC');
    const moments = nextMoments({ schedule, timezone: 'UTC' }, new Date('2026-01-08T00:00:00Z'), 3);
    expect(moments.map((moment) => moment.toISOString().slice(0, 10))).toEqual([
      '2026-01-09',
      '2026-01-13',
      '2026-01-16',
    ]);
  });

  it('is meant in its zone, also where the clocks change in between', () => {
    const timezone = 'America/New_York';
    const schedule = readSchedule('0 9 * * *', timezone);
    const moments = nextMoments({ schedule, timezone }, new Date('2026-03-07T00:00:00Z'), 3);
    expect(moments.map((moment) => moment.toISOString())).toEqual([
      '2026-03-07T14:00:00.000Z',
      '2026-03-08T13:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
    ]);
  });

  it('can be one of several, and a moment that two of them name is one moment', () => {
    const schedule = readSchedule('0 9 * * *; 0 9,17 * * *', 'UTC');
    const moments = nextMoments({ schedule, timezone: 'UTC' }, new Date('2026-01-01T00:00:00Z'), 3);
    expect(moments.map((moment) => moment.toISOString().slice(5, 16))).toEqual([
      '01-01T09:00',
      '01-01T17:00',
      '01-02T09:00',
    ]);
  });

  it.each([
    ['0 9 * *', 'it needs five fields'],
    ['0 25 * * *', 'is not a schedule'],
    ['0 9 * * 1-8', 'is not a schedule'],
    ['sometimes', 'it needs five fields'],
  ])('"%s" is refused with its reason', (cron, reason) => {
    expect(() => readSchedule(cron, 'UTC')).toThrow(reason);
  });

  it('in no zone of this world is refused', () => {
    expect(() => readSchedule('0 9 * * *', 'Mars/Olympus')).toThrow('"Mars/Olympus" is not a time zone');
  });
});

describe('the comment at the beginning of a script', () => {
  it('says what it is and when it runs', () => {
    const source = [
      '/**',
      ' * Counts the books. Then it ends.',
      ' */',
      '// @schedule */20 9-16 * * 1-5; 0 20 * * sun',
      '// @timezone Europe/Berlin',
      '// @notify error',
      '// @enabled false',
      "console.log('// @notify never');",
    ].join('\n');
    expect(readHeader(source, 'count.ts')).toEqual({
      doc: 'Counts the books.',
      schedule: ['*/20 9-16 * * 1-5', '0 20 * * sun'],
      timezone: 'Europe/Berlin',
      notify: 'error',
      enabled: false,
    });
  });

  it('may say nothing: then it runs by hand', () => {
    expect(readHeader('console.log(1);', 'one.ts')).toEqual({
      doc: '',
      schedule: [],
      timezone: 'UTC',
      notify: 'always',
      enabled: true,
    });
  });

  it.each([
    ['// One.\n// @schedule 0 9 * *', 'one.ts line 2: "0 9 * *" is not a schedule'],
    ['/* @timezone Mars */', 'one.ts line 1: "Mars" is not a time zone'],
    ['#!/usr/bin/env node\n// @notify sometimes', 'one.ts line 2: "sometimes" is not never, error, always.'],
    ['// @enabled maybe', 'one.ts line 1: "maybe" is not true or false.'],
  ])('is refused with its line when it says what cannot be: %s', (source, problem) => {
    expect(() => readHeader(source, '/tasks/one.ts')).toThrow(problem);
  });
});
