/**
 * When a market trades: its sessions with their opening and closing instants, lunch breaks and short days.
 *
 * A day is the date in the market's zone as text, `2026-11-27`. Calendars reach from 2000 to 2049. A calendar whose
 * holidays are announced year by year says how far they are known; what is after that is marked as provisional.
 */
import { UserError } from '../../errors.ts';
import { instantOf, wallClockOf } from '../wall-clock.ts';
import { dayAt, isDay, isWeekend, midnightOf, plusDays } from './days.ts';
import type { Exchange, Hours } from './exchange.ts';

export interface Session {
  /** Its date where the market is: `2026-11-27`. */
  readonly day: string;
  readonly open: Date;
  /** The first instant at which it is over. */
  readonly close: Date;
  /** Pauses in it, such as lunch in Tokyo. */
  readonly breaks: readonly { readonly from: Date; readonly to: Date }[];
  /** It closes before the usual time. */
  readonly early: boolean;
  /** The holidays of its year are not announced yet: this one is by the rules and habits so far. */
  readonly provisional: boolean;
}

export interface Calendar {
  /** Such as `XNYS`. */
  readonly name: string;
  /** Such as `New York Stock Exchange`. */
  readonly title: string;
  /** IANA zone of its sessions. */
  readonly zone: string;
  /** The last day whose holidays are announced; undefined where they follow from rules. */
  readonly announcedUntil: string | undefined;
  /** The date in the market's zone. */
  dayOf(at: Date): string;
  /** Undefined on a day without one. @throws UserError for what is no day, or one outside of 2000 to 2049 */
  session(day: string): Session | undefined;
  /** The sessions from one day to another, both included. @throws UserError as `session` */
  sessions(from: string, to: string): Session[];
  /** The first session after the day. @throws UserError as `session` */
  nextSession(day: string): Session;
  /** The last session before the day. @throws UserError as `session` */
  previousSession(day: string): Session;
  /** Whether it trades at this instant: not in a break. */
  isOpen(at: Date): boolean;
  /** The newest session that is over. */
  lastClosed(at: Date): Session;
}

const first = '2000-01-01';
const end = '2049-12-31';
const minuteMs = 60_000;

export function exchangeCalendar(exchange: Exchange): Calendar {
  const { name, title, zone, announcedUntil } = exchange;
  /** Holidays and odd hours are worked out a year at a time. */
  const years = new Map<number, { closed: ReadonlySet<string>; odd: ReadonlyMap<string, Partial<Hours>> }>();
  const known = new Map<string, Session | undefined>();

  function yearOf(day: string) {
    const year = Number(day.slice(0, 4));
    let found = years.get(year);
    if (found === undefined) {
      const closed = new Set(exchange.holidays(year));
      const trades = (each: string) => isTradingWeekday(each) && !closed.has(each);
      found = { closed, odd: exchange.oddHours(year, trades) };
      years.set(year, found);
    }
    return found;
  }

  function isTradingWeekday(day: string): boolean {
    return exchange.everyDay || !isWeekend(day);
  }

  function sessionOn(day: string): Session | undefined {
    const { closed, odd } = yearOf(day);
    if (!isTradingWeekday(day) || closed.has(day)) return undefined;
    const usual = exchange.hours.findLast(({ since }) => since <= day);
    if (usual === undefined) throw new Error(`${name} has no hours for ${day}`);
    const { open, close, pause } = { ...usual, ...odd.get(day) };
    const instant = (time: string) => new Date(instantOf(midnightOf(day) + minutesOf(time) * minuteMs, zone));
    return {
      day,
      open: instant(open),
      close: instant(close),
      breaks:
        pause && open <= pause[0] && pause[1] < close
          ? [{ from: instant(pause[0]), to: instant(pause[1]) }]
          : [],
      early: close < usual.close,
      provisional: announcedUntil !== undefined && day > announcedUntil,
    };
  }

  function session(day: string): Session | undefined {
    check(day);
    if (!known.has(day)) known.set(day, sessionOn(day));
    return known.get(day);
  }

  function check(day: string): void {
    if (!isDay(day)) throw new UserError(`"${day}" is not a day. Write it like 2026-11-27.`);
    if (day < first || day > end) {
      throw new UserError(`The calendar ${name} reaches from ${first} to ${end}, not to ${day}.`);
    }
  }

  function nearestSession(day: string, step: 1 | -1): Session {
    for (let each = day; ; each = plusDays(each, step)) {
      const found = session(each);
      if (found) return found;
    }
  }

  const dayOf = (at: Date) => dayAt(wallClockOf(at.getTime(), zone));

  return {
    name,
    title,
    zone,
    announcedUntil,
    dayOf,
    session,
    sessions(from, to) {
      check(from);
      check(to);
      const found: Session[] = [];
      for (let day = from; day <= to; day = plusDays(day, 1)) {
        const each = session(day);
        if (each) found.push(each);
      }
      return found;
    },
    nextSession(day) {
      check(day);
      return nearestSession(plusDays(day, 1), 1);
    },
    previousSession(day) {
      check(day);
      return nearestSession(plusDays(day, -1), -1);
    },
    isOpen(at) {
      const found = session(dayOf(at));
      if (found === undefined || at < found.open || at >= found.close) return false;
      return !found.breaks.some(({ from, to }) => at >= from && at < to);
    },
    lastClosed(at) {
      const day = dayOf(at);
      const today = session(day);
      return today && today.close <= at ? today : nearestSession(plusDays(day, -1), -1);
    },
  };
}

/** `16:00` as minutes after midnight; `24:00` is the next one. */
function minutesOf(time: string): number {
  const [hours = Number.NaN, minutes = Number.NaN] = time.split(':').map(Number);
  return 60 * hours + minutes;
}
