/**
 * Moments as their reader's clock shows them. What is stored is UTC; here, and nowhere else, it becomes the time of a
 * zone, and the zone is always said with it.
 */
import type { Clock } from '../engine/clock.ts';

export class Times {
  /** IANA, such as `Europe/Berlin`. */
  readonly zone: string;
  readonly #clock: Clock;
  readonly #parts: Intl.DateTimeFormat;

  /** @throws RangeError for a zone that does not exist: `zoneNamed` asks before */
  constructor(zone: string, clock: Clock) {
    this.zone = zone;
    this.#clock = clock;
    this.#parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'shortOffset',
    });
  }

  /** The same by the clock of another zone. */
  in(zone: string): Times {
    return new Times(zone, this.#clock);
  }

  get now(): Date {
    return this.#clock.now();
  }

  /** `2020-01-31`. */
  day(at: Moment): string {
    const { year, month, day } = this.#at(at);
    return `${year}-${month}-${day}`;
  }

  /** `14:30 UTC+1`. */
  clock(at: Moment): string {
    const { hour, minute, offset } = this.#at(at);
    return `${hour}:${minute} ${offset}`;
  }

  /** `2020-01-31 14:30 UTC+1`. */
  minute(at: Moment): string {
    return `${this.day(at)} ${this.clock(at)}`;
  }

  /** `2020-01-31 14:30:05 UTC+1`. */
  second(at: Moment): string {
    const { hour, minute, second, offset } = this.#at(at);
    return `${this.day(at)} ${hour}:${minute}:${second} ${offset}`;
  }

  /** `31 Jan 14:30 UTC+1`; of another year with it. */
  near(at: Moment): string {
    const { year, month, day } = this.#at(at);
    const yearText = year === this.#at(this.now).year ? '' : ` ${year}`;
    return `${Number(day)} ${monthNames[Number(month) - 1]}${yearText} ${this.clock(at)}`;
  }

  /** `2020-01-31 14:30`, for a column whose `head` says the zone. */
  cell(at: Moment): string {
    const { hour, minute } = this.#at(at);
    return `${this.day(at)} ${hour}:${minute}`;
  }

  /** `2020-01-31 14:30:05`, for a column whose `head` says the zone. */
  exactCell(at: Moment): string {
    const { hour, minute, second } = this.#at(at);
    return `${this.day(at)} ${hour}:${minute}:${second}`;
  }

  /** `14:30:05`, where somebody reads it who sees it happen. */
  timeOfDay(at: Moment): string {
    const { hour, minute, second } = this.#at(at);
    return `${hour}:${minute}:${second}`;
  }

  /** `Next (Europe/Berlin)`. */
  head(name: string): string {
    return `${name} (${this.zone})`;
  }

  #at(at: Moment) {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#parts.formatToParts(new Date(at))) parts[type] = value;
    const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = parts;
    return { year, month, day, hour, minute, second, offset: offsetText(parts['timeZoneName'] ?? '') };
  }
}

/** Intl says `GMT+1`, and `GMT` or `GMT+0` where there is no offset. */
function offsetText(name: string): string {
  return name.replace('GMT', 'UTC').replace(/\+0$/, '');
}

/** An instant: a date, ISO 8601 with its zone, or milliseconds UTC. */
type Moment = Date | string | number;

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The zone as IANA writes it, however it was typed; undefined when there is none of that name. */
export function zoneNamed(typed: string): string | undefined {
  const name = typed.trim();
  if (name.toUpperCase() === 'UTC') return 'UTC';
  // An offset such as +01:00 is a zone to Intl, but one that knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Names of zones that contain what was typed, whatever stands for a space; cities before countries. */
export function zonesLike(typed: string): readonly string[] {
  const wanted = typed.trim().toLowerCase().replace(/\s+/g, '_');
  const all = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const cityOf = (zone: string) => zone.slice(zone.lastIndexOf('/') + 1).toLowerCase();
  const found = all.filter((zone) => zone.toLowerCase().includes(wanted));
  return [
    ...found.filter((zone) => cityOf(zone).startsWith(wanted)),
    ...found.filter((zone) => !cityOf(zone).startsWith(wanted)),
  ];
}
