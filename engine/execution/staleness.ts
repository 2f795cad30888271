/** Until when an entry may be begun and sent: as long as its book allows, or as its signal is good where that is known. */
import type { Broker } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';

export interface Waiting {
  /** ISO 8601. */
  readonly askedAt: string;
  /** ISO 8601; where not given, the book's seconds count from `askedAt`. */
  readonly freshUntil?: string;
}

/** Why an entry is too old, for people; undefined while it is not. */
export function staleness(
  { askedAt, freshUntil }: Waiting,
  { staleAfterSeconds }: { readonly staleAfterSeconds: number },
  clock: Clock,
): string | undefined {
  const now = clock.now().getTime();
  if (freshUntil !== undefined) {
    if (now < Date.parse(freshUntil)) return undefined;
    return `The entry was good until ${freshUntil.slice(0, 16).replace('T', ' ')} UTC.`;
  }
  if (now - Date.parse(askedAt) <= staleAfterSeconds * 1000) return undefined;
  return `The entry waited longer than ${staleAfterSeconds} s.`;
}

/** The same as the end of it, with what it may have waited for. */
export function endOfWaiting(stale: string, broker: Broker): string {
  const { state, why } = broker.status();
  return state === 'ready' ? stale : `${stale} ${broker.name} is ${state}: ${why ?? ''}`.trimEnd();
}
