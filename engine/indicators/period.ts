/** What all indicators share: the check of a period, the empty column, and which values count as missing. */
import { UserError } from '../errors.ts';

/** @throws UserError when the period is not a whole number of bars from `least` on */
export function checkPeriod(indicator: string, period: number, least = 1, name = 'period'): void {
  if (!Number.isInteger(period) || period < least) {
    throw new UserError(`${indicator} needs a whole ${name} of at least ${least}, not ${period}.`);
  }
}

/** @throws UserError when a distance of bands is no number above zero */
export function checkMultiple(indicator: string, multiple: number, name: string): void {
  if (!(multiple > 0 && multiple < Number.POSITIVE_INFINITY)) {
    throw new UserError(`${indicator} needs ${name} above zero, not ${multiple}.`);
  }
}

/** @throws UserError when columns that belong together are not equally long */
export function checkLengths(indicator: string, first: Float64Array, ...others: Float64Array[]): void {
  const odd = others.find(({ length }) => length !== first.length);
  if (odd !== undefined) {
    throw new UserError(
      `${indicator} needs columns of one length, but was given ${first.length} and ${odd.length} values.`,
    );
  }
}

/** A column of NaN: what an indicator is until it has seen enough. */
export function undefinedColumn(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

/** NaN or infinite: a value that would stay in a running sum for ever. (Only of finite numbers is the difference zero.) */
export function isMissing(value: number): boolean {
  return value - value !== 0;
}
