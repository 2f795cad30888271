/** What a strategy is written against: a class with `init()`, called once, and `next()`, called on every bar. */
import { UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import { nearest } from '../nearest.ts';
import type { Allocation } from './allocation.ts';
import type { SimulatedBroker } from './broker.ts';
import type { StrategyData, SymbolData } from './data.ts';
import type { IndicatorOptions, Indicators, PlotOptions } from './indicator.ts';
import type { Order, Trade } from './order-and-trade.ts';
import { PerSymbol } from './per-symbol.ts';
import { Position } from './position.ts';
import { type RebalanceOptions, rebalance } from './rebalance.ts';
import type { Records } from './records.ts';
import type { Params, Trade as TradeRecord } from './result.ts';
import type { Series } from './series.ts';
import type { StrategyStorage } from './storage.ts';

/** Everything but the share of a cent that rounding might lack: "all that can be spent". */
const allIn = 1 - 2 ** -52;

export interface OrderRequest {
  /** May be left out when the backtest has one symbol. */
  readonly symbol?: string;
  /** A whole number of units, or below 1 a share of what can be spent. Without it everything. */
  readonly size?: number;
  readonly limit?: number | null;
  readonly stop?: number | null;
  /** Stop loss of the trade that this order opens. */
  readonly sl?: number | null;
  /** Take profit of the trade that this order opens. */
  readonly tp?: number | null;
  /** Kept with the order and its trade. */
  readonly tag?: string | null;
}

/** What a function that computes columns may be given: a series where it wants a column. */
export type IndicatorInputs<Inputs extends readonly unknown[]> = {
  [Index in keyof Inputs]: Float64Array extends Inputs[Index] ? Inputs[Index] | Series : Inputs[Index];
};

export type IndicatorSeries<Columns> = Columns extends Float64Array
  ? Series
  : { readonly [Name in keyof Columns]: Series };

/** What the engine hands to a strategy when it makes one. */
export interface StrategyContext {
  readonly data: StrategyData;
  readonly broker: SimulatedBroker;
  readonly params: Params;
  readonly indicators: Indicators;
  readonly records: Records;
  readonly allocation: Allocation;
  readonly storage: StrategyStorage;
}

/**
 * ```ts
 * export default class SmaCross extends Strategy<typeof SmaCross.params> {
 *   static params = { fast: 10, slow: 20 };
 *   fast!: Series;
 *   slow!: Series;
 *   init() {
 *     this.fast = this.indicator(sma, this.data.close, this.params.fast);
 *     this.slow = this.indicator(sma, this.data.close, this.params.slow);
 *   }
 *   next() {
 *     if (crossover(this.fast, this.slow)) { this.position.close(); this.buy(); }
 *     else if (crossover(this.slow, this.fast)) { this.position.close(); this.sell(); }
 *   }
 * }
 * ```
 */
export abstract class Strategy<P extends Params = Params> {
  /** The bars so far. */
  readonly data: StrategyData;
  /** `static params` of the class, with what the run was given. */
  readonly params: P;
  /** Which share of the money goes into which symbol; `rebalance()` trades it. */
  readonly allocation: Allocation;
  /** Plain data that is kept for the next run of a plan. */
  readonly storage: StrategyStorage;
  readonly #records: Records;
  #firstDay = 0;
  readonly #broker: SimulatedBroker;
  readonly #indicators: Indicators;
  readonly #positions: readonly Position[];

  constructor(context: StrategyContext) {
    if (context === undefined) {
      throw new UserError(
        'A strategy with a constructor of its own must pass on what it is given: super(context).',
      );
    }
    this.data = context.data;
    this.params = context.params as P;
    this.#broker = context.broker;
    this.#indicators = context.indicators;
    this.allocation = context.allocation;
    this.storage = context.storage;
    this.#records = context.records;
    this.#positions = context.data.symbols.map((_, index) => new Position(context.broker.account, index));
  }

  /** Called once, before the first bar: the place for indicators. */
  abstract init(): void;

  /** Called on each bar once the indicators are warm. What it orders is filled from the next bar on. */
  abstract next(): void;

  /**
   * Computes an indicator over all bars, and reveals it bar by bar. `compute` is given whole columns and answers a
   * column, or several by name, as long as the bars.
   *
   * The first `next()` waits for every indicator that is kept in a field of the strategy's own. One that is kept in
   * a list or map is not waited for: until it is warm, its value is NaN.
   */
  indicator<Inputs extends unknown[], Columns extends Float64Array | Readonly<Record<string, Float64Array>>>(
    compute: (...inputs: Inputs) => Columns,
    ...inputs: [...inputs: IndicatorInputs<NoInfer<Inputs>>, options?: IndicatorOptions]
  ): IndicatorSeries<Columns> {
    return this.#indicators.add(compute, inputs) as IndicatorSeries<Columns>;
  }

  /**
   * One series for each symbol: `this.perSymbol(({ close }) => this.indicator(roc, close, 20))`. Kept in a field, the
   * first `next()` waits until it is warm for every symbol.
   */
  perSymbol(make: (data: SymbolData) => Series): PerSymbol {
    return new PerSymbol(new Map(this.data.symbols.map((symbol) => [symbol, make(this.data.of(symbol))])));
  }

  /**
   * In `init()`: the first `next()` comes on bar `bar` (from 0) at the earliest, though the indicators were warm before.
   * @throws UserError when there is no such bar
   */
  startOnDay(bar: number): void {
    if (this.data.length > 0) throw new UserError('startOnDay() can be called in init(), not in next().');
    if (!(Number.isInteger(bar) && bar >= 0 && bar < this.#broker.account.equityCurve.length)) {
      throw new UserError(
        `startOnDay() takes the number of a bar, from 0, that the backtest has; not ${bar}.`,
      );
    }
    this.#firstDay = bar;
  }

  /** The bar of `startOnDay()`, 0 unless said. */
  get firstDay(): number {
    return this.#firstDay;
  }

  /** Writes a number, or several by name, down for the newest bar; charts draw them like an indicator. */
  record(name: string, value: number | Readonly<Record<string, number>>, options: PlotOptions = {}): void {
    this.#records.add(name, this.data.bar, value, options);
  }

  /**
   * Places the orders that bring what is held to the weights of `allocation`, and ends its cycle. Without `force` only
   * when the weights are not the last cycle's.
   * @throws UserError for weights or options that cannot be right
   */
  rebalance(options: RebalanceOptions = {}): void {
    rebalance(this.#broker, this.allocation, options);
  }

  /**
   * Places an order to buy.
   * @throws UserError for a size that is none, or when stop loss < price < take profit does not hold
   */
  buy(request: OrderRequest = {}): Order {
    return this.#order(1, request);
  }

  /**
   * Places an order to sell, or to sell short.
   * @throws UserError for a size that is none, or when take profit < price < stop loss does not hold
   */
  sell(request: OrderRequest = {}): Order {
    return this.#order(-1, request);
  }

  /** The position in the backtest's only symbol. */
  get position(): Position {
    return this.positionOf();
  }

  /** The position in a symbol. */
  positionOf(symbol?: string): Position {
    return this.#positions[this.#symbolIndex(symbol)] as Position;
  }

  /** Open trades of all symbols, oldest first. The list changes between bars, never during `next()`. */
  get trades(): readonly Trade[] {
    return this.#broker.account.trades;
  }

  /** Closed trades, in closing order. */
  get closedTrades(): readonly TradeRecord[] {
    return this.#broker.ledger.trades();
  }

  /** Orders that wait, in the order in which the broker looks at them: stop losses and take profits too. */
  get orders(): readonly Order[] {
    return this.#broker.orders.slice();
  }

  /** Cash and the profit of open trades, at the last close. */
  get equity(): number {
    return this.#broker.equity;
  }

  #order(sign: 1 | -1, request: OrderRequest): Order {
    for (const name in request) if (!orderTerms.has(name)) throw new UserError(unknownTerm(name));
    const { symbol, size = allIn, limit = null, stop = null, sl = null, tp = null, tag = null } = request;
    if (this.data.length === 0) throw new UserError('Orders can be placed in next(), not in init().');
    if (!((size > 0 && size < 1) || (Number.isInteger(size) && size >= 1))) {
      throw new UserError(`An order's size is a whole number of units or a share below 1, not ${size}.`);
    }
    checkPrice('limit', limit);
    checkPrice('stop', stop);
    const symbolIndex = this.#symbolIndex(symbol);
    return this.#broker.placeEntry({ symbolIndex, size: sign * size, limit, stop, sl, tp, tag });
  }

  #symbolIndex(symbol: string | undefined): number {
    const { symbols } = this.data;
    if (symbol === undefined && symbols.length === 1) return 0;
    if (symbol !== undefined) return symbols.indexOf(this.data.of(symbol).symbol);
    throw new UserError(
      `This backtest has ${symbols.length} symbols: say which one is meant, as in "${symbols[0]}".`,
    );
  }
}

const orderTerms = new Set<string>([
  'symbol',
  'size',
  'limit',
  'stop',
  'sl',
  'tp',
  'tag',
] satisfies (keyof OrderRequest)[]);

function unknownTerm(name: string): string {
  const known = [...orderTerms];
  const [near] = nearest(name, known, 1);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return `An order has no "${name}".${hint} It has ${known.join(', ')}; sl is the stop loss, tp the take profit.`;
}

function checkPrice(name: string, price: number | null): void {
  if (price === null || (price > 0 && price < Number.POSITIVE_INFINITY)) return;
  throw new UserError(`${name} must be a price above zero, not ${price}.`);
}

/** A strategy's class, as a file exports it. */
export interface StrategyClass {
  readonly name: string;
  readonly params?: Params;
  /**
   * Brings bars of the strategy's own: the given ones with further columns in `extra`, or quite others. It is called
   * before a run with the bars of that run, and must know nothing of what comes after them.
   */
  prepareData?(bars: readonly Bars[]): readonly Bars[];
  new (context: StrategyContext): Strategy<Params>;
}

/** The bars that a strategy runs on: those it brings, else the given ones. */
export function preparedBars(Strategy: StrategyClass, bars: readonly Bars[]): readonly Bars[] {
  return Strategy.prepareData?.(bars) ?? bars;
}
