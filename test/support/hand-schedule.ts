/** A schedule whose moments come when the test says so. */
import type { JobDefinition, JobSummary, Recurrence, Schedule } from '../../engine/jobs/schedule.ts';
import type { Json } from '../../engine/store/store.ts';

export class HandSchedule implements Schedule {
  readonly rules = new Map<string, { readonly name: string; recurrence: Recurrence; data: Json }>();
  #job: JobDefinition | undefined;

  define(definition: JobDefinition): void {
    this.#job = definition;
  }
  async every(name: string, key: string, recurrence: Recurrence, data: Json): Promise<void> {
    this.rules.set(key, { name, recurrence, data });
  }
  async at(): Promise<void> {
    throw new Error('single moments are not asked for');
  }
  async remove(_name: string, key: string): Promise<void> {
    this.rules.delete(key);
  }
  async runNow(): Promise<void> {
    throw new Error('jobs are not run by hand');
  }
  async setPaused(): Promise<void> {
    throw new Error('jobs are not paused');
  }
  async list(): Promise<readonly JobSummary[]> {
    return [...this.rules].map(([key, { name, data }]) => ({
      ...{ name, key, paused: false, data, nextRunAt: null, lastRunAt: null },
      ...{ lastFinishedAt: null, failReason: null, failCount: 0 },
    }));
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  /** The moment has come for every rule. */
  async fire(dueAt: Date): Promise<void> {
    for (const { name, data } of [...this.rules.values()]) await this.#job?.run({ name, data, dueAt });
  }
}
