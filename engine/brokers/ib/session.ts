/**
 * One connection to TWS, from its first byte to its end: what is asked over it, each with a deadline.
 *
 * Each connection has an `IBApi` of its own: one that lives on would send after a reconnection what was asked before, orders too.
 * Connected means that TWS gave the next order id; before, it may drop what it is sent.
 */
import type {
  BarSizeSetting,
  Contract,
  ContractDetails,
  Execution,
  Order,
  OrderState,
  WhatToShow,
} from '@stoqey/ib';
import { EventName, IBApi, MarketDataType } from '@stoqey/ib';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import { sendAtOnce } from './at-once.ts';
import { clientIdInUse, meaningOf, NoAnswer, noSuchContract, TwsError } from './codes.ts';
import { cutMessage, endAtTheUnreadable } from './unreadable.ts';

export interface SessionParts {
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  readonly timeoutMs: number;
  readonly log: Logger;
  /** What TWS tells by itself. */
  readonly onNews?: (news: SessionNews) => void;
  /** It sent what cannot be read: the connection ends for that. */
  readonly onUnreadable?: (why: string) => void;
}

export type SessionNews =
  | { readonly is: 'order'; readonly order: SeenOrder }
  | { readonly is: 'status'; readonly status: SeenStatus }
  | { readonly is: 'execution'; readonly execution: SeenExecution }
  | { readonly is: 'commission'; readonly commission: SeenCommission }
  /** About an order, by its id; or about the line, with -1. */
  | { readonly is: 'message'; readonly id: number; readonly code: number; readonly text: string };

export interface SeenOrder {
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly contract: Contract;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly type: string;
  readonly status: string;
  /** Of a completed order; of an open one its status tells. */
  readonly filled: number;
  /** How a completed order ended, in TWS's words. */
  readonly ending: string;
}

export interface SeenStatus {
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly status: string;
  readonly filled: number;
  readonly whyHeld: string;
}

export interface SeenExecution {
  readonly contract: Contract;
  readonly id: string;
  readonly time: string;
  readonly account: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly permId: number;
  readonly orderRef: string;
}

export interface SeenCommission {
  readonly executionId: string;
  readonly amount: number;
  readonly currency: string;
}

export interface SeenPrices {
  readonly bid: number | undefined;
  readonly ask: number | undefined;
  readonly last: number | undefined;
}

export interface SeenBar {
  /** Seconds since 1970, or of a daily bar `20260102`. */
  readonly time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface HistoryQuestion {
  /** In UTC; now where it is empty. */
  readonly end: string;
  readonly duration: string;
  readonly barSize: string;
  readonly whatToShow: 'TRADES' | 'ADJUSTED_LAST';
}

/** Why there is no connection. */
export class NoSession extends Error {
  override readonly name = 'NoSession';
  /** `refused`: nobody listens there. `taken`: our client id is in use. */
  readonly kind: 'refused' | 'taken' | 'failed';

  constructor(kind: NoSession['kind'], reason: string) {
    super(reason);
    this.kind = kind;
  }
}

type Listener = (...values: never[]) => void;
interface Emitter {
  on(event: string, listener: Listener): void;
  off(event: string, listener: Listener): void;
}

/** What a question does with what it hears. */
interface Ear<T> {
  readonly id: number;
  on(event: EventName, listener: Listener): void;
  done(answer: T): void;
}

/** How long a question waits for its answer. */
interface Patience {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Tells TWS that nobody waits any more. */
  takeBack?(id: number): void;
}

/** A price that TWS does not have is -1, or 0. */
const bidTicks: readonly number[] = [1, 66];
const askTicks: readonly number[] = [2, 67];
const lastTicks: readonly number[] = [4, 68];
/** Prices of a moment are gathered for up to 11 s by TWS. */
const snapshotMs = 12_000;

export class Session {
  readonly ended: Promise<string>;
  readonly #parts: SessionParts;
  readonly #api: IBApi;
  readonly #lanes = new Lanes();
  /** Of each question that waits: what makes it fail. */
  readonly #failing = new Map<number, (error: Error) => void>();
  #accounts: readonly string[] = [];
  #nextOrderId = 0;
  #nextRequestId = 1_000_000_000;
  #end: (why: string) => void = () => undefined;
  #endedWhy: string | undefined;

