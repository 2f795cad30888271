/** An order in a backtest, as its strategy sees it and as the broker keeps it. */
import type { OrderOutcome } from './result.ts';
import type { Trade } from './trade.ts';

export interface OrderTerms {
  readonly symbol: string;
  /** Index of the symbol in the market. */
  readonly symbolIndex: number;
  /** Signed units, or below 1 a signed share of what can be spent. */
  readonly size: number;
  readonly limit: number | null;
  readonly stop: number | null;
  readonly sl: number | null;
  readonly tp: number | null;
  readonly tag: string | null;
  /** The trade that this order closes; null for an entry. */
  readonly trade: Trade | null;
  readonly purpose: 'entry' | 'close' | 'stopLoss' | 'takeProfit';
}

/** What an order needs of its broker. */
export interface OrderDesk {
  cancel(order: Order): void;
}

export class Order {
  readonly symbol: string;
  readonly symbolIndex: number;
  readonly limit: number | null;
  readonly sl: number | null;
  readonly tp: number | null;
  readonly tag: string | null;
  readonly trade: Trade | null;
  readonly purpose: OrderTerms['purpose'];
  /** Bar whose close the strategy saw, and the order's number on that bar. */
  readonly signalBar: number;
  readonly sequence: number;
  /** The stop as it was placed. */
  readonly placedStop: number | null;
  /** Null once it has been hit: from then on this is a market or a limit order. */
  stop: number | null;
  /** A stop loss or take profit shrinks with its trade. */
  size: number;
  outcome: OrderOutcome = 'pending';
  doneBar: number | null = null;
  readonly #desk: OrderDesk;

  constructor(terms: OrderTerms, desk: OrderDesk, signalBar: number, sequence: number) {
    this.symbol = terms.symbol;
    this.symbolIndex = terms.symbolIndex;
    this.size = terms.size;
    this.limit = terms.limit;
    this.stop = terms.stop;
    this.placedStop = terms.stop;
    this.sl = terms.sl;
    this.tp = terms.tp;
    this.tag = terms.tag;
    this.trade = terms.trade;
    this.purpose = terms.purpose;
    this.#desk = desk;
    this.signalBar = signalBar;
    this.sequence = sequence;
  }

  get isLong(): boolean {
    return this.size > 0;
  }

  get isShort(): boolean {
    return this.size < 0;
  }

  get isPending(): boolean {
    return this.outcome === 'pending';
  }

  /** A stop loss or take profit that a trade still relies on. */
  get isContingent(): boolean {
    return this.trade !== null && (this.trade.slOrder === this || this.trade.tpOrder === this);
  }

  /** Takes the order back. Without effect once it is done. */
  cancel(): void {
    this.#desk.cancel(this);
  }
}
