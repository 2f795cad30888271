/** Where a simulated broker takes its prices from: what every source offers. */
export interface Prices {
  /** @throws UserError for an unknown symbol */
  lastPrice(
    symbol: string,
  ): Promise<{ readonly price: string; readonly currency: string; readonly at: Date }>;
}
