/**
 * What the schedule must do on every store, as numbered cards.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import type { ScheduleRequest } from '../../../engine/jobs/agenda-schedule.ts';
import { openSchedule } from '../../../engine/jobs/agenda-schedule.ts';
import type { JobRun, JobSummary, Schedule } from '../../../engine/jobs/schedule.ts';
import type { Logger } from '../../../engine/log.ts';
import { silentLog } from '../../../engine/log.ts';
import type { StoreRequest } from '../../../engine/store/index.ts';
import { openStore } from '../../../engine/store/index.ts';
import type { Json, Store } from '../../../engine/store/store.ts';
import { startChild } from '../processes/child.ts';

/** A place for data, empty at first; a store on it can be opened by other processes too. */
export interface SchedulePlace {
  readonly request: StoreRequest;
  discard(): Promise<void>;
}

const hanging = new URL('../../engine/jobs/processes/hang-in-job.ts', import.meta.url);
const everySecond = { cron: '* * * * * *', timezone: 'UTC' };
const everyYear = { cron: '0 0 1 1 *', timezone: 'UTC' };
const patience = { timeout: 45_000, interval: 20 };

export function scheduleSuite({ place }: { place: () => Promise<SchedulePlace> }): void {
  let home: SchedulePlace;
  let store: Store;
  let schedules: Schedule[];

  async function open(options: Partial<ScheduleRequest> = {}): Promise<Schedule> {
    const schedule = await openSchedule({ store, log: silentLog, pollIntervalMs: 50, ...options });
    schedules.push(schedule);
    return schedule;
  }

  /** A schedule that notes the runs of the job "note". */
  async function openNoting(options: Partial<ScheduleRequest> = {}): Promise<[Schedule, JobRun[]]> {
    const schedule = await open(options);
    const runs: JobRun[] = [];
    schedule.define({ name: 'note', run: async (job) => void runs.push(job) });
    return [schedule, runs];
  }

  const soon = (ms = 0) => new Date(Date.now() + ms);
  const only = async (schedule: Schedule): Promise<JobSummary> => {
    const jobs = await schedule.list();
    expect(jobs).toHaveLength(1);
    return jobs[0] as JobSummary;
  };

  beforeEach(async () => {
    schedules = [];
    home = await place();
    store = await openStore(home.request);
  });
  afterEach(async () => {
    for (const schedule of schedules) await schedule.stop();
    await store.close();
    await home.discard();
  });

  describe('planning', () => {
    it('J1 runs a job that is due, with its data and its moment, and forgets it', async () => {
      const [schedule, runs] = await openNoting();
      const when = soon(150);
      const data: Json = { 'a.b': [[1], { $x: null }], text: 'Zoë' };
      await schedule.at('note', 'k', when, data);
      await schedule.start();
      await vi.waitFor(() => expect(runs).toEqual([{ name: 'note', data, dueAt: when }]), patience);
      expect(Date.now()).toBeGreaterThanOrEqual(when.getTime());
      await vi.waitFor(async () => expect(await schedule.list()).toEqual([]), patience);
    });

    it('J2 runs a recurring job at each of its moments', async () => {
      const [schedule, runs] = await openNoting();
      await schedule.every('note', 'k', everySecond, 'data');
      await schedule.start();
      await vi.waitFor(() => expect(runs.length).toBeGreaterThanOrEqual(3), patience);
      const moments = runs.map(({ dueAt }) => dueAt.getTime());
      expect(moments.every((moment) => moment % 1000 === 0)).toBe(true);
      expect(new Set(moments).size, 'each moment once').toBe(moments.length);
    });

    it('J3 keeps one job for a name and key: said again it is replaced', async () => {
      const [schedule] = await openNoting();
      await schedule.every('note', 'demo', { cron: '35 9 * * 1-5', timezone: 'America/New_York' }, 1);
      await schedule.every('note', 'demo', { cron: '0 0 1 1 *', timezone: 'UTC' }, 2);
      const yearly = await only(schedule);
      expect(yearly).toMatchObject({
        name: 'note',
        data: 2,
        lastRunAt: null,
        failReason: null,
        failCount: 0,
      });
      expect(yearly.nextRunAt?.toISOString()).toMatch(/-01-01T00:00:00.000Z$/);

      await schedule.every('note', 'demo', everyYear, 3);
      expect(await only(schedule)).toMatchObject({ data: 3, nextRunAt: yearly.nextRunAt });

      const when = soon(3_600_000);
      await schedule.at('note', 'demo', when, 4);
      expect(await only(schedule)).toMatchObject({ data: 4, nextRunAt: when });

      await schedule.every('note', 'other', everyYear, 5);
      await schedule.every('note2', 'demo', everyYear, 6);
      expect((await schedule.list()).map(({ data }) => data).sort()).toEqual([4, 5, 6]);
    });

    it('J4 keeps one job when two desks plan it at the same instant', async () => {
      const [one, other] = [await open(), await open()];
      await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          (index % 2 ? one : other).every('note', 'demo', everyYear, index),
        ),
      );
      await one.every('note', 'demo', everyYear, 'last');
      expect(await only(other)).toMatchObject({ data: 'last' });
    });

    it('J5 runs a moved job once, at its new moment', async () => {
      const [schedule, runs] = await openNoting();
      await schedule.at('note', 'k', soon(3_600_000), 'first');
      await schedule.at('note', 'k', soon(100), 'moved');
      await schedule.start();
      await vi.waitFor(async () => expect(await schedule.list()).toEqual([]), patience);
      expect(runs.map(({ data }) => data)).toEqual(['moved']);
    });

    it('J6 does not run what was removed', async () => {
      const [schedule, runs] = await openNoting();
      await schedule.at('note', 'no', soon(), 'removed');
      await schedule.remove('note', 'no');
      await schedule.remove('note', 'never planned');
      await schedule.at('note', 'yes', soon(100), 'kept');
      await schedule.start();
      await vi.waitFor(async () => expect(await schedule.list()).toEqual([]), patience);
      expect(runs.map(({ data }) => data)).toEqual(['kept']);
    });

    it.each([
      ['61 9 * * *', 'UTC', 'is not a schedule'],
      ['every day', 'UTC', 'five fields'],
      ['* * * *', 'UTC', 'five fields'],
      ['0 0 30 2 *', 'UTC', 'is not a schedule'],
      ['5000', 'UTC', 'five fields'],
      ['0 9 * * *', 'America/Gotham', 'is not a time zone'],
      ['0 9 * * *', '', 'is not a time zone'],
    ])('J7 says what is wrong with "%s" in "%s", and plans nothing', async (cron, timezone, reason) => {
      const schedule = await open();
      const planned = schedule.every('note', 'k', { cron, timezone }, null);
      await expect(planned).rejects.toThrow(UserError);
      await expect(planned).rejects.toThrow(reason);
      expect(await schedule.list()).toEqual([]);
    });
  });

  describe('running', () => {
    it('J10 tries a failed job again after growing pauses, for the same moment, and shows the reason', async () => {
      const schedule = await open({ retryPauseMs: 200 });
      const tries: { at: number; dueAt: number }[] = [];
      schedule.define({
        name: 'broker',
        retries: 2,
        run: async ({ dueAt }) => {
          tries.push({ at: Date.now(), dueAt: dueAt.getTime() });
          throw new Error(`no answer ${tries.length}`);
        },
      });
      const when = soon();
      await schedule.at('broker', 'k', when, null);
      await schedule.start();
      await vi.waitFor(
        async () =>
          expect(await only(schedule)).toMatchObject({
            failReason: 'no answer 3',
            failCount: 3,
            nextRunAt: null,
          }),
        patience,
      );
      expect(
        tries.map(({ dueAt }) => dueAt),
        'a claim by its moment must be the same each time',
      ).toEqual(Array(3).fill(when.getTime()));
      const [first = 0, second = 0, third = 0] = tries.map(({ at }) => at);
      expect(second - first).toBeGreaterThanOrEqual(200);
      expect(third - second).toBeGreaterThanOrEqual(400);
      expect((await only(schedule)).lastFinishedAt).toBeInstanceOf(Date);
    });

    it('J11 forgets a failure when a retry succeeds', async () => {
      const schedule = await open({ retryPauseMs: 50 });
      let tries = 0;
      schedule.define({
        name: 'flaky',
        retries: 1,
        run: async () => {
          tries += 1;
          if (tries === 1) throw 'not even an error';
        },
      });
      await schedule.at('flaky', 'k', soon(), null);
      await schedule.start();
      await vi.waitFor(async () => expect(await schedule.list()).toEqual([]), patience);
      expect(tries).toBe(2);
    });

    it('J13 pauses a job over a restart and the same rule, runs it by hand all the same, and lets it go on', async () => {
      const [schedule, runs] = await openNoting();
      await schedule.every('note', 'k', everySecond, { from: 'rule' });
      await schedule.setPaused('note', 'k', true);
      await schedule.stop();

      const [again, later] = await openNoting();
      await again.every('note', 'k', { cron: '*/2 * * * * *', timezone: 'UTC' }, { from: 'rule' });
      expect(await only(again)).toMatchObject({ key: 'k', paused: true });
      await again.start();
      await again.runNow('note', 'k');
      await vi.waitFor(() => expect(later).toHaveLength(1), patience);
      expect(later[0]?.data).toEqual({ from: 'rule' });
      await vi.waitFor(async () => expect(await only(again)).toMatchObject({ paused: true }), patience);
      expect([...runs, ...later], 'only the one that was asked for').toHaveLength(1);

      await again.setPaused('note', 'k', false);
      await vi.waitFor(() => expect(later.length).toBeGreaterThan(1), patience);
      await expect(again.setPaused('note', 'nothing', true)).rejects.toThrow(UserError);
      await expect(again.runNow('nothing', 'k')).rejects.toThrow(UserError);
    });

    it('J12 tries each moment of a recurring job anew', async () => {
      const schedule = await open({ retryPauseMs: 20 });
      const dueAts: number[] = [];
      schedule.define({
        name: 'broken',
        retries: 1,
        run: async ({ dueAt }) => {
          dueAts.push(dueAt.getTime());
          throw new Error('always');
        },
      });
      await schedule.every('broken', 'k', everySecond, null);
      await schedule.start();
      await vi.waitFor(() => expect(dueAts.length).toBeGreaterThanOrEqual(6), patience);
      const first = dueAts.slice(0, 6);
      expect(
        first.filter((_, index) => index % 2 === 1),
        'the second try is for the moment of the first',
      ).toEqual(first.filter((_, index) => index % 2 === 0));
      expect(new Set(first).size).toBe(3);
    });

    it('J13 runs a due job once, where two workers share the store', async () => {
      const [[one, runs1], [other, runs2]] = [await openNoting(), await openNoting()];
      for (let index = 0; index < 10; index += 1) await one.at('note', `k${index}`, soon(200), index);
      await Promise.all([one.start(), other.start()]);
      await vi.waitFor(async () => expect(await one.list()).toEqual([]), patience);
      const done = [...runs1, ...runs2].map(({ data }) => Number(data)).sort((a, b) => a - b);
      expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('J14 runs as many of a name at once as it says, one where it does not', async () => {
      const schedule = await open();
      const most = { single: 0, triple: 0 };
      const now = { single: 0, triple: 0 };
      const gate = closedGate();
      const job = (name: 'single' | 'triple') => async () => {
        now[name] += 1;
        most[name] = Math.max(most[name], now[name]);
        await gate.passed;
        now[name] -= 1;
      };
      schedule.define({ name: 'single', run: job('single') });
      schedule.define({ name: 'triple', concurrency: 3, run: job('triple') });
      for (let index = 0; index < 4; index += 1) {
        await schedule.at('single', `${index}`, soon(), null);
        await schedule.at('triple', `${index}`, soon(), null);
      }
      await schedule.start();
      await vi.waitFor(() => expect(now).toEqual({ single: 1, triple: 3 }), patience);
      gate.open();
      await vi.waitFor(async () => expect(await schedule.list()).toEqual([]), patience);
      expect(most).toEqual({ single: 1, triple: 3 });
    });

    it('J15 keeps a long job to one worker, however short the life of its lock', async () => {
      const gate = closedGate();
      let runs = 0;
      const workers = [await open({ lockLifetimeMs: 400 }), await open({ lockLifetimeMs: 400 })];
      for (const worker of workers) {
        worker.define({
          name: 'long',
          run: async () => {
            runs += 1;
            await gate.passed;
          },
        });
      }
      const started = Date.now();
      await workers[0]?.at('long', 'k', soon(), null);
      for (const worker of workers) await worker.start();
      await vi.waitFor(() => expect(Date.now() - started).toBeGreaterThan(2_000), patience);
      expect(runs, 'a plan that runs twice at once').toBe(1);
      gate.open();
      await vi.waitFor(async () => expect(await workers[0]?.list()).toEqual([]), patience);
      expect(runs).toBe(1);
    });
  });

  describe('over time', () => {
    it('J20 keeps jobs while no desk runs, and catches up once, however many moments were missed', async () => {
      const planning = await open();
      await planning.every('note', 'k', everySecond, null);
      const missed = (await only(planning)).nextRunAt ?? soon();
      await planning.stop();
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(missed.getTime() + 3_000), patience);

      const [schedule, runs] = await openNoting();
      await schedule.every('note', 'k', everySecond, null); // as every start-up does
      const started = Date.now();
      await schedule.start();
      await vi.waitFor(() => expect(runs.length).toBeGreaterThanOrEqual(2), patience);
      expect(runs[0]?.dueAt, 'the run stands for the first moment that was missed').toEqual(missed);
      expect(runs.filter(({ dueAt }) => dueAt.getTime() < started)).toHaveLength(1);
    });

    it.each([
      ['single', (schedule: Schedule) => schedule.at('hang', 'k', soon(), null)],
      ['recurring', (schedule: Schedule) => schedule.every('hang', 'k', everySecond, null)],
    ])('J21 does a %s run again that a killed worker left behind', async (_, plan) => {
      const schedule = await open({ lockLifetimeMs: 1_000 });
      await plan(schedule);
      const worker = startChild(hanging, [JSON.stringify(home.request)]);
      const dueAt = await worker.line();
      await worker.kill();

      const runs: string[] = [];
      schedule.define({ name: 'hang', run: async (job) => void runs.push(job.dueAt.toISOString()) });
      await schedule.start();
      await vi.waitFor(() => expect(runs.length).toBeGreaterThanOrEqual(1), patience);
      expect(runs[0], 'for the moment that was cut off').toBe(dueAt);
    });

    it('J22 waits for running jobs when it stops, starts no other, and leaves no lock', async () => {
      const schedule = await open();
      const gate = closedGate();
      const told: string[] = [];
      schedule.define({
        name: 'slow',
        run: async ({ data }) => {
          told.push(`${data} begins`);
          await gate.passed;
          told.push(`${data} ends`);
        },
      });
      await schedule.at('slow', '1', soon(), 'first');
      await schedule.at('slow', '2', soon(), 'second');
      await schedule.start();
      await vi.waitFor(() => expect(told).toHaveLength(1), patience);
      const begun = told[0]?.split(' ')[0];
      const stopped = schedule.stop().then(() => told.push('stopped'));
      gate.open();
      await stopped;
      expect(told).toEqual([`${begun} begins`, `${begun} ends`, 'stopped']);

      const next = await open();
      next.define({ name: 'slow', run: async ({ data }) => void told.push(`${data} later`) });
      await next.start();
      await vi.waitFor(async () => expect(await next.list()).toEqual([]), patience);
      expect(told.at(-1)).toBe(begun === 'first' ? 'second later' : 'first later');
    });

    it('J23 leaves what it had taken ahead to the next desk', async () => {
      const [first, none] = await openNoting({ pollIntervalMs: 3_000 });
      await first.at('note', 'k', soon(1_500), null); // within the poll: it is locked at once, and waits here
      await first.start();
      await first.stop();
      const [second, runs] = await openNoting();
      await second.start();
      await vi.waitFor(() => expect(runs).toHaveLength(1), patience);
      expect(none).toEqual([]);
    });

    it('J24 can be removed and replaced while it runs', async () => {
      const schedule = await open();
      const gate = closedGate();
      let runs = 0;
      schedule.define({
        name: 'busy',
        run: async () => {
          runs += 1;
          await gate.passed;
        },
      });
      await schedule.at('busy', 'moved', soon(), null);
      await schedule.start();
      await vi.waitFor(() => expect(runs).toBe(1), patience);
      const later = soon(3_600_000);
      await schedule.at('busy', 'moved', later, 'again');
      gate.open();
      await schedule.stop();
      expect(await only(schedule), 'the end of the old run must not take the new moment away').toMatchObject({
        nextRunAt: later,
        data: 'again',
      });
    });

    it('J25 logs what fails in the store, and goes on', async () => {
      const lines: string[] = [];
      const note = (_: object, message: string) => void lines.push(message);
      const log: Logger = { debug: note, info: note, warn: note, error: note };
      const [schedule, runs] = await openNoting({ log });
      await schedule.at('note', 'k', soon(), null);
      await store.close();
      await schedule.start();
      await vi.waitFor(() => expect(lines).toContain('the schedule could not do what it should'), patience);
      await schedule.stop();
      expect(runs).toEqual([]);
      store = await openStore(home.request);
      const [again, caught] = await openNoting();
      await again.start();
      await vi.waitFor(() => expect(caught).toHaveLength(1), patience);
    });
  });
}

/** What a test's job waits for until the test opens it. */
function closedGate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}
