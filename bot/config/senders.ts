/**
 * Who may send alerts: a list of ways in. One of them is enough, and all that stands in one must be proved together.
 *
 * An address, or the certificate that TradingView shows, says which machine sends, and from TradingView's machines everybody
 * may: so neither stands alone.
 */
import { z } from 'zod';
import { addressOrRange } from './addresses.ts';

const secret = z.string('must be text in quotes').min(8, 'must have at least 8 characters');

/** Printable ASCII: Pine knows nothing else, and one character is one byte. */
const mirageKey = z
  .string('must be text in quotes')
  .regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 letters, digits and signs without spaces');

const tolerance = z
  .number()
  .int('must be a whole number of seconds')
  .min(1, 'must be at least 1')
  .max(3600, 'must be at most 3600')
  .default(120);

const headerName = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/i, 'must be the name of a header such as x-signature')
  .transform((name) => name.toLowerCase());

const sender = z
  .strictObject({
    /** A text that stands in the alert, its address, or the header `x-outcry-key`. */
    key: secret.optional(),
    /** HMAC-SHA256 of the time, a dot and the body. */
    hmac: z
      .strictObject({
        secret: secret.min(16, 'must have at least 16 characters'),
        timestampHeader: headerName.default('x-outcry-timestamp'),
        signatureHeader: headerName.default('x-outcry-signature'),
        /** How old, and how far in the future, a message may be. */
        toleranceSeconds: tolerance,
      })
      .optional(),
    /** Mirage's encrypted envelope. */
    mirage: z
      .strictObject({
        /** In the order in which they are listed in the script. */
        xorKeys: z.array(mirageKey).min(1, 'must list the keys in their order'),
        secretKey: mirageKey,
        toleranceSeconds: tolerance,
      })
      .optional(),
    /** The certificate that the sender shows, where the desk itself ends TLS. */
    certificate: z
      .union(
        [z.literal('tradingview'), z.strictObject({ commonName: z.string().min(1) })],
        'must be tradingview, or a section with the commonName of the certificate',
      )
      .optional(),
    addresses: z
      .union(
        [z.literal('tradingview'), z.array(addressOrRange).min(1)],
        'must be tradingview, or a list of addresses and ranges such as 10.0.0.0/8',
      )
      .optional(),
  })
  .refine(
    ({ key, hmac, mirage, certificate }) =>
      key !== undefined || hmac || mirage || typeof certificate === 'object',
    'needs a key, hmac, mirage, or a certificate of your own: from TradingView, and from an address, others may send too',
  );

export const senders = z.array(sender).min(1, 'must have at least one way in');

export type SenderSettings = z.infer<typeof sender>;
export type HmacSettings = NonNullable<SenderSettings['hmac']>;
export type MirageSettings = NonNullable<SenderSettings['mirage']>;
export type CertificateSettings = NonNullable<SenderSettings['certificate']>;
export type AddressSettings = NonNullable<SenderSettings['addresses']>;
