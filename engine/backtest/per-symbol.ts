/** One series for each symbol of a backtest: what a strategy of many symbols ranks and picks by. */
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Series } from './series.ts';

export class PerSymbol {
  readonly #series: ReadonlyMap<string, Series>;

  constructor(series: ReadonlyMap<string, Series>) {
    this.#series = series;
  }

  /** All of them, in the order of the symbols. */
  get all(): Iterable<Series> {
    return this.#series.values();
  }

  /**
   * The series of one symbol.
   * @throws UserError when there is none
   */
  of(symbol: string): Series {
    const found = this.#series.get(symbol);
    if (found !== undefined) return found;
    const near = nearest(symbol, [...this.#series.keys()]);
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    throw new UserError(`There is no symbol "${symbol}".${hint}`);
  }

  /** The symbols with the highest newest values, highest first: all of them, or `count`. Undefined values are left out. */
  highest(count?: number): string[] {
    return this.#ranked(-1).slice(0, count);
  }

  /** The symbols with the lowest newest values, lowest first: all of them, or `count`. Undefined values are left out. */
  lowest(count?: number): string[] {
    return this.#ranked(1).slice(0, count);
  }

  /** Symbols whose newest value is above a level. */
  above(level: number): string[] {
    return this.where((value) => value > level);
  }

  /** Symbols whose newest value is below a level. */
  below(level: number): string[] {
    return this.where((value) => value < level);
  }

  /** Symbols whose newest value passes a test. NaN where it is undefined. */
  where(test: (value: number, symbol: string) => boolean): string[] {
    const found: string[] = [];
    for (const [symbol, series] of this.#series) if (test(series.last, symbol)) found.push(symbol);
    return found;
  }

  #ranked(sign: 1 | -1): string[] {
    const defined: { readonly symbol: string; readonly value: number }[] = [];
    for (const [symbol, series] of this.#series) {
      const value = series.last;
      if (!Number.isNaN(value)) defined.push({ symbol, value });
    }
    return defined.sort((a, b) => sign * (a.value - b.value)).map(({ symbol }) => symbol);
  }
}
