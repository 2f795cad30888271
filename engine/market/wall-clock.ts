/** What the clock on the wall of a time zone shows, as milliseconds "as if it were UTC", and back. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock in `zone` (IANA, such as `America/New_York`) at an instant. */
export function wallClockOf(instant: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const millisecond = ((instant % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
}

/**
 * The instant at which the clock in `zone` shows `wallClock`. A time that daylight saving skips is read with the
 * offset before the change; one that it repeats is the first of the two.
 */
export function instantOf(wallClock: number, zone: string): number {
  const day = 86_400_000;
  const before = wallClock - offsetOf(wallClock - day, zone);
  const after = wallClock - offsetOf(wallClock + day, zone);
  const shown = [before, after].filter((instant) => wallClockOf(instant, zone) === wallClock);
  return shown.length > 0 ? Math.min(...shown) : before;
}

function offsetOf(instant: number, zone: string): number {
  return wallClockOf(instant, zone) - instant;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}
