/**
 * When alerts come nearly as fast as TradingView sends them at all. It stops an alert that fires more than 15 times in 3
 * minutes, without a word to the desk: what comes after that is missed.
 * https://www.tradingview.com/support/solutions/43000690939
 */

const windowMs = 180_000;
export const tradingViewMost = 15;
export const stormFrom = 12;

export interface Storm {
  /** Times of what came in the last three minutes, the oldest first. Milliseconds. */
  readonly recent: readonly number[];
  /** When there were too many of them the last time. */
  readonly overAt: number | null;
}

export const calm: Storm = { recent: [], overAt: null };

/** What becomes of it by an alert at this time, and whether a burst begins: it ends when three minutes were calmer. */
export function withAlert(
  { recent, overAt }: Storm,
  at: number,
): { readonly storm: Storm; readonly begins: boolean } {
  const within = [...recent, at].filter((time) => at - time < windowMs);
  if (within.length < stormFrom) return { storm: { recent: within, overAt }, begins: false };
  const begins = overAt === null || at - overAt >= windowMs;
  return { storm: { recent: within, overAt: at }, begins };
}
