/**
 * The desk's schedule: jobs that survive restarts, run by Agenda on whichever store there is.
 *
 * Agenda's lock is not exactly-once (agenda#1778): every handler must bear being called twice for the same moment,
 * by claiming what it is about to do under a key of its own.
 */
import type { Json } from '../store/store.ts';

export interface JobRun {
  readonly name: string;
  readonly data: Json;
  /** The moment for which it was planned; earlier than now after downtime. */
  readonly dueAt: Date;
}

export interface JobSummary {
  readonly name: string;
  /** Tells jobs of one name apart. */
  readonly key: string;
  /** It does not run until it is resumed; its times go by. */
  readonly paused: boolean;
  readonly data: Json;
  readonly nextRunAt: Date | null;
  readonly lastRunAt: Date | null;
  readonly lastFinishedAt: Date | null;
  readonly failReason: string | null;
  readonly failCount: number;
}

export interface JobDefinition {
  readonly name: string;
  /** How often a failed run is tried again, with growing pauses; 0 where not given. */
  readonly retries?: number;
  /** Runs of this name at once; 1 where not given. */
  readonly concurrency?: number;
  run(job: JobRun): Promise<void>;
}

/** `cron` has five fields (minute hour day month weekday), or six with seconds first, in `timezone` (IANA). */
export interface Recurrence {
  readonly cron: string;
  readonly timezone: string;
}

export interface Schedule {
  /** Tells what a name does. Comes before `start`. */
  define(definition: JobDefinition): void;
  /**
   * Plans a recurring job. The same name and `key` again replaces the earlier rule: so start-up may say it every time.
   * After downtime there is one catch-up run, not one for every moment missed.
   * @throws UserError for a cron or zone that does not exist
   */
  every(name: string, key: string, recurrence: Recurrence, data: Json): Promise<void>;
  /** Plans one run. The same name and key again moves it. */
  at(name: string, key: string, when: Date, data: Json): Promise<void>;
  remove(name: string, key: string): Promise<void>;
  /**
   * Runs a job once, now, beside its own times; also one that is paused.
   * @throws UserError when there is no such job
   */
  runNow(name: string, key: string): Promise<void>;
  /** A paused job stays so over restarts and new rules. @throws UserError when there is no such job */
  setPaused(name: string, key: string, paused: boolean): Promise<void>;
  list(): Promise<readonly JobSummary[]>;
  start(): Promise<void>;
  /** Waits for running jobs, then lets go of their locks. */
  stop(): Promise<void>;
}
