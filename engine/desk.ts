/** The engine's face: all that commands may call. */

import type { StrategyCheck } from './backtest/look-ahead-check.ts';
import { bookName } from './bank/book.ts';
import type { BookReport as BankBookReport, Books } from './bank/books.ts';
import { amountIn } from './bank/sums.ts';
import type { Suspension, SuspensionScope } from './bank/suspensions.ts';
import type {
  Balance,
  Broker,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  ContractChoice,
  Contracts,
  Debt,
  Instrument,
} from './brokers/broker.ts';
import { HandReports } from './brokers/manual/reports.ts';
import type { Clock } from './clock.ts';
import { reasonOf, UserError } from './errors.ts';
import type { DeskEvent, Outbox } from './events.ts';
import type { Difference, Resolution } from './execution/differences.ts';
import { resolutionsOf } from './execution/differences.ts';
import type { Executor } from './execution/executor.ts';
import type { Leftovers } from './execution/giving-up.ts';
import type { Operation } from './execution/operation.ts';
import { isOver } from './execution/operation.ts';
import type { Operations } from './execution/operations.ts';
import type { Fill, Order } from './execution/order.ts';
import type { PanicReport, PanicRequest } from './execution/panic.ts';
import { panic } from './execution/panic.ts';
import type { Reconciler } from './execution/reconciler.ts';
import type { JobSummary, Schedule } from './jobs/schedule.ts';
import type { Logger } from './log.ts';
import { calendar } from './market/calendars/index.ts';
import type { BarsFile, IntakePreview, Source } from './market/sources/source.ts';
import { type Decimal, decimal, decimalText, zero } from './money.ts';
import { nearest } from './nearest.ts';
import { type DivergenceRange, type DivergenceReport, PlanDivergence } from './plans/divergence.ts';
import type { PlanSettings } from './plans/plan.ts';
import type {
  Moment,
  PlanDraft,
  PlanOrder,
  PlanReport,
  PlanRun,
  PlanRunReport,
  Plans,
  PlanVersion,
} from './plans/plans.ts';
import { parseRunTimes } from './plans/run-times.ts';
import type { BacktestReport, BacktestRequest, Backtests, WorkOptions } from './reports/backtests.ts';
import type { ChartRenderer } from './reports/charts/renderer.ts';
import { type Digest, type DigestScope, digestOf, type Seen } from './reports/digest.ts';
import { LedgerReports } from './reports/ledger.ts';
import type {
  ChartQuery,
  ComparedSources,
  DataInspection,
  MarketChart,
  MarketData,
  SourceReport,
} from './reports/market-data.ts';
import type {
  CheckRequest,
  ListedStrategy,
  OptimizationReport,
  Research,
  SearchRequest,
  WalkForwardReport,
  WalkForwardRequest,
} from './reports/research.ts';
import type { RunComparison, RunQuery, RunRecord, RunReport, RunReports } from './reports/run-reports.ts';
import type {
  AddedStrategy,
  NewStrategy,
  Strategies,
  StrategyPreview,
  StrategyVersion,
} from './reports/strategies.ts';
import type { HandTrades } from './signals/hand-trades.ts';
import type { Inbox } from './signals/inbox.ts';
import type { Queue } from './signals/queue.ts';
import { type Rehearsal, rehearse } from './signals/rehearsal.ts';
import { type ReplayParts, rehearseReplay, replay } from './signals/replay.ts';
import type { Signal } from './signals/signal.ts';
import type { Store } from './store/store.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { TaskFile } from './tasks/workplace.ts';

export type { StrategyCheck as CheckedStrategy } from './backtest/look-ahead-check.ts';
export type { Operation } from './execution/operation.ts';
export type { Order } from './execution/order.ts';
export type { PanicReport } from './execution/panic.ts';
export { calendarNames } from './market/calendars/index.ts';
export { parsePeriod } from './market/period.ts';
export type { IntakePreview } from './market/sources/source.ts';
export { type ComparedOrder, type DivergenceReport, namedParts } from './plans/divergence.ts';
export { entryTypes, type PlanSettings, planModes } from './plans/plan.ts';
export type {
  Moment,
  PlanDraft,
  PlanOrder,
  PlanReport,
  PlanRun,
  PlanRunReport,
  PlanVersion,
} from './plans/plans.ts';
export type { BacktestReport, BacktestRequest } from './reports/backtests.ts';
export { chartIndicatorNames } from './reports/chart-indicators.ts';
export { csvFile } from './reports/csv-file.ts';
export type { Digest, Seen } from './reports/digest.ts';
export type {
  BookPerformance,
  BookProfit,
  ProfitReport,
  TradeReport,
} from './reports/ledger.ts';
export { profitPeriods } from './reports/ledger.ts';
export type { AccountBalances } from './reports/ledger-balances.ts';
export { type RecordKind, recordKinds } from './reports/ledger-records.ts';
export type { ComparedSources, DataInspection, MarketChart, SourceReport } from './reports/market-data.ts';
export type {
  ListedStrategy,
  OptimizationReport,
  SearchRequest,
  WalkForwardReport,
} from './reports/research.ts';
export type { RunComparison, RunKind, RunRecord, RunReport } from './reports/run-reports.ts';
export type { AddedStrategy, NewStrategy, StrategyPreview, StrategyVersion } from './reports/strategies.ts';
export type { HandTrade, TradeOutcome, TradePreview } from './signals/hand-trades.ts';
export { handlerNames } from './signals/handlers/index.ts';
export type { Rehearsal } from './signals/rehearsal.ts';
export type { Signal } from './signals/signal.ts';
export { notifyLevels } from './tasks/task.ts';
export type { TaskRun } from './tasks/task-runs.ts';
export type { TaskPreview, TaskReport, TaskRunReport } from './tasks/tasks.ts';

