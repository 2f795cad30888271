/**
 * The plans there are: those of files, and those that were made in chat; each with its state and all its versions.
 *
 * What a plan of a file is, its file says at each start. A plan that was made in chat is in the store, so every desk on
 * the same store has it. Whether a plan is enabled is its state, which survives both.
 */
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import type { PlanSettings } from './plan.ts';

/** What rests, or should rest, at the broker to end a position. Decimal text. */
export interface WantedProtection {
  readonly symbol: string;
  readonly units: string;
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
}

export interface PlanState extends StoredDocument {
  /** Its name. */
  readonly _id: string;
  readonly origin: 'file' | 'chat';
  /** It is listed and run no more; its runs and versions stay. */
  readonly deleted: boolean;
  readonly settings: PlanSettings;
  /** 1, 2, 3, … */
  readonly version: number;
  /** Its first version, where a plan of this name was deleted before it: their orders are not each other's. */
  readonly since?: number;
  /** As chat has it; null: as its settings say. */
  readonly enabled: boolean | null;
  /** Why it stopped by itself; null when it did not. */
  readonly stopped: string | null;
  /** Runs in a row that failed, or whose orders did. */
  readonly failures: number;
  /** The version whose dry run passed last; null when none did. */
  readonly rehearsed: number | null;
  /** Day of the newest bar at its first run, where its settings name no trade start. */
  readonly tradeStart: string | null;
  /** Its moments up to this one were dealt with. */
  readonly watchedUntil: string;
  readonly protection: readonly WantedProtection[];
  /** How often it was stored: each change is made on the one before it. */
  readonly revision: number;
}

/** What a plan was at one time. */
export interface PlanVersion extends StoredDocument {
  readonly plan: string;
  readonly version: number;
  readonly settings: PlanSettings;
  /** A person, or `its file`. */
  readonly by: string;
  readonly at: string;
}

const stateCollection = defineCollection<PlanState>('plan_states');
const versionCollection = defineCollection<PlanVersion>('plan_versions', { unique: [['plan', 'version']] });

const byFile = 'its file';

export class PlanDefinitions {
  readonly #clock: Clock;
  readonly #states: Collection<PlanState>;
  readonly #versions: Collection<PlanVersion>;
  /** As last read from the store. */
  #known: ReadonlyMap<string, PlanState> = new Map();

  private constructor(clock: Clock, states: Collection<PlanState>, versions: Collection<PlanVersion>) {
    this.#clock = clock;
    this.#states = states;
    this.#versions = versions;
  }

  static async open(store: Store, clock: Clock): Promise<PlanDefinitions> {
    const definitions = new PlanDefinitions(
      clock,
      await store.collection(stateCollection),
      await store.collection(versionCollection),
    );
    await definitions.refresh();
    return definitions;
  }

