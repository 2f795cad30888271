/** Time, passed in: so that a test can stand at a moment and move on from there. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** An instant as it is stored: ISO 8601 in UTC with milliseconds, so that text order is time order. */
export function stamp(clock: Clock): string {
  return clock.now().toISOString();
}
