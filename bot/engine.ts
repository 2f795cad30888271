/** Builds the engine from a configuration: store, brokers, books, execution, signals, plans, and the desk as their face. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BookSettings } from '../engine/bank/book.ts';
import { Books } from '../engine/bank/books.ts';
import type { Broker } from '../engine/brokers/broker.ts';
import { createBroker } from '../engine/brokers/index.ts';
import type { Clock } from '../engine/clock.ts';
import { Desk } from '../engine/desk.ts';
import { reasonOf, UserError } from '../engine/errors.ts';
import { Outbox } from '../engine/events.ts';
import { Executor } from '../engine/execution/executor.ts';
import { EntryLimits } from '../engine/execution/limits.ts';
import { Operations } from '../engine/execution/operations.ts';
import { Reconciler } from '../engine/execution/reconciler.ts';
import { openSchedule } from '../engine/jobs/agenda-schedule.ts';
import type { Schedule } from '../engine/jobs/schedule.ts';
import type { Logger } from '../engine/log.ts';
import { withLibrary } from '../engine/market/library/library.ts';
import type { Network } from '../engine/market/sources/adapter.ts';
import { createSource } from '../engine/market/sources/index.ts';
import { withLastAnswer } from '../engine/market/sources/last-answer.ts';
import type { Source } from '../engine/market/sources/source.ts';
import { decimal } from '../engine/money.ts';
import { Plans } from '../engine/plans/plans.ts';
import { Backtests } from '../engine/reports/backtests.ts';
import { chartRenderer } from '../engine/reports/charts/renderer.ts';
import { MarketData } from '../engine/reports/market-data.ts';
import { Research } from '../engine/reports/research.ts';
import { RunReports } from '../engine/reports/run-reports.ts';
import { Runs } from '../engine/reports/runs.ts';
import { Strategies } from '../engine/reports/strategies.ts';
import { HandTrades } from '../engine/signals/hand-trades.ts';
import { Inbox } from '../engine/signals/inbox.ts';
import { Queue } from '../engine/signals/queue.ts';
import { SignalWatch } from '../engine/signals/watch.ts';
import type { Store } from '../engine/store/store.ts';
import { longestRunMs, Tasks } from '../engine/tasks/tasks.ts';
import type { Config } from './config/load.ts';

export interface Engine {
  readonly desk: Desk;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly schedule: Schedule;
  /** Connects the brokers and takes up what an earlier process left open. Nothing trades before. */
  start(): Promise<void>;
  /** Begins what the desk does by itself: signals from the queue, plans at their times. Comes after `start`. */
  startWork(): Promise<void>;
  /** @throws UserError when `apply` could not go by these settings */
  fits(config: Config): void;
  /** Goes by other settings from now on, as far as they can be changed while the desk runs. */
  apply(config: Config): Promise<void>;
  /** Finishes what is in hand, and closes everything but the store. */
  stop(): Promise<void>;
}

/** On MongoDB another desk may share the store: a run is taken for cut off only when it is older than any run lasts. */
const abandonedAfterMs = 2 * 3_600_000;

/** After the day has ended everywhere in the books, which count in UTC. */
const auditJob = { name: 'audit', key: 'nightly', at: { cron: '10 0 * * *', timezone: 'UTC' } };
/** What brokers remember and nobody asks for any more. */
const tidyJob = { name: 'tidy', key: 'nightly', at: { cron: '20 0 * * *', timezone: 'UTC' } };
/** What the books are worth when their day begins: a day's loss is counted from there. */
const dayJob = { name: 'day', key: 'midnight', at: { cron: '0 0 * * *', timezone: 'UTC' } };
const reconcileJob = { name: 'reconcile', key: 'hourly', at: { cron: '7 * * * *', timezone: 'UTC' } };

