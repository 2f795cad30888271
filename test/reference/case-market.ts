/** The bars of a case as a market that a desk lives in: each day it knows the bars up to that day, and a price. */
import type { Bars } from '../../engine/market/bars.ts';
import { sliceBars } from '../../engine/market/bars.ts';
import type { Source } from '../../engine/market/sources/source.ts';
import type { ManualClock } from '../support/clock.ts';
import { FixedPrices } from '../support/prices.ts';

export class CaseMarket {
  readonly bars: readonly Bars[];
  /** Of all symbols together, ascending. */
  readonly time: readonly number[];
  /** Whether a day's orders trade at its own close, or at the next open. */
  readonly #tradesOnClose: boolean;

  constructor(bars: readonly Bars[], tradesOnClose: boolean) {
    this.bars = bars;
    this.time = [...new Set(bars.flatMap(({ time }) => Array.from(time)))].sort((a, b) => a - b);
    this.#tradesOnClose = tradesOnClose;
  }

  /** The first bar that is not before a time. */
  barFrom(time: number): number {
    return this.time.findIndex((at) => at >= time);
  }

  /** The first bar on which every symbol is listed. */
  get allListed(): number {
    return this.barFrom(Math.max(...this.bars.map(({ time }) => time[0] ?? Number.NaN)));
  }

  close(symbol: string, time: number): number {
    const bars = this.#of(symbol);
    return bars.close[bars.time.findLastIndex((at) => at <= time)] ?? Number.NaN;
  }

  source(clock: ManualClock): Source {
    return {
      name: 'case',
      timezone: 'UTC',
      bars: async ({ symbols, from }) => symbols.map((symbol) => this.#known(symbol, from, clock.now())),
      symbols: async () => this.bars.map(({ symbol }) => ({ symbol, name: symbol, currency: 'USD' })),
      lastPrice: async (symbol) => ({ symbol, ...this.#price(symbol, clock.now()) }),
    };
  }

  /** A price at which an order of the day is filled as the simulation fills it. */
  prices(clock: ManualClock): FixedPrices {
    const prices = new FixedPrices({}, 'USD', { streams: false });
    prices.lastPrice = async (symbol) => ({ symbol, ...this.#price(symbol, clock.now()) });
    return prices;
  }

  #known(symbol: string, from: Date | undefined, now: Date): Bars {
    const bars = this.#of(symbol);
    const first = from ? bars.time.findIndex((at) => at >= from.getTime()) : 0;
    return sliceBars(bars, first, bars.time.findLastIndex((at) => at <= now.getTime()) + 1);
  }

  #price(symbol: string, now: Date) {
    const { time, open, close } = this.#of(symbol);
    const newest = time.findLastIndex((at) => at <= now.getTime());
    const price = (this.#tradesOnClose ? undefined : open[newest + 1]) ?? close[newest] ?? Number.NaN;
    return { price: String(price), currency: 'USD', at: now };
  }

  #of(symbol: string): Bars {
    const found = this.bars.find((bars) => bars.symbol === symbol);
    if (!found) throw new Error(`the case has no ${symbol}`);
    return found;
  }
}
