/** How a walk-forward divides the bars: a stretch to train on, the one after it to test on, and on from there. */
import { UserError } from '../errors.ts';
import { firstAtOrAfter } from './optimize/segment.ts';

/** A number of bars, or a length by the calendar (in UTC): `{ years: 2 }`, `{ months: 6 }`, `{ weeks: 4 }`, `{ days: 30 }`. */
export type Length =
  | number
  | {
      readonly years?: number;
      readonly months?: number;
      readonly weeks?: number;
      readonly days?: number;
    };

export interface WindowPlan {
  readonly train: Length;
  readonly test: Length;
  /** Training always begins with the first bar and grows, instead of moving along. */
  readonly anchored?: boolean;
}

/** Bars `trainFrom` up to, not including, `testFrom`, then up to, not including, `testTo`. */
export interface Window {
  readonly trainFrom: number;
  readonly testFrom: number;
  readonly testTo: number;
}

/**
 * The windows over all bars. Tests lie end to end; the last may be shorter than the others, where the bars end.
 * @param time of the bars, milliseconds UTC
 * @throws UserError for lengths that are none, or bars that are too few for one window
 */
export function walkForwardWindows(time: Float64Array, plan: WindowPlan): Window[] {
  const { train, test, anchored = false } = plan;
  checkLength('train', train);
  checkLength('test', test);
  const windows: Window[] = [];
  let testFrom = after(time, 0, train);
  let trainFrom = 0;
  while (testFrom < time.length - 1) {
    const testTo = after(time, testFrom, test);
    if (testFrom - trainFrom < 2) {
      throw new UserError(`A training window that ends before bar ${testFrom} has fewer than two bars.`);
    }
    // A test of one bar can have no trade: the bar is left to the window before it.
    const isLast = testTo >= time.length - 1;
    windows.push({ trainFrom, testFrom, testTo: isLast ? time.length : testTo });
    if (isLast) break;
    if (!anchored) trainFrom = typeof test === 'number' ? trainFrom + test : after(time, trainFrom, test);
    testFrom = testTo;
  }
  if (windows.length > 0) return windows;
  throw new UserError(
    `${time.length} bars are too few to train on ${lengthText(train)} and test on what follows.`,
  );
}

/** Index of the first bar that lies so long after the bar `from`; the number of bars where there is none. */
function after(time: Float64Array, from: number, length: Length): number {
  if (typeof length === 'number') return Math.min(from + length, time.length);
  const { years = 0, months = 0, weeks = 0, days = 0 } = length;
  const start = new Date(time[from] as number);
  const month = start.getUTCMonth() + months + 12 * years;
  // A month later than the 31st is the last day of the next month, where that has none.
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const end = new Date(start);
  end.setUTCFullYear(start.getUTCFullYear(), month, Math.min(start.getUTCDate(), lastDay));
  end.setUTCDate(end.getUTCDate() + days + 7 * weeks);
  return firstAtOrAfter(time, end.getTime());
}

function checkLength(name: string, length: Length): void {
  const parts = typeof length === 'number' ? [length] : Object.values(length);
  const isWhole = parts.every((part) => Number.isInteger(part) && part >= 0);
  const isLong = typeof length === 'number' ? length >= 2 : parts.some((part) => part > 0);
  if (isWhole && isLong) return;
  throw new UserError(
    `${name} is a number of bars, at least 2, or a length such as { months: 6 }, not ${JSON.stringify(length)}.`,
  );
}

function lengthText(length: Length): string {
  if (typeof length === 'number') return `${length} bars`;
  return Object.entries(length)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ');
}
