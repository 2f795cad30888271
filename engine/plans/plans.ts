/**
 * Plans at work: at their moments each runs its strategy over its history, and what the strategy ordered on the newest bar
 * goes to the book's broker, once.
 *
 * A moment is a trading day and a time of a plan, and has one run: however many desks share the store, and however often
 * the schedule says so. Those that went by while no desk was running are skipped and told, when they are too long ago.
 */
import { randomBytes } from 'node:crypto';
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { type Executor, toldFill } from '../execution/executor.ts';
import type { Operations } from '../execution/operations.ts';
import { Interrupted, type Sleep, systemSleep } from '../execution/patience.ts';
import type { Schedule } from '../jobs/schedule.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import type { Calendar } from '../market/calendars/calendar.ts';
import { calendar as calendarNamed } from '../market/calendars/index.ts';
import type { Backtests, WorkOptions } from '../reports/backtests.ts';
import type { RunRecord, Runs } from '../reports/runs.ts';
import type { Strategies } from '../reports/strategies.ts';
import { DuplicateKeyError, type Store } from '../store/store.ts';
import { PlanClaims } from './claims.ts';
import {
  decidesOtherwise,
  isEnabled,
  PlanDefinitions,
  type PlanState,
  type PlanVersion,
} from './definitions.ts';
import { type Moment, momentsAfter, momentsBetween } from './moments.ts';
import { PlanOrders } from './orders.ts';
import { type PlanSettings, planSettings } from './plan.ts';
import { DataChanged, isBroken, PlanRunner, type RunOrder } from './plan-run.ts';
import type { PlanOrder, PlanRunReport } from './report.ts';
import { type PlanRun, PlanRuns } from './run-records.ts';

export type { PlanVersion } from './definitions.ts';
export type { Moment } from './moments.ts';
export type { PlanOrder, PlanRunReport } from './report.ts';
export type { PlanRun } from './run-records.ts';

export interface PlanReport {
  readonly settings: PlanSettings;
  /** Where it comes from: a file of the configuration, or chat. */
  readonly origin: PlanState['origin'];
  readonly version: number;
  readonly enabled: boolean;
  /** Why it stopped by itself; null when it did not. */
  readonly stopped: string | null;
  /** Whether the dry run of what it is now has passed. */
  readonly rehearsed: boolean;
  readonly tradeStart: string | null;
  /** Null when it runs only by hand, or is disabled. */
  readonly nextRunAt: Date | null;
  readonly lastRun: RunRecord | undefined;
  /** Orders that wait. */
  readonly waiting: number;
}

/** What somebody asks for, still unchecked: values by the keys of a file, as `schedule.times`. */
export type PlanDraft = Readonly<Record<string, unknown>>;

export interface PlansParts {
  /** Of files. */
  readonly settings: readonly PlanSettings[];
  readonly backtests: Backtests;
  readonly runs: Runs;
  readonly strategies: Strategies;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly outbox: Outbox;
  readonly schedule: Schedule;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sleep?: Sleep;
  readonly isCompared?: (broker: string) => boolean;
}

const jobName = 'plan';
const watchJob = { name: 'plan-watch', key: 'every minute', at: { cron: '* * * * *', timezone: 'UTC' } };
/** Plans whose runs go side by side. */
const concurrentRuns = 8;

export class Plans {
  readonly #parts: PlansParts;
  readonly #definitions: PlanDefinitions;
  readonly #planRuns: PlanRuns;
  readonly #claims: PlanClaims;
  readonly #orders: PlanOrders;
  readonly #runner: PlanRunner;
  readonly #sleep: Sleep;
  readonly #calendars = new Map<string, Calendar>();
  /** What this process does for one plan waits for each other. */
  readonly #lanes = new Lanes();
  readonly #stopping = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];