/** @throws UserError or StoreError in one line when it cannot be opened */
export async function openEngine(
  config: Config,
  { store, clock, log }: { store: Store; clock: Clock; log: Logger },
): Promise<Engine> {
  const outbox = await Outbox.open(store, clock);
  const sources = await sourcesOf(config, { store, clock, log, outbox });
  const brokers = await brokersOf(config, sources, { store, clock, log, outbox });
  const books = await Books.open({
    store,
    clock,
    log,
    outbox,
    settings: config.books,
    lastPrice: async (broker, symbol) => {
      const { last, currency } = await brokerNamed(brokers, broker).quote(symbol);
      return { price: last, currency };
    },
  });
  checkWallets(config.books, brokers);
  const executor: Executor = await Executor.open({
    ...{ store, clock, log, outbox, books, brokers },
    mayEnter: async ({ book, broker, asset, notional }) =>
      (await reconciler.refusal(broker)) ??
      limits.refusal({ book, asset, notional: notional === null ? null : decimal(notional) }),
    countsTogether: () => limits.countsTogether,
    isCompared: (broker) => reconciler.isCompared(broker),
  });
  const operations = await Operations.open({
    ...{ store, clock, log, outbox, books, brokers, executor },
    isCompared: (broker) => reconciler.isCompared(broker),
  });
  const reconciler: Reconciler = await Reconciler.open({
    ...{ store, clock, log, outbox, books, brokers, executor },
    isMoving: (broker) => operations.isMoving(broker),
  });
  const limits: EntryLimits = await EntryLimits.open({
    ...{ store, clock, outbox, books },
    desk: config.limits.trading,
    entriesSince: (book, since) => executor.entriesSince(book, since),
    openEntries: (book) => executor.openEntries(book),
  });
  const inbox = await Inbox.open({ store, clock, outbox, books });
  const queue = await Queue.open({ store, clock, log, outbox, books, brokers, operations, inbox });
  const watch = await SignalWatch.open({ store, clock, log, outbox, books, inbox, queue });
  const schedule = await openSchedule({ store, log });
  const runs = await Runs.open(store, clock);
  const charts = chartRenderer({ log });
  const work = { timeMs: config.limits.backtestSeconds * 1000, memoryMb: config.limits.backtestMemoryMb };
  const strategies = await Strategies.open({
    store,
    clock,
    folder: config.strategiesFolder,
    cacheFolder: join(config.dataFolder, 'strategies'),
    limits: work,
  });
  const backtests = new Backtests({
    strategies,
    sources,
    runs,
    charts,
    limits: work,
    log,
  });
  const plans = await Plans.open({
    settings: config.plans,
    ...{ backtests, runs, strategies, books, brokers, executor, operations },
    ...{ outbox, schedule, store, clock, log },
    isCompared: (broker) => reconciler.isCompared(broker),
  });
  for (const { name, strategy } of config.plans) {
    await strategies.find(strategy).catch((error: unknown) => {
      throw new UserError(`The plan "${name}": ${reasonOf(error)}`, { cause: error });
    });
  }
  schedule.define({ name: auditJob.name, retries: 3, run: () => books.nightlyAudit() });
  schedule.define({
    name: tidyJob.name,
    run: async () => void (await Promise.all([...brokers.values()].map((broker) => broker.tidy?.()))),
  });
  schedule.define({ name: dayJob.name, run: () => limits.markDay() });
  schedule.define({ name: reconcileJob.name, run: () => reconciler.reconcileAll() });
  const handTrades = await HandTrades.open({
    ...{ store, clock, log, outbox, books, brokers, executor, operations, queue },
  });
  const taskLimits = { timeMs: config.limits.taskSeconds * 1000, memoryMb: config.limits.taskMemoryMb };
  const tasks = await Tasks.open({
    ...{ store, clock, log, outbox, schedule },
    folder: config.tasksFolder,
    workFolder: join(config.dataFolder, 'tasks'),
    folders: { attachments: attachmentsFolder(config) },
    limits: taskLimits,
    desk: () => snapshot({ config, brokers, books }),
  });
  const desk = new Desk({
    store,
    outbox,
    clock,
    brokers,
    sources,
    booksOfDesk: books,
    executor,
    operations,
    reconciler,
    inbox,
    queue,
    schedule,
    backtests,
    strategies,
    research: new Research({ backtests, strategies, charts, limits: work }),
    runReports: new RunReports({ runs, charts }),
    marketData: new MarketData({ sources, backtests, charts }),
    plans,
    handTrades,
    tasks,
    charts,
    log,
    priceSources: new Map(
      Object.entries(config.brokers).flatMap(([name, settings]): [string, string][] =>
        'source' in settings && typeof settings.source === 'string' ? [[name, settings.source]] : [],
      ),
    ),
    paper: new Set(
      Object.entries(config.brokers).flatMap(([name, { type }]) => (type === 'paper' ? [name] : [])),
    ),
  });

  return {
    desk,
    store,
    outbox,
    inbox,
    schedule,
    async start() {
      const alone = store.kind === 'sqlite';
      await runs.closeAbandoned(new Date(clock.now().getTime() - (alone ? 0 : abandonedAfterMs)));
      await Promise.all([...brokers.values()].map((broker) => broker.connect()));
      await reconciler.start();
      await executor.start();
      await operations.start();
      await handTrades.start();
    },
    async startWork() {
      await queue.start();
      await watch.start();
      const alone = store.kind === 'sqlite';
      await plans.plan({ alone });
      await tasks.start(new Date(clock.now().getTime() - (alone ? 0 : longestRunMs(taskLimits))));
      for (const { name, key, at } of [auditJob, tidyJob, dayJob, reconcileJob])
        await schedule.every(name, key, at, null);
      await schedule.start();
    },
    fits: (changed) => checkWallets(changed.books, brokers),
    async apply(changed) {
      await books.become(changed.books);
      limits.change(changed.limits.trading);
      await plans.apply(changed.plans);
    },
    async stop() {
      await plans.stop();
      await Promise.all([schedule.stop(), tasks.stop()]);
      await watch.stop();
      await queue.stop();
      await operations.stop();
      await handTrades.stop();
      await reconciler.stop();
      await executor.stop();
      await Promise.all([...brokers.values()].map((broker) => broker.disconnect()));
      await charts.close();
    },
  };
}

