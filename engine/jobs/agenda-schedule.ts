/**
 * The schedule on Agenda: on MongoDB through `@agendajs/mongo-backend`, on SQLite through a repository on the store.
 *
 * Durability: a planned job is a document of the store. A run that a dying process left behind is done again when its lock has
 * outlived its lifetime; a living run renews its lock. So a job runs at least once for its moment, and now and then twice.
 */
import type { JobParameters, JobRepository } from 'agenda';
import { Agenda, type Job } from 'agenda';
import { reasonOf, UserError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { MongoStore } from '../store/mongo/store.ts';
import type { Json, Store } from '../store/store.ts';
import { CarefulBackend } from './careful-backend.ts';
import { nextRun } from './recurrence.ts';
import type { JobDefinition, JobSummary, Recurrence, Schedule } from './schedule.ts';
import { StoreJobRepository } from './store-repository.ts';

export interface ScheduleRequest {
  readonly store: Store;
  readonly log: Logger;
  /** How often the store is asked for due jobs. Between two askings known jobs start on time. */
  readonly pollIntervalMs?: number;
  /** After this without a sign of life, a job's worker is taken for dead, and another does it. */
  readonly lockLifetimeMs?: number;
  /** The pause before the first retry. It doubles each time, to half an hour at most. */
  readonly retryPauseMs?: number;
}

const LONGEST_PAUSE_MS = 30 * 60_000;

/** What Agenda keeps as a job's data: the key that makes the job one of a kind, and our data as JSON text, for it may be any JSON. */
interface Envelope {
  readonly key: string;
  readonly json: string;
}

export async function openSchedule({
  store,
  log,
  pollIntervalMs = 5_000,
  lockLifetimeMs = 120_000,
  retryPauseMs = 30_000,
}: ScheduleRequest): Promise<Schedule> {
  const backend = new CarefulBackend(await repositoryFor(store), log);
  return new AgendaSchedule(backend, log, { pollIntervalMs, lockLifetimeMs, retryPauseMs });
}

async function repositoryFor(store: Store): Promise<JobRepository> {
  if (store.kind === 'sqlite') return StoreJobRepository.open(store);
  const { MongoBackend } = await import('@agendajs/mongo-backend');
  const { repository } = new MongoBackend({ mongo: (store as MongoStore).database, collection: 'jobs' });
  await repository.connect();
  return repository;
}

class AgendaSchedule implements Schedule {
  readonly #agenda: Agenda;
  readonly #backend: CarefulBackend;
  readonly #jobs: JobRepository;
  readonly #log: Logger;
  readonly #lockLifetimeMs: number;
  readonly #retryPauseMs: number;

  constructor(
    backend: CarefulBackend,
    log: Logger,
    times: Required<Pick<ScheduleRequest, 'pollIntervalMs' | 'lockLifetimeMs' | 'retryPauseMs'>>,
  ) {
    this.#backend = backend;
    this.#jobs = backend.repository;
    this.#log = log;
    this.#lockLifetimeMs = times.lockLifetimeMs;
    this.#retryPauseMs = times.retryPauseMs;
    this.#agenda = new Agenda({
      backend,
      processEvery: times.pollIntervalMs,
      defaultLockLifetime: times.lockLifetimeMs,
      removeOnComplete: true, // of jobs that have no next moment
    });
    this.#agenda.on('error', (error: Error) => {
      log.error({ reason: reasonOf(error) }, 'the schedule could not do what it should');
    });
  }

  define(definition: JobDefinition): void {
    const { name, retries = 0, concurrency = 1 } = definition;
    this.#agenda.define<Envelope>(name, (job) => this.#backend.during(() => this.#run(definition, job)), {
      concurrency,
      // No more than can run at once: the lock of a job that waits its turn here would grow old.
      lockLimit: concurrency,
      backoff: ({ attempt }) => {
        const failures = (attempt - 1) % (retries + 1);
        return failures < retries ? Math.min(this.#retryPauseMs * 2 ** failures, LONGEST_PAUSE_MS) : null;
      },
    });
  }

  async #run({ name, retries = 0, run }: JobDefinition, job: Job<Envelope>): Promise<void> {
    const { attrs } = job;
    // Agenda counts failures since the last success, over as many moments as there were.
    const failures = (attrs.failCount ?? 0) % (retries + 1);
    // A retry has a moment of its own. The one it stands for is kept as the job's progress, which is else unused and which
    // Agenda stores at the end of each run.
    const dueAt = failures > 0 && attrs.progress ? new Date(attrs.progress) : this.#backend.plannedFor(attrs);

    let renewal: Promise<void> = Promise.resolve();
    const renewing = setInterval(() => {
      renewal = job.touch(attrs.progress).catch((error: unknown) => {
        this.#log.warn(
          { job: name, reason: reasonOf(error) },
          'the lock of a running job could not be renewed',
        );
      });
    }, this.#lockLifetimeMs / 4);
    try {
      await run({ name, data: JSON.parse(attrs.data.json) as Json, dueAt });
      delete attrs.progress;
    } catch (error) {
      if (failures < retries) attrs.progress = dueAt.getTime();
      else delete attrs.progress;
      this.#log.error({ job: name, key: attrs.data.key, dueAt, reason: reasonOf(error) }, 'a job failed');
      throw error instanceof Error ? error : new Error(String(error));
    } finally {
      clearInterval(renewing);
      await renewal; // else it could lock the job again after its end
    }
  }

  async every(name: string, key: string, recurrence: Recurrence, data: Json): Promise<void> {
    const next = nextRun(recurrence, new Date());
    const known = await this.#find(name, key);
    const same = known.find(
      (job) => job.repeatInterval === recurrence.cron && job.repeatTimezone === recurrence.timezone,
    );
    const json = JSON.stringify(data);
    // The same as before: its moment stays, which may have been missed while no desk was running.
    if (same !== undefined && known.length === 1 && same.data.json === json) return;
    await this.#replace(known, {
      ...plain(name),
      repeatInterval: recurrence.cron,
      repeatTimezone: recurrence.timezone,
      nextRunAt: same === undefined || same.lockedAt ? next : (same.nextRunAt ?? next),
      disabled: known.some(({ disabled }) => disabled === true),
      data: { key, json },
    });
  }

  async at(name: string, key: string, when: Date, data: Json): Promise<void> {
    if (Number.isNaN(when.getTime())) throw new UserError(`the time of the job ${name} ${key} is not a time`);
    const known = await this.#find(name, key);
    await this.#replace(known, {
      ...plain(name),
      nextRunAt: when,
      data: { key, json: JSON.stringify(data) },
    });
  }

  /**
   * A new job in place of the old ones, which may be running: Agenda writes into a running job when it ends.
   * First the new one, so that a death in between leaves one too many, never none.
   */
  async #replace(known: readonly KnownJob[], job: JobParameters<Envelope>): Promise<void> {
    await this.#jobs.saveJob(job, undefined);
    await this.#removeAll(known);
    // Another desk may have planned it at the same instant. Both keep the same one.
    const rivals = await this.#find(job.name, job.data.key);
    const newest = rivals
      .map(({ _id }) => _id)
      .sort()
      .at(-1);
    await this.#removeAll(rivals.filter(({ _id }) => _id !== newest));
  }

  async runNow(name: string, key: string): Promise<void> {
    const [job] = await this.#known(name, key);
    const once = `${key} at once ${new Date().toISOString()}`;
    await this.#jobs.saveJob(
      { ...plain(name), nextRunAt: new Date(), data: { key: once, json: job.data.json } },
      undefined,
    );
  }

  async setPaused(name: string, key: string, paused: boolean): Promise<void> {
    const known = await this.#known(name, key);
    const ids = known.map(({ _id }) => _id);
    if (paused) {
      await this.#jobs.disableJobs({ ids });
      return;
    }
    for (const { state: _, ...job } of known) {
      const { repeatInterval, repeatTimezone, nextRunAt } = job;
      if (repeatInterval === undefined || !nextRunAt || nextRunAt > new Date()) continue;
      // What it missed while it was paused is not made up for.
      const rule = { cron: String(repeatInterval), timezone: repeatTimezone ?? 'UTC' };
      await this.#jobs.saveJob({ ...job, nextRunAt: nextRun(rule, new Date()) }, undefined);
    }
    await this.#jobs.enableJobs({ ids });
  }

  /** @throws UserError when there is no such job */
  async #known(name: string, key: string): Promise<[KnownJob, ...KnownJob[]]> {
    const [first, ...others] = await this.#find(name, key);
    if (!first) throw new UserError(`There is no job ${name} "${key}". /job list shows them.`);
    return [first, ...others];
  }

  async remove(name: string, key: string): Promise<void> {
    await this.#removeAll(await this.#find(name, key));
  }

  async #removeAll(jobs: readonly KnownJob[]): Promise<void> {
    if (jobs.length > 0) await this.#jobs.removeJobs({ ids: jobs.map(({ _id }) => _id) });
  }

  async #find(name: string, key: string): Promise<KnownJob[]> {
    const { jobs } = await this.#jobs.queryJobs({ name, data: { key } });
    return jobs as KnownJob[];
  }

  async list(): Promise<readonly JobSummary[]> {
    const { jobs } = await this.#jobs.queryJobs({ sort: { name: 'asc', nextRunAt: 'asc' } });
    return (jobs as KnownJob[]).map(
      ({
        name,
        data,
        nextRunAt,
        lastRunAt,
        lastFinishedAt,
        failReason,
        failCount = 0,
        disabled = false,
      }) => ({
        name,
        key: data.key,
        paused: disabled,
        data: JSON.parse(data.json) as Json,
        nextRunAt,
        lastRunAt: lastRunAt ?? null,
        lastFinishedAt: lastFinishedAt ?? null,
        failReason: failCount > 0 ? (failReason ?? null) : null, // Agenda keeps it when a run succeeds afterwards
        failCount,
      }),
    );
  }

  async start(): Promise<void> {
    await this.#agenda.start();
  }

  async stop(): Promise<void> {
    this.#backend.close();
    await this.#lettingGo(() => this.#agenda.stop(false));
    await this.#backend.settled();
    await this.#lettingGo(() => this.#backend.releaseAll());
  }

  /** A lock that cannot be let go runs out by itself: no reason to stop stopping. */
  async #lettingGo(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.warn({ reason: reasonOf(error) }, 'the locks of jobs could not be let go');
    }
  }
}

type KnownJob = JobParameters<Envelope> & { readonly _id: string; readonly state?: unknown };

function plain(name: string): { name: string; type: 'normal'; priority: 0 } {
  return { name, type: 'normal', priority: 0 };
}
