/** The account of a backtest: its cash, the trades that are open, and what all of it is worth on each bar. */
import type { Ledger } from './ledger.ts';
import type { Market } from './market.ts';
import type { BrokerRules } from './options.ts';
import { type Entry, type Order, Trade, type TradeDesk } from './order-and-trade.ts';

/** The open trades of one symbol together. */
interface Holding {
  readonly close: Float64Array;
  /** Value at each close so far. */
  readonly values: Float64Array;
  /** Longs less shorts. */
  units: number;
  /** Longs and shorts together. */
  gross: number;
  /** What the units cost, shorts as less than nothing. */
  cost: number;
}

export class Account {
  /** Oldest first. */
  readonly trades: Trade[] = [];
  /** At each bar's close, 0 for bars that were not processed. */
  readonly equityCurve: Float64Array;
  /** What could still be spent at each bar's close. */
  readonly available: Float64Array;
  cash: number;

  readonly #rules: BrokerRules;
  readonly #ledger: Ledger;
  readonly #holdings: readonly Holding[];
  /** Those that hold something. */
  readonly #held: Holding[] = [];
  /** Whether the holdings know of the last change to a trade. */
  #isCounted = true;

  constructor(market: Market, rules: BrokerRules, ledger: Ledger) {
    const bars = market.time.length;
    this.#rules = rules;
    this.#ledger = ledger;
    this.cash = rules.cash;
    this.equityCurve = new Float64Array(bars);
    this.available = new Float64Array(bars);
    this.#holdings = market.symbols.map(({ close }) => ({
      close,
      values: new Float64Array(bars),
      units: 0,
      gross: 0,
      cost: 0,
    }));
  }

  /** Value of each symbol's holding at each bar's close, negative for a short. */
  get values(): Float64Array[] {
    return this.#holdings.map(({ values }) => values);
  }

  /** Units held of a symbol. */
  unitsOf(symbolIndex: number): number {
    if (!this.#isCounted) this.#count();
    return this.#holdings[symbolIndex]?.units ?? 0;
  }

  /**
   * Cash and the profit of open trades at a bar's close. Per symbol it is units * price - cost, not a sum of the
   * trades' profits: the two differ in the last bit, which decides whether a peak of the equity is reached again.
   */
  equityAt(bar: number): number {
    if (this.trades.length === 0) return this.cash;
    if (!this.#isCounted) this.#count();
    let profit = 0;
    for (const { close, units, cost } of this.#held) profit += units * (close[bar] as number) - cost;
    return this.cash + profit;
  }

  /** What can be spent on new trades before leverage: the equity that no open trade's margin takes up. */
  availableAt(bar: number): number {
    let used = 0;
    for (const trade of this.trades) used += trade.value / this.#rules.leverage;
    return Math.max(0, this.equityAt(bar) - used);
  }

  /** Writes down what everything is worth at a bar's close. False when nothing is left. */
  mark(bar: number): boolean {
    if (this.trades.length === 0) {
      this.equityCurve[bar] = this.cash;
      this.available[bar] = this.cash;
      return this.cash > 0;
    }
    if (!this.#isCounted) this.#count();
    let profit = 0;
    let exposed = 0;
    for (const holding of this.#held) {
      const price = holding.close[bar] as number;
      const value = holding.units * price;
      holding.values[bar] = value;
      profit += value - holding.cost;
      exposed += holding.gross * price;
    }
    const equity = this.cash + profit;
    this.equityCurve[bar] = equity;
    this.available[bar] = Math.max(0, equity - exposed / this.#rules.leverage);
    return equity > 0;
  }

  /** A trade that was there before the first bar. */
  takeOver(entry: Entry, desk: TradeDesk): Trade {
    const trade = new Trade(entry, desk);
    this.trades.push(trade);
    this.#isCounted = false;
    return trade;
  }

  /** @param order null where none asked for it */
  open(entry: Entry, desk: TradeDesk, order: Order | null): Trade {
    const { symbolIndex, size, price, bar } = entry;
    const trade = new Trade(entry, desk);
    const commission = this.#rules.commission(size, price);
    this.trades.push(trade);
    this.cash -= commission;
    this.#isCounted = false;
    this.#ledger.addFill(symbolIndex, bar, true, size, price, commission, order);
    return trade;
  }

  /**
   * Closes `size` units of a trade: all of it, or a piece that becomes a closed trade of its own.
   * @param order null where none asked for it
   */
  close(trade: Trade, size: number, price: number, bar: number, order: Order | null): void {
    const { entryPrice, symbolIndex } = trade;
    const exitCommission = this.#rules.commission(size, price);
    const commission = exitCommission + this.#rules.commission(size, entryPrice);
    this.#ledger.addTrade(trade, { size, bar, price, commission });
    this.#ledger.addFill(symbolIndex, bar, false, -size, price, exitCommission, order);
    if (size === trade.size) {
      trade.exitPrice = price;
      trade.exitBar = bar;
      trade.commission = commission;
      remove(this.trades, trade);
    } else {
      trade.size -= size;
    }
    this.cash += size * (price - entryPrice) - exitCommission;
    this.#isCounted = false;
  }

  /** Nothing is left, from this bar on. */
  ruin(bar: number): void {
    this.cash = 0;
    this.equityCurve.fill(0, bar);
    this.available.fill(0, bar);
    for (const { values } of this.#holdings) values.fill(0, bar);
  }

  /** Bars before the first that was processed have its figures; without any, those of the cash. */
  fillBefore(firstBar: number): void {
    for (const column of [this.equityCurve, this.available])
      column.fill(column[firstBar] ?? this.cash, 0, firstBar);
    for (const { values } of this.#holdings) values.fill(values[firstBar] ?? 0, 0, firstBar);
  }

  #count(): void {
    for (const holding of this.#held) holding.units = holding.gross = holding.cost = 0;
    this.#held.length = 0;
    for (const { symbolIndex, size, entryPrice } of this.trades) {
      const holding = this.#holdings[symbolIndex] as Holding;
      if (holding.gross === 0) this.#held.push(holding);
      holding.units += size;
      holding.gross += Math.abs(size);
      holding.cost += size * entryPrice;
    }
    this.#isCounted = true;
  }
}

/** Takes one item out of a list, without the list of what was taken that `splice` makes. */
export function remove<Item>(list: Item[], item: Item): void {
  const index = list.indexOf(item);
  if (index < 0) return;
  for (let i = index + 1; i < list.length; i++) list[i - 1] = list[i] as Item;
  list.pop();
}