  private constructor(
    parts: PlansParts,
    stored: { definitions: PlanDefinitions; planRuns: PlanRuns; claims: PlanClaims },
  ) {
    this.#parts = parts;
    this.#sleep = parts.sleep ?? systemSleep;
    this.#definitions = stored.definitions;
    this.#planRuns = stored.planRuns;
    this.#claims = stored.claims;
    const { books, brokers, executor, operations, clock, log, isCompared = () => true } = parts;
    const sleep = this.#sleep;
    this.#orders = new PlanOrders({
      ...{ books, brokers, executor, operations, clock, log, sleep, isCompared },
      runs: stored.planRuns,
    });
    const { backtests, runs, strategies, outbox } = parts;
    this.#runner = new PlanRunner({
      ...{ backtests, runs, strategies, books, executor, operations, outbox, clock, log, sleep },
      definitions: stored.definitions,
      planRuns: stored.planRuns,
      orders: this.#orders,
    });
  }

  static async open(parts: PlansParts): Promise<Plans> {
    const { store, clock, log, sleep = systemSleep } = parts;
    const definitions = await PlanDefinitions.open(store, clock);
    const claims = await PlanClaims.open({ store, clock, log, sleep });
    const plans = new Plans(parts, { definitions, planRuns: await PlanRuns.open(store), claims });
    await plans.#applyFiles(parts.settings);
    return plans;
  }

  names(): readonly string[] {
    return this.#definitions.list().map(({ _id }) => _id);
  }

  /** @throws UserError when there is no such plan */
  settings(name: string): PlanSettings {
    return this.#definitions.get(name).settings;
  }

  /**
   * Puts the plans' next moments on the schedule, and listens for brokers that become ready. Comes before the schedule
   * starts.
   * @param alone no other desk shares the store: what one left in hand is nobody's
   */
  async plan({ alone = true }: { readonly alone?: boolean } = {}): Promise<void> {
    const { schedule, brokers, outbox, clock } = this.#parts;
    if (alone) {
      await this.#claims.releaseAll();
      await this.#planRuns.closeAbandoned(clock.now(), stamp(clock));
    }
    schedule.define({
      name: jobName,
      concurrency: concurrentRuns,
      run: ({ data, dueAt }) => this.#onMoment(data as unknown as MomentData, dueAt),
    });
    schedule.define({ name: watchJob.name, run: () => this.watch() });
    await this.#arm();
    await schedule.every(watchJob.name, watchJob.key, watchJob.at, null);
    for (const broker of brokers.values()) {
      this.#unsubscribe.push(
        broker.subscribe({ onStatus: ({ state }) => (state === 'ready' ? this.watchSoon() : undefined) }),
      );
    }
    // A fill of what rested may be what an entry waits for, or what has to be protected.
    this.#unsubscribe.push(
      outbox.onPublished(({ type }) => {
        if (type === 'order.filled') this.watchSoon();
      }),
    );
  }

  /** Ends all waiting; what is in hand is finished or left where it can be taken up again. */
  async stop(): Promise<void> {
    for (const stopListening of this.#unsubscribe.splice(0)) stopListening();
    this.#stopping.abort(new Interrupted());
    await this.#lanes.idle();
  }

  /** Goes by other files from now on. @throws UserError when one has the name of a plan that was made in chat */
  async apply(settings: readonly PlanSettings[]): Promise<void> {
    await this.#applyFiles(settings);
    await this.#arm();
  }

  /** What a plan sees otherwise since its file changed is no correction of its history. */
  async #applyFiles(settings: readonly PlanSettings[]): Promise<void> {
    const changed = await this.#definitions.applyFiles(settings);
    for (const name of changed) await this.#planRuns.forgetBars(name);
  }

  async list(): Promise<readonly PlanReport[]> {
    await this.#definitions.refresh();
    return Promise.all(this.#definitions.list().map((state) => this.#report(state)));
  }

  /** @throws UserError when there is no such plan */
  async show(name: string): Promise<PlanReport> {
    await this.#definitions.refresh();
    return this.#report(this.#definitions.get(name));
  }

  /** The next moments of a plan. @throws UserError when there is no such plan */
  moments(name: string, limit: number): readonly Moment[] {
    const { settings } = this.#definitions.get(name);
    return this.momentsOf(settings, limit);
  }

  /** The next moments of what may become a plan. */
  momentsOf(settings: PlanSettings, limit: number): readonly Moment[] {
    return momentsAfter(settings, this.#calendar(settings), this.#parts.clock.now(), limit);
  }

  /**
   * What a plan would be. Nothing is stored.
   * @throws UserError for whatever is wrong with it, naming each setting
   */
  async check(draft: PlanDraft): Promise<PlanSettings> {
    return this.#checked(parsed({}, draft));
  }

  async #checked(settings: PlanSettings): Promise<PlanSettings> {
    const { books, backtests, strategies } = this.#parts;
    const { strategy, symbols, source, book, name } = settings;
    await strategies.find(strategy);
    await backtests.knownSymbols({ symbols, source });
    if (books.settings(book).handler) {
      throw new UserError(
        `The book "${book}" is traded by its handler already: give the plan one of its own.`,
      );
    }
    const other = this.#definitions
      .list()
      .find(({ _id, settings: known }) => known.book === book && _id !== name);
    if (other) {
      throw new UserError(
        `The plan "${other._id}" trades for the book "${book}" already: each needs its own.`,
      );
    }
    return settings;
  }

  /**
   * Makes a plan, which is disabled until its dry run has passed.
   * @throws UserError as `check`, and when there is a plan of that name
   */
  async create(draft: PlanDraft, by: string): Promise<PlanReport> {
    const settings = await this.check(draft);
    const state = await this.#definitions.create(settings, by);
    await this.#planRuns.forgetBars(settings.name); // of a plan that had its name
    await this.#arm();
    return this.#report(state);
  }

  /**
   * What a plan would be with other settings. Nothing is stored.
   * @throws UserError as `check`, and when its file would have to be changed
   */
  async checkChange(
    name: string,
    changes: PlanDraft,
  ): Promise<{ readonly before: PlanSettings; readonly after: PlanSettings }> {
    await this.#definitions.refresh();
    const { settings: before } = this.#definitions.get(name);
    for (const key of ['name', 'book']) {
      if (key in changes)
        throw new UserError(`A plan keeps its ${key}: its runs and orders are kept with it.`);
    }
    return { before, after: await this.#checked(parsed(before, changes)) };
  }

  /**
   * Changes a plan that was made in chat; what it was is kept. What decides its orders makes a new dry run necessary.
   * @throws UserError as `checkChange`
   */
  async set(name: string, changes: PlanDraft, by: string): Promise<PlanReport> {
    const { after } = await this.checkChange(name, changes);
    const before = this.#definitions.get(name);
    if (before.origin === 'file') {
      throw new UserError(
        `The plan "${name}" is a file: change it there, or with /config set plans/${name}.`,
      );
    }
    const decides = decidesOtherwise(before.settings, after);
    const state = await this.#definitions.set(after, by, {
      ...(decides
        ? { enabled: false }
        : before.rehearsed === before.version && { rehearsed: before.version + 1 }),
    });
    if (decides) await this.#planRuns.forgetBars(name);
    await this.#arm();
    return this.#report(state);
  }

  /** @throws UserError when there is no such plan, or its dry run has not passed yet */
  async setEnabled(name: string, enabled: boolean): Promise<PlanReport> {
    await this.#definitions.refresh();
    const before = this.#definitions.get(name);
    const { _id, origin, rehearsed, version, stopped } = before;
    if (enabled && origin === 'chat' && rehearsed !== version) {
      throw new UserError(
        `The dry run of "${_id}" as it is now has not passed yet: /plan dryrun ${_id} first.`,
      );
    }
    // Who enables it after its history was corrected goes on with the new one.
    if (enabled && stopped !== null) await this.#planRuns.forgetBars(_id);
    const at = stamp(this.#parts.clock);
    const state = await this.#definitions.change(_id, () => ({
      enabled,
      ...(enabled && { stopped: null, failures: 0, watchedUntil: at }),
    }));
    await this.#arm();
    return this.#report(state);
  }

  /**
   * Takes it off the list, after a run that is being made; its runs and versions stay.
   * @throws UserError when it is a file, or there is none
   */
  async delete(name: string): Promise<void> {
    await this.#definitions.refresh();
    const { _id, origin, settings } = this.#definitions.get(name);
    if (origin === 'file') {
      throw new UserError(
        `The plan "${_id}" is a file in plans/ of the configuration: delete it there, or /plan disable ${_id}.`,
      );
    }
    await this.#inTurn(_id, async () => {
      await this.#orders.cancelOpen({ plan: settings, calendar: undefined }, 'the end of its plan');
      await this.#definitions.change(_id, () => ({ deleted: true, enabled: false }));
    });
    await this.#arm();
  }

  /**
   * Runs a plan now. The event that tells of it carries `request`, by which whoever wished for it knows it again.
   * @throws UserError when there is no such plan, or its strategy or data are wrong: then no order was sent
   */
  async run(
    name: string,
    { by, request, ...work }: WorkOptions & { readonly by: string; readonly request?: string },
  ): Promise<PlanRunReport> {
    await this.#definitions.refresh();
    const { _id, settings } = this.#definitions.get(name);
    const order: RunOrder = { run: newId(_id), kind: 'hand', by, ...(request !== undefined && { request }) };
    return this.#inTurn(_id, async () => {
      try {
        return await this.#performed(_id, order, work);
      } catch (error) {
        if (error instanceof DataChanged) await this.#stopPlan(settings, reasonOf(error), order.run);
        throw error;
      }
    });
  }

  /**
   * What a run would do now. No order is stored, sent or cancelled, and what its strategy keeps stays as it is.
   * @throws UserError when there is no such plan, or its strategy or data are wrong
   */
  async dryRun(name: string, { by, ...work }: WorkOptions & { readonly by: string }): Promise<PlanRunReport> {
    await this.#definitions.refresh();
    const state = this.#definitions.get(name);
    const order: RunOrder = { run: newId(`${state._id}-dry`), kind: 'dry', by };
    const report = await this.#runner.perform(
      state,
      this.#calendar(state.settings),
      order,
      this.#working(work),
    );
    await this.#definitions.change(state._id, () => ({ rehearsed: state.version }));
    return report;
  }

  /** Sends what waits, as far as it may go by now. @throws UserError when there is no such plan */
  async sendWaiting(name: string): Promise<readonly PlanOrder[]> {
    const { _id } = this.#definitions.get(name);
    return this.#inTurn(_id, async () => {
      await this.#sendWaiting(_id);
      return (await this.#runner.outcomes(await this.#planRuns.waiting(_id))).shown;
    });
  }

  /** What waits to be sent. @throws UserError when there is no such plan */
  async waiting(name: string): Promise<readonly PlanOrder[]> {
    await this.#definitions.refresh();
    return (await this.#runner.outcomes(await this.#planRuns.waiting(this.#definitions.get(name)._id))).shown;
  }

  /** The newest first. @throws UserError when there is no such plan */
  history(name: string, limit: number): Promise<readonly PlanRun[]> {
    return this.#planRuns.runsOf(this.#definitions.get(name)._id, limit);
  }

  /** A run with its log; the newest where none is named. @throws UserError when there is none */
  async runOf(name: string, run: string | undefined): Promise<PlanRun> {
    const { _id } = this.#definitions.get(name);
    const found =
      run === undefined ? (await this.#planRuns.runsOf(_id, 1))[0] : await this.#planRuns.run(run);
    if (found?.plan === _id) return found;
    throw new UserError(
      run === undefined
        ? `The plan "${_id}" has not run yet.`
        : `The plan "${_id}" has no run "${run}". /plan history ${_id} shows them.`,
    );
  }

  /** What its runs wanted and what became of it, the newest first. @throws UserError when there is no such plan */
  async orders(name: string, limit: number): Promise<readonly PlanOrder[]> {
    const { _id } = this.#definitions.get(name);
    return (await this.#runner.outcomes(await this.#planRuns.ordersOf(_id, limit))).shown;
  }

  /** The newest first. @throws UserError when there is no such plan */
  versions(name: string): Promise<readonly PlanVersion[]> {
    return this.#definitions.versions(this.#definitions.get(name)._id);
  }

  /** Looks after all plans: orders that wait, positions to protect, moments that nobody put on the schedule. */
  async watch(): Promise<void> {
    await this.#definitions.refresh();
    for (const state of this.#definitions.list()) {
      try {
        await this.#watchOne(state);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        // The others are looked after all the same: what is wrong may be wrong with this one alone.
        this.#parts.log.error(
          { plan: state._id, error: reasonOf(error) },
          'the orders of a plan could not be looked after',
        );
      }
    }
    await this.#arm();
  }

  async #watchOne({ _id, settings, protection }: PlanState): Promise<void> {
    const waits = (await this.#planRuns.waiting(_id)).length > 0;
    if (!waits && protection.length === 0) return;
    if (this.#isElsewhere(settings)) return; // that desk looks after them
    await this.#lanes.run(_id, () => this.#claims.ifFree(`turn:${_id}`, () => this.#sendWaiting(_id)));
  }

  /** As `watch`, and nobody waits for it. */
  watchSoon(): void {
    void this.watch().catch(this.#logged('the orders of plans could not be looked after'));
  }

  async #report(state: PlanState): Promise<PlanReport> {
    const { settings, origin, version, stopped, rehearsed, tradeStart, _id } = state;
    const enabled = isEnabled(state);
    return {
      ...{ settings, origin, version, enabled, stopped },
      rehearsed: rehearsed === version,
      tradeStart: settings.tradeStart ?? tradeStart,
      nextRunAt: enabled ? (this.momentsOf(settings, 1)[0]?.at ?? null) : null,
      lastRun: await this.#parts.runs.latestOf(_id),
      waiting: (await this.#planRuns.waiting(_id)).length,
    };
  }

  /** One job for each enabled plan: its next moment. Others are taken off the schedule. */
  async #arm(): Promise<void> {
    const { schedule, clock } = this.#parts;
    const jobs = (await schedule.list()).filter(({ name }) => name === jobName);
    const states = this.#definitions.list().filter(isEnabled);
    const wanted = new Map(
      states.flatMap((state) => {
        const since = new Date(state.watchedUntil);
        const [next] = momentsAfter(state.settings, this.#calendar(state.settings), since, 1);
        return next ? [[state._id, next] as const] : [];
      }),
    );
    for (const { key } of jobs)
      if (!wanted.has(key) && !key.includes(' at once ')) await schedule.remove(jobName, key);
    for (const [plan, { at, session, time }] of wanted) {
      const data: MomentData = { plan, session, time, at: at.toISOString() };
      const known = jobs.find(({ key }) => key === plan);
      const isSame = known && sameMoment(known.data as Partial<MomentData> | null, data);
      // One that is due already is being run, or will be in a moment. One without a next time was cut off: it is run again.
      if (isSame && known.nextRunAt && (known.nextRunAt <= clock.now() || +known.nextRunAt === +at)) continue;
      if (known?.paused) continue;
      await schedule.at(jobName, plan, at, { ...data });
    }
  }

  /** A moment has come, or somebody runs its job by hand. */
  async #onMoment({ plan, at }: MomentData, dueAt: Date): Promise<void> {
    await this.#definitions.refresh();
    const state = this.#definitions.list().find(({ _id }) => _id === plan);
    if (!state || !isEnabled(state)) return;
    const { settings, watchedUntil } = state;
    // A timer may come a moment before its time.
    const now = new Date(Math.max(this.#parts.clock.now().getTime(), dueAt.getTime()));
    const due = momentsBetween(settings, this.#calendar(settings), new Date(watchedUntil), now);
    const newest = due.at(-1);
    if (!newest) {
      if (Date.parse(at) > now.getTime())
        await this.#scheduled(state, { run: newId(plan), kind: 'scheduled', by: 'schedule' });
      return;
    }
    const isLate = now.getTime() - newest.at.getTime() > settings.graceSeconds * 1000;
    const skipped = isLate ? due : due.slice(0, -1);
    const isDone = isLate || (await this.#claimed(state, newest));
    if (skipped.length > 0) await this.#skip(state, skipped, now);
    // Whoever does it says so at its end. Until then it is looked after: that desk may be stopped over it.
    if (!isDone) return;
    await this.#definitions.change(plan, (current) => ({
      watchedUntil: later(current.watchedUntil, newest.at.toISOString()),
    }));
    await this.#arm();
  }

  /** A moment has one run. One that was begun and never came to its end is made again: its orders have their own keys. */
  async #claimed(state: PlanState, moment: Moment): Promise<boolean> {
    const claim = claimOf(state._id, moment);
    return this.#claims.once(claim, async () => {
      const run = await this.#freeId(claim);
      await this.#scheduled(state, { run, kind: 'scheduled', by: 'schedule', moment });
    });
  }

  /** The claim's own name, or with a number where an earlier attempt was cut off. */
  async #freeId(claim: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const run = attempt === 1 ? claim : `${claim}-${attempt}`;
      if (!(await this.#parts.runs.get(run))) return run;
    }
  }

  async #scheduled(state: PlanState, order: RunOrder): Promise<void> {
    const { outbox } = this.#parts;
    const { _id, settings } = state;
    try {
      const report = await this.#inTurn(_id, () => this.#performed(_id, order, {}));
      const broken = report.orders.filter((each) => isBroken(each.state));
      const [first] = broken;
      if (!first) return void (await this.#definitions.change(_id, () => ({ failures: 0 })));
      await this.#failed(
        state,
        `${first.side} ${first.quantity} ${first.symbol}: ${first.reason ?? first.state}`,
      );
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      if (!this.#definitions.list().some((known) => known._id === _id)) return; // deleted meanwhile: nobody asks
      const reason = reasonOf(error);
      await outbox.publish(
        { type: 'run.failed', run: order.run, plan: _id, reason },
        `run.failed:${order.run}`,
      );
      if (error instanceof DataChanged) await this.#stopPlan(settings, reason, order.run);
      else await this.#failed(state, reason);
      if (!(error instanceof UserError)) throw error;
    }
  }

  async #performed(name: string, order: RunOrder, work: WorkOptions): Promise<PlanRunReport> {
    await this.#definitions.refresh();
    const state = this.#definitions.get(name);
    return this.#runner.perform(state, this.#calendar(state.settings), order, this.#working(work));
  }

  /** Counts one more failure in a row; at the last the plan stops. */
  async #failed({ _id, settings }: PlanState, reason: string): Promise<void> {
    const { failures } = await this.#definitions.change(_id, (state) => ({ failures: state.failures + 1 }));
    if (failures < settings.stopAfterFailures) return;
    await this.#stopPlan(
      settings,
      `${failures} of its runs in a row have failed. The last: ${reason}`,
      `${_id}:${stamp(this.#parts.clock)}`,
    );
  }

  async #stopPlan({ name, book }: PlanSettings, reason: string, key: string): Promise<void> {
    await this.#definitions.change(name, () => ({ stopped: reason }));
    await this.#parts.outbox.publish({ type: 'run.stopped', plan: name, book, reason }, `run.stopped:${key}`);
  }

  /** Says once which moments went by, and writes them down. */
  async #skip({ _id, settings, version }: PlanState, moments: readonly Moment[], now: Date): Promise<void> {
    const { outbox, books, clock } = this.#parts;
    const [first] = moments;
    const last = moments.at(-1);
    if (!first || !last) return;
    const { broker: account } = books.settings(settings.book);
    const why = await this.#whySkipped(_id, settings, last, now);
    for (const moment of moments.slice(-50)) {
      try {
        await this.#planRuns.begin({
          _id: claimOf(_id, moment),
          plan: _id,
          book: settings.book,
          account,
          kind: 'scheduled',
          by: 'schedule',
          session: moment.session,
          time: moment.time,
          startedAt: stamp(clock),
          finishedAt: stamp(clock),
          state: 'skipped',
          reason: why,
          settings,
          version,
          codeHash: null,
          inputHash: null,
          newestBar: null,
          tradeStart: null,
          data: [],
          log: [],
        });
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error; // it ran, or another desk has written it down
      }
    }
    const missed =
      moments.length === 1
        ? `The run of ${last.session} ${last.time} was missed.`
        : `${moments.length} runs were missed, from ${first.session} ${first.time} to ${last.session} ${last.time}.`;
    await outbox.publish(
      { type: 'run.skipped', plan: _id, book: settings.book, reason: `${missed} ${why}` },
      `run.skipped:${claimOf(_id, last)}`,
    );
  }

  async #whySkipped(
    plan: string,
    { graceSeconds }: PlanSettings,
    { at }: Moment,
    now: Date,
  ): Promise<string> {
    const before = await this.#planRuns.runAt(plan, at);
    if (before) {
      const tookMs = Date.parse(before.finishedAt ?? now.toISOString()) - Date.parse(before.startedAt);
      return `The run before was still going on: it took ${spanText(tookMs)}, longer than the time between two.`;
    }
    const lateMs = now.getTime() - at.getTime();
    const isLate = lateMs > graceSeconds * 1000;
    const then = isLate
      ? `later than the grace of ${graceSeconds} s`
      : 'when a newer one was due, which was made';
    return `The desk was not running, and came back ${spanText(lateMs)} after it, ${then}.`;
  }

  /** With the plan's turn: orders that may go by now, and what rests at the broker. */
  async #sendWaiting(name: string): Promise<void> {
    const { outbox, books } = this.#parts;
    const { settings: plan, protection } = this.#definitions.get(name);
    const scene = { plan, calendar: this.#calendar(plan) };
    const ended = await this.#orders.sendWaiting(scene, this.#stopping.signal);
    await this.#orders.protect(scene, protection);
    const last = ended.at(-1);
    if (!last) return;
    const { shown, fills } = await this.#runner.outcomes(ended);
    const sent = ended.filter(({ state }) => state === 'sent').length;
    const { broker: account, cash, equity, currency } = await books.show(plan.book);
    await outbox.publish(
      {
        type: 'run.sent',
        ...{ run: last.run, plan: name, book: plan.book, account, sent },
        givenUp: ended.length - sent,
        notes: shown
          .filter(({ state }) => isBroken(state) || state === 'expired')
          .map(
            ({ side, quantity, symbol, reason }) =>
              `Not sent: ${side} ${quantity} ${symbol}. ${reason ?? ''}`,
          ),
        fills: fills.map(toldFill),
        capital: { cash, equity, currency },
      },
      `run.sent:${last._id}:${last.updatedAt}`,
    );
  }

  #isElsewhere({ book }: PlanSettings): boolean {
    const { books, brokers } = this.#parts;
    return brokers.get(books.settings(book).broker)?.status().elsewhere ?? false;
  }

  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#lanes.run(name, () => this.#claims.inTurn(`turn:${name}`, work, this.#stopping.signal));
  }

  #logged(what: string): (error: unknown) => void {
    return (error) => {
      if (error instanceof Interrupted) return;
      this.#parts.log.error({ error: reasonOf(error) }, what);
    };
  }

  /** The desk's stop ends the work, too. */
  #working({ signal, ...work }: WorkOptions): WorkOptions {
    const { signal: stopping } = this.#stopping;
    return { ...work, signal: signal ? AbortSignal.any([signal, stopping]) : stopping };
  }

  #calendar({ calendar: name }: PlanSettings): Calendar | undefined {
    if (name === undefined) return undefined;
    const known = this.#calendars.get(name) ?? calendarNamed(name);
    this.#calendars.set(name, known);
    return known;
  }
}

