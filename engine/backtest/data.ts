/** The bars as a strategy sees them: up to the newest one that has happened. */
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Market, MarketSymbol } from './market.ts';
import { type Cursor, Series } from './series.ts';

/** The columns of one symbol. Before it is listed they are NaN. */
export class SymbolData {
  readonly symbol: string;
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  readonly #extra: ReadonlyMap<string, Series>;

  constructor(columns: MarketSymbol, cursor: Cursor, isOnly: boolean) {
    const { symbol } = columns;
    const series = (values: Float64Array, name: string) =>
      new Series(values, cursor, isOnly ? name : `${symbol}.${name}`, symbol);
    this.symbol = symbol;
    this.open = series(columns.open, 'open');
    this.high = series(columns.high, 'high');
    this.low = series(columns.low, 'low');
    this.close = series(columns.close, 'close');
    this.volume = series(columns.volume, 'volume');
    this.#extra = new Map(
      Object.entries(columns.extra).map(([name, values]) => [name, series(values, name)]),
    );
  }

  /**
   * A further column of the source.
   * @throws UserError with the columns that there are
   */
  column(name: string): Series {
    const found = this.#extra.get(name);
    if (found !== undefined) return found;
    const known = [...this.#extra.keys()];
    throw new UserError(
      `${this.symbol} has no column "${name}"; it has ${['open, high, low, close, volume', ...known].join(', ')}.`,
    );
  }
}

/** All symbols. With a single one its columns stand here directly: `data.close`. */
export class StrategyData {
  readonly symbols: readonly string[];
  /** Start of each bar, milliseconds since 1970 in UTC. */
  readonly time: Series;
  readonly #cursor: Cursor;
  readonly #bySymbol: ReadonlyMap<string, SymbolData>;
  readonly #only: SymbolData | null;

  constructor(market: Market, cursor: Cursor) {
    const isOnly = market.symbols.length === 1;
    const all = market.symbols.map((columns) => new SymbolData(columns, cursor, isOnly));
    this.symbols = all.map(({ symbol }) => symbol);
    this.time = new Series(market.time, cursor, 'time', null);
    this.#cursor = cursor;
    this.#bySymbol = new Map(all.map((data) => [data.symbol, data]));
    this.#only = isOnly ? (all[0] ?? null) : null;
  }

  /** Bars revealed so far; 0 during `init()`. */
  get length(): number {
    return this.#cursor.length;
  }

  /** Index of the newest bar. */
  get bar(): number {
    return this.#cursor.length - 1;
  }

  /** Start of the newest bar. */
  get now(): Date {
    return new Date(this.time.last);
  }

  get open(): Series {
    return this.#single().open;
  }

  get high(): Series {
    return this.#single().high;
  }

  get low(): Series {
    return this.#single().low;
  }

  get close(): Series {
    return this.#single().close;
  }

  get volume(): Series {
    return this.#single().volume;
  }

  /** A further column of the source, with a single symbol. */
  column(name: string): Series {
    return this.#single().column(name);
  }

  /**
   * The columns of one symbol.
   * @throws UserError with the nearest symbols when it is none of the backtest's
   */
  of(symbol: string): SymbolData {
    const found = this.#bySymbol.get(symbol);
    if (found !== undefined) return found;
    const near = nearest(symbol, this.symbols);
    const known =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${this.symbols.join(', ')}.`;
    throw new UserError(`This backtest has no symbol "${symbol}". ${known}`);
  }

  #single(): SymbolData {
    if (this.#only !== null) return this.#only;
    throw new UserError(
      `This backtest has ${this.symbols.length} symbols: say which, as in data.of('${this.symbols[0]}').close.`,
    );
  }
}
