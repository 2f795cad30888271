/**
 * Whether the order of a signal may still go out, or not yet.
 *
 * `on open`: between the close of the signal's session and the next open; where the market does not close in between, until the
 * end of the next session. `on close`: while that session lasts.
 * `regular hours`: from that session's open until the next one's close. Without a calendar: as long as the signal's bar is
 * one of the last days'.
 */
import type { Interval } from '../market/bars.ts';
import type { Calendar, Session } from '../market/calendars/calendar.ts';
import type { EntryType } from './plan.ts';

export type Freshness =
  | { readonly is: 'fresh'; readonly until: Date }
  /** Its bar is not finished: the strategy may think otherwise when it is. */
  | { readonly is: 'early'; readonly why: string }
  | { readonly is: 'stale'; readonly why: string };

export interface SignalMoment {
  readonly entry: EntryType;
  readonly interval: Interval;
  readonly calendar: Calendar | undefined;
  /** Start of the signal's bar. */
  readonly signalAt: Date;
  readonly now: Date;
  /** It had to wait for the money of an exit, which trades only when the session opens. */
  readonly waitedForMoney?: boolean;
}

const dayMs = 86_400_000;
/** A weekend and a holiday on each side of it. */
const longestPauseMs = 5 * dayMs;
/** How long after the open an entry may follow the exits that pay for it. */
const afterOpenMs = 15 * 60_000;

export function freshnessOf(signal: SignalMoment): Freshness {
  const { entry, calendar, signalAt, now } = signal;
  if (!calendar) {
    const age = now.getTime() - signalAt.getTime();
    return age <= longestPauseMs
      ? { is: 'fresh', until: new Date(signalAt.getTime() + longestPauseMs) }
      : stale(`Its bar is of ${dayText(signalAt)}, ${Math.floor(age / dayMs)} days ago.`);
  }
  const day = sessionDay(signal);
  const session = calendar.session(day);
  if (!session) return stale(`Its bar is of ${day}, on which ${calendar.name} had no session.`);
  const next = calendar.nextSession(day);
  switch (entry) {
    case 'on open': {
      if (now < session.close && isDaily(signal))
        return { is: 'early', why: `The session of ${day} closes only at ${momentText(session.close)}.` };
      const until = lastForOpen(session, next, signal);
      if (now < until) return { is: 'fresh', until };
      return stale(`It was for the open of ${next.day}, which is past since ${momentText(next.open)}.`);
    }
    case 'on close':
      if (now < session.open)
        return { is: 'early', why: `The session of ${day} opens only at ${momentText(session.open)}.` };
      if (now < session.close) return { is: 'fresh', until: session.close };
      return stale(`It was for the close of ${day}, which is past since ${momentText(session.close)}.`);
    case 'regular hours':
      if (now < session.open)
        return { is: 'early', why: `The session of ${day} opens only at ${momentText(session.open)}.` };
      if (now < next.close) return { is: 'fresh', until: next.close };
      return stale(`It was for the sessions of ${day} and ${next.day}, and both are over.`);
    default:
      return entry satisfies never;
  }
}

function lastForOpen(session: Session, next: Session, { waitedForMoney }: SignalMoment): Date {
  if (next.open <= session.close) return next.close; // around the clock: a session opens in the moment that the last one closes
  return new Date(next.open.getTime() + (waitedForMoney ? afterOpenMs : 0));
}

/** The trading day of a bar: its own date where it is a day or longer, else the date where the market is. */
function sessionDay({ calendar, signalAt, interval }: SignalMoment): string {
  const isLong = interval === '1d' || interval === '1w' || interval === '1mo';
  return isLong || !calendar ? dayText(signalAt) : calendar.dayOf(signalAt);
}

function isDaily({ interval }: SignalMoment): boolean {
  return interval === '1d';
}

function stale(why: string): Freshness {
  return { is: 'stale', why };
}

function dayText(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** `2024-11-29 18:00 UTC`. */
function momentText(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