  /** By name, as they were when they were last looked at. */
  list(): readonly PlanState[] {
    return [...this.#known.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
  }

  /** @throws UserError with the nearest name when there is no such plan */
  get(name: string): PlanState {
    const found = this.#known.get(name.toLowerCase());
    if (found) return found;
    const names = [...this.#known.keys()];
    const [near] = nearest(name, names, 1);
    const hint = near === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`;
    throw new UserError(`There is no plan "${name}". ${hint}`);
  }

  /** Reads anew what other desks on the store may have changed. */
  async refresh(): Promise<void> {
    const states = await this.#states.find({ deleted: false });
    this.#known = new Map(states.map((state) => [state._id, state]));
  }

  /**
   * Takes over what the files say; a plan whose file is gone is listed no more.
   * @returns the names of those that decide their orders otherwise than before
   * @throws UserError when a file has the name of a plan that was made in chat
   */
  async applyFiles(files: readonly PlanSettings[]): Promise<readonly string[]> {
    const otherwise: string[] = [];
    for (const settings of files) {
      const known = await this.#states.get(settings.name);
      if (!known) {
        await this.#insert(settings, 'file', byFile);
        continue;
      }
      if (known.origin === 'chat' && !known.deleted) {
        throw new UserError(
          `The plan "${settings.name}" was made in chat, and a file in plans/ has the same name. Give the file another.`,
        );
      }
      const isSame = known.origin === 'file' && sameSettings(known.settings, settings);
      if (isSame && !known.deleted) continue;
      await this.#become(known, settings, byFile, { origin: 'file', deleted: false });
      if (decidesOtherwise(known.settings, settings)) otherwise.push(settings.name);
    }
    const named = new Set(files.map(({ name }) => name));
    for (const state of await this.#states.find({ origin: 'file', deleted: false })) {
      if (!named.has(state._id)) await this.change(state._id, () => ({ deleted: true }));
    }
    await this.refresh();
    return otherwise;
  }

  /** @throws UserError when there is a plan of that name */
  async create(settings: PlanSettings, by: string): Promise<PlanState> {
    const known = await this.#states.get(settings.name);
    if (known && !known.deleted) throw taken(settings.name);
    if (known) {
      await this.#become(known, settings, by, {
        ...fresh(stamp(this.#clock)),
        since: known.version + 1,
        origin: 'chat',
        deleted: false,
        enabled: false,
      });
    } else await this.#insert(settings, 'chat', by);
    await this.refresh();
    return this.get(settings.name);
  }

  /** Gives a plan other settings; what it was is kept. @throws UserError when there is no such plan */
  async set(settings: PlanSettings, by: string, changes: Partial<PlanState> = {}): Promise<PlanState> {
    await this.#become(await this.#current(settings.name), settings, by, changes);
    await this.refresh();
    return this.get(settings.name);
  }

  /** Changes what became of it. @throws UserError when there is no such plan */
  async change(
    name: string,
    changes: (state: PlanState) => Partial<Omit<PlanState, '_id' | 'settings' | 'version' | 'revision'>>,
  ): Promise<PlanState> {
    for (;;) {
      const state = await this.#current(name);
      const changed = await this.#states.update(
        state._id,
        { revision: state.revision },
        { ...changes(state), revision: state.revision + 1 },
      );
      if (!changed) continue; // somebody else changed it: once more on what it is now
      const known = new Map(this.#known);
      if (changed.deleted) known.delete(changed._id);
      else known.set(changed._id, changed);
      this.#known = known;
      return changed;
    }
  }

  /** The newest first. */
  versions(name: string): Promise<PlanVersion[]> {
    return this.#versions.find({ plan: name.toLowerCase() }, { sort: [['version', 'descending']] });
  }

  async #current(name: string): Promise<PlanState> {
    const state = await this.#states.get(name.toLowerCase());
    return state && !state.deleted ? state : this.get(name);
  }

  async #insert(settings: PlanSettings, origin: PlanState['origin'], by: string): Promise<void> {
    const at = stamp(this.#clock);
    const enabled = origin === 'chat' ? false : null;
    try {
      await this.#states.insert({
        _id: settings.name,
        origin,
        deleted: false,
        settings,
        version: 1,
        enabled,
        ...fresh(at),
        revision: 1,
      });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      if (origin === 'chat') throw taken(settings.name);
      return; // another desk with the same file was first
    }
    await this.#keepVersion({ plan: settings.name, version: 1, settings, by, at });
  }

  async #become(
    before: PlanState,
    settings: PlanSettings,
    by: string,
    changes: Partial<Omit<PlanState, '_id'>>,
  ): Promise<void> {
    const version = before.version + 1;
    const changed = await this.#states.update(
      before._id,
      { revision: before.revision },
      { ...changes, settings, version, revision: before.revision + 1 },
    );
    if (!changed) {
      if (by === byFile) return; // another desk with the same file was first
      throw new UserError(`The plan "${settings.name}" was changed meanwhile. Look at it and try again.`);
    }
    await this.#keepVersion({ plan: settings.name, version, settings, by, at: stamp(this.#clock) });
  }

  async #keepVersion(version: Omit<PlanVersion, '_id'>): Promise<void> {
    await this.#versions.insert({ _id: `${version.plan}@${version.version}`, ...version });
  }
}

/** Whether it runs at its times. */
export function isEnabled({ deleted, enabled, stopped, settings }: PlanState): boolean {
  return !deleted && stopped === null && (enabled ?? settings.enabled);
}

function fresh(at: string) {
  return {
    stopped: null,
    failures: 0,
    rehearsed: null,
    tradeStart: null,
    watchedUntil: at,
    protection: [],
  } as const;
}

/** What decides no order of a plan. */
const harmless = [
  'description',
  'schedule',
  'graceSeconds',
  'barsWithinSeconds',
  'limits',
  'stopAfterFailures',
  'enabled',
];

/** Whether other orders may follow from the same market: then a dry run is due, and what was seen before says nothing. */
export function decidesOtherwise(before: PlanSettings, after: PlanSettings): boolean {
  const deciding = (settings: PlanSettings) =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => !harmless.includes(key)));
  return !sameSettings(deciding(before), deciding(after));
}

function sameSettings(a: object, b: object): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** With keys in one order, so that text can be compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function taken(name: string): UserError {
  return new UserError(
    `There is a plan "${name}" already. Give yours another name, or change that one with /plan set.`,
  );
}
