import { describe, expect, it } from 'vitest';
import type { Bars, Interval } from '../../../engine/market/bars.ts';
import { calendar } from '../../../engine/market/calendars/index.ts';
import { lateBars, patienceMs } from '../../../engine/plans/late-bars.ts';

/** One bar, which began at this instant. */
function newest(symbol: string, interval: Interval, startedAt: string): Bars {
  const column = Float64Array.of(10);
  return {
    ...{ symbol, interval, time: Float64Array.of(Date.parse(startedAt)) },
    ...{ open: column, high: column, low: column, close: column, volume: column, extra: {} },
  };
}

const late = (interval: Interval, startedAt: string, at: string, market = 'XNYS') =>
  lateBars(
    [newest('AMBR', interval, startedAt)],
    { interval, entry: 'regular hours' },
    calendar(market),
    new Date(at),
  );

// New York opens at 14:30 and closes at 21:00 UTC in winter; 2024-03-01 is a Friday.
describe('the newest bar of minutes', () => {
  it.each<[string, Interval, string, string, string?]>([
    ['is the one that has just ended', '5m', '2024-03-04T15:40:00Z', '2024-03-04T15:45:01Z'],
    ['may be one of another grid of hours', '1h', '2024-03-04T15:00:00Z', '2024-03-04T16:30:01Z'],
    [
      'is the last of the day before, while the first is traded',
      '5m',
      '2024-03-01T20:55:00Z',
      '2024-03-04T14:32:00Z',
    ],
    [
      'is the last of the day before, ahead of the open',
      '15m',
      '2024-03-01T20:45:00Z',
      '2024-03-04T12:00:00Z',
    ],
    ['is the last one after the close', '1h', '2024-03-04T20:30:00Z', '2024-03-04T22:00:00Z'],
    ['is the last one over the weekend', '1m', '2024-03-01T20:59:00Z', '2024-03-03T12:00:00Z'],
    [
      'is the last one before the lunch of Tokyo',
      '5m',
      '2024-03-04T02:25:00Z',
      '2024-03-04T03:32:00Z',
      'XTKS',
    ],
  ])('%s', (_, interval, startedAt, at, market) => {
    expect(late(interval, startedAt, at, market)).toBeUndefined();
  });

  it.each<[string, Interval, string, string, string?]>([
    ['before the one that has just ended', '5m', '2024-03-04T15:35:00Z', '2024-03-04T15:45:01Z'],
    ['of the day before, when the first one is over', '5m', '2024-03-01T20:55:00Z', '2024-03-04T14:35:01Z'],
    ['before the last of the day, after the close', '1h', '2024-03-04T19:00:00Z', '2024-03-04T22:00:00Z'],
    [
      'of the morning, when the first after lunch is over',
      '5m',
      '2024-03-04T02:25:00Z',
      '2024-03-04T03:35:01Z',
      'XTKS',
    ],
  ])('is late when it is one %s', (_, interval, startedAt, at, market) => {
    expect(late(interval, startedAt, at, market)).toBe(
      `There is no newer bar of ${interval} yet than that of ${startedAt.slice(0, 16).replace('T', ' ')} UTC.`,
    );
  });

  it('is there when one symbol has it: of another nobody may have traded', () => {
    const bars = [newest('AMBR', '5m', '2024-03-04T15:10:00Z'), newest('BRKW', '5m', '2024-03-04T15:40:00Z')];
    const plan = { interval: '5m', entry: 'regular hours' } as const;
    expect(lateBars(bars, plan, calendar('XNYS'), new Date('2024-03-04T15:45:01Z'))).toBeUndefined();
  });

  it('is waited for until the next one is due, and no longer than the plan says', () => {
    const plan = { interval: '5m', entry: 'regular hours', barsWithinSeconds: 900 } as const;
    expect(patienceMs(plan)).toBe(300_000);
    expect(patienceMs({ ...plan, barsWithinSeconds: 60 })).toBe(60_000);
    expect(patienceMs({ ...plan, interval: '1d' })).toBe(900_000);
  });
});

describe('the newest daily bar', () => {
  it.each([
    ['2024-03-04T21:30:00Z', '2024-03-04', 'regular hours'],
    ['2024-03-04T20:30:00Z', '2024-03-01', 'regular hours'],
    ['2024-03-04T20:59:00Z', '2024-03-04', 'on close'],
  ] as const)('at %s is that of %s for a plan that trades in %s', (at, day, entry) => {
    const dayBefore = day === '2024-03-04' ? '2024-03-01' : '2024-02-29';
    const told = (newestDay: string) =>
      lateBars([newest('AMBR', '1d', newestDay)], { interval: '1d', entry }, calendar('XNYS'), new Date(at));
    expect(told(day)).toBeUndefined();
    expect(told(dayBefore)).toBe(`There is no bar of ${day} of AMBR yet: the newest is of ${dayBefore}.`);
  });
});
