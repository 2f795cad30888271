/** Plans as a test runs them: on a paper account, with a schedule whose moments come when the test says so. */
import { onTestFinished } from 'vitest';
import type { StrategyClass } from '../../engine/backtest/strategy.ts';
import { type BookSettings, bookSettings } from '../../engine/bank/book.ts';
import type { Broker } from '../../engine/brokers/broker.ts';
import type { Logger } from '../../engine/log.ts';
import type { Bars } from '../../engine/market/bars.ts';
import { inventedBars } from '../../engine/market/sources/demo/universe.ts';
import type { Source } from '../../engine/market/sources/source.ts';
import { wallClockOf } from '../../engine/market/wall-clock.ts';
import { planSettings } from '../../engine/plans/plan.ts';
import { PlanRuns } from '../../engine/plans/run-records.ts';
import type { Store } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';
import { HandSchedule } from './hand-schedule.ts';
import { hurried, openPlanDesk } from './plan-desk.ts';
import { FixedPrices } from './prices.ts';
import { tempFolder, tempStore } from './temp-store.ts';
import type { TradingOptions } from './trading.ts';
import { noSleep } from './trading.ts';

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
  const store = options.store ?? (await tempStore());
  const clock = options.clock ?? new ManualClock('2024-03-04T21:30:00.000Z');
  const source = new TestSource(clock);
  const schedule = options.schedule ?? new HandSchedule();
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

  const desk = async (own: Store) => {
    const opened = await openPlanDesk({
      store: own,
      ...{ clock, source, prices, schedule, folder, settings },
      strategies: options.strategies,
      book: bookSettings.parse(book),
      paper: { fee: '0.001' },
      ...(options.line && { line: options.line }),
      ...(options.broker && { broker: options.broker }),
      ...(options.log && { log: options.log }),
      sleep: async (ms, signal) => {
        options.onSleep?.(ms);
        if (options.broker) return hurried(ms, signal);
        // Nobody's patience with an order ends in a test.
        if (ms < 60_000 || options.onSleep) return noSleep(ms, signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    onTestFinished(opened.stop);
    return opened;
  };
  const first = await desk(store);
  await first.plans.plan();
  return {
    ...first,
    ...{ store, clock, source, schedule, folder },
    /** Another desk on the same store, or on another way to it. */
    async again({ alone = true, store: own = store }: { alone?: boolean; store?: Store } = {}) {
      const other = await desk(own);
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
