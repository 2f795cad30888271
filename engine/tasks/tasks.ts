/**
 * Tasks at work: scripts of the user's that run at their times or by hand, each in a process of its own.
 *
 * A run at its time is claimed by task and moment, before it begins: so several desks on one store, catch-ups and
 * restarts make one run, and one that was cut off is told as failed and not made again, for nobody but its script knows
 * what it had done by then.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeFailure } from '../backtest/strategy-problem.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import type { Schedule } from '../jobs/schedule.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { nearest } from '../nearest.ts';
import { checkName, type NewFile, SentInFiles, type SentInVersion } from '../sent-in-files.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Json,
  type Store,
  type StoredDocument,
} from '../store/store.ts';
import { runScript, type ScriptEnd, type ScriptLimits } from './script-process.ts';
import {
  nextMoments,
  readHeader,
  readSchedule,
  type TaskHeader,
  type TaskNotify,
  type TaskSettings,
} from './task.ts';
import { type TaskRun, TaskRuns } from './task-runs.ts';
import { filesIn, openWorkplace, type TaskFile } from './workplace.ts';

export interface TaskReport {
  readonly name: string;
  readonly fileName: string;
  /** Of one that was sent in through chat; null for a file of the configuration. */
  readonly version: number | null;
  /** What it is and when it runs; or why that cannot be read. */
  readonly settings: TaskHeader | { readonly problem: string };
  /** Whether it was changed in chat when it runs and what is told. */
  readonly changed: boolean;
  readonly nextRunAt: Date | null;
  readonly lastRun: TaskRun | undefined;
}

/** What a new task is, and what it would take the place of. */
export interface TaskPreview {
  readonly settings: TaskHeader;
  /** When it would run next. */
  readonly next: readonly Date[];
  readonly replaces: SentInVersion | undefined;
}

export interface TaskRunReport {
  readonly run: TaskRun;
  /** Everything that it printed. */
  readonly output: string;
  readonly files: readonly TaskFile[];
}

/** What of a task is changed in chat; what is not given stays. */
export interface TaskChange {
  /** As it is typed; `none`: only by hand, `file`: as the script says. */
  readonly schedule?: string;
  readonly timezone?: string;
  readonly notify?: TaskNotify;
}

interface SettingsRecord extends StoredDocument {
  readonly schedule?: readonly string[] | null;
  readonly timezone?: string | null;
  readonly notify?: TaskNotify | null;
  readonly enabled?: boolean | null;
}

export interface TasksParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Pick<Outbox, 'publish'>;
  readonly schedule: Schedule;
  /** Of the configuration; it may not be there. */
  readonly folder: string;
  /** Where tasks work, and versions are written. */
  readonly workFolder: string;
  /** What else tasks may change, by the names under which they are told of it. */
  readonly folders: Readonly<Record<string, string>>;
  readonly limits: ScriptLimits;
  /** How the desk is: what a script may know of it. */
  readonly desk: () => Promise<{ readonly [name: string]: Json }>;
}

interface Found {
  readonly name: string;
  readonly file: string;
}

interface RunOptions {
  readonly by: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly text: string }) => void;
}

const settingsRecords = defineCollection<SettingsRecord>('task_settings');
const jobName = 'task';
/** A run that is later than this is not made: what was meant for nine in the morning is not for the evening. */
const graceMs = 15 * 60_000;
/** What starting and ending a run may take beyond its own limit. */
const marginMs = 60_000;
/** Tasks at once; runs of one task wait for each other. */
const atOnce = 4;

export class Tasks {
  readonly #parts: TasksParts;
  readonly #sentIn: SentInFiles;
  readonly #settings: Collection<SettingsRecord>;
  readonly #runs: TaskRuns;
  readonly #lanes = new Lanes();
  readonly #stopping = new AbortController();

  private constructor(
    parts: TasksParts,
    sentIn: SentInFiles,
    settings: Collection<SettingsRecord>,
    runs: TaskRuns,
  ) {
    this.#parts = parts;
    this.#sentIn = sentIn;
    this.#settings = settings;
    this.#runs = runs;
  }

  static async open(parts: TasksParts): Promise<Tasks> {
    const { store, clock, workFolder } = parts;
    const cacheFolder = path.join(workFolder, '.versions');
    return new Tasks(
      parts,
      await SentInFiles.open('tasks', { store, clock, cacheFolder }),
      await store.collection(settingsRecords),
      await TaskRuns.open(store, clock),
    );
  }

