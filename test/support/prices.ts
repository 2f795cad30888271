/** Prices that a test sets, in place of a source. */
import type { Prices } from '../../engine/brokers/prices.ts';
import { UserError } from '../../engine/errors.ts';

export class FixedPrices implements Prices {
  readonly #prices = new Map<string, string>();
  readonly #currency: string;
  /** Set, no price is given: the source is away. */
  fault: Error | undefined;

  constructor(prices: Readonly<Record<string, string>>, currency = 'USD') {
    for (const [symbol, price] of Object.entries(prices)) this.set(symbol, price);
    this.#currency = currency;
  }

  set(symbol: string, price: string): void {
    this.#prices.set(symbol, price);
  }

  async lastPrice(symbol: string): Promise<{ price: string; currency: string; at: Date }> {
    if (this.fault) throw this.fault;
    const price = this.#prices.get(symbol);
    if (price === undefined) throw new UserError(`There is no symbol "${symbol}".`);
    return { price, currency: this.#currency, at: new Date('2020-04-17T00:00:00.000Z') };
  }
}
