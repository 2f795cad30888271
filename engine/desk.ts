/** The engine's face: all that commands may call. What belongs to one thing has a file of its own in `desk/`. */

import type { Books } from './bank/books.ts';
import type { Suspension } from './bank/suspensions.ts';
import type { Broker } from './brokers/broker.ts';
import { HandReports } from './brokers/manual/reports.ts';
import type { Clock } from './clock.ts';
import { DeskBooks } from './desk/books.ts';
import { DeskBrokers } from './desk/brokers.ts';
import { DeskOperations } from './desk/operations.ts';
import { DeskOrders } from './desk/orders.ts';
import { DeskPlans } from './desk/plans.ts';
import { DeskSignals } from './desk/signals.ts';
import { UserError } from './errors.ts';
import type { DeskEvent, Outbox } from './events.ts';
import type { Executor } from './execution/executor.ts';
import type { Operations } from './execution/operations.ts';
import type { PanicReport, PanicRequest } from './execution/panic.ts';
import { panic } from './execution/panic.ts';
import type { Reconciler } from './execution/reconciler.ts';
import type { JobSummary, Schedule } from './jobs/schedule.ts';
import type { Logger } from './log.ts';
import type { Source } from './market/sources/source.ts';
import { PlanDivergence } from './plans/divergence.ts';
import type { Plans } from './plans/plans.ts';
import type { BacktestReport, BacktestRequest, Backtests, WorkOptions } from './reports/backtests.ts';
import type { ChartRenderer } from './reports/charts/renderer.ts';
import { type Digest, type DigestScope, digestOf, type Seen } from './reports/digest.ts';
import { LedgerReports } from './reports/ledger.ts';
import type { MarketData } from './reports/market-data.ts';
import type { ListedStrategy, Research } from './reports/research.ts';
import type { RunReports } from './reports/run-reports.ts';
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
import type { Store } from './store/store.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { TaskFile } from './tasks/workplace.ts';

export type { StrategyCheck as CheckedStrategy } from './backtest/look-ahead-check.ts';
export type { Suspension } from './bank/suspensions.ts';
export type { BookReport } from './desk/books.ts';
export type { AccountReport, BrokerReport, DifferenceReport } from './desk/brokers.ts';
export type { EndedOperation, OperationReport } from './desk/operations.ts';
export type { PlannedMoment } from './desk/plans.ts';
export type { Operation } from './execution/operation.ts';
export type { Order } from './execution/order.ts';
export type { PanicReport } from './execution/panic.ts';
export { calendarNames } from './market/calendars/index.ts';
export { parsePeriod } from './market/period.ts';
export type { IntakePreview } from './market/sources/source.ts';
export {
  type ComparedOrder,
  type DivergenceFigures,
  type DivergenceReport,
  namedParts,
} from './plans/divergence.ts';
export { entryTypes, type PlanSettings, planModes } from './plans/plan.ts';
export type {
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

export interface DeskStatus {
  readonly now: Date;
  readonly store: string;
  readonly brokers: readonly {
    readonly name: string;
    readonly state: string;
    readonly since: Date;
    readonly why: string;
  }[];
  /** When each source of bars has answered last, since the desk started; null when it was not asked, or did not answer. */
  readonly sources: readonly { readonly name: string; readonly answeredAt: Date | null }[];
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
  readonly books: DeskBooks;
  readonly brokers: DeskBrokers;
  readonly signals: DeskSignals;
  readonly orders: DeskOrders;
  readonly operations: DeskOperations;
  readonly plans: DeskPlans;
  /** Runs of the archive: backtests, searches and those of plans. */
  readonly runs: RunReports;
  /** Bars and where they come from. */
  readonly data: MarketData;
  /** What is tried on strategies beyond a single backtest. */
  readonly research: Research;
  /** Accounts at which people trade, and what they report. */
  readonly byHand: HandReports;
  /** Trades that people ask for by command. */
  readonly trading: HandTrades;
  /** What the books earned, hold and are worth, and the records of it. */
  readonly money: LedgerReports;
  /** Scripts that run at their times. */
  readonly tasks: Tasks;
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
    const { executor, operations, queue, inbox, reconciler, plans, backtests, strategies } = parts;
    this.books = new DeskBooks({ books, executor, operations, queue });
    this.brokers = new DeskBrokers({ brokers, books, reconciler, plans });
    this.signals = new DeskSignals({ inbox, queue, operations, books });
    this.orders = new DeskOrders({ books, executor });
    this.operations = new DeskOperations({ books, operations, brokers: this.brokers, log });
    const divergence = new PlanDivergence({ store, clock, log, books, sources, charts, accountText });
    this.plans = new DeskPlans({ plans, books, backtests, strategies, divergence, research: parts.research });
    this.runs = parts.runReports;
    this.data = parts.marketData;
    this.research = parts.research;
    this.byHand = new HandReports(brokers);
  }

  /** @throws StoreError when the store does not answer */
  pingStore(): Promise<void> {
    return this.#parts.store.ping();
  }

  /** How the desk is, as far as the reader may see its books and brokers. Its jobs are all of them. */
  async status(only: Seen = null): Promise<DeskStatus> {
    const { store, clock, brokers, sources, booksOfDesk, executor, operations, reconciler, queue, schedule } =
      this.#parts;
    const isShown = ({ name }: { readonly name: string }) => only === null || only.brokers.includes(name);
    return {
      now: clock.now(),
      store: store.kind === 'sqlite' ? 'SQLite' : 'MongoDB',
      brokers: [...brokers.values()].filter(isShown).map((broker) => {
        const { state, since, why } = broker.status();
        return { name: broker.name, state, since, why: why ?? state };
      }),
      sources: [...sources.values()].map(({ name, lastAnswer }) => ({
        name,
        answeredAt: lastAnswer?.() ?? null,
      })),
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

  /**
   * Suspends entries and cancels every open order, of a book or of the whole desk; on demand closes every position.
   * @throws UserError when there is no such book
   */
  panic(request: PanicRequest): Promise<PanicReport> {
    const { booksOfDesk: books, executor, operations, clock } = this.#parts;
    return panic(request, { books, executor, operations, clock });
  }

  /** How an account is named wherever money is told of: `PAPER` where none is at stake. */
  accountText(broker: string): string {
    if (!this.#parts.paper.has(broker)) return broker;
    return broker.toLowerCase() === 'paper' ? 'PAPER' : `PAPER ${broker}`;
  }

  /** Pictures and files that belong to what happened; none where there are none any more. */
  async filesOf(event: DeskEvent): Promise<readonly TaskFile[]> {
    try {
      switch (event.type) {
        case 'task.finished':
        case 'task.failed':
          return (await this.tasks.runReport(event.run)).files;
        case 'run.finished':
          return await this.runs.pictures(event.run);
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
    const users = (await this.plans.list()).filter(({ settings }) => settings.strategy === strategy);
    if (users.length > 0) {
      const plans = users.map(({ settings }) => settings.name).join(', ');
      throw new UserError(`${strategy} is used by the plan ${plans}. Change or remove that first.`);
    }
    await this.#parts.strategies.delete(strategy);
    return strategy;
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
}
