/** Orders and their fills as they are stored, and the key that makes an intent one order and never two. */
import { createHash } from 'node:crypto';
import type { Purpose } from '../bank/books.ts';
import type { AttachedExit, OrderTerms, Side } from '../brokers/broker.ts';
import type { StoredDocument } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';
import type { OrderState } from './states.ts';

/** Names an intent: the same key is the same order, whatever its size or price. */
export interface OrderKey {
  /** Who wants it: `signal:<id>`, `plan:<name>`. */
  readonly source: string;
  readonly book: string;
  /** Which part of what is wanted, in the words of its source. */
  readonly leg: string;
  readonly sequence: number;
}

/** What somebody wants to be traded. */
export interface Intent {
  readonly key: OrderKey;
  readonly symbol: string;
  readonly side: Side;
  /** Decimal text; cut down to the instrument's step before it is sent. */
  readonly quantity: string;
  /**
   * The most that a purchase may cost in the book's currency, fee included: the quantity is cut down to it at the price
   * of the moment in which it is sent. Without it the quantity is sent as it is, or not at all.
   */
  readonly budget?: string;
  readonly terms: OrderTerms;
  readonly purpose: Purpose;
  /** Of which it is a part: the bank then counts all that it opens as one trade. */
  readonly operation?: string;
  /** From which it trades; the book's where not given. */
  readonly wallet?: string;
  /** What of it is not filled this long after it was sent is cancelled. Without it nobody waits for more than a moment. */
  readonly openForSeconds?: number;
  /** It is left at the broker, whose reports lead on: a stop loss, a take profit, an order for an auction. */
  readonly resting?: true;
  /** What ends the position that it opens, and goes out with it where the broker takes the two together. */
  readonly exit?: WantedExit;
  /** ISO 8601: an entry that is older than its book allows is not sent any more. */
  readonly askedAt: string;
  /** ISO 8601: from then on it is not sent, and the age that its book allows does not count. */
  readonly freshUntil?: string;
}

/** An exit as it is wanted with its entry: on the other side, and for as much of it as is filled. */
export interface WantedExit {
  /** Of the same source: names it as the key of an order does. */
  readonly leg: string;
  readonly terms: AttachedExit['terms'];
}

export interface Order extends StoredDocument {
  /** The client order id, by which the broker knows it too. */
  readonly _id: string;
  readonly key: OrderKey;
  /** By which all orders of an operation are found; null for an order that is none's. */
  readonly operation: string | null;
  readonly book: string;
  readonly broker: string;
  readonly wallet: string;
  readonly symbol: string;
  readonly side: Side;
  /** What it trades, as the ledger calls it; null before it was sent. */
  readonly asset: string | null;
  /** As they were intended; once it is sent, with prices on the instrument's tick. */
  readonly terms: OrderTerms;
  readonly purpose: Purpose;
  /** As it was intended. */
  readonly requested: string;
  readonly budget: string | null;
  /** As it is sent: on the instrument's step, and within the budget. */
  readonly quantity: string;
  /** What it was worth in the book's currency when it was sent; null before, and where there was no price. */
  readonly notional: string | null;
  /** What an entry that buys was expected to take of the book's money when it was sent, with its fee; null of all others. */
  readonly cost: string | null;
  readonly openForSeconds: number | null;
  readonly resting: boolean;
  /** Of an entry: the exit that goes out with it. */
  readonly exit?: WantedExit & { readonly order: string };
  /** Of such an exit: its entry. It is never sent without that, and may become smaller with it. */
  readonly entry?: string;
  readonly filled: string;
  readonly state: OrderState;
  /** Why it is where it is, for people; null where there is nothing to say. */
  readonly reason: string | null;
  readonly brokerOrderId: string | null;
  readonly askedAt: string;
  /** As it was intended. */
  readonly freshUntil?: string;
  /** When it was sent last; null before. */
  readonly sentAt: string | null;
  /** How often it was sent: more than once only after the broker proved that it never arrived. */
  readonly sends: number;
  /** Who wants it cancelled; null while nobody does. */
  readonly cancelledBy: string | null;
  /** Whether chat heard how it ended, where it is to hear: an order that rested. */
  readonly told: boolean;
  readonly updatedAt: string;
}

export interface Fill extends StoredDocument {
  /** `fill:<broker>:<the broker's fill id>`: also its cause in the ledger. */
  readonly _id: string;
  readonly order: string;
  readonly book: string;
  readonly broker: string;
  readonly wallet: string;
  readonly symbol: string;
  readonly asset: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  readonly currency: string;
  readonly fee: string;
  readonly feeCurrency: string;
  readonly at: string;
}

export const orderCollection = defineCollection<Order>('orders', {
  indexes: [
    ['state'],
    ['told'],
    ['operation'],
    ['book', 'askedAt'],
    ['book', 'sentAt'],
    ['book', 'state', 'askedAt'],
  ],
});

export const fillCollection = defineCollection<Fill>('fills', { indexes: [['order'], ['book', 'at']] });

/** 35 characters of `[a-z0-9-]`: within what Binance (36), Kraken, Bybit and Interactive Brokers take. */
export function clientOrderId({ source, book, leg, sequence }: OrderKey): string {
  const hash = createHash('sha256').update(JSON.stringify([source, book, leg, sequence]));
  return `oc-${hash.digest('hex').slice(0, 32)}`;
}
