/**
 * A desk with plans, its strategies in the same process: books on a paper account, and a schedule whose moments come when
 * somebody says so. It knows nothing of vitest: scripts use it, too.
 */

import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Backtest } from '../../engine/backtest/backtest.ts';
import type { StrategyClass } from '../../engine/backtest/strategy.ts';
import type { BookSettings } from '../../engine/bank/book.ts';
import type { Broker } from '../../engine/brokers/broker.ts';
import type { PaperBroker } from '../../engine/brokers/paper/paper.ts';
import type { PaperSettings } from '../../engine/brokers/paper/settings.ts';
import type { Sleep } from '../../engine/execution/patience.ts';
import type { Logger } from '../../engine/log.ts';
import { silentLog } from '../../engine/log.ts';
import type { Source } from '../../engine/market/sources/source.ts';
import type { PlanSettings } from '../../engine/plans/plan.ts';
import { Plans } from '../../engine/plans/plans.ts';
import { Backtests, type BacktestsParts } from '../../engine/reports/backtests.ts';
import type { ChartRenderer } from '../../engine/reports/charts/renderer.ts';
import { Runs } from '../../engine/reports/runs.ts';
import { Strategies } from '../../engine/reports/strategies.ts';
import type { Store } from '../../engine/store/store.ts';
import type { ManualClock } from './clock.ts';
import type { HandSchedule } from './hand-schedule.ts';
import type { FixedPrices } from './prices.ts';
import { buildTrading, type TradingOptions } from './trading.ts';

/** Of pauses no more than a moment: a broker behind a socket needs some time for its answers. Patience is kept. */
export const hurried: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    // Not the system's own sleep: a test may hurry the timers, too.
    const timer = setTimeout(end, ms < 60_000 ? Math.min(ms, 20) : 5000);
    signal.addEventListener('abort', end, { once: true });
    function end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
    if (signal.aborted) end();
  });

export interface PlanDeskParts {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly source: Source;
  readonly prices: FixedPrices;
  readonly schedule: HandSchedule;
  /** For the files of the strategies. */
  readonly folder: string;
  /** By the names of their files. */
  readonly strategies: Readonly<Record<string, StrategyClass>>;
  readonly settings: readonly PlanSettings[];
  readonly book: BookSettings;
  readonly paper: Partial<PaperSettings>;
  readonly line?: (paper: Broker) => Broker;
  /** In place of the paper account, by the account of the book. */
  readonly broker?: NonNullable<TradingOptions['broker']>;
  readonly log?: Logger;
  /** Of the plans. */
  readonly sleep: Sleep;
}

/** Connected and at work; its plans are put on the schedule with `plans.plan()`. */
export async function openPlanDesk(parts: PlanDeskParts) {
  const { store, clock, source, prices, schedule, folder, settings, book, paper, line, sleep } = parts;
  const { log = silentLog } = parts;
  for (const [name, Strategy] of Object.entries(parts.strategies)) {
    await writeFile(join(folder, `${name}.js`), String(Strategy));
  }
  const simulate: NonNullable<BacktestsParts['simulate']> = async ({
    file,
    bars,
    params,
    options: trading,
  }) => {
    const Strategy = parts.strategies[basename(file, '.js')];
    if (!Strategy) throw new Error(`there is no strategy ${file}`);
    return new Backtest(bars, Strategy, trading).run(params);
  };
  const limits = { timeMs: 60_000, memoryMb: 512 };
  const trading = await buildTrading({
    ...{ store, clock, prices, paper, log },
    books: [book],
    ...(line && { line }),
    ...(parts.broker && { broker: parts.broker, sleep: hurried }),
  });
  const { books, executor, operations, outbox, brokers, broker, reconciler, isCompared } = trading;
  const runs = await Runs.open(store, clock);
  const strategies = await Strategies.open({ store, clock, folder, cacheFolder: folder, limits });
  const backtests = new Backtests({
    ...{ strategies, runs, limits, simulate, log },
    sources: new Map([[source.name, source]]),
    charts: noCharts,
  });
  await broker.connect();
  await reconciler?.start();
  await executor.start();
  await operations.start();
  const seat = schedule.ofDesk();
  const plans = await Plans.open({
    ...{ settings, backtests, runs, strategies, books, brokers, executor, operations },
    ...{ outbox, store, clock, isCompared, log, sleep },
    schedule: seat.schedule,
  });
  let isDead = false;
  const stop = async () => {
    if (isDead) return;
    seat.leave();
    await plans.stop();
    await operations.stop();
    await reconciler?.stop();
    await executor.stop();
    if (parts.broker) await broker.disconnect();
  };
  /** Its process is gone, with its line to the broker; whoever has its store in hand lets nothing more through. */
  const die = () => {
    isDead = true;
    seat.leave();
    void broker.disconnect();
  };
  return {
    ...{ plans, books, executor, operations, outbox, runs, broker, reconciler, strategies, stop, die },
    paper: trading.paper as PaperBroker,
  };
}

export const noCharts = {
  backtestChart: async () => ({ name: 'x.png', type: 'image/png', data: new Uint8Array() }),
} as unknown as ChartRenderer;
