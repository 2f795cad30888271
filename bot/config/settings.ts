/**
 * Settings that are changed in chat: of books, plans and limits. The files say how things are at first; a change is a
 * record in the store that is laid over its file at each start, and checked together with everything else.
 */
import { z } from 'zod';
import type {
  ChangedSetting,
  CheckedSetting,
  Setting,
  SettingChange,
  SettingsOfDesk,
} from '../../commands/running.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import type { Outbox } from '../../engine/events.ts';
import { nearest } from '../../engine/nearest.ts';
import { planSettings } from '../../engine/plans/plan.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import { bookFile } from './book.ts';
import { parseValue, pathOfKey } from './changes.ts';
import { deskSettings } from './desk.ts';
import { type ConfigDocument, valueAt } from './document.ts';
import type { Config, DocumentChange } from './load.ts';
import { ConfigError } from './problems.ts';
import { isSecretKey } from './secrets.ts';
import type { Vault } from './vault.ts';

interface StoredChange extends StoredDocument {
  readonly document: string;
  readonly key: string;
  /** YAML, or sealed YAML where it holds a secret. */
  readonly value: string;
  readonly sealed: boolean;
  readonly by: string;
  readonly at: string;
}

const storedChanges = defineCollection<StoredChange>('setting_changes');

/** What chat may not change, and what to do instead. */
const fixed: Readonly<Record<'books' | 'plans', Readonly<Record<string, string>>>> = {
  books: {
    name: 'a book keeps its name: its money is kept under it',
    currency: 'a book keeps its currency: its money is counted in it',
    capital: 'it counts only when the book is first seen: use /book deposit and /book withdraw',
    broker: 'its money lies there: change the file when the book holds nothing',
    home: 'its money lies there: change the file when the book holds nothing',
    wallet: 'its money may lie there: change the file when the book holds nothing',
    active: 'it counts only when the book is first seen: use /book activate and /book deactivate',
  },
  plans: {
    name: 'a plan keeps its name: its runs are kept under it',
    book: 'its orders are kept with that book: change the file when the book holds nothing',
  },
};

/** Read anew each time they are needed; everything else is looked at when the desk starts. */
const live = new Set([
  'description',
  'pool',
  'minimumEntry',
  'maximumLossPercent',
  'approveAbove',
  'approveWithinSeconds',
  'staleAfterSeconds',
  'limits',
]);

export interface SettingsParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly outbox: Pick<Outbox, 'publish'>;
  readonly clock: Clock;
  /** Makes the running desk go by the new settings, as far as it can. */
  readonly apply: (config: Config) => void;
  /** Keeps new secrets out of the log. */
  readonly hide: (secrets: readonly string[]) => void;
}

/** The settings as they stand in the store, before there is a desk: then the desk is built from `config`. */
export class StoredSettings {
  readonly #files: Config;
  readonly #records: Collection<StoredChange>;
  readonly #vault: Vault;

  private constructor(files: Config, records: Collection<StoredChange>, vault: Vault) {
    this.#files = files;
    this.#records = records;
    this.#vault = vault;
  }

  static async open(
    files: Config,
    { store, vault }: Pick<SettingsParts, 'store' | 'vault'>,
  ): Promise<StoredSettings> {
    return new StoredSettings(files, await store.collection(storedChanges), vault);
  }

  /**
   * The configuration with what was changed in chat.
   * @throws UserError or ConfigError when a change does not go with the files any more
   */
  async config(): Promise<Config> {
    const changes = (await this.#records.find()).map((record) => opened(record, this.#vault));
    return changes.length === 0 ? this.#files : this.#files.withChanges(changes);
  }

  /** Forgets a change, as `books/demo limits.order`. @throws UserError when there is none */
  async reset(text: string): Promise<void> {
    const [document = '', key = ''] = text.trim().split(/\s+/);
    const removed = await this.#records.remove({ _id: `${document}:${key}` });
    if (removed === 0)
      throw new UserError(
        `Nothing of "${text}" was changed in chat. It is written as: books/demo limits.order`,
      );
  }
}

export class Settings implements SettingsOfDesk {
  readonly #files: Config;
  readonly #parts: SettingsParts;
  readonly #records: Collection<StoredChange>;
  #changes: ReadonlyMap<string, StoredChange>;
  #config: Config;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    configs: { readonly files: Config; readonly effective: Config },
    parts: SettingsParts,
    records: Collection<StoredChange>,
    stored: readonly StoredChange[],
  ) {
    this.#files = configs.files;
    this.#config = configs.effective;
    this.#parts = parts;
    this.#records = records;
    this.#changes = new Map(stored.map((record) => [record._id, record]));
  }

