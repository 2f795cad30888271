import { expect, test } from 'vitest';
import { instantOf, wallClockOf } from '../../../engine/market/wall-clock.ts';

const utc = (text: string) => Date.parse(`${text}Z`);

test('the wall clock follows daylight saving', () => {
  expect(wallClockOf(utc('2024-01-15T14:30:00'), 'America/New_York')).toBe(utc('2024-01-15T09:30:00'));
  expect(wallClockOf(utc('2024-07-15T13:30:00'), 'America/New_York')).toBe(utc('2024-07-15T09:30:00'));
  expect(instantOf(utc('2024-07-15T09:30:00'), 'America/New_York')).toBe(utc('2024-07-15T13:30:00'));
  expect(instantOf(utc('2024-01-15T09:00:00'), 'Asia/Tokyo')).toBe(utc('2024-01-15T00:00:00'));
});

test('an hour that is skipped or comes twice is still an instant', () => {
  // New York, 2024: 02:00 to 03:00 on March 10 is skipped, 01:00 to 02:00 on November 3 comes twice.
  expect(instantOf(utc('2024-03-10T02:30:00'), 'America/New_York')).toBe(utc('2024-03-10T07:30:00'));
  expect(instantOf(utc('2024-11-03T01:30:00'), 'America/New_York'), 'the first of the two').toBe(
    utc('2024-11-03T05:30:00'),
  );
});
