/** All open trades of one symbol together. */
import type { Trade } from './order-and-trade.ts';

export class Position {
  readonly #trades: readonly Trade[];
  readonly #symbolIndex: number;

  /** `trades` is the broker's own list of open trades, of all symbols. */
  constructor(trades: readonly Trade[], symbolIndex: number) {
    this.#trades = trades;
    this.#symbolIndex = symbolIndex;
  }

  /** Units, negative for a short. */
  get size(): number {
    return this.#sum((trade) => trade.size);
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

  /** Profit in money at the last close, before commission. */
  get pnl(): number {
    return this.#sum((trade) => trade.pnl);
  }

  /** Profit as a fraction of what was put in. */
  get returnFraction(): number {
    const invested = this.#sum((trade) => trade.entryPrice * Math.abs(trade.size));
    return invested === 0 ? 0 : this.pnl / invested;
  }

  /** Closes this portion of each of the trades. */
  close(portion = 1): void {
    for (const trade of this.#trades.slice()) {
      if (trade.symbolIndex === this.#symbolIndex) trade.close(portion);
    }
  }

  #sum(part: (trade: Trade) => number): number {
    let sum = 0;
    for (const trade of this.#trades) if (trade.symbolIndex === this.#symbolIndex) sum += part(trade);
    return sum;
  }
}