/** A book as it is shown in chat. Decimal text in the book's currency. */
export interface BookReport extends BankBookReport {
  /** Equity less what was deposited. */
  readonly profit: string;
  /** The broker's name; of a paper one it says so. */
  readonly account: string;
}

/** Where a broker says something else than the books, and what can be done about it. */
export interface DifferenceReport {
  readonly id: string;
  readonly broker: string;
  readonly text: string;
  /** Whether it stops the entries of the account. */
  readonly blocks: boolean;
  readonly foundAt: string;
  /** The order by which it is being traded away; null where none is. */
  readonly flattening: string | null;
  /** The safest first. */
  readonly resolutions: readonly Resolution[];
}

/** Which orders or operations are listed: all that are open, or the newest ones whatever became of them. */
export interface ListRequest {
  readonly which: 'open' | 'latest';
  readonly limit: number;
  /** All books where none is named. */
  readonly book?: string;
}

/** An operation with what it has traded. */
export interface OperationReport {
  readonly operation: Operation;
  readonly fills: readonly Fill[];
  /** What stays open when it is given up now; null of one that is over. */
  readonly leftovers: Leftovers | null;
}

/** An operation that was given up, and how its account compares with the books since. */
export interface EndedOperation {
  readonly operation: Operation;
  readonly differences: readonly DifferenceReport[];
  /** Why the account could not be compared; undefined when it was. */
  readonly notCompared: string | undefined;
}

/** A broker as it is shown: what it is, how it is, and what it can do. */
export interface BrokerReport extends Pick<Broker, 'name' | 'capabilities' | 'wallets'> {
  readonly state: BrokerStatus['state'];
  readonly since: Date;
  /** Why it is not ready, and what to do. */
  readonly why: string | undefined;
  readonly lends: boolean;
  readonly byHand: boolean;
  /** Compared with the books since it became ready: before that nothing trades there. */
  readonly compared: boolean;
  readonly books: readonly string[];
  /** Open differences between it and the books. */
  readonly differences: number;
}

/** What a broker says of the account, now. */
export interface AccountReport {
  readonly broker: string;
  readonly balances: readonly Balance[];
  readonly positions: readonly BrokerPosition[];
  readonly orders: readonly BrokerOrder[];
  readonly debts: readonly Debt[];
}

export interface DeskStatus {
  readonly now: Date;
  readonly store: string;
  readonly brokers: readonly { readonly name: string; readonly state: string; readonly why: string }[];
  readonly books: number;
  /** Received and not yet ended. */
  readonly signalsInHand: number;
  /** Orders of which it is not known whether the broker has them. */
  readonly unknownOrders: number;
  /** Operations that go neither on nor back by themselves just now. */
  readonly stuckOperations: number;
  /** Open differences between brokers and books. */
  readonly differences: number;
  readonly jobs: readonly JobSummary[];
  readonly suspension: Suspension | null;
}

export interface DeskParts {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly booksOfDesk: Books;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly reconciler: Reconciler;
  readonly inbox: Inbox;
  readonly queue: Queue;
  readonly schedule: Schedule;
  readonly strategies: Strategies;
  readonly backtests: Backtests;
  readonly research: Research;
  readonly runReports: RunReports;
  readonly marketData: MarketData;
  readonly plans: Plans;
  readonly handTrades: HandTrades;
  readonly tasks: Tasks;
  readonly charts: ChartRenderer;
  readonly log: Logger;
  /** Names of the brokers at which no money is at stake. */
  readonly paper: ReadonlySet<string>;
  /** By broker the source by whose prices it trades, where it has one. */
  readonly priceSources: ReadonlyMap<string, string>;
}

const mostSuggestions = 25;

