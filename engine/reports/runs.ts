/** The archive of runs: every backtest, search and run of a plan, with its input, its figures and its files. */
import { randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Params, ParamValue, Statistics } from '../backtest/result.ts';
import type { StrategyStorage } from '../backtest/storage.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import {
  type Collection,
  defineCollection,
  type Json,
  type Store,
  type StoredDocument,
} from '../store/store.ts';
import { decimateLine } from './charts/reduce.ts';
import type { ReportFile } from './report-file.ts';

export interface RunInput {
  readonly strategy: string;
  /** As asked for; the strategy's defaults are not repeated. */
  readonly params: Params;
  readonly symbols: readonly string[];
  readonly source: string;
  readonly interval: string;
  /** Days, `2020-01-31`; null where all data was taken. */
  readonly from: string | null;
  readonly to: string | null;
  readonly cash: number;
  /** Rate of the traded value; or a fixed sum and a rate. */
  readonly commission: number | readonly [fixed: number, rate: number];
  /** What else was asked of the simulated broker. */
  readonly options?: { readonly [name: string]: Json };
  /** Of a search: what was varied, and what was looked for. */
  readonly search?: SearchInput;
}

export interface SearchInput {
  readonly choices: Readonly<Record<string, readonly ParamValue[]>>;
  readonly constraint: string | null;
  readonly maximize: string | null;
  readonly minimize: string | null;
  readonly method: string | null;
  readonly tries: number | null;
  /** Of a walk-forward. */
  readonly windows?: { readonly [name: string]: Json };
}

/** What a run was worth, milliseconds UTC and amounts: few enough points for a chart, with every extreme. */
export interface EquityCurve {
  readonly time: Float64Array;
  readonly equity: Float64Array;
}

/** What came out of a run. */
export interface RunOutcome {
  readonly statistics: Statistics;
  readonly curve: EquityCurve;
  readonly files: readonly ReportFile[];
}

export type RunKind = 'backtest' | 'optimization' | 'walk-forward';

export interface RunRecord extends StoredDocument {
  readonly kind: RunKind;
  /** The plan that it ran for; null for a backtest on demand. */
  readonly plan: string | null;
  /** A person, or `schedule`. */
  readonly by: string;
  readonly input: RunInput;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly state: 'running' | 'done' | 'failed';
  /** Why it failed. */
  readonly reason: string | null;
  /** Null for a figure that is not defined. */
  readonly statistics: Readonly<Record<string, number | null>> | null;
  readonly files: readonly { readonly name: string; readonly type: string; readonly blob: string }[];
}

const runRecords = defineCollection<RunRecord>('runs', { indexes: [['startedAt'], ['plan', 'startedAt']] });

export class Runs {
  readonly #records: Collection<RunRecord>;
  readonly #store: Store;
  readonly #clock: Clock;

  private constructor(records: Collection<RunRecord>, store: Store, clock: Clock) {
    this.#records = records;
    this.#store = store;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Runs> {
    return new Runs(await store.collection(runRecords), store, clock);
  }

