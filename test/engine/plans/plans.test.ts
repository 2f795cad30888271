/** Plans over days of a market: every run once, every order once, and the book in step with the simulation. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { PaperBroker } from '../../../engine/brokers/paper/paper.ts';
import { paperSettings } from '../../../engine/brokers/paper/settings.ts';
import type { JobDefinition, JobSummary, Recurrence, Schedule } from '../../../engine/jobs/schedule.ts';
import { silentLog } from '../../../engine/log.ts';
import { createSource } from '../../../engine/market/sources/index.ts';
import { planSettings } from '../../../engine/plans/plan.ts';
import { Plans } from '../../../engine/plans/plans.ts';
import { Backtests } from '../../../engine/reports/backtests.ts';
import type { ChartRenderer } from '../../../engine/reports/charts/renderer.ts';
import { Runs } from '../../../engine/reports/runs.ts';
import { Strategies } from '../../../engine/reports/strategies.ts';
import type { Json } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { sourceSurroundings } from '../../support/source-surroundings.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';
import { buildTrading } from '../../support/trading.ts';

/** A schedule whose moments come when the test says so. */
class HandSchedule implements Schedule {
  readonly rules = new Map<string, { recurrence: Recurrence; data: Json }>();
  #job: JobDefinition | undefined;

