/**
 * The contract of a broker: what the desk asks of it, and the answers that it may give.
 *
 * Quantities, prices and amounts are decimal text. An adapter translates and decides nothing: whether an order may be
 * sent, and what to do when its fate is not known, is the executor's. Every adapter passes the numbered cards of
 * `test/support/suites/broker-suite.ts`.
 */

import { UserError } from '../errors.ts';

export type Side = 'buy' | 'sell';

/** What kind of order it is, with the prices that this kind needs. */
export type OrderTerms =
  | {
      readonly type: 'market';
      /** Only in the auction that opens or closes the session; the next one of its kind. At once where not given. */
      readonly auction?: Auction;
    }
  | { readonly type: 'limit'; readonly limitPrice: string }
  | { readonly type: 'stop'; readonly stopPrice: string }
  | { readonly type: 'stop_limit'; readonly limitPrice: string; readonly stopPrice: string }
  /** A take profit and a stop loss of which the first to trade cancels the other; one order to the desk. */
  | { readonly type: 'oco'; readonly limitPrice: string; readonly stopPrice: string };

export type OrderType = OrderTerms['type'];

/** The auctions of a stock exchange's session: market on open, market on close. */
export type Auction = 'open' | 'close';

/** An order as it is sent. */
export interface OrderRequest {
  /** Ours, at most 36 characters of `[a-zA-Z0-9-]`: by it the order is found again, whatever became of the reply. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** A positive multiple of the instrument's step. */
  readonly quantity: string;
  readonly terms: OrderTerms;
  /** From which wallet it trades; the broker's first one where not given. */
  readonly wallet?: string;
  /** What is to end the position that it opens. Only where `Capabilities.brackets` says so. */
  readonly exit?: AttachedExit;
}

/**
 * An order that goes out together with the entry whose position it ends, on the other side and for the same quantity. It
 * stands at the broker from then on, trades no more than the entry was filled for, and goes when the entry ends
 * without a fill. What becomes of it beyond a part of its entry is the broker's: it is looked at when the entry has ended.
 */
export interface AttachedExit {
  /** An order of its own: it is found, told of and cancelled by this. */
  readonly clientOrderId: string;
  readonly terms: Exclude<OrderTerms, { readonly type: 'market' }>;
}

/**
 * How a submission ended. `rejected` is certain: the broker has not and will not act on this id. Whatever is less
 * certain than that is `unknown`: a lost reply, a timeout, a fault on the broker's side.
 */
export type SubmitOutcome =
  | {
      readonly outcome: 'accepted';
      readonly brokerOrderId: string;
      /** Why the exit that it carried was certainly not taken, although the order itself was. */
      readonly withoutExit?: string;
    }
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
  /** What changed hands, as `Instrument.asset`. */
  readonly asset: string;
  readonly wallet: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** In which the price is counted and paid. */
  readonly currency: string;
  /** What the broker took for it; negative where it paid. It may be in the asset itself, or in a third currency. */
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
  /** Of an attached exit it may become less: what its entry was filled for. */
  readonly quantity: string;
  readonly state: 'working' | 'partly_filled' | 'filled' | 'cancelled' | 'rejected' | 'expired';
  /** Why it was rejected, cancelled or expired, where the broker says so. */
  readonly reason: string | null;
  readonly fills: readonly BrokerFill[];
}

/** What one wallet has of one asset that is paid with: a currency, a coin. What is owed of it is not taken off. */
export interface Balance {
  readonly asset: string;
  readonly wallet: string;
  readonly free: string;
  /** Held back for open orders. */
  readonly locked: string;
  /** Borrowed and not repaid, with the interest that has accrued. */
  readonly owed: string;
}

/**
 * Of an instrument that is not among the balances, such as a share. Negative for a short position; what is not held is
 * not listed.
 */
export interface BrokerPosition {
  readonly asset: string;
  readonly symbol: string;
  readonly wallet: string;
  readonly quantity: string;
}

/** What an order must obey. */
export interface InstrumentRules {
  readonly quantityStep: string;
  /** Where it depends on the price: that of the last one, or the coarsest where there is none. See `priceTickAt`. */
  readonly priceTick: string;
  /** Where the tick depends on the price: from which price on which, lowest first. */
  readonly priceTicks?: readonly { readonly from: string; readonly step: string }[];
  readonly minimumQuantity: string;
  /** Smallest quantity times price, in the instrument's currency. */
  readonly minimumNotional: string;
}

