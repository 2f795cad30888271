/** Prices that a test sets, in place of a source. They stream, unless a test wants them to be asked for. */
import type { Price, Prices } from '../../engine/brokers/prices.ts';
import { UserError } from '../../engine/errors.ts';
import type { Bars } from '../../engine/market/bars.ts';

interface Quoted {
  readonly price: string;
  readonly at: Date;
  readonly volume?: string;
}

export class FixedPrices implements Prices {
  readonly #prices = new Map<string, Quoted>();
  readonly #currency: string;
  readonly #listeners = new Map<string, Set<(price: Price) => void>>();
  /** Daily bars by symbol, for a source that has them. */
  readonly #bars = new Map<string, Bars>();
  /** Set, no price is given: the source is away. */
  fault: Error | undefined;
  subscribe?: NonNullable<Prices['subscribe']>;
  bars?: NonNullable<Prices['bars']>;
  /** How often a price was asked for. */
  asked = 0;
  #now = Date.parse('2020-04-17T00:00:00.000Z');

  constructor(
    prices: Readonly<Record<string, string>>,
    currency = 'USD',
    { streams = true }: { readonly streams?: boolean } = {},
  ) {
    for (const [symbol, price] of Object.entries(prices))
      this.#prices.set(symbol, { price, at: new Date(this.#now) });
    this.#currency = currency;
    if (streams) this.subscribe = (symbol, onPrice) => this.#subscribe(symbol, onPrice);
  }

  /** A new price; with a volume, no more than that was traded at it. */
  set(symbol: string, price: string, volume?: string): void {
    this.#now += 1000;
    this.#prices.set(symbol, { price, at: new Date(this.#now), ...(volume !== undefined && { volume }) });
    const told = this.#told(symbol);
    if (told) for (const listener of this.#listeners.get(symbol) ?? []) listener(told);
  }

  /** A day's bar; its close is the last price from then on. */
  setBar(
    symbol: string,
    date: string,
    [open, high, low, close]: readonly number[],
    volume = Number.NaN,
  ): void {
    const column = (value: number | undefined) => Float64Array.of(value ?? Number.NaN);
    const at = Date.parse(`${date}T00:00:00.000Z`);
    this.#bars.set(symbol, {
      symbol,
      interval: '1d',
      time: column(at),
      open: column(open),
      high: column(high),
      low: column(low),
      close: column(close),
      volume: column(volume),
      extra: {},
    });
    this.#prices.set(symbol, { price: String(close), at: new Date(at) });
    this.bars = async ({ symbols: [wanted = ''], from }) => {
      const bars = this.#bars.get(wanted);
      if (!bars || (bars.time[0] ?? 0) < from.getTime()) throw new UserError('There is no bar in the range.');
      return [bars];
    };
  }

  async lastPrice(symbol: string): Promise<Price> {
    this.asked++;
    if (this.fault) throw this.fault;
    const told = this.#told(symbol);
    if (!told) throw new UserError(`There is no symbol "${symbol}".`);
    return told;
  }

  #told(symbol: string): Price | undefined {
    const quoted = this.#prices.get(symbol);
    return quoted && { ...quoted, currency: this.#currency };
  }

  #subscribe(symbol: string, onPrice: (price: Price) => void): () => void {
    const listeners = this.#listeners.get(symbol) ?? new Set();
    this.#listeners.set(symbol, listeners.add(onPrice));
    return () => listeners.delete(onPrice);
  }
}