  private constructor(parts: SessionParts) {
    this.#parts = parts;
    const { host, port, clientId } = parts;
    this.#api = new IBApi({ host, port, clientId });
    endAtTheUnreadable(this.#api, (reason) => this.#unreadable(reason));
    this.ended = new Promise((resolve) => {
      this.#end = (why) => {
        if (this.#endedWhy !== undefined) return;
        this.#endedWhy = why;
        const lost = new NoAnswer(why);
        for (const fail of [...this.#failing.values()]) fail(lost);
        this.#api.disconnect();
        resolve(why);
      };
    });
  }

  /** @throws NoSession */
  static open(parts: SessionParts): Promise<Session> {
    const session = new Session(parts);
    return session.#open();
  }

  get isOpen(): boolean {
    return this.#endedWhy === undefined;
  }

  get accounts(): readonly string[] {
    return this.#accounts;
  }

  /** As TWS said it when the connection began: it may be lower than what was used before. */
  get nextOrderId(): number {
    return this.#nextOrderId;
  }

  close(why: string): void {
    this.#end(why);
  }

  /** Whether it is there, and what its clock says. @throws NoAnswer and ends the connection when it does not answer */
  async ping(): Promise<Date> {
    try {
      return await this.#alone<Date>('time', ({ on, done }) => {
        on(EventName.currentTime, (seconds: number) => done(new Date(seconds * 1000)));
        this.#api.reqCurrentTime();
      });
    } catch (error) {
      this.#end('TWS does not answer any more.');
      throw error;
    }
  }

  /** Asks again for the next order id, which `nextOrderId` then is. @throws NoAnswer */
  async askNumber(): Promise<void> {
    await this.#alone<void>('an order number', ({ on, done }) => {
      on(EventName.nextValidId, () => done());
      this.#api.reqIds();
    });
  }

  /** Nothing is answered to it: what becomes of it is news. */
  placeOrder(id: number, contract: Contract, order: Order): void {
    if (this.#endedWhy !== undefined) throw new NoAnswer(this.#endedWhy);
    this.#api.placeOrder(id, contract, order);
  }

  cancelOrder(id: number): void {
    if (this.#endedWhy !== undefined) throw new NoAnswer(this.#endedWhy);
    this.#api.cancelOrder(id, { manualOrderCancelTime: '' });
  }

  /** Of every client, also of those that were placed by hand. */
  openOrders(): Promise<readonly { readonly order: SeenOrder; readonly filled: number }[]> {
    return this.#alone('open orders', ({ on, done }) => {
      const orders = new Map<string, SeenOrder>();
      const filled = new Map<string, number>();
      const key = (permId: number, clientId: number, orderId: number) =>
        permId > 0 ? `${permId}` : `${clientId} ${orderId}`;
      on(EventName.openOrder, (orderId: number, contract: Contract, order: Order, state: OrderState) => {
        const seen = seenOrder(orderId, contract, order, state);
        orders.set(key(seen.permId, seen.clientId, seen.orderId), seen);
      });
      on(
        EventName.orderStatus,
        (
          orderId: number,
          _status: string,
          done: number,
          _remaining: number,
          _average: number,
          permId?: number,
          _parentId?: number,
          _last?: number,
          clientId?: number,
        ) => filled.set(key(permId ?? 0, clientId ?? 0, orderId), done ?? 0),
      );
      on(EventName.openOrderEnd, () =>
        done([...orders].map(([id, order]) => ({ order, filled: filled.get(id) ?? 0 }))),
      );
      this.#api.reqAllOpenOrders();
    });
  }

