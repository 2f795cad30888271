import { describe, expect, it } from 'vitest';
import {
  areDates,
  dateText,
  durationText,
  numberText,
  percentText,
  periodText,
  signedPercentText,
} from '../../../engine/reports/format.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('numbers', () => {
  it.each([
    [1234567.891, '1,234,567.89'],
    [-1234.5, '-1,234.50'],
    [0.004, '0.00'],
    [-0.004, '0.00'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '-∞'],
  ])('%d is read as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('percentages carry their sign where a result is told', () => {
    expect(signedPercentText(12.345)).toBe('+12.35%');
    expect(signedPercentText(-12.345)).toBe('-12.35%');
    expect(signedPercentText(0.001), 'a zero has no sign').toBe('0.00%');
    expect(percentText(Number.NaN)).toBe('n/a');
    expect(percentText(Number.POSITIVE_INFINITY)).toBe('∞');
  });
});

describe('durations', () => {
  it.each([
    [512 * day, '512 days'],
    [1512 * day, '1,512 days'],
    [41.4 * day, '41 days'],
    [10 * day, '10 days'],
    [9.5 * day, '9 days 12 h'],
    [day, '1 day'],
    [day + 6 * hour, '1 day 6 h'],
    [2 * day - minute, '2 days'],
    [5.5 * hour, '5 h 30 min'],
    [hour, '1 h'],
    [12 * minute, '12 min'],
    [30_000, '30 s'],
    [0, '0 days'],
    [-3 * day, '-3 days'],
    [Number.NaN, 'n/a'],
  ])('%d ms are read as %s', (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });
});

describe('dates', () => {
  it('a date is read in UTC, wherever the desk stands', () => {
    expect(dateText(Date.UTC(2000, 0, 3))).toBe('3 Jan 2000');
    expect(dateText(Number.NaN)).toBe('n/a');
  });

  it('a period within one day shows the time of day', () => {
    const times = (...all: number[]) => Float64Array.from(all);
    const start = Date.UTC(2020, 0, 1, 14, 30);
    expect(periodText(times(start, start + 2 * hour))).toBe('1 Jan 2020, 14:30 – 16:30');
    expect(periodText(times(start, start + 3 * day))).toBe('1 Jan 2020 – 4 Jan 2020');
    expect(periodText(times(start))).toBe('1 Jan 2020');
    expect(periodText(times())).toBe('n/a');
  });

  it('bars at midnight are sessions, any other time of day makes them intraday', () => {
    expect(areDates([Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)])).toBe(true);
    expect(areDates([Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2, 1)])).toBe(false);
  });
});
