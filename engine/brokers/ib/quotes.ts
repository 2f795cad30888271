/** What a market order would meet now: one question a second and share at most, however many ask. */
import type { Clock } from '../../clock.ts';
import { decimalOfNumber, decimalText } from '../../money.ts';
import type { Quote } from '../broker.ts';
import { TwsError } from './codes.ts';
import type { Instruments, Share } from './instruments.ts';
import { contractOf } from './instruments.ts';
import type { Session } from './session.ts';

export interface QuotesParts {
  readonly clock: Clock;
  readonly delayed: boolean;
  readonly instruments: Instruments;
  readonly session: () => Session;
}

/** Nobody has a price just now, or it is not subscribed. */
export class NoPrice extends Error {
  override readonly name = 'NoPrice';
}

const freshMs = 1000;
/** Real-time prices are not subscribed. */
const notSubscribed: readonly number[] = [354, 10089, 10168, 10186];

export class Quotes {
  readonly #parts: QuotesParts;
  readonly #latest = new Map<number, { readonly at: number; readonly quote: Promise<Quote> }>();

  constructor(parts: QuotesParts) {
    this.#parts = parts;
  }

  /** @throws NoAnswer, TwsError, NoPrice */
  of(share: Share): Promise<Quote> {
    const now = this.#parts.clock.now().getTime();
    const latest = this.#latest.get(share.conId);
    if (latest && now - latest.at < freshMs && now >= latest.at) return latest.quote;
    const quote = this.#ask(share);
    this.#latest.set(share.conId, { at: now, quote });
    quote.catch(() => this.#latest.delete(share.conId));
    return quote;
  }

  async #ask(share: Share): Promise<Quote> {
    const { clock, delayed, instruments, session } = this.#parts;
    const at = clock.now();
    const prices = await this.#prices(() => session().prices(contractOf(share), delayed), share);
    const known = prices.last ?? middle(prices.bid, prices.ask);
    if (known === undefined) throw new NoPrice(`TWS has no price of ${share.symbol} just now`);
    const text = (price: number) => decimalText(decimalOfNumber(price));
    instruments.noteLastPrice(share, text(known));
    return {
      symbol: share.symbol,
      // Outside of the session nobody bids: then the last price is the best that is known.
      bid: text(prices.bid ?? known),
      ask: text(prices.ask ?? known),
      last: text(known),
      currency: share.currency,
      at,
    };
  }

  async #prices<T>(ask: () => Promise<T>, { symbol }: Share): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TwsError) || !notSubscribed.includes(error.code)) throw error;
      throw new NoPrice(
        `the account has no subscription to prices of ${symbol} over the API; "delayedPrices: true" in desk.yaml takes those of 15 minutes ago`,
        { cause: error },
      );
    }
  }
}

function middle(bid: number | undefined, ask: number | undefined): number | undefined {
  return bid === undefined || ask === undefined ? undefined : (bid + ask) / 2;
}
