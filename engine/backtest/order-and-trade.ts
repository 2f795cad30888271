/**
 * Orders and trades in a backtest, as a strategy sees them and as the broker keeps them. They stand together because
 * each knows the other: a trade its stop loss and take profit, a closing order its trade.
 */
import { UserError } from '../errors.ts';
import { roundHalfEven } from './arithmetic.ts';
import type { OrderOutcome, OrderRecord } from './result.ts';

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
  readonly purpose: OrderRecord['purpose'];
}

/** What an order needs of its broker. */
export interface OrderDesk {
  cancel(order: Order): void;
}

export class Order {
  readonly symbol: string;
  /** Index of the symbol in the market. */
  readonly symbolIndex: number;
  /** Bar whose close the strategy saw, and the order's number on that bar. */
  readonly signalBar: number;
  readonly sequence: number;
  readonly side: 'buy' | 'sell';
  /** Units, or below 1 a share of what can be spent. A stop loss or take profit shrinks with its trade. */
  size: number;
  readonly limit: number | null;
  /** Null once a stop has been hit: from then on this is a market or limit order. */
  stop: number | null;
  /** Stop loss and take profit of the trade that this order opens. */
  readonly sl: number | null;
  readonly tp: number | null;
  readonly tag: string | null;
  /** The trade that this order closes; null for an entry. */
  readonly trade: Trade | null;
  readonly purpose: OrderRecord['purpose'];
  /** The stop as it was placed. */
  readonly placedStop: number | null;
  outcome: OrderOutcome = 'pending';
  /** Where the ledger has it; -1 where it has not. */
  row = -1;
  readonly #desk: OrderDesk;

  constructor(terms: OrderTerms, desk: OrderDesk, signalBar: number, sequence: number) {
    this.symbol = terms.symbol;
    this.symbolIndex = terms.symbolIndex;
    this.signalBar = signalBar;
    this.sequence = sequence;
    this.side = terms.size > 0 ? 'buy' : 'sell';
    this.size = Math.abs(terms.size);
    this.limit = terms.limit;
    this.stop = terms.stop;
    this.sl = terms.sl;
    this.tp = terms.tp;
    this.tag = terms.tag;
    this.trade = terms.trade;
    this.purpose = terms.purpose;
    this.placedStop = terms.stop;
    this.#desk = desk;
  }

  /** The size with its sign: negative to sell. */
  get signedSize(): number {
    return this.side === 'buy' ? this.size : -this.size;
  }

  get isLong(): boolean {
    return this.side === 'buy';
  }

  get isShort(): boolean {
    return this.side === 'sell';
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

/** What a trade needs of its broker. */
export interface TradeDesk {
  /** The newest close of a symbol. */
  lastClose(symbolIndex: number): number;
  placeClose(trade: Trade, size: number): void;
  placeStopLoss(trade: Trade, price: number): Order;
  placeTakeProfit(trade: Trade, price: number): Order;
  cancel(order: Order): void;
}

export interface Entry {
  readonly symbol: string;
  readonly symbolIndex: number;
  /** Signed units. */
  readonly size: number;
  readonly price: number;
  readonly bar: number;
  readonly tag: string | null;
}

export class Trade {
  readonly symbol: string;
  readonly symbolIndex: number;
  /** Units, negative for a short. A partial close makes it smaller. */
  size: number;
  readonly entryPrice: number;
  readonly entryBar: number;
  readonly tag: string | null;
  exitPrice: number | null = null;
  exitBar: number | null = null;
  /** Of entry and exit; 0 while the trade is open. */
  commission = 0;
  slOrder: Order | null = null;
  tpOrder: Order | null = null;
  readonly #desk: TradeDesk;

  constructor(entry: Entry, desk: TradeDesk) {
    this.symbol = entry.symbol;
    this.symbolIndex = entry.symbolIndex;
    this.size = entry.size;
    this.entryPrice = entry.price;
    this.entryBar = entry.bar;
    this.tag = entry.tag;
    this.#desk = desk;
  }

  get isOpen(): boolean {
    return this.exitBar === null;
  }

  get isLong(): boolean {
    return this.size > 0;
  }

  get isShort(): boolean {
    return this.size < 0;
  }

  /** Price at which the trade stands: its exit, or while it is open the newest close. */
  get price(): number {
    return this.exitPrice ?? this.#desk.lastClose(this.symbolIndex);
  }

  /** Profit in money. Closed: after commission; open: at the last close, before commission. */
  get pnl(): number {
    return this.size * (this.price - this.entryPrice) - this.commission;
  }

  /** Profit as a fraction of what was put in. */
  get returnFraction(): number {
    const gross = Math.sign(this.size) * (this.price / this.entryPrice - 1);
    return gross - this.commission / (Math.abs(this.size) * this.entryPrice);
  }

  /** What the units are worth, always positive. */
  get value(): number {
    return Math.abs(this.size) * this.price;
  }

  get sl(): number | null {
    return this.slOrder?.stop ?? null;
  }

  /** Sets, moves or (null) takes away the stop loss. */
  set sl(price: number | null) {
    checkLeg('stop loss', price);
    if (this.slOrder !== null) this.#desk.cancel(this.slOrder);
    if (price !== null) this.slOrder = this.#desk.placeStopLoss(this, price);
  }

  get tp(): number | null {
    return this.tpOrder?.limit ?? null;
  }

  /** Sets, moves or (null) takes away the take profit. */
  set tp(price: number | null) {
    checkLeg('take profit', price);
    if (this.tpOrder !== null) this.#desk.cancel(this.tpOrder);
    if (price !== null) this.tpOrder = this.#desk.placeTakeProfit(this, price);
  }

  /**
   * Places an order that closes a portion of the trade, at least one unit; it fills like any market order.
   * @throws UserError when the portion is not above 0 and at most 1
   */
  close(portion = 1): void {
    if (!(portion > 0 && portion <= 1)) {
      throw new UserError(`A trade can be closed by a portion above 0 and up to 1, not ${portion}.`);
    }
    const units = Math.max(1, roundHalfEven(Math.abs(this.size) * portion));
    this.#desk.placeClose(this, -Math.sign(this.size) * units);
  }
}

function checkLeg(name: string, price: number | null): void {
  if (price !== null && !(price > 0 && price < Number.POSITIVE_INFINITY)) {
    throw new UserError(`A ${name} must be a price above zero, not ${price}.`);
  }
}