  /** Those that ended today. */
  completedOrders(): Promise<readonly SeenOrder[]> {
    return this.#alone('completed orders', ({ on, done }) => {
      const orders: SeenOrder[] = [];
      on(EventName.completedOrder, (contract: Contract, order: Order, state: OrderState) =>
        orders.push(seenOrder(0, contract, order, state)),
      );
      on(EventName.completedOrdersEnd, () => done(orders));
      this.#api.reqCompletedOrders(false);
    });
  }

  /** Those of today. Their commissions come as news. */
  executions(account: string): Promise<readonly SeenExecution[]> {
    return this.#ask('executions', ({ id, on, done }) => {
      const executions: SeenExecution[] = [];
      on(EventName.execDetails, (requestId: number, contract: Contract, execution: Execution) => {
        if (requestId === id) executions.push(seenExecution(contract, execution));
      });
      on(EventName.execDetailsEnd, (requestId: number) => {
        if (requestId === id) done(executions);
      });
      this.#api.reqExecutions(id, { acctCode: account });
    });
  }

  positions(account: string): Promise<readonly { readonly contract: Contract; readonly quantity: number }[]> {
    return this.#alone('positions', ({ on, done }) => {
      const positions: { contract: Contract; quantity: number }[] = [];
      on(EventName.position, (of: string, contract: Contract, quantity: number) => {
        if (of === account && quantity) positions.push({ contract, quantity });
      });
      on(EventName.positionEnd, () => {
        this.#api.cancelPositions();
        done(positions);
      });
      this.#api.reqPositions();
    });
  }

  /** Cash by currency, as TWS writes it. */
  cash(account: string): Promise<ReadonlyMap<string, string>> {
    // TWS keeps two of these questions open at most, so they take turns.
    return this.#lanes.run('account', () =>
      this.#ask('account values', ({ id, on, done }) => {
        const cash = new Map<string, string>();
        on(
          EventName.accountSummary,
          (requestId: number, of: string, tag: string, value: string, currency: string) => {
            if (requestId !== id || of !== account || tag !== 'CashBalance' || currency === 'BASE') return;
            cash.set(currency, value);
          },
        );
        on(EventName.accountSummaryEnd, (requestId: number) => {
          if (requestId !== id) return;
          this.#api.cancelAccountSummary(id);
          done(cash);
        });
        this.#api.reqAccountSummary(id, 'All', '$LEDGER:ALL');
      }),
    );
  }

  /** None for a contract that there is not. */
  async contractDetails(contract: Contract): Promise<readonly ContractDetails[]> {
    try {
      return await this.#ask('a contract', ({ id, on, done }) => {
        const found: ContractDetails[] = [];
        on(EventName.contractDetails, (requestId: number, details: ContractDetails) => {
          if (requestId === id) found.push(details);
        });
        on(EventName.contractDetailsEnd, (requestId: number) => {
          if (requestId === id) done(found);
        });
        this.#api.reqContractDetails(id, contract);
      });
    } catch (error) {
      if (error instanceof TwsError && error.code === noSuchContract) return [];
      throw error;
    }
  }

  matchingSymbols(pattern: string): Promise<readonly Contract[]> {
    return this.#ask('matching symbols', ({ id, on, done }) => {
      on(EventName.symbolSamples, (requestId: number, found: readonly { readonly contract?: Contract }[]) => {
        if (requestId === id) done(found.flatMap(({ contract }) => (contract ? [contract] : [])));
      });
      this.#api.reqMatchingSymbols(id, pattern);
    });
  }

  /** From which price on which step. */
  marketRule(rule: number): Promise<readonly { readonly from: number; readonly step: number }[]> {
    return this.#alone('a market rule', ({ on, done }) => {
      on(
        EventName.marketRule,
        (id: number, steps: readonly { readonly lowEdge?: number; readonly increment?: number }[]) => {
          if (id !== rule) return;
          done(steps.map(({ lowEdge, increment }) => ({ from: lowEdge ?? 0, step: increment ?? 0 })));
        },
      );
      this.#api.reqMarketRule(rule);
    });
  }

  /** The prices of this moment. @throws TwsError where they are not subscribed */
  prices(contract: Contract, delayed: boolean): Promise<SeenPrices> {
    return this.#ask(
      'prices',
      ({ id, on, done }) => {
        const seen: { bid?: number; ask?: number; last?: number } = {};
        const answer = () => done({ bid: seen.bid, ask: seen.ask, last: seen.last });
        on(EventName.tickPrice, (requestId: number, type: number, price: number) => {
          if (requestId !== id || !(price > 0)) return;
          if (bidTicks.includes(type)) seen.bid = price;
          if (askTicks.includes(type)) seen.ask = price;
          if (lastTicks.includes(type)) seen.last = price;
          if (seen.bid !== undefined && seen.ask !== undefined && seen.last !== undefined) answer();
        });
        on(EventName.tickSnapshotEnd, (requestId: number) => {
          if (requestId === id) answer();
        });
        this.#api.reqMarketDataType(delayed ? MarketDataType.DELAYED : MarketDataType.REALTIME);
        this.#api.reqMktData(id, contract, '', true, false);
      },
      { timeoutMs: snapshotMs },
    );
  }

  /**
   * @param within how long TWS may take, in milliseconds, and what ends the question before: then it is taken back
   * @throws NoAnswer, TwsError, and the reason of the signal
   */
  history(
    contract: Contract,
    question: HistoryQuestion,
    within: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly SeenBar[]> {
    const { end, duration, barSize, whatToShow } = question;
    return this.#ask(
      'bars',
      ({ id, on, done }) => {
        const bars: SeenBar[] = [];
        on(
          EventName.historicalData,
          (
            requestId: number,
            time: string,
            open: number,
            high: number,
            low: number,
            close: number,
            volume: number,
          ) => {
            if (requestId !== id) return;
            if (time.startsWith('finished')) done(bars);
            else bars.push({ time, open, high, low, close, volume });
          },
        );
        this.#api.reqHistoricalData(
          id,
          contract,
          end,
          duration,
          barSize as BarSizeSetting,
          whatToShow as WhatToShow,
          1,
          2,
          false,
        );
      },
      { ...within, takeBack: (id) => this.#api.cancelHistoricalData(id) },
    );
  }

  async #open(): Promise<Session> {
    const { host, port, clientId, timeoutMs } = this.#parts;
    const at = `${host}:${port}`;
    const emitter = this.#api as unknown as Emitter;
    return new Promise((resolve, reject) => {
      const refuse = (kind: NoSession['kind'], reason: string) => {
        clearTimeout(timer);
        this.#end(reason);
        reject(new NoSession(kind, reason));
      };
      const timer = setTimeout(
        () => refuse('failed', `TWS at ${at} takes the connection and says nothing.`),
        timeoutMs,
      );
      void this.ended.then((why) => refuse('failed', why));
      const settle = () => {
        if (this.#nextOrderId === 0 || this.#accounts.length === 0 || this.#endedWhy !== undefined) return;
        clearTimeout(timer);
        resolve(this);
      };
      emitter.on(EventName.nextValidId, (id: number) => {
        this.#nextOrderId = Math.max(this.#nextOrderId, id);
        settle();
      });
      emitter.on(EventName.managedAccounts, (list: string) => {
        this.#accounts = list.split(',').filter((account) => account !== '');
        settle();
      });
      emitter.on(EventName.disconnected, () => {
        refuse('failed', `TWS at ${at} closed the connection.`);
      });
      emitter.on(EventName.info, (text: string, code: number) => {
        if (code === clientIdInUse) {
          refuse('taken', `Another program is connected to TWS at ${at} as client ${clientId}.`);
        } else this.#message(-1, code, text);
      });
      emitter.on(EventName.error, (error: Error, code: number, id: number) => {
        if (id !== -1) return this.#message(id, code, error.message);
        const cut = cutMessage(error);
        // Of a list it may have been the one entry that says that an order is there.
        if (cut !== undefined) return this.#unreadable(`its message ${cut} ended too early`);
        const kind = /ECONNREFUSED/.test(error.message) ? 'refused' : 'failed';
        if (meaningOf(code) === 'line') refuse(kind, `TWS at ${at} cannot be reached: ${error.message}`);
        else
          this.#parts.log.warn({ code, error: error.message }, 'TWS said something that was not understood');
      });
      emitter.on(EventName.connected, () => sendAtOnce(this.#api));
      this.#tellNews(emitter);
      this.#api.connect();
    });
  }

  #tellNews(emitter: Emitter): void {
    const tell = (news: SessionNews) => {
      if (this.#endedWhy === undefined) this.#parts.onNews?.(news);
    };
    emitter.on(EventName.openOrder, (orderId: number, contract: Contract, order: Order, state: OrderState) =>
      tell({ is: 'order', order: seenOrder(orderId, contract, order, state) }),
    );
    emitter.on(
      EventName.orderStatus,
      (
        orderId: number,
        status: string,
        filled: number,
        _remaining: number,
        _average: number,
        permId?: number,
        _parentId?: number,
        _last?: number,
        clientId?: number,
        whyHeld?: string,
      ) =>
        tell({
          is: 'status',
          status: {
            orderId,
            clientId: clientId ?? 0,
            permId: permId ?? 0,
            status,
            filled: filled ?? 0,
            whyHeld: whyHeld ?? '',
          },
        }),
    );
    emitter.on(EventName.execDetails, (requestId: number, contract: Contract, execution: Execution) => {
      // Those that were asked for are an answer.
      if (requestId === -1) tell({ is: 'execution', execution: seenExecution(contract, execution) });
    });
    emitter.on(
      EventName.commissionReport,
      (report: { readonly execId?: string; readonly commission?: number; readonly currency?: string }) => {
        const { execId, commission, currency } = report;
        if (execId === undefined || commission === undefined || currency === undefined) return;
        tell({ is: 'commission', commission: { executionId: execId, amount: commission, currency } });
      },
    );
  }

  #unreadable(reason: string): void {
    if (this.#endedWhy !== undefined) return;
    const why = `TWS sent something that cannot be read (${reason}).`;
    this.#parts.log.error({ reason }, 'TWS sent something that cannot be read: the connection is given up');
    this.#parts.onUnreadable?.(why);
    this.#end(why);
  }

  #message(id: number, code: number, text: string): void {
    const meaning = meaningOf(code);
    if (id !== -1 && meaning !== 'info' && meaning !== 'warning') {
      this.#failing.get(id)?.(new TwsError(code, text));
    }
    if (this.#endedWhy === undefined) this.#parts.onNews?.({ is: 'message', id, code, text });
  }

  /** A question whose answer does not say to which it belongs: one at a time. */
  #alone<T>(what: string, ask: (ear: Ear<T>) => void): Promise<T> {
    return this.#lanes.run(what, () => this.#ask(what, ask));
  }

  /** @throws NoAnswer, TwsError, and the reason of the signal */
  #ask<T>(
    what: string,
    ask: (ear: Ear<T>) => void,
    { timeoutMs = this.#parts.timeoutMs, signal, takeBack }: Patience = {},
  ): Promise<T> {
    if (this.#endedWhy !== undefined) return Promise.reject(new NoAnswer(this.#endedWhy));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextRequestId++;
    const emitter = this.#api as unknown as Emitter;
    const listeners: [EventName, Listener][] = [];
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        this.#failing.delete(id);
        for (const [event, listener] of listeners) emitter.off(event, listener);
      };
      const fail = (error: Error) => {
        leave();
        reject(error);
      };
      const giveUp = () => {
        takeBack?.(id);
        fail(signal?.reason);
      };
      const timer = setTimeout(() => {
        takeBack?.(id);
        fail(new NoAnswer(`TWS was asked for ${what} and did not answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      signal?.addEventListener('abort', giveUp);
      this.#failing.set(id, fail);
      ask({
        id,
        on(event, listener) {
          listeners.push([event, listener]);
          emitter.on(event, listener);
        },
        done(answer) {
          leave();
          resolve(answer);
        },
      });
    });
  }
}

function seenOrder(orderId: number, contract: Contract, order: Order, state: OrderState): SeenOrder {
  return {
    orderId,
    clientId: order.clientId ?? 0,
    permId: order.permId ?? 0,
    orderRef: order.orderRef ?? '',
    account: order.account ?? '',
    contract,
    side: order.action === 'SELL' ? 'sell' : 'buy',
    quantity: order.totalQuantity ?? 0,
    type: order.orderType,
    status: state.status ?? '',
    filled: order.filledQuantity ?? 0,
    ending: state.completedStatus ?? '',
  };
}

function seenExecution(contract: Contract, execution: Execution): SeenExecution {
  return {
    contract,
    id: execution.execId ?? '',
    time: execution.time ?? '',
    account: execution.acctNumber ?? '',
    side: execution.side === 'SLD' ? 'sell' : 'buy',
    quantity: execution.shares ?? 0,
    price: execution.price ?? 0,
    permId: execution.permId ?? 0,
    orderRef: execution.orderRef ?? '',
  };
}