  /** @param configs the files alone, and the configuration that the desk was built from */
  static async open(
    configs: { readonly files: Config; readonly effective: Config },
    parts: SettingsParts,
  ): Promise<Settings> {
    const records = await parts.store.collection(storedChanges);
    return new Settings(configs, parts, records, await records.find());
  }

  documents(): readonly string[] {
    return [...this.#config.documents.keys()];
  }

  keys(document: string): readonly string[] {
    return leavesOf(schemaOf(document)).filter((key) => refusalOf(document, key) === undefined);
  }

  show(document: string, key: string | undefined): readonly Setting[] {
    const found = this.#document(document);
    const schema = schemaOf(document);
    const all = leavesOf(schema).filter((leaf) => key === undefined || `${leaf}.`.startsWith(`${key}.`));
    if (all.length === 0 && key !== undefined) throw new UserError(unknownKey(key, leavesOf(schema)));
    const defaults = this.#defaults(document);
    return all.flatMap((leaf): Setting[] => {
      const path = leaf.split('.');
      const own = found.show(path);
      if (own !== undefined) {
        const isChanged = [...this.#changes.values()].some(
          (change) => change.document === document && `${leaf}.`.startsWith(`${change.key}.`),
        );
        return [{ document, key: leaf, value: own, origin: isChanged ? 'chat' : 'file' }];
      }
      const value = valueAt(defaults, path);
      if (value === undefined || value === null || isSecretKey(path)) return [];
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [{ document, key: leaf, value: text, origin: 'default' }];
    });
  }

  /** Also of a section with a secret somewhere in it. */
  isSecret({ document, key }: { readonly document: string; readonly key: string }): boolean {
    const path = key.split('.');
    if (isSecretKey([document, ...path])) return true;
    const schema = schemaAt(schemaOf(document), path);
    return schema !== undefined && allPaths(schema, path).some(isSecretKey);
  }

  check(change: SettingChange): CheckedSetting {
    return this.#checked(change).result;
  }

  set(change: SettingChange, by: string): Promise<CheckedSetting> {
    const done = this.#turn.then(async () => {
      const { config, result } = this.#checked(change);
      const { document, key, value } = change;
      const id = idOf(change);
      if (value === null) {
        await this.#records.remove({ _id: id });
        this.#changes = new Map([...this.#changes].filter(([known]) => known !== id));
      } else {
        const sealed = this.isSecret(change);
        const kept = sealed ? this.#parts.vault.seal(value, id) : value;
        const record = { document, key, value: kept, sealed, by, at: stamp(this.#parts.clock) };
        if (this.#changes.has(id)) await this.#records.update(id, {}, record);
        else await this.#records.insert({ _id: id, ...record });
        this.#changes = new Map(this.#changes).set(id, { _id: id, ...record });
      }
      this.#config = config;
      this.#parts.hide(config.secrets);
      this.#parts.apply(config);
      const how = value === null ? 'is what its file says again' : 'was changed';
      const text = `${document} ${key} ${how}: ${result.before} → ${result.after} (${result.takesEffect})`;
      await this.#parts.outbox.publish({ type: 'desk.changed', text, by });
      return result;
    });
    this.#turn = done.catch(() => undefined); // the caller hears of it; the next one still gets its turn
    return done;
  }

  differences(): readonly ChangedSetting[] {
    return [...this.#changes.values()].map(({ document, key, by, at }) => {
      const path = key.split('.');
      const inFile = this.#files.documents.get(document);
      return {
        document,
        key,
        inFile: inFile?.show(path) ?? notSet,
        inChat: this.#config.documents.get(document)?.show(path) ?? notSet,
        by,
        at,
        applies: inFile !== undefined,
      };
    });
  }

  files(): readonly { readonly name: string; readonly text: string }[] {
    return [...this.#config.documents].map(([name, { exported }]) => ({
      name: `${name}.yaml`,
      text: exported(),
    }));
  }

  /** The whole with the change in it: what it would be, or why it cannot be. */
  #checked(change: SettingChange): { readonly config: Config; readonly result: CheckedSetting } {
    const { document, key, value } = change;
    const before = this.#document(document);
    const path = pathOfKey(key);
    const refusal = refusalOf(document, key);
    if (refusal !== undefined) throw new UserError(`${document} ${key} is not changed in chat: ${refusal}.`);
    const leaves = leavesOf(schemaOf(document));
    if (!leaves.some((leaf) => `${leaf}.`.startsWith(`${key}.`) || `${key}.`.startsWith(`${leaf}.`)))
      throw new UserError(unknownKey(key, this.keys(document)));
    const id = idOf(change);
    if (value === null && !this.#changes.has(id)) {
      throw new UserError(`${document} ${key} was not changed in chat. /config diff shows what was.`);
    }
    if (value !== null) {
      const overlapping = [...this.#changes.values()].find(
        (other) =>
          other.document === document &&
          other.key !== key &&
          (`${key}.`.startsWith(`${other.key}.`) || `${other.key}.`.startsWith(`${key}.`)),
      );
      if (overlapping)
        throw new UserError(
          `${document} ${overlapping.key} was changed in chat already, and the two overlap. /config reset ${document} ${overlapping.key} first.`,
        );
      parseValue(value);
    }
    const others = [...this.#changes.values()].filter((record) => record._id !== id);
    const changes: DocumentChange[] = others.map((record) => opened(record, this.#parts.vault));
    if (value !== null) changes.push({ document, key, value, by: 'you' });
    const config = this.#loaded(changes);
    const text = (found: ConfigDocument | undefined) => found?.show(path) ?? notSet;
    return {
      config,
      result: {
        before: text(before),
        after: text(config.documents.get(document)),
        takesEffect: takesEffectAtOnce(document, key) ? 'at once' : 'after a restart',
      },
    };
  }

  #loaded(changes: readonly DocumentChange[]): Config {
    try {
      return this.#files.withChanges(changes);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first = error.message] = error.lines;
      throw new UserError(first.replace(/ \(changed in chat by you;[^)]*\)/, ''), { cause: error });
    }
  }

  #document(name: string): ConfigDocument {
    const found = this.#config.documents.get(name);
    if (found) return found;
    const [near] = nearest(name, this.documents(), 1);
    const hint = near === undefined ? this.documents().join(', ') : `Did you mean ${near}?`;
    throw new UserError(`There is nothing called "${name}" in the configuration. ${hint}`);
  }

  /** The settings as the desk understands them, with everything that nobody wrote down. */
  #defaults(document: string): unknown {
    const { books, plans, limits } = this.#config;
    const [part, name] = document.split('/');
    if (part === 'desk') return { limits };
    return (part === 'books' ? books : plans).find((each) => each.name === name);
  }
}

