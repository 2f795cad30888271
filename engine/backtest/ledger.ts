/**
 * What happened in a run: its orders, fills and closed trades. They are kept as rows of numbers and become records when
 * somebody asks: a long run has hundreds of thousands of them, and as objects they would cost more than all the rest.
 */
import type { Order, Trade } from './order-and-trade.ts';
import type { Fill, OrderOutcome, OrderRecord, Trade as TradeRecord } from './result.ts';
import { Rows } from './rows.ts';

const purposes = ['entry', 'close', 'stopLoss', 'takeProfit'] as const;
const outcomes = ['pending', 'filled', 'cancelled', 'rejected'] as const;

/** Where in its row an order, a fill or a trade has what. A price that there is none of is NaN. */
const ofOrder = {
  ...{
    symbol: 0,
    signalBar: 1,
    sequence: 2,
    sign: 3,
    size: 4,
    limit: 5,
    stop: 6,
    stopLoss: 7,
    takeProfit: 8,
  },
  ...{ purpose: 9, tag: 10, outcome: 11, doneBar: 12, width: 13 },
} as const;
const ofFill = {
  symbol: 0,
  bar: 1,
  isOpening: 2,
  units: 3,
  price: 4,
  commission: 5,
  order: 6,
  width: 7,
} as const;
const ofTrade = {
  ...{ symbol: 0, size: 1, entryBar: 2, entryPrice: 3, exitBar: 4, exitPrice: 5, pnl: 6, returnFraction: 7 },
  ...{ commission: 8, stopLoss: 9, takeProfit: 10, tag: 11, width: 12 },
} as const;

/** The figures of closed trades that statistics are made of. */
export interface TradeColumns {
  readonly entryBar: Float64Array;
  readonly exitBar: Float64Array;
  readonly pnl: Float64Array;
  readonly returnFraction: Float64Array;
  readonly commission: Float64Array;
}

/** What one symbol has come to. */
export interface SymbolTotals {
  trades: number;
  wins: number;
  pnl: number;
  /** Sum of |units| * price of all fills. */
  traded: number;
}

/** A closed trade, or a piece of one. */
export interface Closing {
  readonly size: number;
  readonly bar: number;
  readonly price: number;
  /** Of entry and exit. */
  readonly commission: number;
}

export class Ledger {
  readonly #symbols: readonly string[];
  readonly #orders = new Rows(ofOrder.width);
  readonly #fills = new Rows(ofFill.width);
  readonly #trades = new Rows(ofTrade.width);
  readonly #tags: string[] = [];
  readonly #tradeRecords: TradeRecord[] = [];
  readonly totals: readonly SymbolTotals[];
  /** Orders that could not be paid, and the bar of the first. */
  rejected = 0;
  firstRejectedBar = 0;

  constructor(symbols: readonly string[]) {
    this.#symbols = symbols;
    this.totals = symbols.map(() => ({ trades: 0, wins: 0, pnl: 0, traded: 0 }));
  }

  get orderCount(): number {
    return this.#orders.length;
  }

  get fillCount(): number {
    return this.#fills.length;
  }

  /** Writes a new order down; answers its row. */
  addOrder(order: Order): number {
    const row = this.#orders.add();
    const cells = this.#orders.blockOf(row);
    const at = this.#orders.placeOf(row);
    cells[at + ofOrder.symbol] = order.symbolIndex;
    cells[at + ofOrder.signalBar] = order.signalBar;
    cells[at + ofOrder.sequence] = order.sequence;
    cells[at + ofOrder.sign] = order.isLong ? 1 : -1;
    cells[at + ofOrder.size] = order.size;
    cells[at + ofOrder.limit] = order.limit ?? Number.NaN;
    cells[at + ofOrder.stop] = order.stop ?? Number.NaN;
    cells[at + ofOrder.stopLoss] = order.sl ?? Number.NaN;
    cells[at + ofOrder.takeProfit] = order.tp ?? Number.NaN;
    cells[at + ofOrder.purpose] = purposes.indexOf(order.purpose);
    cells[at + ofOrder.tag] = this.#tagNumber(order.tag);
    cells[at + ofOrder.doneBar] = Number.NaN;
    return row;
  }

