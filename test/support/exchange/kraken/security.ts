/**
 * Key, signature and nonce.
 * https://docs.kraken.com/exchange/guides/rest/authentication
 */
import { createHash, createHmac } from 'node:crypto';
import type { ExchangeRequest } from '../faults.ts';
import { KrakenError } from './errors.ts';

export interface Keys {
  readonly apiKey: string;
  /** Base64. */
  readonly secret: string;
}

export class Security {
  readonly #keys: Keys;
  #nonce = 0;
  revoked = false;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** A nonce may come twice, since a test's clock may stand; the real one asks for a nonce window for that. */
  check(request: ExchangeRequest): void {
    if (request.headers['api-key'] !== this.#keys.apiKey || this.revoked) {
      throw new KrakenError('EAPI:Invalid key');
    }
    const nonce = request.parameters['nonce'] ?? '';
    const digest = createHash('sha256').update(`${nonce}${request.body}`).digest();
    const right = createHmac('sha512', Buffer.from(this.#keys.secret, 'base64'))
      .update(Buffer.concat([Buffer.from(request.path), digest]))
      .digest('base64');
    if (request.headers['api-sign'] !== right) throw new KrakenError('EAPI:Invalid signature');
    if (!/^\d{1,20}$/.test(nonce) || Number(nonce) < this.#nonce) throw new KrakenError('EAPI:Invalid nonce');
    this.#nonce = Number(nonce);
  }
}
