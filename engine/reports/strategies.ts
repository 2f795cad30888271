/**
 * The strategies there are: files in the folder of the configuration, which chat only reads, and those that were sent
 * in through chat, which are in the store with all their versions. So they survive the machine, and every worker on the
 * same store has them; each writes the version that it runs into a folder of its own.
 */
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkStrategyFile, describeStrategies } from '../backtest/apart/apart.ts';
import type { StrategyCheck } from '../backtest/look-ahead-check.ts';
import { listStrategies, type StrategyDescription, type StrategyFile } from '../backtest/run.ts';
import { type Clock, stamp } from '../clock.ts';
import { UserError } from '../errors.ts';
import { sliceBars } from '../market/bars.ts';
import { inventedBars, universe } from '../market/sources/demo/universe.ts';
import { nearest } from '../nearest.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../store/store.ts';
import type { WorkOptions } from './work.ts';

/** One version of a strategy that was sent in. */
export interface StrategyVersion {
  readonly name: string;
  /** 1, 2, 3, … */
  readonly version: number;
  /** With its ending. */
  readonly fileName: string;
  readonly by: string;
  readonly addedAt: string;
}

interface VersionRecord extends StrategyVersion, StoredDocument {
  readonly text: string;
  /** Deleted strategies are not listed and not run; their versions stay for who wants them back. */
  readonly deleted: boolean;
}

const versionRecords = defineCollection<VersionRecord>('strategies', {
  unique: [['name', 'version']],
  indexes: [['deleted']],
});

/** A file that was sent in. */
export interface NewStrategy {
  /** How it is to be called: `^[a-z][a-z0-9_]{0,39}$` */
  readonly name: string;
  /** `.ts`, `.js`, `.mts` or `.mjs` */
  readonly ending: string;
  readonly text: string;
}

/** What a new strategy is, and what it would take the place of. */
export interface StrategyPreview {
  readonly description: StrategyDescription;
  readonly replaces: StrategyVersion | undefined;
}

export interface AddedStrategy {
  readonly added: StrategyVersion;
  /** Null where it could not run on the demo's data, and `why` says so. */
  readonly check: StrategyCheck | null;
  readonly why: string;
}

export interface StrategiesParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Of the configuration. */
  readonly folder: string;
  /** Where versions are written to be run. */
  readonly cacheFolder: string;
  readonly limits: { readonly timeMs: number; readonly memoryMb: number };
}

export class Strategies {
  readonly #parts: StrategiesParts;
  readonly #records: Collection<VersionRecord>;

  private constructor(parts: StrategiesParts, records: Collection<VersionRecord>) {
    this.#parts = parts;
    this.#records = records;
  }

  static async open(parts: StrategiesParts): Promise<Strategies> {
    return new Strategies(parts, await parts.store.collection(versionRecords));
  }