  /**
   * Puts the times of all tasks on the schedule, and tells of runs that were cut off. Comes before the schedule starts.
   * @param abandonedBefore runs that began earlier and have not ended are not running any more
   */
  async start(abandonedBefore: Date): Promise<void> {
    const { schedule } = this.#parts;
    schedule.define({
      name: jobName,
      concurrency: atOnce,
      run: ({ data, dueAt }) => this.#runScheduled((data as unknown as TaskTime).task, dueAt),
    });
    await this.#closeAbandoned(abandonedBefore);
    await this.#tellUntold();
    const names = new Set((await this.#list()).map(({ name }) => name));
    for (const { name, key, data } of await schedule.list()) {
      const task = (data as Partial<TaskTime> | null)?.task;
      if (name === jobName && (task === undefined || !names.has(task))) await schedule.remove(jobName, key);
    }
    for (const name of names) await this.#planTimes(name);
  }

  /** Ends what runs, as if it was cancelled. Comes when the schedule takes up nothing new. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lanes.idle();
  }

  async names(): Promise<readonly string[]> {
    return (await this.#list()).map(({ name }) => name);
  }

  async list(): Promise<readonly TaskReport[]> {
    return Promise.all((await this.#list()).map((found) => this.#report(found)));
  }

  /** @throws UserError when there is no such task */
  async show(name: string): Promise<TaskReport & { readonly versions: readonly SentInVersion[] }> {
    const report = await this.#report(await this.#find(name));
    return { ...report, versions: await this.#sentIn.versions(report.name) };
  }

  /** The code of a task; of one that was sent in, of any of its versions. @throws UserError when there is none */
  async source(
    name: string,
    version?: number,
  ): Promise<{ readonly fileName: string; readonly data: Uint8Array }> {
    if (version !== undefined) return this.#sentIn.source(name, version);
    const { file } = await this.#find(name);
    return { fileName: path.basename(file), data: await readFile(file) };
  }

  /** Compiles it and reads what it says of itself; nothing is run or kept. @throws UserError when it cannot be added */
  async preview(task: NewFile): Promise<TaskPreview> {
    const taken = (await this.#filesOfFolder()).map(({ name }) => name);
    checkName(task.name, 'task', { taken, folder: 'tasks' });
    return this.#sentIn.aside(task, async (file) => {
      await compiled(file, `${file}.mjs`);
      const settings = { ...readHeader(task.text, file), ...(await this.#changes(task.name)) };
      return {
        settings,
        next: settings.enabled ? nextMoments(settings, this.#parts.clock.now(), 3) : [],
        replaces: await this.#sentIn.newest(task.name),
      };
    });
  }

  /** Keeps it as the newest version, and goes by its times. @throws UserError as `preview` */
  async add(task: NewFile, by: string): Promise<SentInVersion> {
    await this.preview(task);
    const added = await this.#sentIn.add(task, by);
    await this.#planTimes(task.name);
    return added;
  }

  /** Takes it off the list; its versions and its history stay. @throws UserError when it was not sent in */
  async delete(name: string): Promise<string> {
    const found = await this.#find(name);
    if (!(await this.#sentIn.delete(found.name))) {
      throw new UserError(
        `${found.name} is a file in the folder tasks/ of the configuration: delete it there, or /task disable it.`,
      );
    }
    await this.#settings.remove({ _id: found.name });
    await this.#removeTimes(found.name);
    return found.name;
  }

  /** Changes when it runs and what is told of it. @throws UserError when there is no such task, or no such time */
  async change(name: string, { schedule, timezone, notify }: TaskChange): Promise<TaskReport> {
    const found = await this.#find(name);
    const before = await this.#settingsOf(found);
    const zone = timezone ?? before.timezone;
    const isTyped = schedule !== undefined && schedule !== 'file' && schedule !== 'none';
    const times = readSchedule(isTyped ? schedule : before.schedule.join(';'), zone);
    await this.#keep(found.name, {
      ...(schedule === 'file' && { schedule: null, timezone: null }),
      ...(schedule === 'none' && { schedule: [] }),
      ...(isTyped && { schedule: times }),
      ...(timezone !== undefined && { timezone }),
      ...(notify && { notify }),
    });
    await this.#planTimes(found.name);
    return this.#report(found);
  }

  /** @throws UserError when there is no such task */
  async setEnabled(name: string, enabled: boolean): Promise<TaskReport> {
    const found = await this.#find(name);
    await this.#settingsOf(found);
    await this.#keep(found.name, { enabled });
    await this.#planTimes(found.name);
    return this.#report(found);
  }

  /**
   * Runs a task now, enabled or not.
   * @throws UserError when there is no such task; how it ended is in what it returns
   */
  async run(name: string, options: RunOptions): Promise<TaskRunReport> {
    const found = await this.#find(name);
    return this.#lanes.run(found.name, async () => {
      const run = await this.#begin(found, options.by, null);
      if (!run) throw new Error(`a run of ${found.name} got the id of another one`);
      return this.#reportOf(await this.#perform(found, run, options));
    });
  }

  /** The newest first. @throws UserError when there is no such task, and never was */
  async history(which: { readonly task?: string; readonly limit: number }): Promise<readonly TaskRun[]> {
    const { task, limit } = which;
    if (task === undefined) return this.#runs.latest({ limit });
    const runs = await this.#runs.latest({ task: task.toLowerCase(), limit });
    if (runs.length === 0) await this.#find(task);
    return runs;
  }

  /** @throws UserError when there is no such run */
  async runReport(id: string): Promise<TaskRunReport> {
    return this.#reportOf(await this.#runs.get(id));
  }

  async #reportOf(run: TaskRun): Promise<TaskRunReport> {
    return { run, output: await this.#runs.output(run), files: await this.#runs.files(run) };
  }

  async #runScheduled(name: string, dueAt: Date): Promise<void> {
    const found = (await this.#list()).find((each) => each.name === name);
    if (!found) return;
    const settings = await this.#settingsOf(found);
    if (!settings.enabled) return;
    await this.#lanes.run(name, async () => {
      const run = await this.#begin(found, 'schedule', dueAt);
      if (!run) {
        this.#parts.log.info({ task: name, dueAt }, 'this run of a task was made before');
        return;
      }
      const lateMs = this.#parts.clock.now().getTime() - dueAt.getTime();
      if (lateMs > graceMs) {
        const reason = `It was due ${dueAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, while the desk was not running, and is too late now.`;
        await this.#finish(run, settings.notify, { state: 'missed', reason });
      } else {
        await this.#perform(found, run, { by: 'schedule' }, settings.notify);
      }
    });
  }

