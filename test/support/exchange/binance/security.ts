/**
 * Who sends, and when: API key, HMAC signature, timestamp.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ExchangeRequest } from '../faults.ts';
import { BinanceError } from './errors.ts';
import { mandatory, type Parameters } from './parameters.ts';

export interface Keys {
  readonly apiKey: string;
  readonly secret: string;
}

export class Security {
  readonly #keys: Keys;
  /** A key that was deleted, or whose address is not allowed. */
  revoked = false;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  checkKey(apiKey: string | undefined): void {
    if (apiKey === undefined || !/^[a-zA-Z0-9]{8,}$/.test(apiKey)) {
      throw new BinanceError(-2014, 'API-key format invalid.', 401);
    }
    if (apiKey !== this.#keys.apiKey || this.revoked) {
      throw new BinanceError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
    }
  }

  /** Of a REST request: the query followed by the body, without the signature itself. */
  checkRequest(request: ExchangeRequest, parameters: Parameters, now: number): void {
    const key = request.headers['x-mbx-apikey'];
    this.checkKey(typeof key === 'string' ? key : undefined);
    this.checkTime(parameters, now);
    const signed = `${request.query}${request.body}`.replace(/&?signature=[^&]*/, '');
    this.checkSignature(signed, parameters);
  }

  checkSignature(signed: string, parameters: Parameters): void {
    const signature = Buffer.from(parameters.text('signature'));
    const right = Buffer.from(createHmac('sha256', this.#keys.secret).update(signed).digest('hex'));
    if (signature.length !== right.length || !timingSafeEqual(signature, right)) {
      throw new BinanceError(-1022, 'Signature for this request is not valid.');
    }
  }

  checkTime(parameters: Parameters, now: number): void {
    const timestamp = parameters.integer('timestamp');
    if (timestamp === undefined) throw mandatory('timestamp');
    const window = parameters.integer('recvWindow') ?? 5000;
    if (window > 60_000) throw new BinanceError(-1131, 'recvWindow must be less than 60000');
    if (timestamp > now + 1000) {
      throw new BinanceError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    }
    if (now - timestamp > window) {
      throw new BinanceError(-1021, 'Timestamp for this request is outside of the recvWindow.');
    }
  }
}