/** What the job of a plan carries: its next moment. */
interface MomentData {
  readonly plan: string;
  readonly session: string;
  readonly time: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The settings with values at some of their keys; undefined takes a key away. @throws UserError naming what is wrong */
function parsed(before: object, draft: PlanDraft): PlanSettings {
  const whole = structuredClone(before) as Record<string, unknown>;
  for (const [key, value] of Object.entries(draft)) {
    const path = key.split('.');
    const last = path.pop() ?? '';
    let section = whole;
    for (const name of path) {
      section[name] = { ...((section[name] ?? {}) as object) };
      section = section[name] as Record<string, unknown>;
    }
    if (value === undefined) delete section[last];
    else section[last] = value;
  }
  const result = planSettings.safeParse(whole);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new UserError(`The plan is not right: ${issues.join('; ')}.`);
}

function claimOf(plan: string, { session, time }: Pick<Moment, 'session' | 'time'>): string {
  return `${plan}-${session}-${time.replaceAll(':', '')}`;
}

function sameMoment(a: Partial<MomentData> | null, b: MomentData): boolean {
  return a?.plan === b.plan && a.session === b.session && a.time === b.time;
}

/** `40 s`, `3 min`, `26 h`. */
function spanText(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function newId(begins: string): string {
  return `${begins}-${randomBytes(5).toString('hex')}`;
}
