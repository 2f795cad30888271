/** A trade in a backtest: from its entry until it is closed. */
import { UserError } from '../errors.ts';
import { roundHalfEven } from './arithmetic.ts';
import type { Order } from './order.ts';

/** What a trade needs of its broker. */
export interface TradeDesk {
  /** The newest close of a symbol. */
  lastClose(symbolIndex: number): number;
  placeClose(trade: Trade, size: number): void;
  placeStopLoss(trade: Trade, price: number): Order;
  placeTakeProfit(trade: Trade, price: number): Order;
  cancel(order: Order): void;
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

  constructor(
    entry: {
      symbol: string;
      symbolIndex: number;
      size: number;
      price: number;
      bar: number;
      tag: string | null;
    },
    desk: TradeDesk,
  ) {
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

  /** Profit in money, after commission. Open: at the last close, before commission. */
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
