/** Times as TWS writes them, and the zone names that it uses besides those of IANA. */
import { instantOf } from '../../market/wall-clock.ts';

/** Java's old names that `Intl` does not have, or has with a fixed offset. */
const zones: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EST5EDT: 'America/New_York',
  CST: 'America/Chicago',
  MST: 'America/Denver',
  PST: 'America/Los_Angeles',
  GMT: 'UTC',
  MET: 'Europe/Paris',
  CET: 'Europe/Paris',
  JST: 'Asia/Tokyo',
  HKT: 'Asia/Hong_Kong',
};

/**
 * `20260102 09:30:00 US/Eastern`, `20260102-14:30:00` in UTC, or `20260102  09:30:00` in the zone that TWS was started in.
 * @throws RangeError for what is no time
 */
export function instantOfTws(text: string, defaultZone: string): Date {
  const found = /^(\d{4})(\d\d)(\d\d)(-| +)(\d\d):(\d\d):(\d\d)(?: +(\S+))?$/.exec(text.trim());
  if (!found) throw new RangeError(`"${text}" is not a time of TWS`);
  const [, year, month, day, separator, hour, minute, second, zone] = found;
  const wallClock = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (zone === undefined && separator === '-') return new Date(wallClock);
  return new Date(instantOf(wallClock, ianaZoneOf(zone ?? defaultZone)));
}

/** The zone that TWS calls so. It may be one that nobody knows. */
export function ianaZoneOf(zone: string): string {
  return zones[zone] ?? zone;
}

/** An instant as a request wants it: in UTC. */
export function twsTimeOf(at: Date): string {
  const [day = '', time = ''] = at.toISOString().slice(0, 19).split('T');
  return `${day.replaceAll('-', '')}-${time}`;
}
