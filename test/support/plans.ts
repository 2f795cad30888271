/** Plans as a test runs them: on a paper account, with a schedule whose moments come when the test says so. */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Backtest } from '../../engine/backtest/backtest.ts';
import type { StrategyClass } from '../../engine/backtest/strategy.ts';
import { type BookSettings, bookSettings } from '../../engine/bank/book.ts';
import type { Broker } from '../../engine/brokers/broker.ts';
import type { PaperBroker } from '../../engine/brokers/paper/paper.ts';
import type { Sleep } from '../../engine/execution/patience.ts';
import { systemSleep } from '../../engine/execution/patience.ts';
import type { JobDefinition, JobRun, JobSummary, Recurrence, Schedule } from '../../engine/jobs/schedule.ts';
import type { Logger } from '../../engine/log.ts';
import { silentLog } from '../../engine/log.ts';
import type { Bars } from '../../engine/market/bars.ts';
import { inventedBars } from '../../engine/market/sources/demo/universe.ts';
import type { Source } from '../../engine/market/sources/source.ts';
import { wallClockOf } from '../../engine/market/wall-clock.ts';
import { planSettings } from '../../engine/plans/plan.ts';
import { Plans } from '../../engine/plans/plans.ts';
import { PlanRuns } from '../../engine/plans/run-records.ts';
import { Backtests, type BacktestsParts } from '../../engine/reports/backtests.ts';
import type { ChartRenderer } from '../../engine/reports/charts/renderer.ts';
import { Runs } from '../../engine/reports/runs.ts';
import { Strategies } from '../../engine/reports/strategies.ts';
import type { Json, Store } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';
import { FixedPrices } from './prices.ts';
import { tempFolder, tempStore } from './temp-store.ts';
import type { TradingOptions } from './trading.ts';
import { buildTrading, noSleep } from './trading.ts';

/** Of pauses no more than a moment: a broker behind a socket needs some time for its answers. Patience is kept. */
const hurried: Sleep = (ms, signal) => systemSleep(ms < 60_000 ? Math.min(ms, 20) : 5000, signal);

/** A schedule whose jobs are run by hand, and which several desks may share. */
export class HandSchedule implements Schedule {
  readonly jobs = new Map<
    string,
    { name: string; key: string; at: Date | null; data: Json; paused: boolean }
  >();
  #definitions: JobDefinition[] = [];

