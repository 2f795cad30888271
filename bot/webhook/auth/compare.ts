/** Comparison of secrets in constant time, and secrets that nobody knows. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Whether two texts are the same. Both are hashed first, so it takes the same time whatever their lengths and wherever
 * they differ, and also when nothing was given; nothing equals nothing.
 */
export function isSameSecret(given: string | undefined, expected: string): boolean {
  return isSameDigest(given === undefined ? undefined : secretDigest(given), secretDigest(expected));
}

/** The same for texts that are hashed already, as one text is compared with many. */
export function isSameDigest(given: Buffer | undefined, expected: Buffer): boolean {
  const same = timingSafeEqual(given ?? digestOfNothing, expected);
  return same && given !== undefined;
}

/** Of the same length as `secret`, so that work with it takes as long. */
export function randomSecretLike(secret: string): string {
  return randomBytes(secret.length).toString('base64url').slice(0, secret.length);
}

export function secretDigest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const digestOfNothing = secretDigest('');