export interface Instrument {
  /** As the broker writes it: `BTC/USDT`, `SP500`. */
  readonly symbol: string;
  /** What one holds after buying it: `BTC`; for a share its symbol. By it the ledger and the positions count. */
  readonly asset: string;
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
  /** Another desk on this store has the one connection there is, and does there what is to be done. */
  readonly elsewhere?: boolean;
}

/** What the broker can do, known before connecting. */
export interface Capabilities {
  readonly orderTypes: readonly OrderType[];
  /** The auctions for which it takes market orders; none where not given. */
  readonly auctions?: readonly Auction[];
  /** An order can carry the one that ends its position, so that it is protected from its first fill on. */
  readonly brackets?: true;
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

/**
 * How a loan, a repayment or a transfer ended. They carry no id of ours, so the executor finds a lost one again among
 * `Margin.movementsSince`.
 */
export type MovementOutcome =
  | {
      readonly outcome: 'done';
      /** As `Movement.id`. */
      readonly id: string;
      /** What really moved: a broker may lend a rounded amount. */
      readonly amount: string;
    }
  | {
      readonly outcome: 'rejected';
      readonly reason: string;
      /** `no-lender`: nobody lends this asset just now, which is nobody's fault. */
      readonly why: 'no-lender' | 'too-much' | 'other';
    }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What moved in the account without an order, by the broker's own records. */
export interface Movement {
  /** The broker's own, never given twice in one account. */
  readonly id: string;
  readonly kind: 'borrow' | 'repay' | 'transfer' | 'interest' | 'funding' | 'deposit' | 'withdrawal';
  readonly asset: string;
  /** Positive; what the kind does with it says its name. Interest and funding: positive where the account pays. */
  readonly amount: string;
  readonly wallet: string;
  /** Of a transfer: where it went; `wallet` is where it came from. Null for all others. */
  readonly to: string | null;
  readonly at: Date;
}

export interface Debt {
  readonly asset: string;
  readonly wallet: string;
  readonly principal: string;
  readonly interest: string;
}

/** The part of a broker that lends, and that has wallets between which money is moved. */
export interface Margin {
  /** Those from which assets can be borrowed. */
  readonly wallets: readonly string[];
  /** Never throws, and never asks twice by itself. */
  borrow(loan: {
    readonly asset: string;
    readonly amount: string;
    readonly wallet: string;
  }): Promise<MovementOutcome>;
  /** Never throws. Beyond what is owed it is rejected. */
  repay(loan: {
    readonly asset: string;
    readonly amount: string;
    readonly wallet: string;
  }): Promise<MovementOutcome>;
  /** Never throws. */
  transfer(movement: {
    readonly asset: string;
    readonly amount: string;
    readonly from: string;
    readonly to: string;
  }): Promise<MovementOutcome>;
  debts(): Promise<readonly Debt[]>;
  /** What may leave the wallet now: less than what is free where loans have to stay covered. */
  maxTransferable(movement: {
    readonly asset: string;
    readonly from: string;
    readonly to: string;
  }): Promise<string>;
  /** The step in which an asset is lent and moved, such as `0.00000001`. */
  stepOf(asset: string): Promise<string>;
  /** Movements at or after an instant, oldest first. */
  movementsSince(since: Date): Promise<readonly Movement[]>;
}

/** An order that a person is asked to place, or to cancel. */
export interface HandOrder {
  readonly order: BrokerOrder;
  readonly terms: OrderTerms;
  readonly currency: string;
  readonly at: Date;
  readonly cancelWanted: boolean;
}

/** The part of a broker at which a person does what the desk asks, and reports what came of it. */
export interface ByHand {
  /** Orders that are open, oldest first. */
  todo(): Promise<readonly HandOrder[]>;
  /**
   * Something of an order was traded.
   * @param report with a `reference`, such as the broker's number of the trade, the same report again changes nothing
   * @returns the fill, not `fresh` when it was reported before
   * @throws UserError when the order is not open, or has not so much left
   */
  reportFill(report: {
    readonly clientOrderId: string;
    readonly quantity: string;
    readonly price: string;
    readonly fee?: string;
    /** The instrument's currency where not given. */
    readonly feeCurrency?: string;
    readonly reference?: string;
  }): Promise<{ readonly fill: BrokerFill; readonly fresh: boolean }>;
  /**
   * The broker did not take the order, or it is cancelled there now; what was filled of it stays.
   * @throws UserError when the order is not open, or was filled in part and cannot be rejected
   */
  reportEnd(report: {
    readonly clientOrderId: string;
    readonly state: 'rejected' | 'cancelled';
    readonly reason: string;
  }): Promise<BrokerOrder>;
  /**
   * What the account holds in truth; the difference is kept as a correction.
   * @returns by how much it was changed, decimal text
   * @throws UserError for what is not an amount
   */
  correctBalance(correction: { readonly asset: string; readonly amount: string }): Promise<string>;
}

/** The part of a broker at which a person logs in, with a program that the desk starts when it is asked to. */
export interface Login {
  /** How long the person has for it. */
  readonly seconds: number;
  /**
   * Connects; where it needs a login, starts the program and waits. Resolves when it is ready, or when `status` says what
   * else is wrong.
   * @param tell what to do, and how long there is for it; called about once a second
   * @throws UserError when it cannot be started, was not confirmed in time, or `signal` was aborted
   */
  begin(
    signal: AbortSignal,
    tell: (progress: { readonly text: string; readonly secondsLeft: number }) => void,
  ): Promise<void>;
}

/** One of several contracts that a symbol can mean. */
export interface ContractChoice {
  /** Names it alone: `OMV@VSE/EUR`. */
  readonly symbol: string;
  /** For people: the company's. */
  readonly name: string;
}

/** A symbol means several contracts, and nobody has said yet which: a person has to. */
export class SeveralContracts extends UserError {
  override readonly name = 'SeveralContracts';
  readonly symbol: string;
  readonly choices: readonly ContractChoice[];

