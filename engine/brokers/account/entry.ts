/**
 * What can happen to an account that the desk keeps itself, and how it is stored: one document for each thing that
 * happened, never changed. An order and its fills, or a fill and the end of its order, are one document, so they cannot
 * disagree.
 */
import type { StoredDocument } from '../../store/store.ts';
import { defineCollection } from '../../store/store.ts';
import type { BrokerOrder, Movement, OrderTerms, Side } from '../broker.ts';

export type State = BrokerOrder['state'];

/** An order as it was placed. */
export interface PlacedOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly asset: string;
  readonly currency: string;
  readonly wallet: string;
  readonly side: Side;
  readonly quantity: string;
  readonly terms: OrderTerms;
  /** What each unit that is not filled yet holds back; null where nothing is. */
  readonly reserve: { readonly asset: string; readonly perUnit: string } | null;
  /** Before this it is still on its way to the market. */
  readonly dueAt: string | null;
  /** The entry that it came with, and whose fills are all that it may trade. */
  readonly attachedTo?: string;
}

export interface StoredFill {
  readonly id: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  readonly feeCurrency: string;
  readonly at: string;
  /** Of the price or bar that it traded at: what it took of that one's volume is taken. */
  readonly priceAt: string;
}

export type AccountEvent =
  | {
      readonly kind: 'placed';
      readonly order: PlacedOrder;
      readonly state: State;
      readonly reason: string | null;
      readonly fills: readonly StoredFill[];
      /** Its stop was reached, and now its limit counts. */
      readonly stopped: boolean;
    }
  | {
      readonly kind: 'progress';
      readonly clientOrderId: string;
      readonly state: State;
      readonly reason: string | null;
      readonly fills: readonly StoredFill[];
      readonly stopped: boolean;
      /** Bars that begin later are still to be judged. */
      readonly judgedTo: string;
      /** Of an attached exit whose entry ended after a part of it was filled: that part. */
      readonly quantity?: string;
    }
  /** A person was asked to cancel it. */
  | { readonly kind: 'cancel_wanted'; readonly clientOrderId: string }
  | {
      readonly kind: 'movement';
      readonly movement: {
        readonly kind: Movement['kind'];
        readonly asset: string;
        readonly amount: string;
        readonly wallet: string;
        readonly to: string | null;
        /** Of interest: the time up to which it is charged now. */
        readonly chargedTo?: string;
      };
    }
  /** A person says that there is more, or less where negative, than the records make of it. */
  | {
      readonly kind: 'correction';
      readonly asset: string;
      readonly wallet: string;
      readonly change: string;
      readonly isShare: boolean;
    };

export interface Entry extends StoredDocument {
  readonly account: string;
  /** 1, 2, 3, ... in one account, each taken once: no two decisions are made on the same balances. */
  readonly sequence: number;
  /** Never before that of the entry before. */
  readonly at: string;
  readonly clientOrderId: string | null;
  /** What outsiders ask for by time. */
  readonly tells: 'fills' | 'movement' | null;
  readonly event: AccountEvent;
}

export const accountEntries = defineCollection<Entry>('account_entries', {
  unique: [['account', 'sequence']],
  indexes: [
    // With the number by which they are sorted: else SQLite walks all of the account's entries in that order.
    ['account', 'clientOrderId', 'sequence'],
    ['account', 'tells', 'at', 'sequence'],
  ],
});

/** A share is its own asset; what is traded against a currency of its own, such as BTC/USDT, is not. */
export function isShare({ symbol, asset }: { readonly symbol: string; readonly asset: string }): boolean {
  return symbol === asset;
}
