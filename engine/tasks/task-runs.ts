/** The history of tasks: each run with what it printed, the files that it left, and how it ended. */
import { randomBytes } from 'node:crypto';
import { type Clock, stamp } from '../clock.ts';
import { UserError } from '../errors.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../store/store.ts';
import type { TaskFile } from './workplace.ts';

export interface TaskRun extends StoredDocument {
  readonly task: string;
  /** Of one that was sent in through chat; null for a file of the configuration. */
  readonly version: number | null;
  /** The moment of its schedule; null when a person ran it. */
  readonly dueAt: string | null;
  /** A person, or `schedule`. */
  readonly by: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** `missed`: the desk was not running at its time, and it was too late afterwards. */
  readonly state: 'running' | 'done' | 'failed' | 'cancelled' | 'missed';
  /** Why it is not done. */
  readonly reason: string | null;
  /** The beginning and the end of what it printed; all of it is what `output` of `TaskRuns` gives. */
  readonly output: string;
  readonly files: readonly Pick<TaskFile, 'name' | 'type'>[];
  /** What of its files chat does not get, and why. */
  readonly left: readonly string[];
  /** Chat knows how it ended, or is not to. */
  readonly told: boolean;
}

export type TaskOutcome = Pick<TaskRun, 'state' | 'reason' | 'left' | 'told'> & {
  readonly output: string;
  readonly files: readonly TaskFile[];
};

const taskRuns = defineCollection<TaskRun>('task_runs', {
  indexes: [['task', 'startedAt'], ['startedAt'], ['state'], ['told']],
});
/** Of each task, so many of the newest runs are kept. */
const keptRuns = 100;
/** Of what was printed, so much stands in a message; the rest is a file. */
const shownLetters = 1_500;

export class TaskRuns {
  readonly #records: Collection<TaskRun>;
  readonly #store: Store;
  readonly #clock: Clock;

  private constructor(records: Collection<TaskRun>, store: Store, clock: Clock) {
    this.#records = records;
    this.#store = store;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<TaskRuns> {
    return new TaskRuns(await store.collection(taskRuns), store, clock);
  }

  /**
   * Stores that a run begins. At its own times its id is task and moment, so that it is a claim: undefined when it was
   * claimed before.
   */
  async begin(
    run: Pick<TaskRun, 'task' | 'version' | 'by'> & { readonly dueAt: Date | null },
  ): Promise<TaskRun | undefined> {
    const { task, dueAt } = run;
    const moment = dueAt?.toISOString().replace(/\.000Z$/, 'Z');
    const record: TaskRun = {
      _id: `${task}-${moment?.replace(/[-:.]/g, '') ?? randomBytes(5).toString('hex')}`,
      ...run,
      dueAt: moment ?? null,
      startedAt: stamp(this.#clock),
      finishedAt: null,
      state: 'running',
      reason: null,
      output: '',
      files: [],
      left: [],
      told: false,
    };
    try {
      await this.#records.insert(record);
      return record;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return undefined;
      throw error;
    }
  }

  /** Stores how it ended: what it left first, so that a finished run has all of it. */
  async finish({ _id }: TaskRun, { output, files, ...outcome }: TaskOutcome): Promise<TaskRun | undefined> {
    const { blobs } = this.#store;
    if (output.length > shownLetters) await blobs.put(outputBlob(_id), new TextEncoder().encode(output));
    for (const { name, data } of files) await blobs.put(fileBlob(_id, name), data);
    const finished = await this.#records.update(
      _id,
      { state: 'running' },
      {
        ...outcome,
        output: shortened(output),
        files: files.map(({ name, type }) => ({ name, type })),
        finishedAt: stamp(this.#clock),
      },
    );
    if (finished) await this.#prune(finished.task);
    return finished;
  }

  /** The newest first. */
  latest(which: { readonly task?: string; readonly limit: number }): Promise<TaskRun[]> {
    const { task, limit } = which;
    const sort = [['startedAt', 'descending']] as const;
    return this.#records.find(task === undefined ? {} : { task }, { sort, limit });
  }

  async get(id: string): Promise<TaskRun> {
    const found = await this.#records.get(id);
    if (found) return found;
    throw new UserError(`There is no run "${id}" of a task. /task history shows them.`);
  }

  /** Everything that it printed. */
  async output({ _id, output }: TaskRun): Promise<string> {
    const whole = await this.#store.blobs.get(outputBlob(_id));
    return whole ? new TextDecoder().decode(whole) : output;
  }

  /** The files that it left for chat. */
  async files({ _id, files }: TaskRun): Promise<readonly TaskFile[]> {
    const kept = await Promise.all(
      files.map(async ({ name, type }) => {
        const data = await this.#store.blobs.get(fileBlob(_id, name));
        return data ? [{ name, type, data }] : [];
      }),
    );
    return kept.flat();
  }

  /** Runs that began before an instant and have not ended. */
  unfinished(before: Date): Promise<TaskRun[]> {
    return this.#records.find({ state: 'running', startedAt: { lt: before.toISOString() } });
  }

  /** Runs that have ended, of which chat does not know. */
  async untold(): Promise<TaskRun[]> {
    return (await this.#records.find({ told: false })).filter(({ state }) => state !== 'running');
  }

  async markTold(id: string): Promise<void> {
    await this.#records.update(id, {}, { told: true });
  }

  async #prune(task: string): Promise<void> {
    const sort = [['startedAt', 'descending']] as const;
    const old = await this.#records.find({ task, told: true }, { sort, skip: keptRuns });
    for (const { _id, files } of old) {
      await this.#store.blobs.remove(outputBlob(_id));
      for (const { name } of files) await this.#store.blobs.remove(fileBlob(_id, name));
      await this.#records.remove({ _id });
    }
  }
}

/** A long text's beginning and end. */
function shortened(text: string): string {
  if (text.length <= shownLetters) return text;
  const half = shownLetters / 2;
  return `${text.slice(0, half)}\n…\n${text.slice(-half)}`;
}

function outputBlob(run: string): string {
  return `task/${run}/output`;
}

function fileBlob(run: string, name: string): string {
  return `task/${run}/files/${name}`;
}
