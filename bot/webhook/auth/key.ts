/**
 * Proof by the book's key: whoever knows it may send. It stands in the body (`"key": "…"` or `key=…`), because
 * TradingView sends no headers of one's own, or in the header `x-outcry-key`.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AlertFields } from '../alert.ts';

export const keyHeader = 'x-outcry-key';

/** The key that was sent, and the alert without it: nothing behind this door sees it. */
export function takeKey(
  fields: AlertFields,
  header: string | undefined,
): { readonly key: string | undefined; readonly rest: AlertFields } {
  const { key: inBody, ...rest } = fields;
  return { key: header ?? (typeof inBody === 'string' ? inBody : undefined), rest };
}

/** Takes the place of the key of a book that does not exist, so that its absence costs the same time. */
const nobodysKey = () => randomBytes(32).toString('hex');

/**
 * Whether the key is the book's. Both are hashed first, so the comparison takes the same time whatever their lengths
 * and wherever they differ, and also when there is no book or no key.
 */
export function isBookKey(given: string | undefined, expected: string | undefined): boolean {
  const same = timingSafeEqual(digest(given ?? ''), digest(expected ?? nobodysKey()));
  return same && given !== undefined && expected !== undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
