/** A schedule whose jobs are run by hand, when the test says so, and which several desks may share. */
import type { JobDefinition, JobRun, JobSummary, Recurrence, Schedule } from '../../engine/jobs/schedule.ts';
import type { Json } from '../../engine/store/store.ts';

interface HandJob {
  readonly name: string;
  readonly key: string;
  /** Of a single moment; null of one that failed, and of a rule. */
  at: Date | null;
  readonly recurrence: Recurrence | null;
  readonly data: Json;
  paused: boolean;
}

type HandRule = HandJob & { readonly recurrence: Recurrence };

export class HandSchedule implements Schedule {
  readonly jobs = new Map<string, HandJob>();
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
  async every(name: string, key: string, recurrence: Recurrence, data: Json): Promise<void> {
    this.jobs.set(`${name}/${key}`, { name, key, at: null, recurrence, data, paused: false });
  }
  async at(name: string, key: string, when: Date, data: Json): Promise<void> {
    this.jobs.set(`${name}/${key}`, { name, key, at: when, recurrence: null, data, paused: false });
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

  /** Jobs that come again and again. */
  get rules(): readonly HandRule[] {
    return [...this.jobs.values()].flatMap((job) =>
      job.recurrence ? [{ ...job, recurrence: job.recurrence }] : [],
    );
  }

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

  /** The moment has come for every job that comes again and again. */
  async fireRules(dueAt: Date): Promise<void> {
    for (const { name, data } of this.rules) await this.#run({ name, data, dueAt });
  }

  async #run(run: JobRun): Promise<void> {
    await Promise.all(this.#definitions.filter(({ name }) => name === run.name).map((each) => each.run(run)));
  }
}
