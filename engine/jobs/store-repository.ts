/**
 * Agenda's jobs in a store of ours, with nothing but its contract: a job is found, and locked by compare-and-set.
 *
 * There are dozens of jobs at most, so whatever Agenda asks for that is not the next job due is answered from all of them.
 */
import { randomBytes } from 'node:crypto';
import type {
  JobParameters,
  JobRepository,
  JobRepositoryOptions,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  JobWithState,
  RemoveJobsOptions,
} from 'agenda';
import { computeJobState, toJobId } from 'agenda';
import type { Collection, Json, Store } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';

interface JobRecord {
  readonly _id: string;
  readonly name: string;
  readonly data: Json;
  readonly priority: number;
  readonly repeatInterval: string | null;
  readonly repeatTimezone: string | null;
  readonly nextRunAt: string | null;
  readonly lockedAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastFinishedAt: string | null;
  readonly failedAt: string | null;
  readonly failCount: number | null;
  readonly failReason: string | null;
  readonly progress: number | null;
  readonly disabled: boolean;
}

const jobRecords = defineCollection<JobRecord>('jobs', {
  indexes: [
    ['name', 'nextRunAt'],
    ['name', 'lockedAt'],
  ],
});

export class StoreJobRepository implements JobRepository {
  readonly #jobs: Collection<JobRecord>;
  #given = 0;

  private constructor(jobs: Collection<JobRecord>) {
    this.#jobs = jobs;
  }

  static async open(store: Store): Promise<StoreJobRepository> {
    return new StoreJobRepository(await store.collection(jobRecords));
  }

  async connect(): Promise<void> {}

  async getNextJobToRun(
    name: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now = new Date(),
  ): Promise<JobParameters | undefined> {
    for (;;) {
      const job = await this.#firstDue(name, nextScanAt, lockDeadline);
      if (job === undefined) return undefined;
      const locked = await this.#lock(job, now);
      if (locked !== undefined) return parametersOf(locked);
      // Another worker took it between finding and locking: look for the next one.
    }
  }

