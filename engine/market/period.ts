/** A stretch of time up to the newest bar, as traders write it: `30D`, `2W`, `6M`, `5Y`, `max`. */
import { UserError } from '../errors.ts';

export type Period =
  | { readonly count: number; readonly unit: 'days' | 'weeks' | 'months' | 'years' }
  /** All there is. */
  | 'max';

const units = { D: 'days', W: 'weeks', M: 'months', Y: 'years' } as const;
const dayMs = 86_400_000;

/** @throws UserError for what is no period */
export function parsePeriod(text: string): Period {
  const trimmed = text.trim();
  if (/^max$/i.test(trimmed)) return 'max';
  const [, count = '', letter = ''] = /^(\d{1,4})([dwmy])$/i.exec(trimmed) ?? [];
  const unit = new Map(Object.entries(units)).get(letter.toUpperCase());
  if (unit === undefined || Number(count) === 0) {
    throw new UserError(`"${text}" is not a period. Write it like 30D, 2W, 6M, 5Y or max.`);
  }
  return { count: Number(count), unit };
}

/** When a period begins that ends at an instant, by the calendar: six months before 31 August is the end of February. */
export function startOfPeriod(period: Exclude<Period, 'max'>, end: Date): Date {
  const { count, unit } = period;
  if (unit === 'days') return new Date(end.getTime() - count * dayMs);
  if (unit === 'weeks') return new Date(end.getTime() - 7 * count * dayMs);
  const months = unit === 'months' ? count : 12 * count;
  const start = new Date(end);
  start.setUTCDate(1);
  start.setUTCMonth(start.getUTCMonth() - months);
  const days = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
  start.setUTCDate(Math.min(end.getUTCDate(), days));
  return start;
}
