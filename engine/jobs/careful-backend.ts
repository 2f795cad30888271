/**
 * A backend for Agenda around a repository, that makes good what Agenda leaves to luck:
 *
 * - Agenda moves a job to its next moment when a run begins. Were the process killed then, the run would be lost. Here the moment
 *   stays in the store until the run has ended, so that the run is done again when the dead lock has outlived its lifetime.
 * - A handler is not told for which moment it runs. Here that moment is kept from the lock on.
 * - `agenda.stop` leaves jobs locked that were taken at that instant. Here every lock is known, and let go.
 * - Some of Agenda's calls are not awaited: they must not reject, or the process would end.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AgendaBackend, JobParameters, JobRepository } from 'agenda';
import { reasonOf } from '../errors.ts';
import type { Logger } from '../log.ts';

export class CarefulBackend implements AgendaBackend {
  readonly name = 'Outcry';
  /** The repository is connected already, and its connection belongs to the store. */
  readonly ownsConnection = false;
  readonly repository: JobRepository;
  readonly #inner: JobRepository;
  readonly #log: Logger;
  /** Locked here, with the moment for which each was planned. */
  readonly #held = new Map<string, Date>();
  #underway = 0;
  readonly #waiting: (() => void)[] = [];
  #closing = false;

  constructor(inner: JobRepository, log: Logger) {
    this.#inner = inner;
    this.#log = log;
    this.repository = this.#careful();
  }

  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}

  /** The moment for which a running job was planned. */
  plannedFor(job: JobParameters): Date {
    return this.#held.get(String(job._id)) ?? job.lastRunAt ?? new Date();
  }

  /** From now on no job is taken. */
  close(): void {
    this.#closing = true;
  }

  /** Counts a run of a handler among what is underway. */
  async during<R>(work: () => Promise<R>): Promise<R> {
    this.#underway += 1;
    try {
      return await work();
    } finally {
      this.#underway -= 1;
      if (this.#underway === 0) for (const tell of this.#waiting.splice(0)) tell();
    }
  }

  /** Resolves when no handler runs and nothing that was asked of the store is unanswered. */
  async settled(): Promise<void> {
    do {
      if (this.#underway > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await nextTurn(); // what follows from an answer begins before this
    } while (this.#underway > 0);
  }

  /** Lets go of what is still locked; only after running jobs have ended. */
  async releaseAll(): Promise<void> {
    await this.#inner.unlockJobs([...this.#held.keys()]);
    this.#held.clear();
  }

  #careful(): JobRepository {
    const inner = this.#inner;
    const counted = <A extends unknown[], R>(work: (...given: A) => Promise<R>) => {
      return (...given: A): Promise<R> => this.during(() => work(...given));
    };
    const hold = (job: JobParameters | undefined) => {
      if (job !== undefined) this.#held.set(String(job._id), job.nextRunAt ?? new Date());
      return job;
    };

    return {
      connect: async () => undefined,
      queryJobs: (...given) => inner.queryJobs(...given),
      getJobsOverview: () => inner.getJobsOverview(),
      getDistinctJobNames: () => inner.getDistinctJobNames(),
      getJobById: (id) => inner.getJobById(id),
      getQueueSize: () => inner.getQueueSize(),
      saveJob: (...given) => inner.saveJob(...given),
      disableJobs: (...given) => inner.disableJobs(...given),
      enableJobs: (...given) => inner.enableJobs(...given),
      purgeAllJobs: () => inner.purgeAllJobs(),
      removeJobs: counted((...given) => inner.removeJobs(...given)),
      lockJob: counted(async (...given) => (this.#closing ? undefined : hold(await inner.lockJob(...given)))),
      getNextJobToRun: counted(async (...given) =>
        this.#closing ? undefined : hold(await inner.getNextJobToRun(...given)),
      ),
      unlockJob: counted(async (job) => {
        await inner.unlockJob(job).then(
          () => this.#held.delete(String(job._id)),
          (error: unknown) => this.#complain(job, error), // not awaited by Agenda
        );
      }),
      unlockJobs: counted(async (ids) => {
        await inner.unlockJobs(ids);
        for (const id of ids) this.#held.delete(String(id));
      }),
      saveJobState: counted(async (job, options) => {
        const runs = Boolean(job.lockedAt);
        const planned = this.#held.get(String(job._id));
        try {
          await inner.saveJobState(runs && planned ? { ...job, nextRunAt: planned } : job, options);
          if (!runs) this.#held.delete(String(job._id));
        } catch (error) {
          this.#complain(job, error); // Agenda ignores it when a run has ended
          throw error;
        }
      }),
    };
  }

  #complain(job: JobParameters, error: unknown): void {
    this.#log.warn({ job: job.name, reason: reasonOf(error) }, 'the state of a job could not be stored');
  }
}