  async #begin(found: Found, by: string, dueAt: Date | null): Promise<TaskRun | undefined> {
    const version = (await this.#versionOf(found))?.version ?? null;
    return this.#runs.begin({ task: found.name, version, by, dueAt });
  }

  /** @param notify what chat is told; nothing of a run whose outcome somebody waits for */
  async #perform(
    found: Found,
    run: TaskRun,
    { signal, onProgress }: RunOptions,
    notify: TaskNotify = 'never',
  ): Promise<TaskRun> {
    onProgress?.({ text: `${found.name} runs` });
    try {
      const stop = signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
      const outcome = await this.#execute(found, run._id, {
        signal: stop,
        onOutput: (line) => onProgress?.({ text: line.slice(0, 200) }),
      });
      return await this.#finish(run, notify, outcome);
    } catch (error) {
      const finished = await this.#finish(run, notify, { state: 'failed', reason: reasonOf(error) });
      if (!(error instanceof UserError)) throw error;
      return finished;
    }
  }

  async #execute(
    found: Found,
    id: string,
    watching: { readonly signal: AbortSignal; readonly onOutput: (line: string) => void },
  ): Promise<Outcome> {
    const { workFolder, limits, folders, clock, desk } = this.#parts;
    const { timezone } = await this.#settingsOf(found);
    const writable: Record<string, string> = {};
    for (const [name, folder] of Object.entries(folders)) {
      await mkdir(folder, { recursive: true });
      writable[name] = folder;
    }
    const told = { now: stamp(clock), task: found.name, run: id, folders: writable, ...(await desk()) };
    const place = await openWorkplace(path.join(workFolder, found.name), JSON.stringify(told, null, 2));
    // Beside the workplace: the script may change what is in there.
    const script = path.join(path.dirname(place.folder), `.${id}.mjs`);
    try {
      await writeFile(script, await compiled(found.file, script));
      const end = await runScript({
        ...{ file: script, folder: place.folder, writable: Object.values(writable), limits, ...watching },
        environment: {
          TZ: timezone,
          HOME: place.folder,
          TMPDIR: place.temporary,
          OUTCRY_DESK: place.deskFile,
          OUTCRY_OUT: place.out,
        },
      });
      const { files, left } = await filesIn(place);
      return { ...verdictOn(end, found.file, limits), output: end.output, files, left };
    } finally {
      await rm(script, { force: true });
    }
  }

  async #finish(run: TaskRun, notify: TaskNotify, outcome: Outcome): Promise<TaskRun> {
    const { state } = outcome;
    const tells = notify === 'always' || (notify === 'error' && state !== 'done');
    const nothing = { reason: null, output: '', files: [], left: [] };
    const finished = await this.#runs.finish(run, { ...nothing, ...outcome, told: !tells });
    if (finished && tells) await this.#tell(finished);
    return finished ?? this.#runs.get(run._id);
  }

  /** Once, also when the desk dies between the two: the event has a key. */
  async #tell(run: TaskRun): Promise<void> {
    const { _id, task, state, output, left, reason } = run;
    const text = [output.trim(), ...left.map((line) => `Not sent: ${line}.`)].filter((part) => part !== '');
    const about = { run: _id, task, output: text.join('\n') };
    await this.#parts.outbox.publish(
      state === 'done'
        ? { type: 'task.finished', ...about }
        : {
            type: 'task.failed',
            ...about,
            state: state === 'running' ? 'failed' : state,
            reason: reason ?? '',
          },
      `task:${_id}`,
    );
    await this.#runs.markTold(_id);
  }

  async #tellUntold(): Promise<void> {
    for (const run of await this.#runs.untold()) await this.#tell(run);
  }

  async #closeAbandoned(before: Date): Promise<void> {
    const files = await this.#list();
    for (const run of await this.#runs.unfinished(before)) {
      const found = files.find(({ name }) => name === run.task);
      const settings = found && (await this.#settingsOf(found).catch(() => undefined));
      const notify = run.dueAt === null ? 'never' : (settings?.notify ?? 'error');
      await this.#finish(run, notify, { state: 'failed', reason: 'The desk stopped while it ran.' });
    }
  }

  async #planTimes(name: string): Promise<void> {
    const { schedule, log } = this.#parts;
    const found = await this.#find(name);
    let settings: TaskSettings;
    try {
      settings = await this.#settingsOf(found);
    } catch (error) {
      log.warn({ task: name, reason: reasonOf(error) }, 'a task does not run at its times');
      return this.#removeTimes(name);
    }
    const crons = settings.enabled ? settings.schedule : [];
    const wanted = new Map(crons.map((cron, index) => [keyOf(name, index), cron]));
    await this.#removeTimes(name, new Set(wanted.keys()));
    for (const [key, cron] of wanted) {
      await schedule.every(jobName, key, { cron, timezone: settings.timezone }, { task: name });
    }
  }

  async #removeTimes(task: string, but: ReadonlySet<string> = new Set()): Promise<void> {
    const { schedule } = this.#parts;
    for (const { name, key, data } of await schedule.list()) {
      const isOwn = name === jobName && (data as Partial<TaskTime> | null)?.task === task;
      if (isOwn && !but.has(key)) await schedule.remove(jobName, key);
    }
  }

  async #report(found: Found): Promise<TaskReport> {
    const { clock } = this.#parts;
    const [lastRun] = await this.#runs.latest({ task: found.name, limit: 1 });
    const version = await this.#versionOf(found);
    let settings: TaskReport['settings'];
    try {
      settings = await this.#settingsOf(found);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      settings = { problem: error.message };
    }
    const [next] = 'problem' in settings || !settings.enabled ? [] : nextMoments(settings, clock.now(), 1);
    return {
      name: found.name,
      fileName: path.basename(found.file),
      version: version?.version ?? null,
      settings,
      changed: Object.keys(await this.#changes(found.name)).length > 0,
      nextRunAt: next ?? null,
      lastRun,
    };
  }

  /** @throws UserError when the script says of itself what cannot be */
  async #settingsOf({ name, file }: Found): Promise<TaskHeader> {
    return { ...readHeader(await readFile(file, 'utf8'), file), ...(await this.#changes(name)) };
  }

  /** What was changed in chat. */
  async #changes(name: string): Promise<Partial<TaskSettings>> {
    const { _id, ...changes } = (await this.#settings.get(name)) ?? { _id: name };
    return Object.fromEntries(
      Object.entries(changes).filter(([, value]) => value !== null && value !== undefined),
    );
  }

  async #keep(name: string, changes: Omit<SettingsRecord, '_id'>): Promise<void> {
    if (await this.#settings.update(name, {}, changes)) return;
    try {
      await this.#settings.insert({ _id: name, ...changes });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      await this.#settings.update(name, {}, changes); // somebody else changed it at the same instant
    }
  }

  /** Of one that was sent in. */
  async #versionOf({ name, file }: Found): Promise<SentInVersion | undefined> {
    return path.dirname(file) === this.#parts.folder ? undefined : this.#sentIn.newest(name);
  }

  /** By name; a file of the configuration goes before one of the same name that was sent in. */
  async #list(): Promise<readonly Found[]> {
    const files = await this.#filesOfFolder();
    const taken = new Set(files.map(({ name }) => name));
    const sentIn = (await this.#sentIn.files()).filter(({ name }) => !taken.has(name));
    return [...files, ...sentIn].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #filesOfFolder(): Promise<Found[]> {
    const { folder } = this.#parts;
    const entries = await readdir(folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw new UserError(`The tasks in ${folder} cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    return entries
      .filter((entry) => /^[A-Za-z].*\.m?[jt]s$/.test(entry) && !entry.endsWith('.d.ts'))
      .map((entry) => ({ name: path.parse(entry).name.toLowerCase(), file: path.join(folder, entry) }));
  }

  /** @throws UserError with the nearest name when there is no such task */
  async #find(name: string): Promise<Found> {
    const files = await this.#list();
    const wanted = name.toLowerCase().replace(/\.m?[jt]s$/, '');
    const found = files.find((each) => each.name === wanted);
    if (found) return found;
    const names = files.map((each) => each.name);
    const near = nearest(name, names);
    const hint =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are: ${names.join(', ') || 'none'}.`;
    throw new UserError(`There is no task "${name}". ${hint}`);
  }
}

/** How long a run lasts at most, everything around it included: one that is older has been cut off. */
export function longestRunMs({ timeMs }: ScriptLimits): number {
  return timeMs + marginMs;
}

/** The compiler is loaded when the first task is compiled. @throws UserError with the line when it does not compile */
async function compiled(file: string, outfile: string): Promise<string> {
  const { compileScript } = await import('./compile.ts');
  return compileScript(file, outfile);
}

/** How a run ended, and what came of it, as far as there is anything. */
type Outcome = Pick<TaskRun, 'state'> &
  Partial<Pick<TaskRun, 'reason' | 'left' | 'output'>> & { readonly files?: readonly TaskFile[] };

/** A task's time, as a job carries it. */
interface TaskTime {
  readonly task: string;
}

function keyOf(task: string, index: number): string {
  return index === 0 ? task : `${task} ${index + 1}`;
}

function verdictOn(
  { endedBy, exitCode, failure, output }: ScriptEnd,
  file: string,
  { timeMs, memoryMb }: ScriptLimits,
): Pick<TaskRun, 'state' | 'reason'> {
  const failed = (reason: string) => ({ state: 'failed' as const, reason });
  switch (endedBy) {
    case 'cancelled':
      return { state: 'cancelled', reason: 'It was cancelled.' };
    case 'time':
      return failed(`It ran longer than ${timeMs / 1000} s and was ended (limits.taskSeconds).`);
    case 'memory':
      return failed(`It took more than ${memoryMb} MB of memory and was ended (limits.taskMemoryMb).`);
    case 'output':
      return failed('It printed more than 1 MB and was ended.');
    case 'itself': {
      if (exitCode === 0) return { state: 'done', reason: null };
      if (failure) return failed(describeFailure(failure, file));
      const lastLine = output.trimEnd().split('\n').at(-1) ?? '';
      return failed(`It ended with code ${exitCode}${lastLine === '' ? '.' : `: ${lastLine.slice(0, 300)}`}`);
    }
    default:
      return endedBy satisfies never;
  }
}