  /** Writes down how an order ended, and with how many units. */
  finishOrder({ row, size }: Order, outcome: OrderOutcome, bar: number): void {
    if (row < 0) return;
    const cells = this.#orders.blockOf(row);
    const at = this.#orders.placeOf(row);
    cells[at + ofOrder.size] = size;
    cells[at + ofOrder.outcome] = outcomes.indexOf(outcome);
    cells[at + ofOrder.doneBar] = bar;
    if (outcome !== 'rejected') return;
    if (this.rejected === 0) this.firstRejectedBar = bar;
    this.rejected++;
  }

  /** Writes down what an order that still waits has become: its stop may have been hit, its trade have shrunk. */
  noteWaiting({ row, size, stop }: Order): void {
    if (row < 0) return;
    const cells = this.#orders.blockOf(row);
    const at = this.#orders.placeOf(row);
    cells[at + ofOrder.size] = size;
    cells[at + ofOrder.stop] = stop ?? Number.NaN;
  }

  addFill(
    symbolIndex: number,
    bar: number,
    isOpening: boolean,
    units: number,
    price: number,
    commission: number,
    order: Order | null,
  ): void {
    const row = this.#fills.add();
    const cells = this.#fills.blockOf(row);
    const at = this.#fills.placeOf(row);
    cells[at + ofFill.symbol] = symbolIndex;
    cells[at + ofFill.bar] = bar;
    cells[at + ofFill.isOpening] = isOpening ? 1 : 0;
    cells[at + ofFill.units] = units;
    cells[at + ofFill.price] = price;
    cells[at + ofFill.commission] = commission;
    cells[at + ofFill.order] = order?.row ?? -1;
    (this.totals[symbolIndex] as SymbolTotals).traded += Math.abs(units) * price;
  }

  /** Writes down a trade that has ended. Its legs are told when all of it has. */
  addTrade(trade: Trade, { size, bar, price, commission }: Closing): void {
    const { entryPrice, symbolIndex } = trade;
    const isWhole = size === trade.size;
    const pnl = size * (price - entryPrice) - commission;
    const row = this.#trades.add();
    const cells = this.#trades.blockOf(row);
    const at = this.#trades.placeOf(row);
    cells[at + ofTrade.symbol] = symbolIndex;
    cells[at + ofTrade.size] = size;
    cells[at + ofTrade.entryBar] = trade.entryBar;
    cells[at + ofTrade.entryPrice] = entryPrice;
    cells[at + ofTrade.exitBar] = bar;
    cells[at + ofTrade.exitPrice] = price;
    cells[at + ofTrade.pnl] = pnl;
    cells[at + ofTrade.returnFraction] =
      Math.sign(size) * (price / entryPrice - 1) - commission / (Math.abs(size) * entryPrice);
    cells[at + ofTrade.commission] = commission;
    cells[at + ofTrade.stopLoss] = (isWhole ? trade.sl : null) ?? Number.NaN;
    cells[at + ofTrade.takeProfit] = (isWhole ? trade.tp : null) ?? Number.NaN;
    cells[at + ofTrade.tag] = this.#tagNumber(trade.tag);
    const totals = this.totals[symbolIndex] as SymbolTotals;
    totals.trades++;
    totals.pnl += pnl;
    if (pnl > 0) totals.wins++;
  }

