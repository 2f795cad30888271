/**
 * The contract of a broker: what the desk asks of it, and the answers that it may give.
 *
 * Quantities, prices and amounts are decimal text. An adapter translates and decides nothing: whether an order may be
 * sent, and what to do when its fate is not known, is the executor's. Every adapter passes the numbered cards of
 * `test/support/suites/broker-suite.ts`.
 */

export type Side = 'buy' | 'sell';

/** What kind of order it is, with the prices that this kind needs. */
export type OrderTerms =
  | { readonly type: 'market' }
  | { readonly type: 'limit'; readonly limitPrice: string }
  | { readonly type: 'stop'; readonly stopPrice: string }
  | { readonly type: 'stop_limit'; readonly limitPrice: string; readonly stopPrice: string };

export type OrderType = OrderTerms['type'];

/** An order as it is sent. */
export interface OrderRequest {
  /** Ours, at most 36 characters of `[a-zA-Z0-9-]`: by it the order is found again, whatever became of the reply. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** A positive multiple of the instrument's step. */
  readonly quantity: string;
  readonly terms: OrderTerms;
}

/**
 * How a submission ended. `rejected` is certain: the broker has not and will not act on this id. Whatever is less
 * certain than that is `unknown`: a lost reply, a timeout, a fault on the broker's side.
 */
export type SubmitOutcome =
  | { readonly outcome: 'accepted'; readonly brokerOrderId: string }
  | { readonly outcome: 'rejected'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

export type CancelOutcome =
  | { readonly outcome: 'cancelled' }
  /** There is nothing left to cancel: it is filled, rejected, cancelled already or was never there. */
  | { readonly outcome: 'not_open'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

export interface BrokerFill {
  /** The broker's own id, never given twice in one account. */
  readonly id: string;
  /** Null for a fill of an order that was not sent by this desk. */
  readonly clientOrderId: string | null;
  readonly brokerOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** In which the price is counted and paid. */
  readonly currency: string;
  /** What the broker took for it; negative where it paid. */
  readonly fee: string;
  readonly feeCurrency: string;
  readonly at: Date;
}

/** An order as the broker has it, with its fills so far. */
export interface BrokerOrder {
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly state: 'working' | 'partly_filled' | 'filled' | 'cancelled' | 'rejected' | 'expired';
  /** Why it was rejected, cancelled or expired, where the broker says so. */
  readonly reason: string | null;
  readonly fills: readonly BrokerFill[];
}

export interface Balance {
  readonly currency: string;
  readonly amount: string;
}

/** Negative for a short position; an instrument that is not held is not listed. */
export interface BrokerPosition {
  readonly symbol: string;
  readonly quantity: string;
}

/** What an order must obey. */
export interface InstrumentRules {
  readonly quantityStep: string;
  readonly priceTick: string;
  readonly minimumQuantity: string;
  /** Smallest quantity times price, in the instrument's currency. */
  readonly minimumNotional: string;
}

export interface Instrument {
  readonly symbol: string;
  /** In which its price is counted and paid. */
  readonly currency: string;
  readonly rules: InstrumentRules;
  /** The rate of the notional to expect as the fee of a market order: to reserve money by, never to book by. */
  readonly feeRate: string;
}

/** What a market order would meet now: it buys at `ask` and sells at `bid`. */
export interface Quote {
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
  readonly currency: string;
  readonly at: Date;
}

export interface BrokerStatus {
  /** `needs-login`: a person has to do something at the broker. */
  readonly state: 'ready' | 'connecting' | 'needs-login' | 'down';
  readonly since: Date;
  /** One line for people when it is not ready: what is wrong and what to do. */
  readonly why?: string;
}

/** What the broker can do, known before connecting. */
export interface Capabilities {
  readonly orderTypes: readonly OrderType[];
  /** Quantities below one. */
  readonly fractional: boolean;
  /** Selling what is not held. */
  readonly short: boolean;
  /**
   * An order that `findOrder` does not know this long after it was sent never arrived, and never will. Null where the
   * broker gives no such certainty: then an order whose fate is unknown is never sent again by the desk itself.
   */
  readonly absenceIsFinalAfterSeconds: number | null;
}

/** What a broker tells of itself. Calls may come doubled, late and in any order; none of them may throw. */
export interface BrokerListener {
  onFill?(fill: BrokerFill): void;
  onOrder?(order: BrokerOrder): void;
  onStatus?(status: BrokerStatus): void;
}

export interface Broker {
  /** As in `desk.yaml`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Begins to connect. Resolves when it is ready, or when `status` says why it is not; an adapter then goes on trying. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  status(): BrokerStatus;
  /**
   * Never throws, and never sends twice by itself. An id that is there already is answered with what became of it,
   * where the broker can tell.
   */
  submit(order: OrderRequest): Promise<SubmitOutcome>;
  /**
   * The order under our id, however long ago it was sent; `undefined` only when the broker has said that it has none.
   * @throws when the broker did not answer: then nothing is known
   */
  findOrder(clientOrderId: string, symbol: string): Promise<BrokerOrder | undefined>;
  /** Never throws. */
  cancel(clientOrderId: string, symbol: string): Promise<CancelOutcome>;
  openOrders(): Promise<readonly BrokerOrder[]>;
  /** Fills at or after an instant, oldest first. */
  fillsSince(since: Date): Promise<readonly BrokerFill[]>;
  balances(): Promise<readonly Balance[]>;
  positions(): Promise<readonly BrokerPosition[]>;
  /** @throws UserError for an unknown symbol */
  resolve(symbol: string): Promise<Instrument>;
  /** @throws UserError for an unknown symbol */
  quote(symbol: string): Promise<Quote>;
  /** Returns what ends the subscription. */
  subscribe(listener: BrokerListener): () => void;
}
