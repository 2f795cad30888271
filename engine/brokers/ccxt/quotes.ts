/** What a market order would meet now: one question a second and symbol at most, however many ask. */
import type { Clock } from '../../clock.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { Quote } from '../broker.ts';
import type { Connection } from './connection.ts';
import type { ReadMarket } from './read.ts';
import { bookShape, tickerShape } from './read.ts';

const freshMs = 1000;

export class Quotes {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #latest = new Map<string, { readonly at: number; readonly quote: Promise<Quote> }>();

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** @throws NoAnswer */
  of(market: ReadMarket): Promise<Quote> {
    const now = this.#clock.now().getTime();
    const latest = this.#latest.get(market.symbol);
    if (latest && now - latest.at < freshMs && now >= latest.at) return latest.quote;
    const quote = this.#ask(market);
    this.#latest.set(market.symbol, { at: now, quote });
    quote.catch(() => this.#latest.delete(market.symbol));
    return quote;
  }

  async #ask({ symbol, quote: currency }: ReadMarket): Promise<Quote> {
    const at = this.#clock.now();
    const { bid, ask, last } = tickerShape.parse(
      await this.#connection.read((exchange) => exchange.fetchTicker(symbol)),
    );
    if (isPrice(bid) && isPrice(ask)) {
      return { symbol, bid, ask, last: isPrice(last) ? last : middle(bid, ask), currency, at };
    }
    // Not every exchange's ticker has both sides.
    const { bids, asks } = bookShape.parse(
      await this.#connection.read((exchange) => exchange.fetchOrderBook(symbol, 5)),
    );
    const bestBid = bids[0]?.[0];
    const bestAsk = asks[0]?.[0];
    if (bestBid === undefined || bestAsk === undefined) {
      throw new Error(`nobody bids or asks for ${symbol} just now`);
    }
    return {
      symbol,
      bid: bestBid,
      ask: bestAsk,
      last: isPrice(last) ? last : middle(bestBid, bestAsk),
      currency,
      at,
    };
  }
}

function isPrice(text: string | undefined): text is string {
  return text !== undefined && decimal(text).gt(zero);
}

function middle(bid: string, ask: string): string {
  return decimalText(decimal(bid).plus(decimal(ask)).div(decimal('2')));
}