  define(definition: JobDefinition): void {
    this.#definitions.push(definition);
  }
  /** The same schedule as one of several desks has it: what that one does ends with it. */
  ofDesk(): { readonly schedule: Schedule; leave(): void } {
    const own: JobDefinition[] = [];
    const schedule: Schedule = {
      define: (definition) => {
        own.push(definition);
        this.define(definition);
      },
      every: (name, key, recurrence, data) => this.every(name, key, recurrence, data),
      at: (name, key, when, data) => this.at(name, key, when, data),
      remove: (name, key) => this.remove(name, key),
      runNow: (name, key) => this.runNow(name, key),
      setPaused: (name, key, paused) => this.setPaused(name, key, paused),
      list: () => this.list(),
      start: () => this.start(),
      stop: () => this.stop(),
    };
    return {
      schedule,
      leave: () => {
        this.#definitions = this.#definitions.filter((each) => !own.includes(each));
      },
    };
  }
  async every(name: string, key: string, _recurrence: Recurrence, data: Json): Promise<void> {
    this.jobs.set(`${name}/${key}`, { name, key, at: null, data, paused: false });
  }
  async at(name: string, key: string, when: Date, data: Json): Promise<void> {
    this.jobs.set(`${name}/${key}`, { name, key, at: when, data, paused: false });
  }
  async remove(name: string, key: string): Promise<void> {
    this.jobs.delete(`${name}/${key}`);
  }
  async runNow(name: string, key: string): Promise<void> {
    const job = this.jobs.get(`${name}/${key}`);
    if (job) await this.#run({ name, data: job.data, dueAt: new Date(0) });
  }
  async setPaused(name: string, key: string, paused: boolean): Promise<void> {
    const job = this.jobs.get(`${name}/${key}`);
    if (job) job.paused = paused;
  }
  async list(): Promise<readonly JobSummary[]> {
    return [...this.jobs.values()].map(({ name, key, at, data, paused }) => ({
      name,
      key,
      paused,
      data,
      nextRunAt: at,
      lastRunAt: null,
      lastFinishedAt: null,
      failReason: null,
      failCount: 0,
    }));
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  /** When the job of a plan is due. */
  next(plan: string): Date | undefined {
    return this.jobs.get(`plan/${plan}`)?.at ?? undefined;
  }

  /**
   * Runs the jobs of plans that are due by now, on every desk that shares the schedule. As on the real one, a job that comes
   * to its end is gone, and one that fails has no next time.
   */
  async fire(now: Date): Promise<void> {
    const due = [...this.jobs].filter(([, { name, at }]) => name === 'plan' && at !== null && at <= now);
    for (const [id, job] of due) {
      const { name, data, at } = job;
      try {
        await this.#run({ name, data, dueAt: at ?? now });
        if (this.jobs.get(id) === job) this.jobs.delete(id);
      } catch (error) {
        job.at = null;
        throw error;
      }
    }
  }

  async #run(run: JobRun): Promise<void> {
    await Promise.all(this.#definitions.filter(({ name }) => name === run.name).map((each) => each.run(run)));
  }
}

export const noCharts = {
  backtestChart: async () => ({ name: 'x.png', type: 'image/png', data: new Uint8Array() }),
} as unknown as ChartRenderer;

/** Daily bars of the invented stocks up to the clock's day, from 16:00 in New York on; a test may change what it says. */
export class TestSource implements Source {
  readonly name = 'demo';
  readonly timezone = 'America/New_York';
  /** Of what is answered, in place of what would be. */
  change: (bars: Bars) => Bars = (bars) => bars;
  /** Milliseconds after the close until a bar is there. */
  lateMs = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async bars({ symbols, from }: Parameters<Source['bars']>[0]): Promise<Bars[]> {
    return symbols.map((symbol) => {
      const all = inventedBars(symbol, this.#newestDay());
      const first = from ? all.time.findIndex((time) => time >= from.getTime()) : 0;
      return this.change(cut(all, first));
    });
  }
  async symbols(): Promise<{ symbol: string; name: string; currency: string }[]> {
    return ['AMBR', 'BRKW', 'CLVR', 'DRFT', 'ELMO', 'FJRD', 'GRNT', 'HLYX'].map((symbol) => ({
      symbol,
      name: symbol,
      currency: 'USD',
    }));
  }
  async lastPrice(symbol: string) {
    const [bars] = await this.bars({ symbols: [symbol], interval: '1d', adjusted: true });
    const price = String(bars?.close.at(-1) ?? Number.NaN);
    return { symbol, price, currency: 'USD', at: this.#clock.now() };
  }

  #newestDay(): number {
    const closed = wallClockOf(this.#clock.now().getTime(), this.timezone) - 16 * 3_600_000 - this.lateMs;
    let day = Math.floor(closed / 86_400_000) * 86_400_000;
    while ([0, 6].includes(new Date(day).getUTCDay())) day -= 86_400_000;
    return day;
  }
}

function cut(bars: Bars, from: number): Bars {
  const { open, high, low, close, volume, time } = bars;
  return {
    ...bars,
    time: time.slice(from),
    open: open.slice(from),
    high: high.slice(from),
    low: low.slice(from),
    close: close.slice(from),
    volume: volume.slice(from),
    extra: {},
  };
}

export interface PlanDeskOptions {
  readonly store?: Store;
  readonly clock?: ManualClock;
  /** By the names of their files. They run in the test's own process. */
  readonly strategies: Readonly<Record<string, StrategyClass>>;
  readonly plan?: Readonly<Record<string, unknown>>;
  readonly plans?: readonly Readonly<Record<string, unknown>>[];
  readonly book?: Partial<Record<keyof BookSettings, unknown>>;
  readonly line?: (paper: Broker) => Broker;
  /** In place of the paper account, by the account of the book. */
  readonly broker?: NonNullable<TradingOptions['broker']>;
  readonly log?: Logger;
  readonly schedule?: HandSchedule;
  /** Hears of each pause of a plan that waits for its bars. */
  readonly onSleep?: (ms: number) => void;
}

/** A desk with plans; `again` opens another one on the same store: after a restart, or beside it. */
export async function openPlans(options: PlanDeskOptions) {
  const folder = await tempFolder();
  for (const [name, Strategy] of Object.entries(options.strategies)) {
    await writeFile(join(folder, `${name}.js`), String(Strategy));
  }
  const simulate: NonNullable<BacktestsParts['simulate']> = async ({
    file,
    bars,
    params,
    options: trading,
  }) => {
    const Strategy = options.strategies[basename(file, '.js')];
    if (!Strategy) throw new Error(`there is no strategy ${file}`);
    return new Backtest(bars, Strategy, trading).run(params);
  };
  const store = options.store ?? (await tempStore());
  const clock = options.clock ?? new ManualClock('2024-03-04T21:30:00.000Z');
  const source = new TestSource(clock);
  const schedule = options.schedule ?? new HandSchedule();
  const limits = { timeMs: 60_000, memoryMb: 512 };
  const { log = silentLog } = options;
  const settings = (options.plans ?? [{ ...options.plan }]).map((plan) =>
    planSettings.parse({
      name: 'busy',
      strategy: 'busy',
      symbols: ['AMBR'],
      source: 'demo',
      backtestStart: '2024-01-02',
      book: 'trend',
      schedule: { times: ['16:30'], timezone: 'America/New_York' },
      ...plan,
    }),
  );
  const book = { name: 'trend', currency: 'USD', capital: '10000', broker: 'paper', ...options.book };
  const prices = new FixedPrices({}, 'USD', { streams: false });
  prices.lastPrice = (symbol) => source.lastPrice(symbol);

  const desk = async () => {
    const trading = await buildTrading({
      ...{ store, clock, prices },
      books: [bookSettings.parse(book)],
      paper: { fee: '0.001' },
      line: options.line ?? ((paper) => paper),
      ...(options.broker && { broker: options.broker, sleep: hurried }),
      log,
    });
    const { books, executor, operations, outbox, brokers, broker, paper, reconciler, isCompared } = trading;
    const runs = await Runs.open(store, clock);
    const strategies = await Strategies.open({ store, clock, folder, cacheFolder: folder, limits });
    const backtests = new Backtests({
      ...{ strategies, runs, limits, simulate },
      sources: new Map([['demo', source]]),
      charts: noCharts,
      log,
    });
    await broker.connect();
    await reconciler?.start();
    await executor.start();
    await operations.start();
    const seat = schedule.ofDesk();
    const plans = await Plans.open({
      ...{ settings, backtests, runs, strategies, books, brokers, executor, operations },
      ...{ outbox, store, clock, isCompared, log },
      schedule: seat.schedule,
      sleep: async (ms, signal) => {
        options.onSleep?.(ms);
        // Nobody's patience with an order ends in a test.
        if (options.broker) return hurried(ms, signal);
        if (ms < 60_000 || options.onSleep) return noSleep(ms, signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const stop = async () => {
      seat.leave();
      await plans.stop();
      await operations.stop();
      await reconciler?.stop();
      await executor.stop();
      if (options.broker) await broker.disconnect();
    };
    onTestFinished(stop);
    return {
      plans,
      books,
      executor,
      operations,
      outbox,
      runs,
      broker,
      paper: paper as PaperBroker,
      reconciler,
      strategies,
      stop,
    };
  };
  const first = await desk();
  await first.plans.plan();
  return {
    ...first,
    ...{ store, clock, source, schedule, folder },
    /** Another desk on the same store. */
    async again({ alone = true } = {}) {
      const other = await desk();
      await other.plans.plan({ alone });
      return other;
    },
    /** Every order that a run of the plan wanted, as it was stored. */
    async wanted(plan: string) {
      return (await PlanRuns.open(store)).ordersOf(plan, 10_000);
    },
    async told() {
      return (await first.outbox.after(0, 10_000)).map(({ event }) => event);
    },
    /** The next weekday, at the same time. */
    nextDay() {
      do clock.advance(86_400_000);
      while ([0, 6].includes(clock.now().getUTCDay()));
    },
  };
}