  orders(): OrderRecord[] {
    return this.#orders.map((cells, at) => ({
      symbol: this.#symbolAt(cells[at + ofOrder.symbol]),
      signalBar: cells[at + ofOrder.signalBar] as number,
      sequence: cells[at + ofOrder.sequence] as number,
      side: cells[at + ofOrder.sign] === 1 ? 'buy' : 'sell',
      size: cells[at + ofOrder.size] as number,
      limit: orNull(cells[at + ofOrder.limit]),
      stop: orNull(cells[at + ofOrder.stop]),
      stopLoss: orNull(cells[at + ofOrder.stopLoss]),
      takeProfit: orNull(cells[at + ofOrder.takeProfit]),
      purpose: purposes[cells[at + ofOrder.purpose] as number] as OrderRecord['purpose'],
      tag: this.#tagAt(cells[at + ofOrder.tag]),
      outcome: outcomes[cells[at + ofOrder.outcome] as number] as OrderOutcome,
      doneBar: orNull(cells[at + ofOrder.doneBar]),
    }));
  }

  /** @param orders as `orders()` made them */
  fills(orders: readonly OrderRecord[]): Fill[] {
    return this.#fills.map((cells, at) => ({
      symbol: this.#symbolAt(cells[at + ofFill.symbol]),
      bar: cells[at + ofFill.bar] as number,
      effect: cells[at + ofFill.isOpening] === 1 ? 'open' : 'close',
      units: cells[at + ofFill.units] as number,
      price: cells[at + ofFill.price] as number,
      commission: cells[at + ofFill.commission] as number,
      order: orders[cells[at + ofFill.order] as number] ?? null,
    }));
  }

  /** All that have ended so far, in closing order. The list is the same each time, and grows. */
  trades(): readonly TradeRecord[] {
    for (let row = this.#tradeRecords.length; row < this.#trades.length; row++) {
      const cells = this.#trades.blockOf(row);
      const at = this.#trades.placeOf(row);
      this.#tradeRecords.push({
        symbol: this.#symbolAt(cells[at + ofTrade.symbol]),
        size: cells[at + ofTrade.size] as number,
        entryBar: cells[at + ofTrade.entryBar] as number,
        entryPrice: cells[at + ofTrade.entryPrice] as number,
        exitBar: cells[at + ofTrade.exitBar] as number,
        exitPrice: cells[at + ofTrade.exitPrice] as number,
        pnl: cells[at + ofTrade.pnl] as number,
        returnFraction: cells[at + ofTrade.returnFraction] as number,
        commission: cells[at + ofTrade.commission] as number,
        stopLoss: orNull(cells[at + ofTrade.stopLoss]),
        takeProfit: orNull(cells[at + ofTrade.takeProfit]),
        tag: this.#tagAt(cells[at + ofTrade.tag]),
      });
    }
    return this.#tradeRecords;
  }

  tradeColumns(): TradeColumns {
    const column = (offset: number) => this.#trades.column(offset);
    return {
      entryBar: column(ofTrade.entryBar),
      exitBar: column(ofTrade.exitBar),
      pnl: column(ofTrade.pnl),
      returnFraction: column(ofTrade.returnFraction),
      commission: column(ofTrade.commission),
    };
  }

  #symbolAt(index: number | undefined): string {
    return this.#symbols[index as number] as string;
  }

  /** Few tags are used many times: a run's own list of them. */
  #tagNumber(tag: string | null): number {
    if (tag === null) return -1;
    const known = this.#tags.indexOf(tag);
    return known >= 0 ? known : this.#tags.push(tag) - 1;
  }

  #tagAt(index: number | undefined): string | null {
    return this.#tags[index as number] ?? null;
  }
}

/** The columns of trades that are there as records. */
export function columnsOf(trades: readonly TradeRecord[]): TradeColumns {
  return {
    entryBar: Float64Array.from(trades, ({ entryBar }) => entryBar),
    exitBar: Float64Array.from(trades, ({ entryBar, exitBar }) => exitBar ?? entryBar),
    pnl: Float64Array.from(trades, ({ pnl }) => pnl),
    returnFraction: Float64Array.from(trades, ({ returnFraction }) => returnFraction),
    commission: Float64Array.from(trades, ({ commission }) => commission),
  };
}

function orNull(cell: number | undefined): number | null {
  return cell === undefined || Number.isNaN(cell) ? null : cell;
}