  /**
   * Stores that a run begins.
   * @throws DuplicateKeyError when a run with this id was begun before: so an id can be a claim
   */
  begin(
    id: string,
    run: Pick<RunRecord, 'plan' | 'by' | 'input'> & Partial<Pick<RunRecord, 'kind'>>,
  ): Promise<void> {
    return this.#records.insert({
      _id: id,
      kind: 'backtest',
      ...run,
      startedAt: stamp(this.#clock),
      finishedAt: null,
      state: 'running',
      reason: null,
      statistics: null,
      files: [],
    });
  }

  /** Does some work under an id of its own, and stores that it begins and how it ends. */
  async keep<Report extends { readonly files: readonly ReportFile[] }>(
    run: Pick<RunRecord, 'kind' | 'by' | 'input'>,
    work: () => Promise<{ readonly report: Report } & Omit<RunOutcome, 'files'>>,
  ): Promise<Report & { readonly run: string }> {
    const id = newRunId();
    await this.begin(id, { ...run, plan: null });
    try {
      const { report, statistics, curve } = await work();
      await this.finish(id, { statistics, curve, files: report.files });
      return { ...report, run: id };
    } catch (error) {
      await this.fail(id, reasonOf(error));
      throw error;
    }
  }

  /**
   * Stores what came out of it: the files first, so that a finished run has all of them.
   * @param storage what the strategy of a plan keeps for the plan's next run
   */
  async finish(
    id: string,
    { statistics, curve, files }: RunOutcome,
    storage?: StrategyStorage,
  ): Promise<void> {
    await this.#store.blobs.put(curveBlob(id), serialize(reducedCurve(curve)));
    if (storage !== undefined) await this.#store.blobs.put(storageBlob(id), serialize(storage));
    await this.keepFiles(id, files);
    const figures = Object.entries(statistics).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : null,
    ]);
    await this.#records.update(
      id,
      { state: 'running' },
      { state: 'done', finishedAt: stamp(this.#clock), statistics: Object.fromEntries(figures) },
    );
  }

  /** Stores the files of a run that is not finished yet: for who tells of it before it is. Stored once, they stay. */
  async keepFiles(id: string, files: readonly ReportFile[]): Promise<void> {
    const known = new Set((await this.#records.get(id))?.files.map(({ name }) => name));
    if (files.every(({ name }) => known.has(name))) return;
    const kept = [];
    for (const { name, type, data } of files) {
      const blob = `run/${id}/${name}`;
      await this.#store.blobs.put(blob, data);
      kept.push({ name, type, blob });
    }
    await this.#records.update(id, { state: 'running' }, { files: kept });
  }

  async fail(id: string, reason: string): Promise<void> {
    await this.#records.update(
      id,
      { state: 'running' },
      { state: 'failed', finishedAt: stamp(this.#clock), reason },
    );
  }

  /** Newest first. */
  latest(
    limit: number,
    which: { readonly kind?: RunKind; readonly plan?: string } = {},
  ): Promise<RunRecord[]> {
    return this.#records.find(which, { sort: [['startedAt', 'descending']], limit });
  }

  /** The files that a run left, as they were. */
  async files({ files }: RunRecord): Promise<ReportFile[]> {
    const kept = await Promise.all(
      files.map(async ({ name, type, blob }) => {
        const data = await this.#store.blobs.get(blob);
        return data ? [{ name, type: type as ReportFile['type'], data }] : [];
      }),
    );
    return kept.flat();
  }

  /** What it was worth; undefined for one that was not finished. */
  async curve(id: string): Promise<EquityCurve | undefined> {
    const kept = await this.#store.blobs.get(curveBlob(id));
    return kept && (deserialize(kept) as EquityCurve);
  }

  async latestOf(plan: string): Promise<RunRecord | undefined> {
    const [latest] = await this.#records.find({ plan }, { sort: [['startedAt', 'descending']], limit: 1 });
    return latest;
  }

  /** What the strategy of a plan kept in the last run that was finished; empty before. */
  async storageOf(plan: string): Promise<StrategyStorage> {
    const [latest] = await this.#records.find(
      { plan, state: 'done' },
      { sort: [['startedAt', 'descending']], limit: 1 },
    );
    const kept = latest && (await this.#store.blobs.get(storageBlob(latest._id)));
    return kept ? (deserialize(kept) as StrategyStorage) : {};
  }

  get(id: string): Promise<RunRecord | undefined> {
    return this.#records.get(id);
  }

  /** Runs that began before an instant and never ended were cut off by a crash: they are not running any more. */
  async closeAbandoned(before: Date): Promise<number> {
    const abandoned = await this.#records.find({ state: 'running', startedAt: { lt: before.toISOString() } });
    for (const { _id } of abandoned) await this.fail(_id, 'the desk stopped while it ran');
    return abandoned.length;
  }
}

export function newRunId(): string {
  return `run-${randomBytes(5).toString('hex')}`;
}

/** As many columns of a picture, each with its lowest and highest value. */
const curveColumns = 560;

function reducedCurve({ time, equity }: EquityCurve): EquityCurve {
  const points = decimateLine(equity, curveColumns).filter(({ y }) => Number.isFinite(y));
  return {
    time: Float64Array.from(points, ({ x }) => time[x] ?? Number.NaN),
    equity: Float64Array.from(points, ({ y }) => y),
  };
}

function curveBlob(run: string): string {
  return `run/${run}/.equity`;
}

function storageBlob(run: string): string {
  return `run/${run}/.storage`;
}
