import { describe, expect, it } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import { nextRun } from '../../../engine/jobs/recurrence.ts';

const newYork = (cron: string) => ({ cron, timezone: 'America/New_York' });

/** The next `count` moments after `after`. */
function moments(recurrence: { cron: string; timezone: string }, after: string, count: number): string[] {
  const found: string[] = [];
  let last = new Date(after);
  while (found.length < count) {
    last = nextRun(recurrence, last);
    found.push(last.toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('when a recurring job runs next', () => {
  it('keeps to the clock of New York when it goes forward in spring', () => {
    expect(moments(newYork('35 9 * * *'), '2026-03-06T20:00Z', 3)).toEqual([
      '2026-03-07T14:35Z',
      '2026-03-08T13:35Z',
      '2026-03-09T13:35Z',
    ]);
  });

  it('keeps to the clock of New York when it goes back in autumn', () => {
    expect(moments(newYork('35 9 * * *'), '2026-10-30T20:00Z', 3)).toEqual([
      '2026-10-31T13:35Z',
      '2026-11-01T14:35Z',
      '2026-11-02T14:35Z',
    ]);
  });

  it('runs once on the day on which the time does not exist, an hour later', () => {
    expect(moments(newYork('30 2 * * *'), '2026-03-07T12:00Z', 2)).toEqual([
      '2026-03-08T07:30Z',
      '2026-03-09T06:30Z',
    ]);
  });

  it('runs once on the day on which the time comes twice, the first time', () => {
    expect(moments(newYork('30 1 * * *'), '2026-10-31T12:00Z', 2)).toEqual([
      '2026-11-01T05:30Z',
      '2026-11-02T06:30Z',
    ]);
  });

  it('keeps to weekdays of the market, not of UTC', () => {
    const sydney = { cron: '0 9 * * 1-5', timezone: 'Australia/Sydney' };
    expect(moments(sydney, '2026-07-10T00:00Z', 2)).toEqual(['2026-07-12T23:00Z', '2026-07-13T23:00Z']);
  });

  it('takes seconds as the first of six fields', () => {
    expect(nextRun({ cron: '30 0 12 * * *', timezone: 'UTC' }, new Date('2026-01-01T00:00Z'))).toEqual(
      new Date('2026-01-01T12:00:30Z'),
    );
  });

  it('is later than the moment it is asked for, even at that moment', () => {
    expect(moments({ cron: '0 12 * * *', timezone: 'UTC' }, '2026-01-01T12:00Z', 1)).toEqual([
      '2026-01-02T12:00Z',
    ]);
  });

  it('says in one line what is wrong', () => {
    const wrong = () => nextRun({ cron: '61 9 * * *', timezone: 'UTC' }, new Date());
    expect(wrong).toThrow(UserError);
    expect(wrong).toThrow(
      '"61 9 * * *" is not a schedule: Constraint error, got value 61 expected range 0-59',
    );
  });
});
