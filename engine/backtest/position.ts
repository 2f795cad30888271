/** All open trades of one symbol together. */
import type { Account } from './account.ts';
import type { Trade } from './order-and-trade.ts';

export class Position {
  readonly #account: Account;
  readonly #symbolIndex: number;

  constructor(account: Account, symbolIndex: number) {
    this.#account = account;
    this.#symbolIndex = symbolIndex;
  }

  /** Units, negative for a short. */
  get size(): number {
    return this.#account.unitsOf(this.#symbolIndex);
  }

  get isOpen(): boolean {
    return this.size !== 0;
  }

  get isLong(): boolean {
    return this.size > 0;
  }

  get isShort(): boolean {
    return this.size < 0;
  }

  /** The open trades, oldest first. */
  get trades(): Trade[] {
    return this.#account.trades.filter(({ symbolIndex }) => symbolIndex === this.#symbolIndex);
  }

  /** Profit in money at the last close, before commission. */
  get pnl(): number {
    let profit = 0;
    for (const trade of this.#account.trades) {
      if (trade.symbolIndex === this.#symbolIndex) profit += trade.pnl;
    }
    return profit;
  }

  /** Profit as a fraction of what was put in. */
  get returnFraction(): number {
    let invested = 0;
    for (const trade of this.#account.trades) {
      if (trade.symbolIndex === this.#symbolIndex) invested += trade.entryPrice * Math.abs(trade.size);
    }
    return invested === 0 ? 0 : this.pnl / invested;
  }

  /** Closes this portion of each of the trades. */
  close(portion = 1): void {
    for (const trade of this.#account.trades) {
      if (trade.symbolIndex === this.#symbolIndex) trade.close(portion);
    }
  }
}