  define(definition: JobDefinition): void {
    this.#job = definition;
  }
  async every(_name: string, key: string, recurrence: Recurrence, data: Json): Promise<void> {
    this.rules.set(key, { recurrence, data });
  }
  async at(): Promise<void> {
    throw new Error('plans do not ask for single moments');
  }
  async remove(_name: string, key: string): Promise<void> {
    this.rules.delete(key);
  }
  async runNow(): Promise<void> {
    throw new Error('plans do not run jobs by hand');
  }
  async setPaused(): Promise<void> {
    throw new Error('plans do not pause jobs');
  }
  async list(): Promise<readonly JobSummary[]> {
    return [...this.rules].map(([key, { data }]) => ({
      name: 'plan',
      key,
      paused: false,
      data,
      nextRunAt: null,
      lastRunAt: null,
      lastFinishedAt: null,
      failReason: null,
      failCount: 0,
    }));
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async fire(dueAt: Date): Promise<void> {
    for (const { data } of [...this.rules.values()]) await this.#job?.run({ name: 'plan', data, dueAt });
  }
}

/** Trades every day: in when it is out, out when it is in. */
const strategy = `
import { Strategy } from 'outcry';
export default class Busy extends Strategy {
  init() {}
  next() {
    if (this.position.size === 0) this.buy();
    else this.position.close();
  }
}
`;

/** Counts its runs; on the third it fails. */
const counting = `
import { Strategy } from 'outcry';
export default class Counting extends Strategy {
  init() {
    this.storage.runs = (this.storage.runs ?? 0) + 1;
    this.storage.last = new Float64Array([this.data.close.length]);
    if (this.storage.runs === 3) throw new Error('no such luck');
  }
  next() {}
}
`;

const noCharts = {
  backtestChart: async () => ({ name: 'x.png', type: 'image/png', data: new Uint8Array() }),
} as unknown as ChartRenderer;

async function openPlan(changes: object = {}) {
  const folder = await tempFolder();
  await writeFile(join(folder, 'busy.js'), strategy);
  await writeFile(join(folder, 'counting.js'), counting);
  const store = await tempStore();
  const clock = new ManualClock('2024-03-04T21:30:00.000Z');
  const demoData = new URL('../../../config.example/demo/data', import.meta.url).pathname;
  const source = await createSource('demo', { type: 'demo', folder: demoData }, sourceSurroundings(clock));
  const paper = await PaperBroker.open({
    name: 'paper',
    settings: paperSettings.parse({
      type: 'paper',
      source: 'demo',
      balances: { USD: '100000' },
      fee: '0.001',
    }),
    store,
    prices: source,
    clock,
    log: silentLog,
  });
  const book = bookSettings.parse({ name: 'trend', currency: 'USD', capital: '10000', broker: 'paper' });
  const { books, executor, outbox } = await buildTrading({ store, clock, books: [book], line: () => paper });
  await paper.connect();
  await executor.start();
  onTestFinished(() => executor.stop());
  const runs = await Runs.open(store, clock);
  const backtests = new Backtests({
    strategies: await Strategies.open({
      ...{ store, clock, folder, cacheFolder: folder },
      limits: { timeMs: 20_000, memoryMb: 512 },
    }),
    sources: new Map([['demo', source]]),
    runs,
    charts: noCharts,
    limits: { timeMs: 20_000, memoryMb: 512 },
    log: silentLog,
  });
  const plan = planSettings.parse({
    name: 'busy',
    strategy: 'busy',
    symbols: ['AMBR'],
    source: 'demo',
    backtestStart: '2024-01-02',
    book: 'trend',
    schedule: { times: ['16:30'], timezone: 'America/New_York' },
    ...changes,
  });
  const schedule = new HandSchedule();
  const open = async () => {
    const plans = await Plans.open({
      settings: [plan],
      backtests,
      runs,
      books,
      executor,
      outbox,
      schedule,
      store,
      clock,
      log: silentLog,
    });
    await plans.plan();
    return plans;
  };
  const told = async () =>
    (await outbox.after(0, 1000)).flatMap(({ event }) => (event.type === 'run.finished' ? [event] : []));
  /** The next session of the market, half an hour after its close. */
  const nextDay = () => {
    do clock.advance(86_400_000);
    while ([0, 6].includes(clock.now().getUTCDay()));
  };
  return { plans: await open(), open, clock, schedule, books, executor, runs, told, nextDay };
}

describe('a plan', () => {
  it('runs once for each of its moments, however often the schedule says so, and over restarts', async () => {
    const desk = await openPlan();
    await desk.schedule.fire(desk.clock.now());
    await desk.schedule.fire(desk.clock.now());
    await desk.open();
    await desk.schedule.fire(desk.clock.now());
    expect(await desk.told()).toHaveLength(1);
    desk.nextDay();
    await desk.schedule.fire(desk.clock.now());
    expect(await desk.told()).toHaveLength(2);
  });

  it('keeps its book in step with its simulation, order by order, over many sessions', async () => {
    const desk = await openPlan();
    let trades = 0;
    for (let session = 0; session < 8; session++) {
      await desk.schedule.fire(desk.clock.now());
      const again = await desk.plans.run('busy', { by: 'ann' });
      expect(again.orders, 'a run by hand after the scheduled one has nothing left to send').toEqual([]);
      expect(again.missed, 'nothing was left behind').toBe(0);
      desk.nextDay();
      trades = (await desk.executor.orders({ limit: 100 })).length;
    }
    const orders = await desk.executor.orders({ limit: 100 });
    expect(trades, 'the strategy has to trade for this test to say anything').toBeGreaterThan(4);
    expect(orders.map(({ state, reason }) => reason ?? state)).toEqual(orders.map(() => 'filled'));
    const sides = orders.map(({ side }) => side).reverse();
    expect(sides, 'in and out by turns, as the strategy does').toEqual(
      sides.map((_, index) => (index % 2 === 0 ? 'buy' : 'sell')),
    );
    const { positions, cash } = await desk.books.show('trend');
    expect(positions.length).toBe(sides.at(-1) === 'buy' ? 1 : 0);
    expect(Number(cash), 'a purchase is cut down to the cash that is there').toBeGreaterThanOrEqual(0);
  }, 90_000);

  it('keeps what its strategy stored in its last finished run for the next one', async () => {
    const desk = await openPlan({ strategy: 'counting' });
    expect(await desk.runs.storageOf('busy')).toEqual({});
    await desk.plans.run('busy', { by: 'ann' });
    expect(await desk.runs.storageOf('busy')).toMatchObject({ runs: 1, last: expect.any(Float64Array) });
    desk.clock.advance(1000);
    await desk.plans.run('busy', { by: 'ann' });
    expect(await desk.runs.storageOf('busy')).toMatchObject({ runs: 2 });
    desk.clock.advance(1000);
    await expect(desk.plans.run('busy', { by: 'ann' })).rejects.toThrow('no such luck');
    expect(await desk.runs.storageOf('busy'), 'a run that failed leaves nothing').toMatchObject({ runs: 2 });
  });

  it('begins to trade with the newest bar of its first run, and keeps that day', async () => {
    const desk = await openPlan();
    const first = await desk.plans.run('busy', { by: 'ann' });
    expect(first.tradeStart).toBe('2024-03-04');
    expect(first.missed, 'what the strategy did before is history').toBe(0);
    desk.nextDay();
    expect((await desk.plans.run('busy', { by: 'ann' })).tradeStart).toBe('2024-03-04');
  });

  it('says how many orders it never sent, and does not send them late', async () => {
    const desk = await openPlan({ tradeStart: '2024-02-01' });
    const { missed, orders } = await desk.plans.run('busy', { by: 'ann' });
    expect(missed).toBeGreaterThan(3);
    expect(orders.length).toBeLessThanOrEqual(1);
  });

  it('makes a scheduled run again that was cut off, and sends what it had not sent', async () => {
    const desk = await openPlan();
    await desk.runs.begin('busy-2024-03-04-1630', {
      plan: 'busy',
      by: 'schedule',
      input: {
        strategy: 'busy',
        params: {},
        symbols: ['AMBR'],
        source: 'demo',
        interval: '1d',
        from: null,
        to: null,
        cash: 10_000,
        commission: 0,
      },
    });
    await desk.schedule.fire(desk.clock.now());
    expect((await desk.told()).map(({ run }) => run)).toEqual(['busy-2024-03-04-1630-2']);
  });

  it('tells when it fails, with the reason, and sends nothing', async () => {
    const desk = await openPlan({ params: { nothing: 1 } });
    await desk.schedule.fire(desk.clock.now());
    const lastRun = (await desk.plans.list())[0]?.lastRun;
    expect(lastRun).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('has no parameter "nothing"'),
    });
    expect(await desk.executor.orders({ limit: 10 })).toEqual([]);
  });

  it('that is not there is refused with the nearest name', async () => {
    const desk = await openPlan();
    expect(() => desk.plans.run('bussy', { by: 'ann' })).toThrow(
      'There is no plan "bussy". Did you mean busy?',
    );
  });

  it('leaves the schedule when its file names the time no more', async () => {
    const desk = await openPlan();
    expect([...desk.schedule.rules.keys()]).toEqual(['busy 16:30']);
    desk.schedule.rules.set('gone 09:30', {
      recurrence: { cron: '30 9 * * *', timezone: 'UTC' },
      data: { plan: 'gone', time: '09:30' },
    });
    await desk.open();
    expect([...desk.schedule.rules.keys()]).toEqual(['busy 16:30']);
    expect(desk.schedule.rules.get('busy 16:30')?.recurrence).toEqual({
      cron: '30 16 * * *',
      timezone: 'America/New_York',
    });
  });
});
