/** Where bars and prices come from. A new source is one file beside this one and a line in `index.ts`. */
import type { Bars, Interval } from '../bars.ts';

export interface BarsRequest {
  readonly symbols: readonly string[];
  /** Inclusive; without it from the beginning. */
  readonly from?: Date;
  /** Inclusive; without it to the newest. */
  readonly to?: Date;
  readonly interval: Interval;
  /** Adjusted for splits and dividends, where the source knows them. */
  readonly adjusted: boolean;
}

export interface SymbolInfo {
  readonly symbol: string;
  readonly name: string;
  readonly currency: string;
}

/** The newest price a source knows. */
export interface LastPrice {
  readonly symbol: string;
  /** The shortest decimal text of the price: the books never see a double. */
  readonly price: string;
  readonly currency: string;
  readonly at: Date;
}

export interface Source {
  readonly name: string;
  /** IANA zone of its sessions, such as `America/New_York`. */
  readonly timezone: string;
  /**
   * One `Bars` per symbol, in the order of the request.
   * @throws UserError for an unknown symbol (with the nearest known ones), an interval that it does not have, or an empty range
   */
  bars(request: BarsRequest): Promise<Bars[]>;
  /** Symbols whose symbol or name contains the query, best first; all of them for an empty query, at most `limit`. */
  symbols(query: string, limit: number): Promise<SymbolInfo[]>;
  /** @throws UserError for an unknown symbol */
  lastPrice(symbol: string): Promise<LastPrice>;
}