  /** By name. */
  async list(): Promise<StrategyFile[]> {
    const files = await listStrategies(this.#parts.folder);
    const taken = new Set(files.map(({ name }) => name));
    const newest = new Map<string, VersionRecord>();
    for (const record of await this.#records.find({ deleted: false }, { sort: [['version', 'ascending']] }))
      newest.set(record.name, record);
    const sentIn = [...newest.values()].filter(({ name }) => !taken.has(name));
    const written = await Promise.all(
      sentIn.map(async (record) => ({ name: record.name, file: await this.#written(record) })),
    );
    return [...files, ...written].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws UserError with the nearest name when there is no such strategy */
  async find(name: string): Promise<StrategyFile> {
    const files = await this.list();
    const wanted = name.toLowerCase().replace(/\.[cm]?[jt]s$/, '');
    const found = files.find((file) => file.name.toLowerCase() === wanted);
    if (found) return found;
    const names = files.map((file) => file.name);
    const near = nearest(name, names);
    const hint =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are: ${names.join(', ') || 'none'}.`;
    throw new UserError(`There is no strategy "${name}". ${hint}`);
  }

  /** The code of a strategy; of one that was sent in, of any of its versions. @throws UserError when there is none */
  async source(
    name: string,
    version?: number,
  ): Promise<{ readonly fileName: string; readonly data: Uint8Array }> {
    if (version === undefined) {
      const { file } = await this.find(name);
      return { fileName: path.basename(file), data: await readFile(file) };
    }
    const [record] = await this.#records.find({ name: name.toLowerCase(), version });
    if (record) return { fileName: record.fileName, data: new TextEncoder().encode(record.text) };
    const versions = await this.versions(name);
    const known = versions.map((each) => each.version).join(', ');
    throw new UserError(
      known === ''
        ? `"${name}" was not sent in through chat, so it has no versions.`
        : `"${name}" has no version ${version}. It has: ${known}.`,
    );
  }

  /** The newest first; none of a file of the configuration. Those of a deleted one too. */
  async versions(name: string): Promise<readonly StrategyVersion[]> {
    return this.#records.find({ name: name.toLowerCase() }, { sort: [['version', 'descending']] });
  }

  /**
   * Compiles it and looks at what it is; nothing is kept.
   * @throws UserError when it does not compile, or its name belongs to a file of the configuration
   */
  async preview(strategy: NewStrategy): Promise<StrategyPreview> {
    await this.#mayBeCalled(strategy.name);
    return this.#aside(strategy, async (file) => {
      const [description] = await describeStrategies([file]);
      if (!description || 'problem' in description) {
        throw new UserError(description?.problem ?? `${strategy.name} could not be read.`);
      }
      const [newest] = await this.#records.find(
        { name: strategy.name, deleted: false },
        { sort: [['version', 'descending']], limit: 1 },
      );
      return { description, replaces: newest };
    });
  }

  /**
   * Keeps it as the newest version, if it does not look ahead on the demo's data.
   * @throws UserError when it does, or does not compile
   */
  async add(strategy: NewStrategy, by: string, work: WorkOptions = {}): Promise<AddedStrategy> {
    await this.preview(strategy);
    const { check, why } = await this.#aside(strategy, (file) => this.#checked(file, work));
    const [finding] = check?.lookAhead.findings ?? [];
    if (finding) {
      const more = (check?.lookAhead.findings.length ?? 1) - 1;
      throw new UserError(
        `${strategy.name} looks ahead and was not added: ${finding.explanation}${more > 0 ? ` (and ${more} more)` : ''}`,
      );
    }
    return { added: await this.#insert(strategy, by), check, why };
  }

  /**
   * Takes it off the list; its versions stay.
   * @throws UserError when it was not sent in
   */
  async delete(name: string): Promise<void> {
    const { name: found } = await this.find(name);
    const records = await this.#records.find({ name: found, deleted: false });
    if (records.length === 0) {
      throw new UserError(
        `${found} is a file in the folder strategies/ of the configuration: delete it there.`,
      );
    }
    for (const { _id } of records) await this.#records.update(_id, { deleted: false }, { deleted: true });
  }

  async #mayBeCalled(name: string): Promise<void> {
    if (!nameForm.test(name)) {
      throw new UserError(
        `"${name}" cannot be the name of a strategy: it must be 1 to 40 of a-z, 0-9 and _, beginning with a letter.`,
      );
    }
    const files = await listStrategies(this.#parts.folder);
    if (!files.some((file) => file.name.toLowerCase() === name)) return;
    throw new UserError(
      `${name} is a file in the folder strategies/ of the configuration. Give yours another name, such as ${name}_2.`,
    );
  }

  async #insert({ name, ending, text }: NewStrategy, by: string): Promise<StrategyVersion> {
    for (;;) {
      const [newest] = await this.versions(name);
      const version = (newest?.version ?? 0) + 1;
      const added = { name, version, fileName: `${name}${ending}`, by, addedAt: stamp(this.#parts.clock) };
      try {
        await this.#records.insert({ _id: `${name}@${version}`, ...added, text, deleted: false });
        return added;
      } catch (error) {
        // Somebody else was quicker with this number.
        if (!(error instanceof DuplicateKeyError)) throw error;
      }
    }
  }

  /** On one invented stock, or, where it wants several, on all of them. */
  async #checked(
    file: string,
    { signal, onProgress }: WorkOptions,
  ): Promise<Pick<AddedStrategy, 'check' | 'why'>> {
    const symbols = universe.map(({ symbol }) => symbol);
    let why = '';
    for (const several of [symbols.slice(0, 1), symbols]) {
      try {
        const check = await checkStrategyFile(
          { file, bars: several.map(checkBars) },
          {
            limits: this.#parts.limits,
            ...(signal && { signal }),
            onProgress: ({ fraction }) =>
              onProgress?.({ text: 'Looking whether it looks ahead, on the data of the demo', fraction }),
          },
        );
        return { check, why: '' };
      } catch (error) {
        if (!(error instanceof UserError) || signal?.aborted) throw error;
        why ||= error.message;
      }
    }
    return { check: null, why };
  }

  /** The file of a version, written when it is not there yet. */
  async #written({ name, version, fileName, addedAt, text }: VersionRecord): Promise<string> {
    const folder = path.join(this.#parts.cacheFolder, `${name}-${version}-${Date.parse(addedAt)}`);
    const file = path.join(folder, fileName);
    if (await isThere(file)) return file;
    await mkdir(folder, { recursive: true });
    const unfinished = `${file}.${crypto.randomUUID()}`;
    await writeFile(unfinished, text);
    await rename(unfinished, file);
    return file;
  }

  /** Does something with the file before it is kept. */
  async #aside<T>({ name, ending, text }: NewStrategy, look: (file: string) => Promise<T>): Promise<T> {
    await mkdir(this.#parts.cacheFolder, { recursive: true });
    const folder = await mkdtemp(path.join(this.#parts.cacheFolder, 'new-'));
    try {
      const file = path.join(folder, `${name}${ending}`);
      await writeFile(file, text);
      return await look(file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const nameForm = /^[a-z][a-z0-9_]{0,39}$/;
const firstCheckedDay = Date.UTC(2020, 0, 1);
const lastCheckedDay = Date.UTC(2022, 11, 30);

/** Three years: enough for slow averages, and quickly repeated. */
function checkBars(symbol: string) {
  const bars = inventedBars(symbol, lastCheckedDay);
  return sliceBars(
    bars,
    bars.time.findIndex((time) => time >= firstCheckedDay),
    bars.time.length,
  );
}

async function isThere(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
