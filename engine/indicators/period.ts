/** The period of an indicator: a whole number of bars. */
import { UserError } from '../errors.ts';

/** @throws UserError when the period is not a whole number from `least` on */
export function checkPeriod(indicator: string, period: number, least = 1): void {
  if (!Number.isInteger(period) || period < least) {
    throw new UserError(`${indicator} needs a whole period of at least ${least}, not ${period}.`);
  }
}

/** A column of NaN: what an indicator is until it has seen enough. */
export function undefinedColumn(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}
