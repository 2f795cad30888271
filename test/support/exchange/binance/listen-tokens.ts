/**
 * Tokens that let a websocket hear of a margin wallet, for a day at most.
 * https://developers.binance.com/docs/margin_trading/trade-data-stream/Listen-Token-Websocket-API
 */
import { randomBytes } from 'node:crypto';
import type { TradingWallet } from '../wallets.ts';

export interface ListenToken {
  readonly token: string;
  readonly wallet: TradingWallet;
  readonly expiresAt: number;
}

const dayMs = 24 * 3_600_000;

export class ListenTokens {
  readonly #tokens = new Map<string, ListenToken>();

  issue(wallet: TradingWallet, now: number, validityMs = dayMs): ListenToken {
    const token = randomBytes(50).toString('base64');
    const issued = { token, wallet, expiresAt: now + Math.min(validityMs, dayMs) };
    this.#tokens.set(token, issued);
    return issued;
  }

  find(token: string, now: number): ListenToken | undefined {
    const found = this.#tokens.get(token);
    return found === undefined || found.expiresAt <= now ? undefined : found;
  }
}