export class Desk {
  /** Accounts at which people trade, and what they report. */
  readonly byHand: HandReports;
  /** Trades that people ask for by command. */
  readonly trading: HandTrades;
  /** What the books earned, hold and are worth, and the records of it. */
  readonly money: LedgerReports;
  /** Scripts that run at their times. */
  readonly tasks: Tasks;
  readonly #divergence: PlanDivergence;
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.trading = parts.handTrades;
    this.tasks = parts.tasks;
    const { store, clock, log, booksOfDesk: books, brokers, sources, charts } = parts;
    const accountText = (broker: string) => this.accountText(broker);
    this.money = new LedgerReports({
      ...{ store, clock, log, books, brokers, sources, charts, accountText },
      priceSources: parts.priceSources,
    });
    this.#divergence = new PlanDivergence({ store, clock, log, books, sources, charts, accountText });
    this.byHand = new HandReports(parts.brokers);
  }

  /** @throws StoreError when the store does not answer */
  pingStore(): Promise<void> {
    return this.#parts.store.ping();
  }

  /** How the desk is, as far as the reader may see its books and brokers. Its jobs are all of them. */
  async status(only: Seen = null): Promise<DeskStatus> {
    const { store, clock, brokers, booksOfDesk, executor, operations, reconciler, queue, schedule } =
      this.#parts;
    const isShown = ({ name }: { readonly name: string }) => only === null || only.brokers.includes(name);
    return {
      now: clock.now(),
      store: store.kind === 'sqlite' ? 'SQLite' : 'MongoDB',
      brokers: [...brokers.values()].filter(isShown).map((broker) => {
        const { state, why } = broker.status();
        return { name: broker.name, state, why: why ?? state };
      }),
      books: only?.books.length ?? booksOfDesk.names().length,
      signalsInHand: await queue.countOpen(only?.books),
      unknownOrders: await executor.countUnknown(only?.books),
      stuckOperations: await operations.countStuck(only?.books),
      differences: (await reconciler.differences()).filter(({ broker }) => isShown({ name: broker })).length,
      jobs: await schedule.list(),
      suspension: await booksOfDesk.suspension(null),
    };
  }

  /** What happened in some time, and how the desk stands now. */
  digest(scope: DigestScope): Promise<Digest> {
    const { store, outbox, booksOfDesk: books, brokers, plans } = this.#parts;
    return digestOf(scope, {
      ...{ store, outbox, books, brokers, money: this.money },
      bookOfPlan: (plan) => (plans.names().includes(plan) ? plans.settings(plan).book : undefined),
    });
  }

  jobs(): Promise<readonly JobSummary[]> {
    return this.#parts.schedule.list();
  }

  /** Runs a job once, now, beside its own times. @throws UserError when there is no such job */
  runJob(name: string, key: string): Promise<void> {
    return this.#parts.schedule.runNow(name, key);
  }

  /** A paused job lets its times go by, until it is resumed. @throws UserError when there is no such job */
  setJobPaused(name: string, key: string, paused: boolean): Promise<void> {
    return this.#parts.schedule.setPaused(name, key, paused);
  }

  bookNames(): readonly string[] {
    return this.#parts.booksOfDesk.names();
  }

  /** The broker at which a book trades. @throws UserError when there is no such book */
  accountOfBook(name: string): string {
    return this.#parts.booksOfDesk.settings(name).broker;
  }

  async books(): Promise<readonly BookReport[]> {
    return (await this.#parts.booksOfDesk.list()).map(shown);
  }

  /** @throws UserError when there is no such book */
  async book(name: string): Promise<BookReport> {
    return shown(await this.#parts.booksOfDesk.show(name));
  }

  /**
   * Puts money into a book: from what the desk has at its broker beyond its books, else from its owner.
   * @throws UserError when there is no such book, or for an amount that is none
   */
  async deposit(payment: {
    readonly book: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    await this.#parts.booksOfDesk.deposit({ ...payment, cause: `deposit:${crypto.randomUUID()}` });
  }

  /** @throws UserError when there is no such book, or it does not have that much to spare */
  async withdraw(payment: {
    readonly book: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    const { booksOfDesk: books, executor } = this.#parts;
    const promised = await executor.promised(payment.book);
    await books.withdraw({ ...payment, promised, cause: `withdrawal:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `withdraw` would */
  async checkWithdrawal(payment: { readonly book: string; readonly amount: string }): Promise<void> {
    const { booksOfDesk: books, executor } = this.#parts;
    await books.checkWithdrawal({ ...payment, promised: await executor.promised(payment.book) });
  }

  /** @throws UserError when there are no such books, they are not at one place, or the first cannot spare it */
  async moveMoney(move: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    const { booksOfDesk: books, executor } = this.#parts;
    const promised = await executor.promised(move.from);
    await books.move({ ...move, promised, cause: `move:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `moveMoney` would */
  async checkMove(move: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
  }): Promise<void> {
    const { booksOfDesk: books, executor } = this.#parts;
    await books.checkMove({ ...move, promised: await executor.promised(move.from) });
  }

  /**
   * A book that is not active takes no entries; exits go on.
   * @throws UserError when there is no such book
   */
  setActive(name: string, active: boolean): Promise<void> {
    return this.#parts.booksOfDesk.setActive(name, active);
  }

  /** @throws UserError when a book of this name is, or was */
  async checkNewBook(name: string): Promise<void> {
    if (!(await this.#parts.booksOfDesk.isKnown(name))) return;
    throw new UserError(
      this.bookNames().includes(name)
        ? `There is a book "${name}" already. /book list shows them all.`
        : `There was a book "${name}", and its history is kept under the name. Choose another one.`,
    );
  }

  /** What a broker has in a currency beyond the books; null as long as they were not compared. */
  async beyondBooks(broker: string, currency: string): Promise<string | null> {
    const { opened, unassigned } = await this.#parts.booksOfDesk.balancesOfBroker(broker);
    return opened ? decimalText(amountIn(unassigned, 'account', currency)) : null;
  }

  /** @throws UserError when the book owns or owes something, or something of it is open: it cannot be deleted then */
  async checkBookIsEmpty(name: string): Promise<void> {
    const { booksOfDesk: books, executor, operations, queue } = this.#parts;
    const { positions, cash, debts, lent } = await books.holdings(books.settings(name).name);
    const some = (verb: string, amounts: ReadonlyMap<string, Decimal>) =>
      [...amounts].flatMap(([asset, amount]) =>
        amount.eq(zero) ? [] : [`${verb} ${decimalText(amount)} ${asset}`],
      );
    const left = [
      ...[...positions.values()].map(({ quantity, symbol }) => `holds ${decimalText(quantity)} ${symbol}`),
      ...some('has', cash),
      ...some('owes', debts),
      ...some('owes the bank', lent),
      ...counted((await executor.openOrders({ book: name })).length, 'open order'),
      ...counted(await operations.countUnfinished(name), 'unfinished operation'),
      ...counted(await queue.countOpen([name]), 'signal in hand'),
    ];
    if (left.length === 0) return;
    throw new UserError(
      `The book "${name}" is not empty: it ${left.join(', ')}. Close and cancel what is open, and /book withdraw the rest.`,
    );
  }

  /**
   * Stops a book, or without one the whole desk.
   * @throws UserError when there is no such book
   */
  async suspend(suspension: {
    readonly scope: SuspensionScope;
    readonly book: string | undefined;
    readonly by: string;
    readonly reason: string;
  }): Promise<void> {
    await this.#parts.booksOfDesk.suspend({ ...suspension, book: suspension.book ?? null });
  }

  /**
   * False when it was not suspended.
   * @throws UserError when there is no such book
   */
  resume({ book, by }: { readonly book: string | undefined; readonly by: string }): Promise<boolean> {
    return this.#parts.booksOfDesk.resume({ book: book ?? null, by });
  }

  /** Signals, the newest first; of all books where none is named. */
  signals(which: { readonly book?: string; readonly limit: number }): Promise<readonly Signal[]> {
    return this.#parts.inbox.signals(which);
  }

  /** @throws UserError when there is no such signal */
  async signal(id: string): Promise<Signal> {
    const signal = await this.#parts.inbox.signal(id);
    if (signal) return signal;
    throw new UserError(`There is no signal "${id}". /signal list shows the newest.`);
  }

  /**
   * What an alert would lead to now, sent to the address of a book, or without one to that of the desk. Nothing is done.
   * @throws UserError when it would be refused, in the words that its sender would get
   */
  rehearse(body: string, book: string | undefined): Promise<readonly Rehearsal[]> {
    const { inbox, queue, booksOfDesk: books } = this.#parts;
    return rehearse(body, book, { inbox, queue, books });
  }

  /**
   * Acts on a signal that waits for approval, or drops it.
   * @throws UserError when there is no such signal, or it does not wait any more
   */
  answerSignal(answer: {
    readonly id: string;
    readonly answer: 'approved' | 'declined';
    readonly by: string;
  }): Promise<Signal> {
    return this.#parts.queue.answer(answer.id, answer.answer, answer.by);
  }

  /**
   * What it would lead to now to decide a signal once more. Nothing is done.
   * @throws UserError when there is no such signal, it cannot be replayed, or it would be refused again
   */
  async rehearseReplay(id: string): Promise<Rehearsal> {
    return rehearseReplay(await this.signal(id), this.#replayParts);
  }

  /**
   * Decides once more a signal that led to no trade, as a new signal.
   * @returns the new one
   * @throws UserError when there is no such signal, or it cannot be replayed
   */
  async replaySignal({ id, by }: { readonly id: string; readonly by: string }): Promise<Signal> {
    return replay(await this.signal(id), by, this.#replayParts);
  }

  get #replayParts(): ReplayParts {
    const { inbox, queue, operations, booksOfDesk: books } = this.#parts;
    return { inbox, queue, operations, books };
  }

  /**
   * Suspends entries and cancels every open order, of a book or of the whole desk; on demand closes every position.
   * @throws UserError when there is no such book
   */
  panic(request: PanicRequest): Promise<PanicReport> {
    const { booksOfDesk: books, executor, operations, clock } = this.#parts;
    return panic(request, { books, executor, operations, clock });
  }

  /** Where brokers say something else than the books, as far as it is not resolved. */
  async differences(): Promise<readonly DifferenceReport[]> {
    return (await this.#parts.reconciler.differences()).map(differenceReport);
  }

  /** @throws UserError when there is no such open difference */
  async difference(id: string): Promise<DifferenceReport> {
    return differenceReport(await this.#parts.reconciler.difference(id));
  }

  /** @throws UserError when there is no such open difference, or it cannot be resolved in this way */
  async resolveDifference({
    difference,
    how,
    by,
  }: {
    readonly difference: string;
    readonly how: Resolution;
    readonly by: string;
  }): Promise<DifferenceReport> {
    return differenceReport(await this.#parts.reconciler.resolve(difference, how, by));
  }

  /** What is open in which book, without asking for prices. */
  async openSymbols(): Promise<readonly { readonly book: string; readonly symbol: string }[]> {
    const { booksOfDesk: books } = this.#parts;
    const held = await Promise.all(
      books.names().map(async (book) => {
        const { positions } = await books.holdings(book);
        return [...positions.values()].map(({ symbol }) => ({ book, symbol }));
      }),
    );
    return held.flat();
  }

  /** How an account is named wherever money is told of: `PAPER` where none is at stake. */
  accountText(broker: string): string {
    if (!this.#parts.paper.has(broker)) return broker;
    return broker.toLowerCase() === 'paper' ? 'PAPER' : `PAPER ${broker}`;
  }

  /**
   * Orders that are open, or the newest ones, the newest first.
   * @throws UserError when there is no such book
   */
  async orders({ book, which, limit }: ListRequest): Promise<readonly Order[]> {
    const { booksOfDesk: books, executor } = this.#parts;
    const of = book === undefined ? {} : { book: books.settings(book).name };
    if (which === 'latest') return executor.orders({ ...of, limit });
    return (await executor.openOrders(of)).toReversed().slice(0, limit);
  }

  /**
   * An open order by its id, or the last letters of it.
   * @throws UserError when none is open under that name, or several are
   */
  async openOrder(named: string): Promise<Order> {
    const open = await this.#parts.executor.openOrders();
    const found = open.filter(({ _id }) => _id === named || (named.length >= 4 && _id.endsWith(named)));
    const [order] = found;
    if (!order) throw new UserError(`No open order is called "${named}". /orders shows those that are.`);
    if (found.length > 1) throw new UserError(`Several open orders end with "${named}". Give more letters.`);
    return order;
  }

  /** The book of an order, open or not; undefined when the desk knows none under this id. */
  async bookOfOrder(id: string): Promise<string | undefined> {
    return (await this.#parts.executor.order(id))?.book;
  }

  /** Cancels an order, and waits until it is certain what became of it, as far as the broker tells. */
  cancelOrder(id: string, by: string): Promise<Order> {
    return this.#parts.executor.cancel(id, by);
  }

  /**
   * Operations that are not over, or the newest ones, the newest first.
   * @throws UserError when there is no such book
   */
  async operations({ book, which, limit }: ListRequest): Promise<readonly Operation[]> {
    const { booksOfDesk: books, operations } = this.#parts;
    const of = book === undefined ? {} : { book: books.settings(book).name };
    if (which === 'latest') return operations.operations({ ...of, limit });
    return (await operations.open(of)).toReversed().slice(0, limit);
  }

  /**
   * An operation by its id, or one that is not over by the last letters of it.
   * @throws UserError when there is none of that name, or several are
   */
  async operation(named: string): Promise<OperationReport> {
    const { operations } = this.#parts;
    const operation = await this.#operation(named);
    const fills = await operations.fillsOf(operation._id);
    const leftovers = isOver(operation) ? null : await operations.leftovers(operation);
    return { operation, fills, leftovers };
  }

  /** The book of an operation. @throws UserError as `operation` would */
  async bookOfOperation(named: string): Promise<string> {
    return (await this.#operation(named)).book;
  }

  async #operation(named: string): Promise<Operation> {
    const { operations } = this.#parts;
    const exact = await operations.operation(named);
    if (exact) return exact;
    const found = (await operations.open()).filter(({ _id }) => named.length >= 4 && _id.endsWith(named));
    const [operation] = found;
    if (!operation) throw new UserError(`There is no operation "${named}". /operation list shows them.`);
    if (found.length > 1) throw new UserError(`Several operations end with "${named}". Give more letters.`);
    return operation;
  }

  /**
   * Gives an operation up on a person's word, and compares its account with the books.
   * @throws UserError when there is no such operation, or it is over
   */
  async endOperation({
    operation: named,
    by,
    reason,
  }: {
    readonly operation: string;
    readonly by: string;
    readonly reason: string;
  }): Promise<EndedOperation> {
    const { operations, log } = this.#parts;
    const { _id } = await this.#operation(named);
    const operation = await operations.giveUp(_id, { by, reason });
    try {
      const differences = await this.reconcile(operation.broker);
      return { operation, differences, notCompared: undefined };
    } catch (error) {
      log.warn({ operation: _id, error: reasonOf(error) }, 'an account was not compared after an operation');
      return { operation, differences: [], notCompared: reasonOf(error) };
    }
  }

  brokerNames(): readonly string[] {
    return [...this.#parts.brokers.keys()];
  }

  /**
   * Compares a broker with the books now, and returns what differs.
   * @throws UserError when there is no such broker, or it is not ready
   */
  async reconcile(broker: string): Promise<readonly DifferenceReport[]> {
    return (await this.#parts.reconciler.reconcile(broker)).map(differenceReport);
  }

  /** How a broker is, and what it can do. @throws UserError when there is no such broker */
  async broker(name: string): Promise<BrokerReport> {
    const { reconciler, booksOfDesk } = this.#parts;
    const broker = this.#broker(name);
    const { capabilities, wallets } = broker;
    const { state, since, why } = broker.status();
    const books = (await booksOfDesk.list()).filter((book) => book.broker === broker.name);
    const differences = (await reconciler.differences()).filter((each) => each.broker === broker.name);
    return {
      ...{ name: broker.name, capabilities, wallets, state, since, why },
      lends: broker.margin !== undefined,
      byHand: broker.byHand !== undefined,
      compared: reconciler.isCompared(broker.name),
      books: books.map((book) => book.name),
      differences: differences.length,
    };
  }

  brokers(): Promise<readonly BrokerReport[]> {
    return Promise.all(this.brokerNames().map((name) => this.broker(name)));
  }

  /**
   * Begins to connect; answers when it is ready, or when it is known why it is not. At a broker with a login it starts the
   * program for it, where one is configured, and waits for the person.
   * @throws UserError when there is no such broker, or its login came to nothing
   */
  async connectBroker(
    name: string,
    {
      signal = new AbortController().signal,
      onProgress = () => undefined,
    }: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (progress: { readonly text: string; readonly fraction: number }) => void;
    } = {},
  ): Promise<BrokerReport> {
    const broker = this.#broker(name);
    const { login } = broker;
    if (!login) await broker.connect();
    else {
      await login.begin(signal, ({ text, secondsLeft }) =>
        onProgress({ text, fraction: 1 - secondsLeft / login.seconds }),
      );
    }
    return this.broker(name);
  }

  /** What a symbol can mean at a broker. @throws UserError when there is no such broker or symbol */
  async contracts(
    name: string,
    symbol: string,
  ): Promise<{
    readonly broker: string;
    readonly choices: readonly ContractChoice[];
    readonly chosen: string | null;
  }> {
    const { broker, contracts } = this.#contractsOf(name);
    return { broker, ...(await contracts.of(symbol)) };
  }

  /** From now on a symbol means this contract at a broker. @throws UserError as `contracts`, and when it cannot mean that */
  async chooseContract(name: string, symbol: string, contract: string): Promise<Instrument> {
    const chosen = await this.#contractsOf(name).contracts.choose(symbol, contract);
    this.#parts.plans.watchSoon(); // an order may wait for it
    return chosen;
  }

  #contractsOf(named: string): { readonly broker: string; readonly contracts: Contracts } {
    const { name, contracts } = this.#broker(named);
    if (contracts) return { broker: name, contracts };
    throw new UserError(`At ${name} a symbol means one thing only: there is nothing to choose.`);
  }

  /** Nothing is traded there until it is connected again. @throws UserError when there is no such broker */
  async disconnectBroker(name: string): Promise<BrokerReport> {
    await this.#broker(name).disconnect();
    return this.broker(name);
  }

  /** @throws UserError when there is no such broker, or it does not answer */
  async account(name: string): Promise<AccountReport> {
    const broker = this.#broker(name);
    const { state, why } = broker.status();
    if (state !== 'ready') {
      throw new UserError(`${broker.name} is ${state}: ${why ?? 'it does not answer'}. See /broker status.`);
    }
    try {
      const [balances, positions, orders, debts] = await Promise.all([
        broker.balances(),
        broker.positions(),
        broker.openOrders(),
        broker.margin?.debts() ?? [],
      ]);
      return { broker: broker.name, balances, positions, orders, debts };
    } catch (error) {
      throw new UserError(`${broker.name} did not answer: ${reasonOf(error)}. Try again in a moment.`, {
        cause: error,
      });
    }
  }

  #broker(name: string): Broker {
    const { brokers } = this.#parts;
    const found = brokers.get(name) ?? brokers.get(name.toLowerCase());
    if (found) return found;
    const names = this.brokerNames();
    const [near] = nearest(name, names, 1);
    const hint = near === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`;
    throw new UserError(`There is no broker "${name}". ${hint}`);
  }

  /** Runs of the archive, the newest first. */
  runs(query: RunQuery): Promise<readonly RunRecord[]> {
    return this.#parts.runReports.list(query);
  }

  /** @throws UserError when there is no such run */
  run(id: string): Promise<RunReport> {
    return this.#parts.runReports.show(id);
  }

  /** A run without what it left. @throws UserError when there is no such run */
  runRecord(id: string): Promise<RunRecord> {
    return this.#parts.runReports.record(id);
  }

  /** @throws UserError when there is no such run, or one of them has no figures */
  compareRuns(one: string, other: string): Promise<RunComparison> {
    return this.#parts.runReports.compare(one, other);
  }

  /** Where bars come from. */
  dataSources(): Promise<readonly SourceReport[]> {
    return this.#parts.marketData.sources();
  }

  /** @throws UserError for an unknown symbol or source, or an interval that it does not have */
  inspectData(request: Parameters<MarketData['inspect']>[0]): Promise<DataInspection> {
    return this.#parts.marketData.inspect(request);
  }

  /** @throws UserError for an unknown symbol or source, or an interval that one of them does not have */
  compareData(request: Parameters<MarketData['compare']>[0]): Promise<ComparedSources> {
    return this.#parts.marketData.compare(request);
  }

  /** Sources into which files of bars can be sent. */
  get importableSources(): readonly string[] {
    return this.#parts.marketData.importable();
  }

  /** What a file would bring; nothing is kept. @throws UserError when the source takes none, or the file is wrong */
  previewImport(source: string, file: BarsFile): Promise<IntakePreview> {
    return this.#parts.marketData.previewImport(source, file);
  }

  /** Sources whose bars are kept in the store. */
  get keepingSources(): readonly string[] {
    return this.#parts.marketData.keeping();
  }

  /** So that they are fetched anew. @throws UserError when the source keeps none, or not of this symbol */
  forgetData(source: string, symbol?: string): Promise<number> {
    return this.#parts.marketData.forget(source, symbol);
  }

  /** @throws UserError as `previewImport` */
  importData(source: string, file: BarsFile): Promise<IntakePreview> {
    return this.#parts.marketData.import(source, file);
  }

  /** Candles with indicators, or several closes. @throws UserError for an unknown symbol, source or indicator */
  chart(query: ChartQuery): Promise<MarketChart> {
    return this.#parts.marketData.chart(query);
  }

  /** Pictures and files that belong to what happened; none where there are none any more. */
  async filesOf(event: DeskEvent): Promise<readonly TaskFile[]> {
    try {
      switch (event.type) {
        case 'task.finished':
        case 'task.failed':
          return (await this.tasks.runReport(event.run)).files;
        case 'run.finished':
          return await this.#parts.runReports.pictures(event.run);
        default:
          return [];
      }
    } catch (error) {
      if (error instanceof UserError) return []; // it was deleted since
      throw error;
    }
  }

  async strategyNames(): Promise<readonly string[]> {
    return (await this.#parts.strategies.list()).map(({ name }) => name);
  }

  /** Every strategy with its parameters, or why it does not load. */
  strategies(): Promise<readonly ListedStrategy[]> {
    return this.#parts.research.strategies();
  }

  /** Of one that was sent in, also of an earlier version. @throws UserError when there is no such strategy or version */
  strategySource(name: string, version?: number): ReturnType<Strategies['source']> {
    return this.#parts.strategies.source(name, version);
  }

  /** Of one that was sent in, the newest first; none of a file of the configuration. */
  strategyVersions(name: string): Promise<readonly StrategyVersion[]> {
    return this.#parts.strategies.versions(name);
  }

  /** What a file that was sent in is; nothing is kept. @throws UserError when it cannot be added */
  previewStrategy(strategy: NewStrategy): Promise<StrategyPreview> {
    return this.#parts.strategies.preview(strategy);
  }

  /** @throws UserError when it looks ahead, or cannot be added */
  addStrategy(strategy: NewStrategy, work: WorkOptions & { readonly by: string }): Promise<AddedStrategy> {
    return this.#parts.strategies.add(strategy, work.by, work);
  }

  /** @throws UserError when a plan uses it, or it was not sent in */
  async deleteStrategy(name: string): Promise<string> {
    const { name: strategy } = await this.#parts.strategies.find(name);
    const users = (await this.plans()).filter(({ settings }) => settings.strategy === strategy);
    if (users.length > 0) {
      const plans = users.map(({ settings }) => settings.name).join(', ');
      throw new UserError(`${strategy} is used by the plan ${plans}. Change or remove that first.`);
    }
    await this.#parts.strategies.delete(strategy);
    return strategy;
  }

  /** @throws UserError for whatever is wrong with the request, its data or the strategy */
  checkStrategy(request: CheckRequest, work: WorkOptions): Promise<StrategyCheck> {
    return this.#parts.research.check(request, work);
  }

  /** @throws UserError for whatever is wrong with the request, its data or the strategy */
  optimize(request: SearchRequest, work: WorkOptions): Promise<OptimizationReport> {
    return this.#parts.research.optimize(request, work);
  }

  /** @throws UserError for whatever is wrong with the request, its data or the strategy */
  walkForward(request: WalkForwardRequest, work: WorkOptions): Promise<WalkForwardReport> {
    return this.#parts.research.walkForward(request, work);
  }

  get sourceNames(): readonly string[] {
    return [...this.#parts.sources.keys()];
  }

  /** Symbols that fit what is typed, of the sources that can list theirs: the others would count each letter as a question. */
  async suggestSymbols(query: string): Promise<readonly string[]> {
    const listing = [...this.#parts.sources.values()].filter(({ remote }) => remote?.listsSymbols !== false);
    const found = await Promise.all(listing.map((source) => source.symbols(query, mostSuggestions)));
    return [...new Set(found.flat().map(({ symbol }) => symbol))].slice(0, mostSuggestions);
  }

  /** @throws UserError for whatever is wrong with the request, its data or the strategy */
  backtest(request: BacktestRequest, work: WorkOptions): Promise<BacktestReport> {
    return this.#parts.backtests.run(request, work);
  }

  planNames(): readonly string[] {
    return this.#parts.plans.names();
  }

  /** @throws UserError when there is no such plan */
  bookOfPlan(name: string): string {
    return this.#parts.plans.settings(name).book;
  }

  plans(): Promise<readonly PlanReport[]> {
    return this.#parts.plans.list();
  }

  /** @throws UserError when there is no such plan */
  plan(name: string): Promise<PlanReport> {
    return this.#parts.plans.show(name);
  }

  /** Books for which a new plan may trade: without a handler, and without a plan. */
  booksForPlans(): readonly string[] {
    const traded = new Set(this.planNames().map((plan) => this.bookOfPlan(plan)));
    const { booksOfDesk: books } = this.#parts;
    return this.bookNames().filter((name) => !traded.has(name) && !books.settings(name).handler);
  }

  /** @throws UserError when a plan may not be called so, or is called so already */
  checkNewPlan(name: string): void {
    const { success, error } = bookName.safeParse(name);
    if (!success) throw new UserError(`The name ${error.issues[0]?.message ?? 'is none'}, not "${name}".`);
    if (this.planNames().includes(name))
      throw new UserError(`There is a plan "${name}" already. /plan list shows them all.`);
  }

  /** @throws UserError naming what of the times of a plan cannot be read */
  checkRunTimes(times: string): void {
    parseRunTimes(times);
  }

  /** @throws UserError when there is no such source, or it does not know one of the symbols */
  checkSymbols(source: string, symbols: readonly string[]): Promise<void> {
    return this.#parts.backtests.knownSymbols({ symbols, source });
  }

  /** @throws UserError when a strategy has no such parameter, or one of another type */
  checkParams(strategy: string, params: Readonly<Record<string, string>>): Promise<void> {
    return this.#parts.strategies.checkParams(strategy, params);
  }

  /** @throws UserError when there is no such calendar */
  zoneOfCalendar(name: string): string {
    return calendar(name).zone;
  }

  /** What a plan would be; nothing is stored. @throws UserError for whatever is wrong with it */
  async previewPlan(
    draft: PlanDraft,
  ): Promise<{ readonly settings: PlanSettings; readonly moments: readonly Moment[] }> {
    const settings = await this.#parts.plans.check(draft);
    await this.#parts.strategies.checkParams(settings.strategy, settings.params);
    return { settings, moments: this.#parts.plans.momentsOf(settings, 5) };
  }

  /** Makes a plan, disabled until its dry run has passed. @throws UserError as `previewPlan` */
  createPlan(draft: PlanDraft, by: string): Promise<PlanReport> {
    return this.#parts.plans.create(draft, by);
  }

  /** @throws UserError when there is no such plan, or it cannot be changed so */
  async previewPlanChange(name: string, changes: PlanDraft): ReturnType<Plans['checkChange']> {
    const change = await this.#parts.plans.checkChange(name, changes);
    await this.#parts.strategies.checkParams(change.after.strategy, change.after.params);
    return change;
  }

  /** @throws UserError as `previewPlanChange`, and for a plan of a file */
  setPlan(name: string, changes: PlanDraft, by: string): Promise<PlanReport> {
    return this.#parts.plans.set(name, changes, by);
  }

  /** @throws UserError when there is no such plan, or its dry run has not passed */
  setPlanEnabled(name: string, enabled: boolean): Promise<PlanReport> {
    return this.#parts.plans.setEnabled(name, enabled);
  }

  /** @throws UserError when there is no such plan, or it is a file */
  deletePlan(name: string): Promise<void> {
    return this.#parts.plans.delete(name);
  }

  /** @throws UserError when there is no such plan, or its strategy or data are wrong: then no order was sent */
  runPlan(
    name: string,
    run: WorkOptions & { readonly by: string; readonly request?: string },
  ): Promise<PlanRunReport> {
    return this.#parts.plans.run(name, run);
  }

  /** What a run would do; nothing is sent, cancelled or kept of it. @throws UserError as `runPlan` */
  dryRunPlan(name: string, run: WorkOptions & { readonly by: string }): Promise<PlanRunReport> {
    return this.#parts.plans.dryRun(name, run);
  }

  /** Sends what waits, as far as it may go; answers with what waits on. @throws UserError when there is no such plan */
  sendPlan(name: string): Promise<readonly PlanOrder[]> {
    return this.#parts.plans.sendWaiting(name);
  }

  /** Its runs, the newest first. @throws UserError when there is no such plan */
  planHistory(name: string, limit: number): Promise<readonly PlanRun[]> {
    return this.#parts.plans.history(name, limit);
  }

  /** A run of it with its log, the newest where none is named. @throws UserError when there is none */
  planRun(name: string, run: string | undefined): Promise<PlanRun> {
    return this.#parts.plans.runOf(name, run);
  }

  /** What its runs wanted and what became of it. @throws UserError when there is no such plan */
  planOrders(name: string, limit: number): Promise<readonly PlanOrder[]> {
    return this.#parts.plans.orders(name, limit);
  }

  /** What it was, the newest first. @throws UserError when there is no such plan */
  planVersions(name: string): Promise<readonly PlanVersion[]> {
    return this.#parts.plans.versions(name);
  }

  /**
   * What its backtest said beside what happened.
   * @throws UserError when there is no such plan, or it has no run that could be compared
   */
  async planDivergence(name: string, range: DivergenceRange = {}): Promise<DivergenceReport> {
    return this.#divergence.report(await this.#parts.plans.show(name), range);
  }

  /** When it runs next. @throws UserError when there is no such plan */
  planMoments(name: string, limit: number): readonly Moment[] {
    return this.#parts.plans.moments(name, limit);
  }
}

function differenceReport(difference: Difference): DifferenceReport {
  const { _id: id, broker, text, blocks, foundAt } = difference;
  const flattening = difference.flattening?.order ?? null;
  return { id, broker, text, blocks, foundAt, flattening, resolutions: resolutionsOf(difference) };
}

function counted(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`has ${count} ${what}${count === 1 ? '' : 's'}`];
}

function shown(report: BankBookReport): BookReport {
  const profit = decimal(report.equity).minus(decimal(report.deposited));
  return { ...report, profit: decimalText(profit), account: report.broker };
}
