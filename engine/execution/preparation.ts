/**
 * What is asked before an order is sent: is it still wanted, may the book trade, do the broker's rules allow it.
 *
 * An exit is held back by nothing but a suspension of everything and the broker's own rules: no inactivity, no limit and
 * no lack of money stands between a trader and the end of a risk.
 */

import type { Books } from '../bank/books.ts';
import { amountIn } from '../bank/sums.ts';
import type { Broker, Instrument, Quote } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import { checkOrder, termsOnTick } from './checks.ts';
import type { Order } from './order.ts';
import type { Sleep } from './patience.ts';
import { lookupPausesMs } from './patience.ts';
import { promisedBy } from './promised.ts';
import { endOfWaiting, staleness } from './staleness.ts';

/** Why an entry may not be made now, beyond what the bank says; `undefined` when it may. `asset`: what it trades. */
export type MayEnter = (entry: Order & { readonly asset: string }) => Promise<string | undefined>;

export interface PreparationParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly books: Books;
  readonly sleep: Sleep;
  /** All that are open of a book. */
  readonly openOrders: (book: string) => Promise<readonly Order[]>;
  readonly mayEnter?: MayEnter | undefined;
}

/** What the broker says of what an order trades. */
export interface Market {
  readonly instrument: Instrument;
  readonly quote: Quote | undefined;
}

/** An order as it goes out. */
export type Prepared = Pick<Order, 'asset' | 'quantity' | 'terms' | 'notional' | 'cost' | 'exit'>;

/** What a book has of an asset in a wallet. */
export type Purse = (wallet: string, asset: string) => Decimal;

/** Why it does not go out. */
export interface NotSent {
  readonly state: 'rejected' | 'expired';
  readonly reason: string;
  /** There is too little of it to be traded at all. */
  readonly tooSmall?: true;
}

export class Preparation {
  readonly #parts: PreparationParts;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /**
   * @param purse what the book is supposed to have; what it has by the ledger where not given
   * @throws what `stop` was aborted with
   */
  async prepare(order: Order, broker: Broker, stop: AbortSignal, purse?: Purse): Promise<Prepared | NotSent> {
    const market = await this.look(order, broker, stop);
    return 'state' in market ? market : this.decide(order, broker, market, purse);
  }

  /**
   * Asks the broker what `decide` has to know of the market.
   * @throws what `stop` was aborted with
   */
  async look(order: Order, broker: Broker, stop: AbortSignal): Promise<Market | NotSent> {
    const stale = this.#staleness(order);
    if (stale !== undefined) return { state: 'expired', reason: endOfWaiting(stale, broker) };
    const { instrument, quote, reason } = await this.#market(order, broker, stop);
    return instrument ? { instrument, quote } : { state: 'rejected', reason };
  }

  /**
   * Whether and how it goes out, by the books alone. What an entry may take depends on what others have taken: it holds as
   * long as no other of its book is decided.
   * @param purse what the book is supposed to have; what it has by the ledger where not given
   */
  async decide(
    order: Order,
    broker: Broker,
    { instrument, quote }: Market,
    purse?: Purse,
  ): Promise<Prepared | NotSent> {
    const { books, mayEnter } = this.#parts;
    const held = await this.heldBack(order, broker);
    if (held) return held;
    // Before the ledger: what a fill takes meanwhile is then counted twice for a moment, and never left out.
    const promised = await this.#promisedBeside(order);
    const has = purse ?? (await this.#purseOf(order.book));
    const book = books.settings(order.book);
    const checked = checkOrder({
      book,
      broker,
      instrument,
      quote,
      cash: has(order.wallet, book.currency),
      held: has(order.wallet, instrument.asset),
      promised,
      side: order.side,
      quantity: decimal(order.requested),
      budget: order.budget === null ? undefined : decimal(order.budget),
      terms: order.terms,
      purpose: order.purpose,
    });
    if ('refusal' in checked) {
      return { state: 'rejected', reason: checked.refusal, ...(checked.tooSmall && { tooSmall: true }) };
    }
    const prepared = {
      asset: instrument.asset,
      quantity: decimalText(checked.quantity),
      terms: checked.terms,
      notional: checked.notional ? decimalText(checked.notional) : null,
      cost: checked.cost ? decimalText(checked.cost) : null,
      ...(order.exit && { exit: exitOnTick(order.exit, order.side, instrument) }),
    };
    if (order.purpose === 'entry') {
      const no = await mayEnter?.({ ...order, ...prepared, asset: instrument.asset });
      if (no !== undefined) return { state: 'rejected', reason: no };
    }
    return prepared;
  }

  /** What keeps an order back whatever it trades: it is stale, or its book may not trade. */
  async heldBack(order: Order, broker: Broker): Promise<NotSent | undefined> {
    const stale = this.#staleness(order);
    if (stale !== undefined) return { state: 'expired', reason: endOfWaiting(stale, broker) };
    const reason = await this.#parts.books.refusal(order.book, order.purpose);
    return reason === undefined ? undefined : { state: 'rejected', reason };
  }

  /** Whether it is an entry that waited for too long. */
  isStale(order: Order): boolean {
    return this.#staleness(order) !== undefined;
  }

  #staleness(order: Order): string | undefined {
    if (order.purpose === 'exit') return undefined;
    const { books, clock } = this.#parts;
    return staleness(order, books.settings(order.book), clock);
  }

  /** What the book's other open purchases will take from the wallet of an entry; an exit is not held back for it. */
  async #promisedBeside({ _id, book, wallet, side, purpose }: Order): Promise<Decimal> {
    if (side === 'sell' || purpose === 'exit') return zero;
    const open = await this.#parts.openOrders(book);
    return promisedBy(open.filter((other) => other._id !== _id && other.wallet === wallet));
  }

  async #purseOf(book: string): Promise<Purse> {
    const { wallets } = await this.#parts.books.holdings(book);
    return (wallet, asset) => amountIn(wallets, wallet, asset);
  }

  /** The instrument's rules and price. Without a price an order may still go; without its rules it may not. */
  async #market(
    order: Order,
    broker: Broker,
    stop: AbortSignal,
  ): Promise<{ instrument?: Instrument; quote?: Quote | undefined; reason: string }> {
    let reason = '';
    for (const ms of [...lookupPausesMs, 0]) {
      try {
        const instrument = await broker.resolve(order.symbol);
        return { instrument, quote: await this.#quote(order, broker), reason };
      } catch (error) {
        reason = `${broker.name} gave no rules for ${order.symbol}: ${reasonOf(error)}`;
        if (error instanceof UserError) break;
        this.#parts.log.warn(
          { order: order._id, error: reasonOf(error) },
          'the instrument could not be resolved',
        );
      }
      if (ms > 0) await this.#parts.sleep(ms, stop);
    }
    return { reason };
  }

  async #quote(order: Order, broker: Broker): Promise<Quote | undefined> {
    try {
      return await broker.quote(order.symbol);
    } catch (error) {
      this.#parts.log.warn(
        { order: order._id, error: reasonOf(error) },
        'no quote for an order: sent unpriced',
      );
      return undefined;
    }
  }
}

function exitOnTick(
  exit: NonNullable<Order['exit']>,
  side: Order['side'],
  { rules }: Instrument,
): NonNullable<Order['exit']> {
  const terms = termsOnTick(exit.terms, side === 'buy' ? 'sell' : 'buy', rules);
  return terms.type === 'market' ? exit : { ...exit, terms };
}
