/**
 * Proof by Mirage's protocol, which works in a Pine script, where there is no HMAC and no header.
 *
 * The body is `{"request": {"data": "23,79,…"}}`: bytes in decimal. XOR with each key in turn gives the JSON
 * `{"decrypted_data": {"message": "…", "hash": "…"}}`; the hash is SHA-256 of the message and the secret key after it, in
 * hexadecimal; the message, again JSON, is `{"message": {"body": the alert, "nonce": "…", "timenow": milliseconds}}`.
 *
 * Its strength is the hash: XOR with keys that repeat hides little from somebody who has seen a few messages.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { alertOf } from '../../../engine/signals/alert.ts';
import type { MirageSettings } from '../../config/senders.ts';
import { isSameSecret, randomSecretLike } from './compare.ts';
import { type Finding, type SecretWay, wrongTime } from './way.ts';

const wire = z.object({ request: z.object({ data: z.string() }) });
const envelope = z.object({ decrypted_data: z.object({ message: z.string(), hash: z.string() }) });
const letter = z.object({
  message: z.object({
    body: z.unknown(),
    nonce: z.string().min(1).max(256),
    timenow: z.number().finite().min(0).max(8.64e15),
  }),
});

export const mirage: SecretWay<MirageSettings> = {
  prove({ xorKeys, secretKey, toleranceSeconds }, { alert, now }) {
    const sent = 'alerts' in alert && !alert.isList ? wire.safeParse(alert.alerts[0]) : undefined;
    const plain = withKeys(bytesOf(sent?.success ? sent.data.request.data : ''), xorKeys);
    const opened = envelope.safeParse(json(new TextDecoder().decode(plain)));
    const { message, hash } = opened.success ? opened.data.decrypted_data : { message: '', hash: undefined };
    const expected = createHash('sha256').update(message).update(secretKey).digest('hex');
    // What is inside is not looked at before the hash has proved that the owner of the secret wrote it.
    if (!isSameSecret(hash?.toLowerCase(), expected)) {
      return { proved: false, why: sent?.success ? 'a wrong envelope' : 'no envelope' };
    }
    return insideOf(message, toleranceSeconds, now);
  },
  decoy: ({ xorKeys, secretKey, toleranceSeconds }) => ({
    xorKeys: xorKeys.map(randomSecretLike),
    secretKey: randomSecretLike(secretKey),
    toleranceSeconds,
  }),
};

function insideOf(message: string, toleranceSeconds: number, now: Date): Finding {
  const read = letter.safeParse(json(message));
  if (!read.success) return { proved: false, why: 'an envelope without body, nonce and time' };
  const { body, nonce, timenow } = read.data.message;
  const why = wrongTime(timenow, now, toleranceSeconds);
  if (why !== undefined) return { proved: false, why };
  const passesUntil = new Date(timenow + toleranceSeconds * 1000);
  return { proved: true, alert: alertOf(body), id: nonce, once: { id: `mirage:${nonce}`, passesUntil } };
}

/** Bytes from decimal text; what is no list of bytes has none. */
function bytesOf(text: string): Uint8Array {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return new Uint8Array();
  return Uint8Array.from(parts, Number);
}

function withKeys(bytes: Uint8Array, keys: readonly string[]): Uint8Array {
  const result = Uint8Array.from(bytes);
  for (const key of keys) {
    for (let index = 0; index < result.length; index++) {
      result[index] = (result[index] ?? 0) ^ key.charCodeAt(index % key.length);
    }
  }
  return result;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a wrong key makes noise of it
  }
}
