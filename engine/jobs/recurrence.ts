/**
 * When a recurring job runs next. The arithmetic is Agenda's own, so that what is checked here is what runs later.
 *
 * Where clocks go forward, a time that does not exist is taken an hour later; where they go back, the first of two is taken.
 */
import { type Agenda, Job } from 'agenda';
import { UserError } from '../errors.ts';
import type { Recurrence } from './schedule.ts';

/** @throws UserError for a cron or zone that does not exist */
export function nextRun({ cron, timezone }: Recurrence, after: Date): Date {
  const fields = cron.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) {
    throw new UserError(
      `"${cron}" is not a schedule: it needs five fields (minute hour day month weekday), or six with seconds first`,
    );
  }
  if (!isZone(timezone)) {
    throw new UserError(`"${timezone}" is not a time zone: write it like America/New_York or UTC`);
  }
  // Agenda keeps this arithmetic inside its jobs; a job that is never saved needs no Agenda.
  const job = new Job({} as Agenda, { name: 'next run', type: 'normal', nextRunAt: after });
  job.repeatEvery(cron, { timezone, skipImmediate: true });
  const { nextRunAt, failReason } = job.attrs;
  if (nextRunAt === null) throw new UserError(`"${cron}" is not a schedule: ${plainReason(failReason)}`);
  return nextRunAt;
}

function isZone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}

/** Agenda's reason repeats the schedule before it comes to the point. */
function plainReason(reason = 'it never comes'): string {
  return reason.split('Error: ').at(-1) ?? reason;
}
