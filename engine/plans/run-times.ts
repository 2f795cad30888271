/**
 * The times of day at which a plan runs, as they are written: `9:30, 15:59:30, 9:30:01-16:00/30min, close-2min`.
 *
 * A time of day is one on the clock of the plan's zone. `open` and `close` are those of the day's session, so that they
 * follow a short day by themselves.
 */
import { UserError } from '../errors.ts';

export type RunTime =
  | { readonly of: 'clock'; readonly seconds: number }
  /** Seconds after the opening or the close of the session; negative before it. */
  | { readonly of: 'open' | 'close'; readonly seconds: number };

const daySeconds = 86_400;
/** Every minute of a day, and a few more. */
const mostTimes = 1500;
const example = 'write it as 9:30, 15:59:30, 9:30-16:00/30min or close-2min';

/**
 * In the order of the day, each of them once.
 * @throws UserError naming the part that cannot be read
 */
export function parseRunTimes(text: string): readonly RunTime[] {
  const found = new Map<string, RunTime>();
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') throw new UserError(`There is nothing between two commas of "${text}": ${example}.`);
    for (const time of timesOf(part)) found.set(runTimeText(time), time);
    if (found.size > mostTimes) {
      throw new UserError(`"${text}" is more than ${mostTimes} times a day.`);
    }
  }
  return [...found.values()].sort(inOrder);
}

/** As it is shown and stored: `09:30`, `15:59:30`, `close-2min`. */
export function runTimeText({ of, seconds }: RunTime): string {
  if (of === 'clock') return clockText(seconds);
  if (seconds === 0) return of;
  return `${of}${seconds < 0 ? '-' : '+'}${spanText(Math.abs(seconds))}`;
}

function timesOf(part: string): readonly RunTime[] {
  const range = /^([\d:]+)\s*-\s*([\d:]+)\s*\/\s*(.+)$/.exec(part);
  if (range) return rangeOf(part, range);
  if (/^[\d:]+\s*-\s*[\d:]+$/.test(part)) {
    throw new UserError(`"${part}" does not say how often: add a step, such as ${part}/30min.`);
  }
  const relative = /^(open|close)\s*(?:([+-])\s*(.+))?$/i.exec(part);
  if (relative) {
    const [, of = '', sign, span] = relative;
    const seconds = span === undefined ? 0 : spanSeconds(span, part);
    return [
      { of: of.toLowerCase() === 'open' ? 'open' : 'close', seconds: sign === '-' ? -seconds || 0 : seconds },
    ];
  }
  return [{ of: 'clock', seconds: clockSeconds(part, part) }];
}

function rangeOf(part: string, [, first = '', last = '', span = '']: RegExpExecArray): RunTime[] {
  const from = clockSeconds(first, part);
  const to = clockSeconds(last, part);
  const step = spanSeconds(span, part);
  if (to < from) throw new UserError(`"${part}" ends before it begins.`);
  if (step <= 0) throw new UserError(`"${part}" has a step of nothing.`);
  if ((to - from) / step >= mostTimes)
    throw new UserError(`"${part}" is more than ${mostTimes} times a day.`);
  const times: RunTime[] = [];
  for (let seconds = from; seconds <= to; seconds += step) times.push({ of: 'clock', seconds });
  return times;
}

function clockSeconds(text: string, part: string): number {
  const match = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  const [, hour = '', minute = '', second = '0'] = match ?? [];
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (!match || seconds >= daySeconds) throw new UserError(`"${part}" is not a time of day: ${example}.`);
  return seconds;
}

function spanSeconds(text: string, part: string): number {
  const match = /^(\d{1,4})\s*(s|sec|m|min|h)$/i.exec(text.trim());
  if (!match) throw new UserError(`"${text.trim()}" in "${part}" is no span such as 30s, 30min or 1h.`);
  const [, amount = '', unit = ''] = match;
  const inSeconds = /^s/i.test(unit) ? 1 : /^m/i.test(unit) ? 60 : 3600;
  return Number(amount) * inSeconds;
}

function clockText(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return seconds % 60 === 0 ? text : `${text}:${two(seconds % 60)}`;
}

function spanText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}min` : `${seconds}s`;
}

const ranks = { open: 0, clock: 1, close: 2 } as const;

function inOrder(a: RunTime, b: RunTime): number {
  return ranks[a.of] - ranks[b.of] || a.seconds - b.seconds;
}
