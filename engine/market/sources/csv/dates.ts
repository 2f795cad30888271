/** Dates and times as people write them in CSV files, read column by column. */

/** One date cell: what is written, and the instant where the cell says its own offset. */
export interface WrittenTime {
  /** The written clock as milliseconds "as if it were UTC". */
  readonly wallClock: number;
  /** Milliseconds UTC; null when the cell says no offset. */
  readonly instant: number | null;
}

/** The column as it was read, or why it could not be: `row` is the index of the cell that is wrong. */
export type DateColumn =
  | { readonly times: readonly WrittenTime[] }
  | { readonly problem: string; readonly row: number };

const iso =
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
const compact = /^(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2}):?(\d{2}):?(\d{2})?)?$/;
const dayAndMonth = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const epoch = /^\d{9,11}(\.\d+)?$|^\d{12,14}$/;

type DayOrder = 'day first' | 'month first';

/**
 * Reads a whole date column. `MM/DD/YYYY` and `DD/MM/YYYY` are told apart by the column: some day is beyond the
 * 12th. Where none is, the column is refused rather than guessed. With dots (`31.12.2020`) the day is first.
 */
export function readDates(cells: readonly string[]): DateColumn {
  let order: DayOrder | undefined;
  let undecided = -1;
  for (const [row, cell] of cells.entries()) {
    const match = dayAndMonth.exec(cell);
    if (match === null) continue;
    const first = Number(match[1]);
    const second = Number(match[3]);
    const says: DayOrder | undefined =
      match[2] === '.' || first > 12 ? 'day first' : second > 12 ? 'month first' : undefined;
    if (says === undefined) {
      if (undecided < 0) undecided = row;
    } else if (order === undefined) order = says;
    else if (order !== says) return { problem: `has "${cell}", but dates before it have the ${order}`, row };
  }
  if (order === undefined && undecided >= 0) {
    return {
      problem: `has "${cells[undecided]}", which may be day/month or month/day: write dates as YYYY-MM-DD`,
      row: undecided,
    };
  }
  const times: WrittenTime[] = [];
  for (const [row, cell] of cells.entries()) {
    const time = readDate(cell, order ?? 'day first');
    if (time === undefined) return { problem: `has "${cell}" where a date should be`, row };
    times.push(time);
  }
  return { times };
}

function readDate(cell: string, order: DayOrder): WrittenTime | undefined {
  const isoMatch = iso.exec(cell);
  if (isoMatch !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = isoMatch;
    const wallClock = wallClockFrom(year, month, day, hour, minute, second);
    if (wallClock === undefined) return undefined;
    const withFraction = wallClock + Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
    return {
      wallClock: withFraction,
      instant: zone === undefined ? null : withFraction - offsetMs(zone),
    };
  }
  const compactMatch = compact.exec(cell);
  if (compactMatch !== null && /^(1[89]|2[01])/.test(cell)) {
    const [, year, month, day, hour, minute, second] = compactMatch;
    const wallClock = wallClockFrom(year, month, day, hour, minute, second);
    if (wallClock !== undefined) return { wallClock, instant: null };
  }
  const match = dayAndMonth.exec(cell);
  if (match !== null) {
    const [, first, , second, year, hour, minute, seconds] = match;
    const [day, month] = order === 'day first' ? [first, second] : [second, first];
    const wallClock = wallClockFrom(year, month, day, hour, minute, seconds);
    return wallClock === undefined ? undefined : { wallClock, instant: null };
  }
  if (epoch.test(cell)) {
    const value = Number(cell);
    const instant = value < 1e11 ? value * 1000 : value;
    return { wallClock: instant, instant };
  }
  return undefined;
}

/** Undefined for a day that no calendar has, such as 2021-02-30. */
function wallClockFrom(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
): number | undefined {
  const [y, mo, d] = [Number(year), Number(month), Number(day)];
  const [h, mi, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  const time = Date.UTC(y, mo - 1, d, h, mi, s);
  const date = new Date(time);
  const exists = date.getUTCMonth() === mo - 1 && date.getUTCDate() === d && h < 24 && mi < 60 && s < 60;
  return exists ? time : undefined;
}

function offsetMs(zone: string): number {
  if (/^(z|utc)$/i.test(zone)) return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith('-') ? -minutes : minutes) * 60_000;
}
