/** The engine's face: all that commands may call. */

import type { StrategyCheck } from './backtest/look-ahead-check.ts';
import type { BookReport as BankBookReport, Books } from './bank/books.ts';
import type { Suspension, SuspensionScope } from './bank/suspensions.ts';
import type { Broker } from './brokers/broker.ts';
import { HandReports } from './brokers/manual/reports.ts';
import type { Clock } from './clock.ts';
import { UserError } from './errors.ts';
import type { Difference, Resolution } from './execution/differences.ts';
import { resolutionsOf } from './execution/differences.ts';
import type { Executor } from './execution/executor.ts';
import type { Operations } from './execution/operations.ts';
import type { PanicReport, PanicRequest } from './execution/panic.ts';
import { panic } from './execution/panic.ts';
import type { Reconciler } from './execution/reconciler.ts';
import type { JobSummary, Schedule } from './jobs/schedule.ts';
import type { Source } from './market/sources/source.ts';
import { decimal, decimalText } from './money.ts';
import type { PlanReport, PlanRunReport, Plans } from './plans/plans.ts';
import type { BacktestReport, BacktestRequest, Backtests, WorkOptions } from './reports/backtests.ts';
import type {
  CheckRequest,
  ListedStrategy,
  OptimizationReport,
  Research,
  SearchRequest,
  WalkForwardReport,
  WalkForwardRequest,
} from './reports/research.ts';
import type {
  AddedStrategy,
  NewStrategy,
  Strategies,
  StrategyPreview,
  StrategyVersion,
} from './reports/strategies.ts';
import type { Inbox } from './signals/inbox.ts';
import type { Queue } from './signals/queue.ts';
import { type Rehearsal, rehearse } from './signals/rehearsal.ts';
import type { Signal } from './signals/signal.ts';
import type { Store } from './store/store.ts';

export type { StrategyCheck as CheckedStrategy } from './backtest/look-ahead-check.ts';
export type { PanicReport } from './execution/panic.ts';
export type { PlanReport, PlanRunReport } from './plans/plans.ts';
export type { BacktestReport, BacktestRequest } from './reports/backtests.ts';
export type {
  ListedStrategy,
  OptimizationReport,
  SearchRequest,
  WalkForwardReport,
} from './reports/research.ts';
export type { AddedStrategy, NewStrategy, StrategyPreview, StrategyVersion } from './reports/strategies.ts';
export type { Rehearsal } from './signals/rehearsal.ts';
export type { Signal } from './signals/signal.ts';

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
  /** The safest first. */
  readonly resolutions: readonly Resolution[];
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
  readonly plans: Plans;
}

const mostSuggestions = 25;

export class Desk {
  /** Accounts at which people trade, and what they report. */
  readonly byHand: HandReports;
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.byHand = new HandReports(parts.brokers);
  }

  /** @throws StoreError when the store does not answer */
  pingStore(): Promise<void> {
    return this.#parts.store.ping();
  }

  async status(): Promise<DeskStatus> {
    const { store, clock, brokers, booksOfDesk, executor, operations, reconciler, queue, schedule } =
      this.#parts;
    return {
      now: clock.now(),
      store: store.kind === 'sqlite' ? 'SQLite' : 'MongoDB',
      brokers: [...brokers.values()].map((broker) => {
        const { state, why } = broker.status();
        return { name: broker.name, state, why: why ?? state };
      }),
      books: booksOfDesk.names().length,
      signalsInHand: await queue.countOpen(),
      unknownOrders: await executor.countUnknown(),
      stuckOperations: await operations.countStuck(),
      differences: (await reconciler.differences()).length,
      jobs: await schedule.list(),
      suspension: await booksOfDesk.suspension(null),
    };
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
    await this.#parts.booksOfDesk.withdraw({ ...payment, cause: `withdrawal:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `withdraw` would */
  checkWithdrawal(payment: { readonly book: string; readonly amount: string }): Promise<void> {
    return this.#parts.booksOfDesk.checkWithdrawal(payment);
  }

  /** @throws UserError when there are no such books, they are not at one place, or the first cannot spare it */
  async moveMoney(move: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
    readonly by: string;
  }): Promise<void> {
    await this.#parts.booksOfDesk.move({ ...move, cause: `move:${crypto.randomUUID()}` });
  }

  /** @throws UserError as `moveMoney` would */
  checkMove(move: { readonly from: string; readonly to: string; readonly amount: string }): Promise<void> {
    return this.#parts.booksOfDesk.checkMove(move);
  }

  /**
   * A book that is not active takes no entries; exits go on.
   * @throws UserError when there is no such book
   */
  setActive(name: string, active: boolean): Promise<void> {
    return this.#parts.booksOfDesk.setActive(name, active);
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

  /** Symbols of all sources that fit what is typed. */
  async suggestSymbols(query: string): Promise<readonly string[]> {
    const found = await Promise.all(
      [...this.#parts.sources.values()].map((source) => source.symbols(query, mostSuggestions)),
    );
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

  /** @throws UserError when there is no such plan, or its strategy or data are wrong: then no order was sent */
  runPlan(name: string, run: WorkOptions & { readonly by: string }): Promise<PlanRunReport> {
    return this.#parts.plans.run(name, run);
  }
}

function differenceReport(difference: Difference): DifferenceReport {
  const { _id: id, broker, text, blocks, foundAt } = difference;
  return { id, broker, text, blocks, foundAt, resolutions: resolutionsOf(difference) };
}

function shown(report: BankBookReport): BookReport {
  const profit = decimal(report.equity).minus(decimal(report.deposited));
  return { ...report, profit: decimalText(profit), account: report.broker };
}
