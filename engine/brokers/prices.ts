/** Where a broker of our own takes its prices from: what every source offers, and what a better one may. */
import type { Bars, Interval } from '../market/bars.ts';

export interface Price {
  /** As the source writes it, where it corrects what was asked for. */
  readonly symbol?: string;
  readonly price: string;
  readonly currency: string;
  readonly at: Date;
  /** How much was traded at this price, where the source tells. */
  readonly volume?: string;
}

export interface Prices {
  /** @throws UserError for an unknown symbol */
  lastPrice(symbol: string): Promise<Price>;
  /** Each price as it comes, where the source streams. Returns what ends it. */
  subscribe?(symbol: string, onPrice: (price: Price) => void): () => void;
  /** @throws UserError for an unknown symbol, and where there is no bar in the range */
  bars?(request: {
    readonly symbols: readonly string[];
    readonly from: Date;
    readonly interval: Interval;
    readonly adjusted: boolean;
  }): Promise<readonly Bars[]>;
}
