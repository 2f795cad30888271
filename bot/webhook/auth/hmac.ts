/**
 * Proof by a signature: the header holds HMAC-SHA256 (RFC 2104, FIPS 180-4), under a secret that never travels, of the time
 * in the other header, a dot, and the body byte by byte; in hexadecimal, with or without `sha256=` before it. The time is
 * Unix time in seconds or milliseconds.
 */
import { createHmac } from 'node:crypto';
import type { HmacSettings } from '../../config/senders.ts';
import { isSameSecret, randomSecretLike } from './compare.ts';
import { type SecretWay, wrongTime } from './way.ts';

export const hmac: SecretWay<HmacSettings> = {
  prove({ secret, timestampHeader, signatureHeader, toleranceSeconds }, { headers, body, now }) {
    const timestamp = headers[timestampHeader];
    const signature = headers[signatureHeader];
    const time = typeof timestamp === 'string' ? timestamp : '';
    const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
    const given =
      typeof signature === 'string' ? signature.replace(/^sha256=/i, '').toLowerCase() : undefined;
    if (!isSameSecret(given, expected)) {
      return { proved: false, why: given === undefined ? 'no signature' : 'a wrong signature' };
    }
    if (!/^\d{10}(\d{3})?$/.test(time)) return { proved: false, why: 'a signed time that is no Unix time' };
    const sentAtMs = Number(time) * (time.length === 10 ? 1000 : 1);
    const why = wrongTime(sentAtMs, now, toleranceSeconds);
    if (why !== undefined) return { proved: false, why };
    const passesUntil = new Date(sentAtMs + toleranceSeconds * 1000);
    return { proved: true, once: { id: `hmac:${expected}`, passesUntil } };
  },
  decoy: (settings) => ({ ...settings, secret: randomSecretLike(settings.secret) }),
};
