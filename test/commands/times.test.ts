import { describe, expect, it } from 'vitest';
import { Times, zoneNamed, zonesLike } from '../../commands/times.ts';
import { ManualClock } from '../support/clock.ts';

const newYearsEve = '2019-12-31T23:30:05.000Z';
const at = (zone: string, now = '2020-01-15T00:00:00Z') => new Times(zone, new ManualClock(now));

describe('a moment', () => {
  it('is written by the clock of its reader, with the offset of that day', () => {
    expect(at('Europe/Berlin').minute(newYearsEve)).toBe('2020-01-01 00:30 UTC+1');
    expect(at('Europe/Berlin').minute('2020-07-01T12:00:00Z'), 'in summer').toBe('2020-07-01 14:00 UTC+2');
    expect(at('Asia/Kolkata').second(newYearsEve)).toBe('2020-01-01 05:00:05 UTC+5:30');
    expect(at('America/New_York').clock(newYearsEve)).toBe('18:30 UTC-5');
  });

  it('has no offset where there is none', () => {
    expect(at('UTC').minute(newYearsEve)).toBe('2019-12-31 23:30 UTC');
    expect(at('Europe/London').clock(newYearsEve)).toBe('23:30 UTC');
  });

  it('says its year only when that is not the year of its reader', () => {
    expect(at('UTC').near(newYearsEve)).toBe('31 Dec 2019 23:30 UTC');
    expect(at('Europe/Berlin').near(newYearsEve), 'there it is January').toBe('1 Jan 00:30 UTC+1');
  });

  it('stands in a column whose head names the zone', () => {
    expect(at('Europe/Berlin').head('When')).toBe('When (Europe/Berlin)');
    expect(at('Europe/Berlin').exactCell(newYearsEve)).toBe('2020-01-01 00:30:05');
  });
});

describe('a zone', () => {
  it('is known however it is typed, and an offset is none, because it has no summer', () => {
    expect(zoneNamed(' europe/berlin ')).toBe('Europe/Berlin');
    expect(zoneNamed('utc')).toBe('UTC');
    expect(zoneNamed('Berlin')).toBeUndefined();
    expect(zoneNamed('+01:00')).toBeUndefined();
  });

  it('is found by a part of its name, the city first', () => {
    expect(zonesLike('new y')).toEqual(['America/New_York']);
    expect(zonesLike('berl')[0]).toBe('Europe/Berlin');
    expect(zonesLike('europe').length).toBeGreaterThan(20);
  });
});
