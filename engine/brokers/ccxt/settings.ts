/** What `desk.yaml` says of a broker of the type `ccxt`. */
import { z } from 'zod';
import { decimal, zero } from '../../money.ts';

const address = z.url({
  protocol: /^(https?|socks[45]?h?)$/,
  error: 'must be an address such as "http://10.0.0.5:3128"',
});

/** Kept as text all the way to the books. */
const rate = z
  .union([z.string(), z.number().transform(String)])
  .refine(isRate, 'is a rate: 0.001 means 0.1 %, and it must be below 1');

const walletName = z.string().regex(/^(spot|funding|cross|isolated:[A-Z0-9]+\/[A-Z0-9]+)$/, {
  error: 'must be spot, funding, cross, or isolated: with a pair, such as isolated:BTC/USDT',
});

export const ccxtSettings = z.strictObject({
  type: z.literal('ccxt'),
  /** As ccxt names it: `binance`, `kraken`, `bybit`. */
  exchange: z
    .string()
    .regex(/^[a-z0-9]+$/, { error: 'must be the name of an exchange as ccxt writes it, such as binance' }),
  apiKey: z.string().min(1),
  secret: z.string().min(1),
  /** Some exchanges call it passphrase: okx, kucoin. */
  password: z.string().min(1).optional(),
  /** The first is the one from which it trades where a book says nothing else. */
  wallets: z.array(walletName).min(1).default(['spot']),
  /** The exchange's test network, where it has one. */
  sandbox: z.boolean().default(false),
  /** The rate to expect as the fee of a market order; the exchange's list price where not given. */
  fee: rate.optional(),
  /** An HTTP or SOCKS proxy on the way to the exchange. */
  proxy: address.optional(),
  /**
   * A server that is asked in the exchange's place: a recorder, a simulator. It gets the exchange's host as the first part
   * of the path. Only for trying things out.
   */
  gateway: z
    .url({ protocol: /^https?$/, error: 'must be an address such as "http://127.0.0.1:8090"' })
    .optional(),
  /** How long the exchange may take to answer. */
  timeoutSeconds: z.number().positive().max(60).default(10),
  /**
   * Milliseconds that each request is counted for, in place of what ccxt assumes of an account of the lowest tier: a higher
   * tier may ask more often.
   */
  requestMs: z.number().positive().optional(),
  /** How often it is asked what became of open orders, besides what it tells by itself. */
  pollSeconds: z.number().positive().default(20),
  /** A websocket that is silent for this long is given up and opened again. */
  silenceSeconds: z.number().positive().default(30),
  /** Handed to ccxt as they are; see ccxt's manual. */
  options: z.record(z.string(), z.unknown()).default({}),
});

export type CcxtSettings = z.infer<typeof ccxtSettings>;

function isRate(text: string): boolean {
  try {
    const value = decimal(text);
    return value.gte(zero) && value.lt(decimal('1'));
  } catch {
    return false;
  }
}
