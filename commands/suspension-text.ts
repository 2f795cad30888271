/** A suspension as people read it: what is stopped, by whom, since when and why. */
import type { Suspension } from '../engine/desk.ts';
import type { Times } from './times.ts';

/** `Entries are stopped by ann since 31 Jan 14:30 UTC: earnings tonight`, without a full stop. */
export function suspensionText({ scope, by, since, reason }: Suspension, times: Times): string {
  const what = scope === 'all' ? 'Entries and exits' : 'Entries';
  return `${what} are stopped by ${by} since ${times.near(since)}${reason === '' ? '' : `: ${reason}`}`;
}
