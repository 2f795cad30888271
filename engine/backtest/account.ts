/** The account of a backtest: its cash, the trades that are open, and what all of it is worth on each bar. */
import { HoldingsHistory } from './holdings-history.ts';
import type { Ledger } from './ledger.ts';
import type { Market } from './market.ts';
import type { BrokerRules } from './options.ts';
import { type Entry, type Order, Trade, type TradeDesk } from './order-and-trade.ts';

/** The open trades of one symbol together. */
interface Holding {
  readonly close: Float64Array;
  /** Longs less shorts. */
  units: number;
  /** Longs and shorts together. */
  gross: number;
  /** What the units cost, shorts as less than nothing. */
  cost: number;
  /** Units and gross as the history has them. */
  notedUnits: number;
  notedGross: number;
}

export class Account {
  /** Oldest first. */
  readonly trades: Trade[] = [];
  /** At each bar's close, 0 for bars that were not processed. */
  readonly equityCurve: Float64Array;
  cash: number;

  readonly #rules: BrokerRules;
  readonly #ledger: Ledger;
  readonly #holdings: readonly Holding[];
  /** Those that hold something. */
  readonly #held: Holding[] = [];
  /** Whether the holdings know of the last change to a trade. */
  #isCounted = true;
  readonly #history = new HoldingsHistory();
  /** Whether the history knows of it. */
  #isNoted = true;
  /** The bars that were processed: from the first up to, not including, the end. */
  #firstBar = 0;
  #end: number;

  constructor(market: Market, rules: BrokerRules, ledger: Ledger) {
    const bars = market.time.length;
    this.#rules = rules;
    this.#ledger = ledger;
    this.cash = rules.cash;
    this.equityCurve = new Float64Array(bars);
    this.#end = bars;
    this.#holdings = market.symbols.map(({ close }) => ({
      close,
      units: 0,
      gross: 0,
      cost: 0,
      notedUnits: 0,
      notedGross: 0,
    }));
  }

  /** Value of each symbol's holding at each bar's close, negative for a short. Made anew each time. */
  values(): Float64Array[] {
    return this.#holdings.map(({ close }, index) => {
      const column = new Float64Array(close.length);
      this.#history.addValues(index, close, this.#end, column);
      return column.fill(column[this.#firstBar] ?? 0, 0, this.#firstBar);
    });
  }

  /** What could still be spent at each bar's close. Made anew each time. */
  available(): Float64Array {
    const column = new Float64Array(this.equityCurve.length);
    for (const [index, { close }] of this.#holdings.entries()) {
      this.#history.addExposure(index, close, this.#end, column);
    }
    for (let bar = this.#firstBar; bar < column.length; bar++) {
      const free = (this.equityCurve[bar] as number) - (column[bar] as number) / this.#rules.leverage;
      column[bar] = Math.max(0, free);
    }
    return column.fill(column[this.#firstBar] ?? this.cash, 0, this.#firstBar);
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
    const held = this.#held;
    for (let index = 0; index < held.length; index++) {
      const { close, units, cost } = held[index] as Holding;
      const gain = units * (close[bar] as number) - cost;
      // A holding from before the first bar may be of a symbol that is listed only later: until then it is worth its cost.
      if (!Number.isNaN(gain)) profit += gain;
    }
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
    if (!this.#isNoted) this.#note(bar);
    const equity = this.equityAt(bar);
    this.equityCurve[bar] = equity;
    return equity > 0;
  }

  /** A trade that was there before the first bar. */
  takeOver(entry: Entry, desk: TradeDesk): Trade {
    const trade = new Trade(entry, desk);
    this.trades.push(trade);
    this.#hasChanged();
    return trade;
  }

  /** @param order null where none asked for it */
  open(entry: Entry, desk: TradeDesk, order: Order | null): Trade {
    const { symbolIndex, size, price, bar } = entry;
    const trade = new Trade(entry, desk);
    const commission = this.#rules.commission(size, price);
    this.trades.push(trade);
    this.cash -= commission;
    this.#hasChanged();
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
    this.#hasChanged();
  }

  /** Nothing is left, from this bar on. */
  ruin(bar: number): void {
    this.cash = 0;
    this.equityCurve.fill(0, bar);
    this.#end = bar;
  }

  /** Bars before the first that was processed have its figures; without any, those of the cash. */
  fillBefore(firstBar: number): void {
    this.#firstBar = firstBar;
    this.equityCurve.fill(this.equityCurve[firstBar] ?? this.cash, 0, firstBar);
  }

  #hasChanged(): void {
    this.#isCounted = false;
    this.#isNoted = false;
  }

  #note(bar: number): void {
    if (!this.#isCounted) this.#count();
    for (let index = 0; index < this.#holdings.length; index++) {
      const holding = this.#holdings[index] as Holding;
      const { units, gross } = holding;
      if (units === holding.notedUnits && gross === holding.notedGross) continue;
      this.#history.note(index, bar, units, gross);
      holding.notedUnits = units;
      holding.notedGross = gross;
    }
    this.#isNoted = true;
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
