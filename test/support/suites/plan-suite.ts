/** Plans over days of a market, on any store: every run once, every order once, and the book in step with the simulation. */
import { describe, expect, it, vi } from 'vitest';
import { Strategy } from '../../../engine/backtest/index.ts';
import type { BrokerFill, BrokerStatus } from '../../../engine/brokers/broker.ts';
import { Interrupted } from '../../../engine/execution/patience.ts';
import { PlanRuns } from '../../../engine/plans/run-records.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../clock.ts';
import { HandSchedule } from '../hand-schedule.ts';
import { openPlans, type PlanDeskOptions } from '../plans.ts';
import { brokerWith } from '../trading.ts';

/** Trades every day: in when it is out, out when it is in. */
class Busy extends Strategy {
  init() {}
  next() {
    if (this.position.size === 0) this.buy();
    else this.position.close();
  }
}

/** Counts its runs; on the third it fails. */
class Counting extends Strategy {
  init() {
    const runs = Number(this.storage['runs'] ?? 0) + 1;
    this.storage['runs'] = runs;
    this.storage['last'] = new Float64Array([this.data.close.length]);
    if (runs === 3) throw new Error('no such luck');
  }
  next() {}
}

/** Buys once with a stop loss and a take profit; or, with a limit, far below the price, and with a stop where asked for. */
class Guarded extends Strategy<typeof Guarded.params> {
  static params = { limit: 0, stop: 0 };
  init() {}
  next() {
    const price = this.data.close.last;
    if (this.position.size !== 0 || this.orders.length > 0) return;
    const { limit, stop } = this.params;
    if (limit > 0) this.buy({ size: 10, limit: price * limit, ...(stop > 0 && { sl: price * stop }) });
    else this.buy({ size: 10, sl: price * 0.5, tp: price * 2 });
  }
}

/** Wants more every day. */
class Keen extends Strategy {
  init() {}
  next() {
    this.buy({ size: 10 });
  }
}

/** Every day all its money goes to the other of its two symbols. */
class Switching extends Strategy {
  init() {}
  next() {
    const [one, other] = this.data.symbols;
    if (one === undefined || other === undefined) return;
    const [left, taken] = this.positionOf(one).size > 0 ? [one, other] : [other, one];
    this.positionOf(left).close();
    this.buy({ symbol: taken, size: Math.floor((this.equity * 0.9) / this.data.of(taken).close.last) });
  }
}

const strategies = { busy: Busy, counting: Counting, guarded: Guarded, keen: Keen, switching: Switching };
const market = { calendar: 'XNYS', schedule: { times: '16:30' } };
const slow = 120_000;
const waiting = { timeout: 30_000, interval: 10 };

type Desk = Awaited<ReturnType<typeof openPlans>>;
const finished = async ({ told }: Desk) => (await told()).filter(({ type }) => type === 'run.finished');
const orders = ({ executor }: Desk) => executor.orders({ limit: 100 });
const busyDaily = {
  name: 'daily',
  strategy: 'busy',
  symbols: ['AMBR'],
  source: 'demo',
  book: 'trend',
  backtestStart: '2024-01-02',
};

/** Lets the next moment of the plan come. */
async function session(desk: Desk, plan = 'busy') {
  const next = desk.schedule.next(plan);
  if (!next) throw new Error('nothing is on the schedule');
  desk.clock.set(next.toISOString());
  await desk.schedule.fire(desk.clock.now());
}

