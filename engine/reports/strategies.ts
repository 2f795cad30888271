/**
 * The strategies there are: files in the folder of the configuration, which chat only reads, and those that were sent
 * in through chat, with all their versions.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkStrategyFile, describeStrategies } from '../backtest/apart/apart.ts';
import type { StrategyCheck } from '../backtest/look-ahead-check.ts';
import { readParams } from '../backtest/params.ts';
import type { Params } from '../backtest/result.ts';
import { listStrategies, type StrategyDescription, type StrategyFile } from '../backtest/run.ts';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import { sliceBars } from '../market/bars.ts';
import { inventedBars, universe } from '../market/sources/demo/universe.ts';
import { nearest } from '../nearest.ts';
import { checkName, type NewFile, SentInFiles, type SentInVersion } from '../sent-in-files.ts';
import type { Store } from '../store/store.ts';
import type { WorkOptions } from './work.ts';

export type StrategyVersion = SentInVersion;
export type NewStrategy = NewFile;

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
  readonly #sentIn: SentInFiles;

  private constructor(parts: StrategiesParts, sentIn: SentInFiles) {
    this.#parts = parts;
    this.#sentIn = sentIn;
  }

  static async open(parts: StrategiesParts): Promise<Strategies> {
    return new Strategies(parts, await SentInFiles.open('strategies', parts));
  }

  /** By name. */
  async list(): Promise<StrategyFile[]> {
    const files = await listStrategies(this.#parts.folder);
    const taken = new Set(files.map(({ name }) => name));
    const sentIn = (await this.#sentIn.files()).filter(({ name }) => !taken.has(name));
    return [...files, ...sentIn].sort((a, b) => (a.name < b.name ? -1 : 1));
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

  /**
   * @throws UserError when the strategy does not load, has no such parameter, or one of another type. Without parameters
   * nothing is looked at
   */
  async checkParams(name: string, params: Params): Promise<void> {
    if (Object.keys(params).length === 0) return;
    const { file } = await this.find(name);
    const [description] = await describeStrategies([file]);
    if (!description || 'problem' in description)
      throw new UserError(description?.problem ?? `${name} could not be read.`);
    readParams(description, params);
  }

  /** The code of a strategy; of one that was sent in, of any of its versions. @throws UserError when there is none */
  async source(
    name: string,
    version?: number,
  ): Promise<{ readonly fileName: string; readonly data: Uint8Array }> {
    if (version !== undefined) return this.#sentIn.source(name, version);
    const { file } = await this.find(name);
    return { fileName: path.basename(file), data: await readFile(file) };
  }

  /** The newest first; none of a file of the configuration. Those of a deleted one too. */
  versions(name: string): Promise<readonly StrategyVersion[]> {
    return this.#sentIn.versions(name);
  }

  /**
   * Compiles it and looks at what it is; nothing is kept.
   * @throws UserError when it does not compile, or its name belongs to a file of the configuration
   */
  async preview(strategy: NewStrategy): Promise<StrategyPreview> {
    const taken = (await listStrategies(this.#parts.folder)).map(({ name }) => name);
    checkName(strategy.name, 'strategy', { taken, folder: 'strategies' });
    return this.#sentIn.aside(strategy, async (file) => {
      const [description] = await describeStrategies([file]);
      if (!description || 'problem' in description) {
        throw new UserError(description?.problem ?? `${strategy.name} could not be read.`);
      }
      return { description, replaces: await this.#sentIn.newest(strategy.name) };
    });
  }

  /**
   * Keeps it as the newest version, if it does not look ahead on the demo's data.
   * @throws UserError when it does, or does not compile
   */
  async add(strategy: NewStrategy, by: string, work: WorkOptions = {}): Promise<AddedStrategy> {
    await this.preview(strategy);
    const { check, why } = await this.#sentIn.aside(strategy, (file) => this.#checked(file, work));
    const [finding] = check?.lookAhead.findings ?? [];
    if (finding) {
      const more = (check?.lookAhead.findings.length ?? 1) - 1;
      throw new UserError(
        `${strategy.name} looks ahead and was not added: ${finding.explanation}${more > 0 ? ` (and ${more} more)` : ''}`,
      );
    }
    return { added: await this.#sentIn.add(strategy, by), check, why };
  }

  /**
   * Takes it off the list; its versions stay.
   * @throws UserError when it was not sent in
   */
  async delete(name: string): Promise<void> {
    const { name: found } = await this.find(name);
    if (await this.#sentIn.delete(found)) return;
    throw new UserError(
      `${found} is a file in the folder strategies/ of the configuration: delete it there.`,
    );
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
}

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