  constructor(broker: string, symbol: string, choices: readonly ContractChoice[]) {
    const names = choices.map((choice) => `${choice.symbol} (${choice.name})`);
    super(
      `${broker} has several shares named "${symbol}": ${names.join(', ')}. ` +
        `Write one of them so, or choose with /broker contract ${broker} ${symbol}.`,
    );
    this.symbol = symbol;
    this.choices = choices;
  }
}

/** The part of a broker at which a symbol can mean several contracts. */
export interface Contracts {
  /** @throws UserError when it means none */
  of(
    symbol: string,
  ): Promise<{ readonly choices: readonly ContractChoice[]; readonly chosen: string | null }>;
  /**
   * From now on the symbol means this one.
   * @throws UserError when there is no such contract, or it is not one of that symbol
   */
  choose(symbol: string, contract: string): Promise<Instrument>;
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
  /** The first is the one from which it trades where nothing else is said. A plain account has one: `account`. */
  readonly wallets: readonly string[];
  /** Undefined where the broker neither lends nor has wallets to move money between. */
  readonly margin?: Margin;
  /** Undefined where the broker trades by itself. */
  readonly byHand?: ByHand;
  /** Undefined where the desk logs in by itself, with keys. */
  readonly login?: Login;
  /** Undefined where a symbol means one contract, or none. */
  readonly contracts?: Contracts;
  /** Begins to connect. Resolves when it is ready, or when `status` says why it is not; an adapter then goes on trying. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  status(): BrokerStatus;
  /**
   * Never throws, and never sends twice by itself. An id that is there already is answered with what became of it,
   * where the broker can tell. An order with an exit is taken with it or not at all, as far as the broker lets us.
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
  /** Of every wallet; an asset of which a wallet has and owes nothing may be missing. */
  balances(): Promise<readonly Balance[]>;
  positions(): Promise<readonly BrokerPosition[]>;
  /**
   * The instrument under the name that an alert gives it: `BTCUSDT`, `BINANCE:BTCUSDT` and `BTC/USDT` are the same. Works
   * from what is known while the broker is away, wherever that is possible: an exit must not wait for it.
   * @throws UserError for an unknown symbol, SeveralContracts where a person has to say which is meant
   */
  resolve(symbol: string): Promise<Instrument>;
  /** @throws UserError for an unknown symbol */
  quote(symbol: string): Promise<Quote>;
  /** Forgets what nobody asks for any more; called every night. Undefined where nothing needs it. */
  tidy?(): Promise<void>;
  /** Returns what ends the subscription. */
  subscribe(listener: BrokerListener): () => void;
}