/** Where the terminal's files are. */
export function attachmentsFolder({ dataFolder }: Config): string {
  return join(dataFolder, 'attachments');
}

/** What a task is told of the desk: no secret, and nothing that it could not see in chat. */
async function snapshot({
  config,
  brokers,
  books,
}: {
  readonly config: Config;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly books: Books;
}) {
  return {
    environment: config.name,
    brokers: [...brokers.values()].map((broker) => {
      const { state, why } = broker.status();
      return { name: broker.name, state, why: why ?? null };
    }),
    books: (await books.list()).map(
      ({ name, broker, currency, active, suspension, cash, equity, positions }) => ({
        ...{ name, broker, currency, active, suspended: suspension !== null, cash, equity },
        positions: positions.map(({ symbol, quantity, value }) => ({ symbol, quantity, value })),
      }),
    ),
  };
}

/** @throws UserError when a book names a wallet that its broker does not have */
function checkWallets(books: readonly BookSettings[], brokers: ReadonlyMap<string, Broker>): void {
  for (const { name, broker, home, wallet = home } of books) {
    const wallets = brokerNamed(brokers, broker).wallets;
    for (const [key, value] of Object.entries({ home, wallet })) {
      if (wallets.includes(value)) continue;
      throw new UserError(
        `Book "${name}": ${key}: the broker "${broker}" has no wallet "${value}"; it has ${wallets.join(', ')}.`,
      );
    }
  }
}

async function sourcesOf(
  config: Config,
  effects: { store: Store; clock: Clock; log: Logger; outbox: Outbox },
): Promise<ReadonlyMap<string, Source>> {
  const sources = new Map<string, Source>();
  const source = (name: string) => sourceNamed(sources, name, config);
  const ofType = (type: string) =>
    Object.entries(config.brokers).flatMap(([name, settings]) => (settings.type === type ? [name] : []));
  for (const [name, settings] of Object.entries(config.sources)) {
    const created = await createSource(name, settings, { ...effects, source, brokers: ofType, network });
    const own = withLastAnswer(created, effects.clock);
    sources.set(name, settings.library ? await withLibrary(own, effects) : own);
  }
  return sources;
}

const network: Network = {
  fetch: (url, request) => fetch(url, request),
  pause: (ms, signal) => setTimeout(ms, undefined, { ...(signal && { signal }) }),
};

async function brokersOf(
  config: Config,
  sources: ReadonlyMap<string, Source>,
  effects: { store: Store; clock: Clock; log: Logger; outbox: Outbox },
): Promise<ReadonlyMap<string, Broker>> {
  const prices = (name: string) => sourceNamed(sources, name, config);
  const brokers = new Map<string, Broker>();
  for (const [name, settings] of Object.entries(config.brokers)) {
    brokers.set(name, await createBroker(name, settings, { ...effects, prices }));
  }
  return brokers;
}

function sourceNamed(sources: ReadonlyMap<string, Source>, name: string, config: Config): Source {
  const source = sources.get(name);
  if (source) return source;
  throw new UserError(`There is no source "${name}" in ${join(config.folder, 'desk.yaml')}.`);
}

function brokerNamed(brokers: ReadonlyMap<string, Broker>, name: string): Broker {
  const broker = brokers.get(name);
  if (broker) return broker;
  throw new UserError(`There is no broker "${name}" in desk.yaml.`);
}
