import { expect, test } from 'vitest';
import { calendar } from '../../../engine/market/calendars/index.ts';
import { freshnessOf } from '../../../engine/plans/freshness.ts';

const onOpen = (name: string, bar: string, now: string) =>
  freshnessOf({
    entry: 'on open',
    interval: '1d',
    calendar: calendar(name),
    signalAt: new Date(`${bar}T00:00:00Z`),
    now: new Date(now),
  });

test('where a market closes, an order for the open goes out before that open', () => {
  expect(onOpen('XNYS', '2024-11-25', '2024-11-25T20:59:00Z').is).toBe('early');
  expect(onOpen('XNYS', '2024-11-25', '2024-11-25T21:05:00Z')).toEqual({
    is: 'fresh',
    until: new Date('2024-11-26T14:30:00Z'),
  });
  expect(onOpen('XNYS', '2024-11-25', '2024-11-26T14:30:00Z').is).toBe('stale');
});

test('where it never closes, it goes out when the bar is over, and until the end of the next day', () => {
  expect(onOpen('24/7', '2024-11-25', '2024-11-25T23:59:00Z').is).toBe('early');
  expect(onOpen('24/7', '2024-11-25', '2024-11-26T00:05:00Z')).toEqual({
    is: 'fresh',
    until: new Date('2024-11-27T00:00:00Z'),
  });
  expect(onOpen('24/7', '2024-11-25', '2024-11-27T00:00:00Z').is).toBe('stale');
});

test('around the clock on weekdays, it waits for the week to begin only over the weekend', () => {
  expect(onOpen('24/5', '2024-11-26', '2024-11-27T06:00:00Z').is).toBe('fresh');
  const friday = onOpen('24/5', '2024-11-29', '2024-11-30T12:00:00Z');
  expect(friday.is).toBe('fresh');
});