  /** The earliest of those that nobody has locked, and of those whose lock has outlived its lifetime. */
  async #firstDue(name: string, nextScanAt: Date, lockDeadline: Date): Promise<JobRecord | undefined> {
    const first = { sort: [['nextRunAt', 'ascending']], limit: 1 } as const;
    const [free] = await this.#jobs.find(
      { name, disabled: false, lockedAt: null, nextRunAt: { lte: nextScanAt.toISOString() } },
      first,
    );
    const [abandoned] = await this.#jobs.find(
      { name, disabled: false, lockedAt: { lte: lockDeadline.toISOString() } },
      first,
    );
    if (free === undefined || abandoned === undefined) return free ?? abandoned;
    return (abandoned.nextRunAt ?? '') <= (free.nextRunAt ?? '') ? abandoned : free;
  }

  #lock({ _id, lockedAt, nextRunAt }: JobRecord, now: Date): Promise<JobRecord | undefined> {
    return this.#jobs.update(_id, { lockedAt, nextRunAt, disabled: false }, { lockedAt: now.toISOString() });
  }

  async lockJob(job: JobParameters): Promise<JobParameters | undefined> {
    const nextRunAt = textOf(job.nextRunAt);
    const locked = await this.#jobs.update(
      String(job._id),
      { name: job.name, lockedAt: null, nextRunAt, disabled: false },
      { lockedAt: new Date().toISOString() },
    );
    return locked && parametersOf(locked);
  }

  async unlockJob({ _id }: JobParameters): Promise<void> {
    await this.#jobs.update(String(_id), { nextRunAt: { exists: true } }, { lockedAt: null });
  }

  async unlockJobs(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#jobs.update(id, {}, { lockedAt: null });
  }

  /** @throws Error when the job is not there any more */
  async saveJobState(job: JobParameters): Promise<void> {
    const saved = await this.#jobs.update(String(job._id), { name: job.name }, stateOf(job));
    if (saved === undefined) throw new Error(`the job ${job.name} is not there any more`);
  }

  async saveJob<DATA = unknown>(
    job: JobParameters<DATA>,
    _options?: JobRepositoryOptions,
  ): Promise<JobParameters<DATA>> {
    if (job.unique !== undefined || job.type === 'single') {
      throw new Error(
        'this repository keeps plain jobs only: the schedule sees to it that a job is there once',
      );
    }
    const { _id, ...fields } = recordOf(job, job._id ?? this.#newId());
    if (job._id === undefined) await this.#jobs.insert({ _id, ...fields });
    else await this.#jobs.update(_id, {}, fields);
    return { ...job, _id: toJobId(_id) };
  }

  /** Grows with time, as an ObjectId does: of two jobs, the greater id is the newer one. */
  #newId(): string {
    this.#given += 1;
    const count = String(this.#given).padStart(8, '0');
    return `${new Date().toISOString()}-${count}-${randomBytes(4).toString('hex')}`;
  }

  async getJobById(id: string): Promise<JobParameters | null> {
    const job = await this.#jobs.get(id);
    return job === undefined ? null : parametersOf(job);
  }

  async queryJobs(query: JobsQueryOptions = {}): Promise<JobsResult> {
    const { search, state, includeDisabled = true, sort = {}, skip = 0, limit } = query;
    const found = (await this.#matching(query))
      .filter((job) => includeDisabled || !job.disabled)
      .filter(({ name }) => search === undefined || name.toLowerCase().includes(search.toLowerCase()))
      .map((record): JobWithState => {
        const job = parametersOf(record);
        return { ...job, _id: toJobId(record._id), state: computeJobState(job) };
      })
      .filter(
        (job) => state === undefined || (state === 'paused' ? job.disabled === true : job.state === state),
      );
    const order = Object.entries(sort).map(
      ([field, direction]) => [field as keyof JobParameters, direction] as const,
    );
    found.sort((a, b) => {
      for (const [field, direction] of order) {
        const [x, y] = [sortable(a[field]), sortable(b[field])];
        if (x !== y) return (x < y ? -1 : 1) * (direction === 'asc' ? 1 : -1);
      }
      return 0;
    });
    return { jobs: found.slice(skip, limit ? skip + limit : undefined), total: found.length };
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    const { jobs } = await this.queryJobs();
    const overviews = new Map<string, JobsOverview>();
    for (const { name, state, disabled } of jobs) {
      const overview = overviews.get(name) ?? emptyOverview(name);
      overview.total += 1;
      overview[state] += 1;
      if (disabled && state !== 'paused') overview.paused += 1;
      overviews.set(name, overview);
    }
    return [...overviews.values()];
  }

  async getDistinctJobNames(): Promise<string[]> {
    return [...new Set((await this.#jobs.find()).map(({ name }) => name))];
  }

  getQueueSize(): Promise<number> {
    return this.#jobs.count({ nextRunAt: { lt: new Date().toISOString() } });
  }

  async removeJobs(options: RemoveJobsOptions): Promise<number> {
    if (Object.keys(options).length === 0) return 0; // by Agenda's contract: no criteria, no removal
    const ids = (await this.#matching(options)).map(({ _id }) => _id);
    return this.#jobs.remove({ _id: { in: ids } });
  }

  purgeAllJobs(): Promise<number> {
    return this.#jobs.remove({});
  }

  disableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#able(options, true);
  }

  enableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#able(options, false);
  }

  async #able(options: RemoveJobsOptions, disabled: boolean): Promise<number> {
    if (Object.keys(options).length === 0) return 0;
    const jobs = (await this.#matching(options)).filter((job) => job.disabled !== disabled);
    for (const { _id } of jobs) await this.#jobs.update(_id, {}, { disabled });
    return jobs.length;
  }

  async #matching({ id, ids, name, names, notNames, data }: RemoveJobsOptions): Promise<JobRecord[]> {
    return (await this.#jobs.find()).filter(
      (job) =>
        (id === undefined || job._id === id) &&
        (ids === undefined || ids.some((each) => each === job._id)) &&
        (name === undefined || job.name === name) &&
        (names === undefined || names.includes(job.name)) &&
        (notNames === undefined || !notNames.includes(job.name)) &&
        (data === undefined || holds(job.data, data)),
    );
  }
}

/** Whether all that `wanted` has is in `data` too. */
function holds(data: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return data === wanted;
  if (typeof data !== 'object' || data === null) return false;
  return Object.entries(wanted).every(([key, part]) => holds((data as Record<string, unknown>)[key], part));
}

function sortable(value: unknown): string | number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' || typeof value === 'number' ? value : Number.NEGATIVE_INFINITY;
}

function emptyOverview(name: string): JobsOverview {
  return {
    name,
    total: 0,
    running: 0,
    scheduled: 0,
    queued: 0,
    completed: 0,
    failed: 0,
    repeating: 0,
    paused: 0,
  };
}

/** The fields that change while a job runs. */
function stateOf(job: JobParameters<unknown>) {
  return {
    nextRunAt: textOf(job.nextRunAt),
    lockedAt: textOf(job.lockedAt),
    lastRunAt: textOf(job.lastRunAt),
    lastFinishedAt: textOf(job.lastFinishedAt),
    failedAt: textOf(job.failedAt),
    failCount: job.failCount ?? null,
    failReason: job.failReason ?? null,
    progress: job.progress ?? null,
  };
}

function recordOf(job: JobParameters<unknown>, id: string): JobRecord {
  return {
    _id: id,
    name: job.name,
    data: (job.data ?? null) as Json,
    priority: job.priority,
    repeatInterval: job.repeatInterval === undefined ? null : String(job.repeatInterval),
    repeatTimezone: job.repeatTimezone ?? null,
    disabled: job.disabled ?? false,
    ...stateOf(job),
  };
}

function parametersOf(job: JobRecord): JobParameters {
  const { lockedAt, lastRunAt, lastFinishedAt, failedAt } = job;
  return {
    _id: toJobId(job._id),
    name: job.name,
    type: 'normal',
    priority: job.priority,
    data: job.data,
    disabled: job.disabled,
    nextRunAt: job.nextRunAt === null ? null : new Date(job.nextRunAt),
    ...(job.repeatInterval !== null && { repeatInterval: job.repeatInterval }),
    ...(job.repeatTimezone !== null && { repeatTimezone: job.repeatTimezone }),
    ...(lockedAt !== null && { lockedAt: new Date(lockedAt) }),
    ...(lastRunAt !== null && { lastRunAt: new Date(lastRunAt) }),
    ...(lastFinishedAt !== null && { lastFinishedAt: new Date(lastFinishedAt) }),
    ...(failedAt !== null && { failedAt: new Date(failedAt) }),
    ...(job.failCount !== null && { failCount: job.failCount }),
    ...(job.failReason !== null && { failReason: job.failReason }),
    ...(job.progress !== null && { progress: job.progress }),
  };
}

function textOf(moment: Date | null | undefined): string | null {
  return moment ? new Date(moment).toISOString() : null;
}