const notSet = 'not set';

function idOf({ document, key }: { readonly document: string; readonly key: string }): string {
  return `${document}:${key}`;
}

function opened({ _id, document, key, value, sealed, by }: StoredChange, vault: Vault): DocumentChange {
  return { document, key, by, value: sealed ? vault.open(value, _id) : value };
}

function schemaOf(document: string): z.core.$ZodType {
  if (document.startsWith('books/')) return bookFile;
  if (document.startsWith('plans/')) return planSettings;
  return deskSettings;
}

function refusalOf(document: string, key: string): string | undefined {
  const [first = ''] = key.split('.');
  if (document === 'desk')
    return first === 'limits' ? undefined : 'only limits are; the rest stands in desk.yaml';
  return fixed[document.startsWith('books/') ? 'books' : 'plans'][first];
}

/** Limits of money hold from the next entry on; how much work may take is told to workers at the start. */
function takesEffectAtOnce(document: string, key: string): boolean {
  if (document === 'desk') return `${key}.`.startsWith('limits.trading.');
  return document.startsWith('books/') && live.has(key.split('.')[0] ?? '');
}

function unknownKey(key: string, known: readonly string[]): string {
  const [near] = nearest(key, known, 1);
  return `There is no key "${key}" here.${near === undefined ? ` There is: ${known.join(', ')}.` : ` Did you mean ${near}?`}`;
}

/** The keys of a schema that hold something else than sections. */
function leavesOf(schema: z.core.$ZodType): string[] {
  return leaves(schema, []);
}

function leaves(schema: z.core.$ZodType, path: readonly string[]): string[] {
  const bare = unwrapped(schema);
  if (!(bare instanceof z.ZodObject)) return [path.join('.')];
  return Object.entries(bare.shape).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function schemaAt(schema: z.core.$ZodType, path: readonly string[]): z.core.$ZodType | undefined {
  const bare = unwrapped(schema);
  const [first, ...rest] = path;
  if (first === undefined) return bare;
  const inner = bare instanceof z.ZodObject ? bare.shape[first] : undefined;
  return inner && schemaAt(inner, rest);
}

/** Every path below a schema, entries of lists and all kinds of a union included. */
function allPaths(schema: z.core.$ZodType, path: readonly string[]): (readonly string[])[] {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodObject) {
    return Object.entries(bare.shape).flatMap(([key, inner]) => allPaths(inner, [...path, key]));
  }
  if (bare instanceof z.ZodArray) return [path, ...allPaths(bare.element, path)];
  if (bare instanceof z.ZodUnion) return bare.options.flatMap((option) => allPaths(option, path));
  return [path];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapped(schema.unwrap()) : schema;
}