export function planSuite(openStore: () => Promise<Store>): void {
  const open = async (plan: object = {}, options: Partial<PlanDeskOptions> = {}) =>
    openPlans({ strategies, store: await openStore(), plan: { ...plan }, ...options });

  describe('a plan', () => {
    it(
      'runs once for each of its moments, however often the schedule says so, and over restarts',
      async () => {
        const desk = await open({}, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        await desk.schedule.fire(desk.clock.now());
        await desk.stop();
        await desk.again();
        await desk.schedule.fire(desk.clock.now());
        expect(await finished(desk)).toHaveLength(1);
        await session(desk);
        expect(await finished(desk)).toHaveLength(2);
      },
      slow,
    );

    it(
      'is told of when its files are stored: who is told looks at them at once',
      async () => {
        const desk = await open({}, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        const filesWhenTold: Promise<number>[] = [];
        const filesNow = async () => (await desk.runs.latest(1))[0]?.files.length ?? 0;
        desk.outbox.onPublished(() => void filesWhenTold.push(filesNow()));
        await session(desk);
        expect((await desk.told()).at(-1)).toMatchObject({ type: 'run.finished' });
        expect(await filesWhenTold.at(-1)).toBeGreaterThan(0);
      },
      slow,
    );

    it(
      'has one run for a moment also where two desks share the store',
      async () => {
        const desk = await open({}, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await desk.again({ alone: false });
        await session(desk);
        await session(desk);
        expect(await finished(desk)).toHaveLength(2);
        expect((await desk.plans.history('busy', 10)).map(({ state }) => state)).toEqual(['done', 'done']);
      },
      slow,
    );

    it.each([
      ['by another one that shares the store', true],
      ['when it is back', false],
    ])(
      'has the run that the stop of its desk has cut off made again %s',
      async (_, another) => {
        const desk = await open(market, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        desk.source.lateMs = 3_600_000;
        desk.clock.set(desk.schedule.next('busy')?.toISOString() ?? '');
        const cutOff = expect(desk.schedule.fire(desk.clock.now())).rejects.toThrow(Interrupted);
        await vi.waitFor(async () => expect(await desk.plans.history('busy', 10)).toHaveLength(1), waiting);
        const beside = another ? await desk.again({ alone: false }) : undefined;
        await desk.schedule.fire(desk.clock.now());
        await desk.stop();
        await cutOff;
        desk.source.lateMs = 0;
        if (beside) await beside.plans.watch();
        else await desk.again();
        await desk.schedule.fire(desk.clock.now());
        expect((await desk.plans.history('busy', 10)).map(({ state }) => state).sort()).toEqual([
          'done',
          'failed',
        ]);
        expect(await finished(desk)).toHaveLength(1);
        expect(desk.schedule.next('busy')?.toISOString(), 'the next one is awaited').toBe(
          '2024-03-05T21:30:00.000Z',
        );
      },
      slow,
    );

    it(
      'keeps its book in step with its simulation, order by order, over many sessions',
      async () => {
        const desk = await open(market, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        for (let day = 0; day < 6; day++) {
          await session(desk);
          const again = await desk.plans.run('busy', { by: 'ann' });
          expect(again.orders, 'a run by hand after the scheduled one has nothing left to send').toEqual([]);
          expect(again.missed, 'nothing was left behind').toBe(0);
        }
        const made = await orders(desk);
        expect(made.length, 'the strategy has to trade for this test to say anything').toBe(6);
        expect(made.map(({ state, reason }) => reason ?? state)).toEqual(made.map(() => 'filled'));
        const sides = made.map(({ side }) => side).reverse();
        expect(sides, 'in and out by turns, as the strategy does').toEqual([
          'buy',
          'sell',
          'buy',
          'sell',
          'buy',
          'sell',
        ]);
        const { positions, cash } = await desk.books.show('trend');
        expect(positions).toEqual([]);
        expect(Number(cash), 'a purchase is cut down to the cash that is there').toBeGreaterThan(0);
      },
      slow,
    );

    it(
      'keeps what its strategy stored in its last finished run for the next one',
      async () => {
        const desk = await open({ strategy: 'counting' });
        await desk.plans.run('busy', { by: 'ann' });
        expect(await desk.runs.storageOf('busy')).toMatchObject({ runs: 1, last: expect.any(Float64Array) });
        desk.clock.advance(1000);
        await desk.plans.run('busy', { by: 'ann' });
        expect(await desk.runs.storageOf('busy')).toMatchObject({ runs: 2 });
        desk.clock.advance(1000);
        await expect(desk.plans.run('busy', { by: 'ann' })).rejects.toThrow('no such luck');
        expect(await desk.runs.storageOf('busy'), 'a run that failed leaves nothing').toMatchObject({
          runs: 2,
        });
      },
      slow,
    );

    it(
      'begins to trade with the newest bar of its first run, and keeps that day',
      async () => {
        const desk = await open();
        const first = await desk.plans.run('busy', { by: 'ann' });
        expect(first.tradeStart).toBe('2024-03-04');
        expect(first.missed, 'what the strategy did before is history').toBe(0);
        desk.nextDay();
        expect((await desk.plans.run('busy', { by: 'ann' })).tradeStart).toBe('2024-03-04');
      },
      slow,
    );

    it(
      'says how many orders it never sent, and does not send them late',
      async () => {
        const desk = await open({ tradeStart: '2024-02-01' });
        const { missed, orders: sent } = await desk.plans.run('busy', { by: 'ann' });
        expect(missed).toBeGreaterThan(3);
        expect(sent.length).toBeLessThanOrEqual(1);
      },
      slow,
    );

    it(
      'that is cancelled while it fetches its bars stops fetching, and sends nothing',
      async () => {
        const desk = await open();
        const cancel = new AbortController();
        let fetching: AbortSignal | undefined;
        desk.source.bars = ({ signal }) =>
          new Promise((_, reject) => {
            fetching = signal;
            signal?.addEventListener('abort', () => reject(signal.reason));
          });
        const run = desk.plans.run('busy', { by: 'ann', signal: cancel.signal });
        const ended = expect(run).rejects.toThrow('The backtest was cancelled.');
        await vi.waitFor(() => expect(fetching).toBeDefined(), waiting);
        cancel.abort();
        await ended;
        expect((await desk.plans.history('busy', 1))[0]).toMatchObject({ state: 'failed' });
        expect(await orders(desk)).toEqual([]);
      },
      slow,
    );

    it('that is not there is refused with the nearest name', async () => {
      const desk = await open();
      await expect(desk.plans.run('bussy', { by: 'ann' })).rejects.toThrow(
        'There is no plan "bussy". Did you mean busy?',
      );
    });
  });

  describe('the moments of a plan', () => {
    it(
      'that went by for longer than its grace are skipped and told once, and the next one is awaited',
      async () => {
        const desk = await open(
          { ...market, graceSeconds: 600 },
          { clock: new ManualClock('2024-03-04T20:00:00.000Z') },
        );
        desk.clock.set('2024-03-07T02:00:00.000Z');
        await desk.schedule.fire(desk.clock.now());
        await desk.schedule.fire(desk.clock.now());
        const told = (await desk.told()).filter(({ type }) => type === 'run.skipped');
        expect(told).toMatchObject([
          {
            reason: expect.stringContaining('3 runs were missed, from 2024-03-04 16:30 to 2024-03-06 16:30'),
          },
        ]);
        expect(await orders(desk)).toEqual([]);
        expect(desk.schedule.next('busy')?.toISOString()).toBe('2024-03-07T21:30:00.000Z');
        expect((await desk.plans.history('busy', 10)).map(({ state }) => state)).toEqual([
          'skipped',
          'skipped',
          'skipped',
        ]);
      },
      slow,
    );

    it(
      'do not pile up when a run takes longer than the time between two: what it overran is skipped and told once',
      async () => {
        const desk = await open(
          { ...market, schedule: { times: '9:30:01-16:00/1min' }, entry: 'regular hours' },
          { clock: new ManualClock('2024-03-04T14:00:00.000Z') },
        );
        const bars = desk.source.bars.bind(desk.source);
        let [atOnce, most] = [0, 0];
        desk.source.bars = async (request) => {
          if (!request.from) return bars(request); // a price is asked for, not the history of a run
          atOnce += 1;
          most = Math.max(most, atOnce);
          desk.clock.advance(200_000);
          const found = await bars(request);
          atOnce -= 1;
          return found;
        };
        await session(desk);
        for (let turn = 0; turn < 2; turn++) {
          expect(desk.schedule.next('busy')?.getTime(), 'the next moment has gone by').toBeLessThan(
            desk.clock.now().getTime(),
          );
          // Twice: whatever says that it is due, and however often.
          await Promise.all([desk.schedule.fire(desk.clock.now()), desk.schedule.fire(desk.clock.now())]);
        }
        expect(most, 'one run at a time').toBe(1);
        const runs = await desk.plans.history('busy', 20);
        const times = (state: string) =>
          runs.flatMap((run) => (run.state === state ? [run.time] : [])).sort();
        expect(times('done')).toEqual(['09:30:01', '09:33:01', '09:36:01']);
        expect(times('skipped')).toEqual(['09:31:01', '09:32:01', '09:34:01', '09:35:01']);
        const told = (await desk.told()).filter(({ type }) => type === 'run.skipped');
        expect(told.map((event) => 'reason' in event && event.reason)).toEqual([
          '2 runs were missed, from 2024-03-04 09:31:01 to 2024-03-04 09:32:01. The run before was still going on: it took 3 min, longer than the time between two.',
          '2 runs were missed, from 2024-03-04 09:34:01 to 2024-03-04 09:35:01. The run before was still going on: it took 3 min, longer than the time between two.',
        ]);
        expect(desk.schedule.next('busy')?.toISOString()).toBe('2024-03-04T14:37:01.000Z');
      },
      slow,
    );

    it(
      'that are late by less than its grace are made',
      async () => {
        const desk = await open(market, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        desk.clock.set('2024-03-04T22:00:00.000Z');
        await desk.schedule.fire(desk.clock.now());
        expect(await finished(desk)).toHaveLength(1);
      },
      slow,
    );

    it(
      'wait for bars that are late, and fail at their deadline with what is missing',
      async () => {
        const clock = new ManualClock('2024-03-04T20:00:00.000Z');
        const desk = await open(market, { clock, onSleep: (ms) => clock.advance(ms) });
        desk.source.lateMs = 60 * 60_000; // half an hour after the run time they would be there
        await session(desk);
        expect((await desk.told()).filter(({ type }) => type === 'run.failed')).toMatchObject([
          {
            reason: expect.stringContaining(
              'There is no bar of 2024-03-04 of AMBR yet: the newest is of 2024-03-01.',
            ),
          },
        ]);
        desk.source.lateMs = 35 * 60_000; // five minutes after it
        await session(desk);
        expect(await finished(desk)).toHaveLength(1);
        const [newest] = await desk.plans.history('busy', 1);
        expect(newest?.log.map(({ text }) => text).join('\n')).toContain(
          'It waits for its bars: There is no bar of 2024-03-05',
        );
      },
      slow,
    );
  });

  describe('the moments of a plan on bars of minutes', () => {
    it.each([
      ['wait for the bar that is due', 20_000, 'sent'],
      ['go on without it when the next one is due: nobody may have traded', 10 * 60_000, 'went on'],
    ])(
      '%s',
      async (_, lateMs, how) => {
        const clock = new ManualClock('2024-03-04T14:00:00.000Z');
        const desk = await open(
          { calendar: 'XNYS', interval: '5m', schedule: { times: '10:00:01' }, entry: 'regular hours' },
          { clock, onSleep: (ms) => clock.advance(ms) },
        );
        desk.source.change = (bars) => {
          const newest = Math.floor((clock.now().getTime() - lateMs) / 300_000 - 1) * 300_000;
          return {
            ...bars,
            interval: '5m',
            time: bars.time.map((_, at, all) => newest - (all.length - 1 - at) * 300_000),
          };
        };
        await session(desk);
        expect(await finished(desk)).toHaveLength(1);
        const [run] = await desk.plans.history('busy', 1);
        const log = run?.log.map(({ text }) => text).join('\n') ?? '';
        expect(log).toContain('There is no newer bar of 5m yet than that of 2024-03-04 14:50 UTC.');
        expect(run?.newestBar).toBe(how === 'sent' ? '2024-03-04T14:55:00.000Z' : '2024-03-04T14:50:00.000Z');
        expect(log.includes('The run goes on without.')).toBe(how === 'went on');
      },
      slow,
    );
  });

  describe('a dry run', () => {
    it(
      'says what would be sent and touches nothing: no order, no storage, no trade start, no cancellation',
      async () => {
        const desk = await open({ strategy: 'guarded', params: { limit: 0.5 }, mode: 'incremental' });
        await desk.plans.run('busy', { by: 'ann' });
        const [resting] = await orders(desk);
        expect(resting).toMatchObject({ state: 'working', terms: { type: 'limit' } });
        desk.nextDay();
        const account = async () => ({
          orders: await orders(desk),
          operations: await desk.operations.operations({ limit: 100 }),
          atBroker: await desk.broker.openOrders(),
          balances: await desk.broker.balances(),
          wanted: await desk.plans.orders('busy', 100),
          storage: await desk.runs.storageOf('busy'),
          postings: await desk.books.newestPosting(),
          tradeStart: (await desk.plans.show('busy')).tradeStart,
        });
        const before = await account();
        const report = await desk.plans.dryRun('busy', { by: 'ann' });
        expect(report).toMatchObject({ isDry: true, orders: [{ state: 'would be sent', side: 'buy' }] });
        expect(report.orders[0]?.checks.map(({ name }) => name)).toContain('buying power');
        expect(await account()).toEqual(before);
      },
      slow,
    );

    it(
      'of a plan made in chat has to pass before it can be enabled, and again after what decides its orders changed',
      async () => {
        const desk = await open({}, { plans: [] });
        const draft = {
          ...busyDaily,
          'schedule.times': '16:30',
          'schedule.timezone': 'America/New_York',
        };
        expect(await desk.plans.create(draft, 'ann')).toMatchObject({
          enabled: false,
          version: 1,
          origin: 'chat',
        });
        expect(desk.schedule.next('daily')).toBeUndefined();
        await expect(desk.plans.setEnabled('daily', true)).rejects.toThrow(
          'The dry run of "daily" as it is now has not passed',
        );
        await desk.plans.dryRun('daily', { by: 'ann' });
        expect(await desk.plans.setEnabled('daily', true)).toMatchObject({ enabled: true });
        expect(desk.schedule.next('daily')).toBeDefined();
        expect(await desk.plans.set('daily', { graceSeconds: 60 }, 'tom')).toMatchObject({
          enabled: true,
          version: 2,
        });
        expect(await desk.plans.set('daily', { commission: 0.002 }, 'tom')).toMatchObject({
          enabled: false,
          version: 3,
        });
        await expect(desk.plans.setEnabled('daily', true)).rejects.toThrow('has not passed');
        const versions = await desk.plans.versions('daily');
        expect(versions.map(({ version, by, settings }) => [version, by, settings.commission])).toEqual([
          [3, 'tom', 0.002],
          [2, 'tom', 0],
          [1, 'ann', 0],
        ]);
        await desk.stop();
        const later = await desk.again();
        expect(await later.plans.show('daily'), 'it is there after a restart').toMatchObject({ version: 3 });
        await later.plans.delete('daily');
        expect(later.plans.names()).toEqual([]);
      },
      slow,
    );

    it.each([
      [{ strategy: 'bussy' }, 'Did you mean busy?'],
      [{ symbols: ['AMBX'] }, 'does not know "AMBX". Did you mean AMBR'],
      [{ source: 'nowhere' }, 'There is no source "nowhere"'],
      [{ book: 'nobody' }, 'There is no book "nobody"'],
      [{ 'schedule.times': '25:00' }, 'schedule.times: must be times of day'],
      [{ backtestStart: '2024-02-31' }, 'backtestStart: must be a date such as 2020-01-31'],
      [{ backtestStart: 'yesterday' }, 'backtestStart: must be a date'],
      [{ speed: 3 }, 'speed'],
    ])('is not reached by a plan with %j', async (wrong, why) => {
      const desk = await open({}, { plans: [] });
      const right = {
        ...busyDaily,
        'schedule.timezone': 'UTC',
        'schedule.times': '9:00',
      };
      await expect(desk.plans.create({ ...right, ...wrong }, 'ann')).rejects.toThrow(why);
    });
  });

  describe('the history of a plan', () => {
    it(
      'that was adjusted by one factor is accepted and explained',
      async () => {
        const desk = await open(market, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        const day = Date.UTC(2024, 2, 5);
        desk.source.change = (bars) => {
          const halved = (column: Float64Array) =>
            column.map((price, index) => ((bars.time[index] ?? 0) < day ? price / 2 : price));
          return {
            ...bars,
            open: halved(bars.open),
            high: halved(bars.high),
            low: halved(bars.low),
            close: halved(bars.close),
          };
        };
        await session(desk);
        expect(await finished(desk)).toHaveLength(2);
        expect((await finished(desk))[1]).toMatchObject({
          notes: expect.arrayContaining([
            expect.stringContaining(
              'AMBR: all prices before 2024-03-05 are multiplied by 0.5, as after a split of 2 for 1',
            ),
          ]),
        });
      },
      slow,
    );

    it(
      'that was corrected stops the plan with what changed, and nothing is sent until somebody enables it',
      async () => {
        const desk = await open(market, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        const before = await orders(desk);
        desk.source.change = (bars) => ({
          ...bars,
          close: bars.close.map((price, index) => (index === 10 ? price + 1 : price)),
        });
        await session(desk);
        expect(await orders(desk)).toEqual(before);
        expect((await desk.told()).filter(({ type }) => type === 'run.stopped')).toMatchObject([
          { reason: expect.stringContaining('AMBR 2024-01-16: close was') },
        ]);
        expect(desk.schedule.next('busy')).toBeUndefined();
        expect((await desk.plans.show('busy')).stopped).toContain('not by a split or dividend');
        await desk.plans.setEnabled('busy', true);
        await session(desk);
        expect(await finished(desk)).toHaveLength(2);
      },
      slow,
    );
  });

  describe('the history of a plan, looked at by hand', () => {
    const corrected: Desk['source']['change'] = (bars) => ({
      ...bars,
      close: bars.close.map((price, index) => (index === 10 ? price + 1 : price)),
    });

    it(
      'stops it, too, when it was corrected, and a dry run says that a run would',
      async () => {
        const desk = await open();
        await desk.plans.run('busy', { by: 'ann' });
        desk.source.change = corrected;
        desk.nextDay();
        const { notes } = await desk.plans.dryRun('busy', { by: 'ann' });
        expect(notes.join()).toContain('A run would stop the plan.');
        expect((await desk.plans.show('busy')).stopped).toBeNull();
        await expect(desk.plans.run('busy', { by: 'ann' })).rejects.toThrow('/plan enable busy goes on');
        expect((await desk.plans.show('busy')).stopped).toContain('not by a split or dividend');
        await desk.plans.setEnabled('busy', true);
        expect((await desk.plans.run('busy', { by: 'ann' })).orders).toHaveLength(1);
      },
      slow,
    );

    it(
      'is not corrected by a file that asks for more or less of it',
      async () => {
        const desk = await open();
        await desk.plans.run('busy', { by: 'ann' });
        const { settings } = await desk.plans.show('busy');
        await desk.plans.apply([{ ...settings, backtestStart: '2024-02-01', tradeStart: '2024-03-04' }]);
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        expect((await desk.plans.show('busy')).stopped).toBeNull();
      },
      slow,
    );
  });

  describe('a plan that was deleted and made again under its name', () => {
    it(
      'sends its orders, whatever became of those of the one before',
      async () => {
        let status: BrokerStatus | undefined = { state: 'down', since: new Date(0), why: 'the line is cut' };
        const line: PlanDeskOptions['line'] = (paper) =>
          brokerWith(paper, { status: () => status ?? paper.status() });
        const desk = await open({}, { plans: [], line });
        const draft = { ...busyDaily, 'schedule.times': '16:30', 'schedule.timezone': 'America/New_York' };
        await desk.plans.create(draft, 'ann');
        await desk.plans.run('daily', { by: 'ann' });
        expect((await desk.plans.orders('daily', 10)).map(({ state }) => state)).toEqual(['waiting']);
        await desk.plans.delete('daily');
        status = undefined;
        await desk.plans.create(draft, 'ann');
        const { orders: sent, known } = await desk.plans.run('daily', { by: 'ann' });
        expect(known).toBe(0);
        expect(sent).toMatchObject([{ side: 'buy', state: 'filled' }]);
        const again = await desk.plans.run('daily', { by: 'ann' });
        expect(again, 'and sends each of them once').toMatchObject({ orders: [], known: 1 });
      },
      slow,
    );
  });

  describe('a plan that fails', () => {
    it(
      'tells why each time, sends nothing, and stops after so many failures in a row',
      async () => {
        const desk = await open(
          { ...market, params: { nothing: 1 }, stopAfterFailures: 2 },
          { clock: new ManualClock('2024-03-04T20:00:00.000Z') },
        );
        await session(desk);
        expect((await desk.plans.list())[0]?.lastRun).toMatchObject({
          state: 'failed',
          reason: expect.stringContaining('has no parameter "nothing"'),
        });
        await session(desk);
        expect(await orders(desk)).toEqual([]);
        const told = (await desk.told()).map(({ type }) => type);
        expect(told.filter((type) => type === 'run.failed')).toHaveLength(2);
        expect(told.filter((type) => type === 'run.stopped')).toHaveLength(1);
        expect(desk.schedule.next('busy')).toBeUndefined();
      },
      slow,
    );

    it(
      'stops when its orders are refused again and again',
      async () => {
        const plan = { ...market, strategy: 'keen', stopAfterFailures: 2, limits: { shares: '1' } };
        const desk = await open(plan, { clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        expect((await desk.plans.orders('busy', 10))[0]).toMatchObject({
          state: 'refused',
          reason: expect.stringContaining("more than the plan's limit of 1"),
        });
        for (let day = 0; day < 3 && desk.schedule.next('busy'); day++) await session(desk);
        expect((await desk.plans.show('busy')).stopped).toContain('2 of its runs in a row have failed');
        expect(await orders(desk)).toEqual([]);
      },
      slow,
    );
  });

  describe('the orders of a plan', () => {
    it(
      'wait while the broker is away, and go out by themselves when it is ready and they are fresh',
      async () => {
        let status: BrokerStatus | undefined = {
          state: 'needs-login',
          since: new Date(0),
          why: 'log in at the gateway',
        };
        const line: PlanDeskOptions['line'] = (paper) =>
          brokerWith(paper, { status: () => status ?? paper.status() });
        const desk = await open(market, { line, clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        expect((await desk.plans.show('busy')).waiting).toBe(1);
        expect((await finished(desk))[0]).toMatchObject({
          newOrders: 0,
          waiting: 1,
          notes: [expect.stringContaining('log in at the gateway')],
        });
        await desk.plans.watch();
        expect(await orders(desk)).toEqual([]);
        status = undefined;
        await desk.stop();
        const later = await desk.again();
        await later.plans.watch();
        expect((await orders(desk)).map(({ state }) => state)).toEqual(['filled']);
        expect((await desk.told()).filter(({ type }) => type === 'run.sent')).toMatchObject([
          { sent: 1, givenUp: 0 },
        ]);
        await later.plans.watch();
        expect(await orders(desk)).toHaveLength(1);
      },
      slow,
    );

    /** A broker that calls a share by another name than the book's plan does, and that may be out of reach. */
    const renaming = () => {
      const reach = { away: false };
      const renamed = (fill: BrokerFill) => ({ ...fill, asset: `shares of ${fill.symbol}` });
      const line: PlanDeskOptions['line'] = (paper) =>
        brokerWith(paper, {
          status: () => (reach.away ? { state: 'down', since: new Date(0), why: 'cut off' } : paper.status()),
          resolve: async (symbol) => {
            if (reach.away) throw new Error('cut off');
            return { ...(await paper.resolve(symbol)), asset: `shares of ${symbol}` };
          },
          findOrder: async (id, symbol) => {
            const found = await paper.findOrder(id, symbol);
            return found && { ...found, fills: found.fills.map(renamed) };
          },
          fillsSince: async (since) => (await paper.fillsSince(since)).map(renamed),
          subscribe: ({ onFill, ...listener }) =>
            paper.subscribe({ ...listener, ...(onFill && { onFill: (fill) => onFill(renamed(fill)) }) }),
        });
      return { reach, line };
    };

    it(
      'wait while the broker cannot be asked what their symbols are, entries and exits',
      async () => {
        const { reach, line } = renaming();
        const desk = await open(market, { line, clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        for (const side of ['buy', 'sell'] as const) {
          reach.away = true;
          await session(desk);
          const [newest] = await desk.plans.orders('busy', 1);
          expect(newest, side).toMatchObject({ side, state: 'waiting' });
          expect(newest?.reason, side).toContain('could not be asked for AMBR');
          reach.away = false;
          await desk.plans.watch();
          expect((await desk.plans.orders('busy', 1))[0], side).toMatchObject({ side, state: 'filled' });
        }
        expect((await desk.books.show('trend')).positions).toEqual([]);
      },
      slow,
    );

    it.each([
      ['goes on with what the book holds under the name under which it was traded', ['AMBR'], 'done'],
      ['is not made where the book may hold it under another name', ['BRKW'], 'failed'],
    ])(
      'of an incremental plan: a run while the broker cannot be asked %s',
      async (_, symbols, state) => {
        const { reach, line } = renaming();
        const desk = await open({ strategy: 'guarded', mode: 'incremental' }, { line });
        await desk.plans.run('busy', { by: 'ann' });
        expect((await desk.books.show('trend')).positions).toMatchObject([{ quantity: '10' }]);
        desk.nextDay();
        reach.away = true;
        const { settings } = await desk.plans.show('busy');
        await desk.plans.apply([{ ...settings, symbols }]);
        await desk.plans.run('busy', { by: 'ann' }).catch(() => undefined);
        const [newest] = await desk.plans.history('busy', 1);
        expect(newest?.state, newest?.reason ?? '').toBe(state);
        expect(newest?.reason ?? '').toContain(state === 'failed' ? 'it is not known whether the book' : '');
        reach.away = false;
        await desk.plans.watch();
        expect((await desk.books.show('trend')).positions, 'it is not bought again').toMatchObject([
          { quantity: '10' },
        ]);
      },
      slow,
    );

    it(
      'that waited until the next session had opened are given up and told',
      async () => {
        let status: BrokerStatus | undefined = { state: 'down', since: new Date(0), why: 'the line is cut' };
        const line: PlanDeskOptions['line'] = (paper) =>
          brokerWith(paper, { status: () => status ?? paper.status() });
        const desk = await open(market, { line, clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        status = undefined;
        desk.clock.set('2024-03-05T15:00:00.000Z');
        await desk.plans.watch();
        expect(await orders(desk)).toEqual([]);
        expect((await desk.plans.orders('busy', 10))[0]).toMatchObject({ state: 'expired' });
        expect((await desk.told()).filter(({ type }) => type === 'run.sent')).toMatchObject([
          { sent: 0, givenUp: 1 },
        ]);
      },
      slow,
    );

    it(
      'that wait for the money of an exit at the broker count that money once',
      async () => {
        const line: PlanDeskOptions['line'] = (paper) =>
          brokerWith(paper, {
            submit: (order) =>
              paper.submit(
                order.side === 'sell' ? { ...order, terms: { type: 'limit', limitPrice: '1000000' } } : order,
              ),
          });
        const desk = await open({ strategy: 'switching', symbols: ['AMBR', 'BRKW'] }, { line });
        await desk.plans.run('busy', { by: 'ann' });
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        expect(await desk.executor.openOrders({ book: 'trend' })).toMatchObject([{ side: 'sell' }]);
        await desk.plans.watch();
        const [waits] = (await desk.wanted('busy')).filter(({ state }) => state === 'waiting');
        expect(waits).toMatchObject({ side: 'buy', reason: expect.stringContaining('until its exits') });
        const [expected] = /then about ([\d,.]+) USD/.exec(waits?.reason ?? '')?.slice(1) ?? [];
        const had = (await desk.books.show('trend')).equity;
        expect(Number(expected?.replaceAll(',', ''))).toBeCloseTo(Number(had), -3);
      },
      slow,
    );

    it(
      'go in and out of a position also where the plan writes a symbol otherwise than its source',
      async () => {
        const desk = await open({ symbols: ['ambr'] });
        const bars = desk.source.bars.bind(desk.source);
        desk.source.bars = (request) =>
          bars({ ...request, symbols: request.symbols.map((symbol) => symbol.toUpperCase()) });
        await desk.plans.run('busy', { by: 'ann' });
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        expect((await orders(desk)).map(({ side, state }) => `${side} ${state}`).sort()).toEqual([
          'buy filled',
          'sell filled',
        ]);
      },
      slow,
    );

    it(
      'keep their limit at the broker, and are cancelled there by the next run of an incremental plan',
      async () => {
        const desk = await open({ strategy: 'guarded', params: { limit: 0.5 }, mode: 'incremental' });
        await desk.plans.run('busy', { by: 'ann' });
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        const made = await orders(desk);
        expect(made.map(({ state }) => state).sort()).toEqual(['cancelled', 'working']);
        expect(made.every(({ terms }) => terms.type === 'limit')).toBe(true);
      },
      slow,
    );

    it.each(['backtesting.py', 'minitrade'])(
      'have their stop loss and take profit resting at the broker, once, for what the book holds (%s)',
      async (semantics) => {
        const desk = await open({ strategy: 'guarded', simulation: { semantics } });
        await desk.plans.run('busy', { by: 'ann' });
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        const resting = await desk.executor.openOrders({ book: 'trend' });
        expect(resting).toMatchObject([
          { side: 'sell', quantity: '10', terms: { type: 'oco' }, purpose: 'exit' },
        ]);
      },
      slow,
    );
  });

  describe('the stop loss of a new order of a plan', () => {
    const withoutBrackets: PlanDeskOptions['line'] = (paper) => {
      const { brackets: _, ...capabilities } = paper.capabilities;
      return brokerWith(paper, { capabilities });
    };

    it(
      'goes out with it where the broker takes the two together, and the next runs leave it there',
      async () => {
        const desk = await open({ strategy: 'guarded' });
        await desk.plans.run('busy', { by: 'ann' });
        const made = await orders(desk);
        const [entry, exit] = [
          made.find(({ exit: its }) => its),
          made.find(({ entry: its }) => its !== undefined),
        ];
        expect(entry).toMatchObject({ side: 'buy', state: 'filled' });
        expect(exit).toMatchObject({
          entry: entry?._id,
          terms: { type: 'oco' },
          state: 'working',
          quantity: '10',
        });
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        expect((await orders(desk)).map(({ _id, state }) => [_id, state])).toEqual(
          made.map(({ _id, state }) => [_id, state]),
        );
      },
      slow,
    );

    it(
      'follows it when it was filled, where the broker does not',
      async () => {
        const desk = await open({ strategy: 'guarded' }, { line: withoutBrackets });
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        const made = await orders(desk);
        expect(made.some(({ exit, entry }) => exit !== undefined || entry !== undefined)).toBe(false);
        expect(await desk.executor.openOrders({ book: 'trend' })).toMatchObject([
          { side: 'sell', quantity: '10', terms: { type: 'oco' } },
        ]);
      },
      slow,
    );

    it(
      'waits at the broker together with a limit order, and goes with it when the plan gives that up',
      async () => {
        const params = { limit: 0.5, stop: 0.4 };
        const desk = await open({ strategy: 'guarded', params, mode: 'incremental' });
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        const first = await desk.broker.openOrders();
        expect(first.map(({ side, quantity }) => `${side} ${quantity}`).toSorted()).toEqual([
          'buy 10',
          'sell 10',
        ]);
        desk.nextDay();
        await desk.plans.run('busy', { by: 'ann' });
        await desk.plans.watch();
        await vi.waitFor(async () => {
          const now = await desk.broker.openOrders();
          expect(now.map(({ side }) => side).toSorted()).toEqual(['buy', 'sell']);
          expect(
            now.some(({ clientOrderId }) => first.some((old) => old.clientOrderId === clientOrderId)),
          ).toBe(false);
        }, waiting);
      },
      slow,
    );
  });

  describe('plans of one store', () => {
    it(
      'go on when one of them has lost its book: only that one is not looked after',
      async () => {
        const reach = { away: true };
        const line: PlanDeskOptions['line'] = (paper) =>
          brokerWith(paper, {
            status: () => (reach.away ? { state: 'down', since: new Date(0), why: 'cut' } : paper.status()),
          });
        const plans = [
          { name: 'astray', strategy: 'busy', book: 'gone' },
          { name: 'busy', ...market },
        ];
        const desk = await open({}, { plans, line, clock: new ManualClock('2024-03-04T20:00:00.000Z') });
        await session(desk);
        const [waits] = await desk.wanted('busy');
        if (!waits) throw new Error('nothing waits');
        const runs = await PlanRuns.open(desk.store);
        await runs.want({ ...waits, _id: 'left behind', plan: 'astray', book: 'gone' });
        reach.away = false;
        await desk.plans.watch();
        expect((await orders(desk)).map(({ state }) => state)).toEqual(['filled']);
      },
      slow,
    );

    it(
      'are made by one desk, and enabled, changed and deleted by another at once',
      async () => {
        const desk = await open({}, { plans: [] });
        const beside = await desk.again({ alone: false });
        await desk.plans.create(
          { ...busyDaily, 'schedule.timezone': 'UTC', 'schedule.times': '9:00' },
          'ann',
        );
        await desk.plans.dryRun('daily', { by: 'ann' });
        expect(await beside.plans.setEnabled('daily', true)).toMatchObject({ enabled: true });
        await desk.plans.set('daily', { description: 'mine' }, 'ann');
        expect(await beside.plans.set('daily', { graceSeconds: 60 }, 'tom')).toMatchObject({
          settings: { description: 'mine', graceSeconds: 60 },
          version: 3,
        });
        await beside.plans.delete('daily');
        await expect(desk.plans.setEnabled('daily', true)).rejects.toThrow('There is no plan "daily"');
      },
      slow,
    );

    it(
      'that is disabled while a run waits for its bars sends nothing more, and says so',
      async () => {
        const clock = new ManualClock('2024-03-04T20:00:00.000Z');
        let disabled: Promise<unknown> | undefined;
        const desk = await open(market, {
          clock,
          onSleep: (ms) => {
            clock.advance(ms);
            if (clock.now() > new Date('2024-03-04T21:35:00.000Z'))
              disabled ??= desk.plans.setEnabled('busy', false);
          },
        });
        desk.source.lateMs = 40 * 60_000; // ten minutes after the run time
        await session(desk);
        await disabled;
        expect(await orders(desk)).toEqual([]);
        expect(await desk.plans.history('busy', 5)).toMatchObject([
          { state: 'failed', reason: 'The plan was disabled while it ran. Nothing was sent.' },
        ]);
      },
      slow,
    );

    it(
      'that is deleted by one desk while another one runs it leave no order behind that comes later',
      async () => {
        const desk = await open({}, { plans: [] });
        const beside = await desk.again({ alone: false });
        const params = { limit: 0.5 };
        const draft = {
          ...busyDaily,
          strategy: 'guarded',
          'schedule.timezone': 'UTC',
          'schedule.times': '9:00',
        };
        await desk.plans.create({ ...draft, params }, 'ann');
        const bars = desk.source.bars.bind(desk.source);
        let goOn = () => {};
        const held = new Promise<void>((resolve) => {
          goOn = resolve;
        });
        let isFetching = false;
        desk.source.bars = async (request) => {
          isFetching = true;
          await held;
          return bars(request);
        };
        const run = desk.plans.run('daily', { by: 'ann' });
        await vi.waitFor(() => expect(isFetching).toBe(true), waiting);
        const deleted = beside.plans.delete('daily');
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        goOn();
        await run;
        await deleted;
        expect((await orders(desk)).map(({ state }) => state)).toEqual(['cancelled']);
        expect(await desk.broker.openOrders()).toEqual([]);
        expect(beside.plans.names()).toEqual([]);
      },
      slow,
    );
  });

  describe('the schedule of plans', () => {
    it('loses what no plan names any more, and what is disabled', async () => {
      const schedule = new HandSchedule();
      await schedule.at('plan', 'gone', new Date('2024-03-05T00:00:00Z'), { plan: 'gone' });
      const desk = await open({}, { schedule });
      expect(schedule.next('gone')).toBeUndefined();
      expect(schedule.next('busy')?.toISOString()).toBe('2024-03-05T21:30:00.000Z');
      await desk.plans.setEnabled('busy', false);
      expect(schedule.next('busy')).toBeUndefined();
    });
  });
}
