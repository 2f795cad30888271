/**
 * Settings that are changed in chat: of books, plans and limits. The files say how things are at first; a change is a
 * record in the store that is laid over its file at each start, and checked together with everything else.
 */
import { z } from 'zod';
import type {
  ChangedSetting,
  CheckedSetting,
  NewDocument,
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
import { parseValue, pathOfKey, textOf } from './changes.ts';
import { deskSettings } from './desk.ts';
import { type ConfigDocument, valueAt } from './document.ts';
import type { Config, DocumentChange, FromChat } from './load.ts';
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

/** A document that was made in chat, or deleted there, by its name. What is secret of it is a change with its seal. */
interface DocumentOfChat extends StoredDocument {
  /** YAML; null: deleted. */
  readonly text: string | null;
  readonly by: string;
  readonly at: string;
}

const storedChanges = defineCollection<StoredChange>('setting_changes');
const storedDocuments = defineCollection<DocumentOfChat>('documents');

interface Collections {
  readonly changes: Collection<StoredChange>;
  readonly documents: Collection<DocumentOfChat>;
}

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

export interface SettingsParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly outbox: Pick<Outbox, 'publish'>;
  readonly clock: Clock;
  /** @throws UserError when the running desk could not go by them */
  readonly fits: (config: Config) => void;
  /** Makes the running desk go by the new settings, as far as it can. */
  readonly apply: (config: Config) => Promise<void>;
  /** Keeps new secrets out of the log. */
  readonly hide: (secrets: readonly string[]) => void;
}

/** The settings as they stand in the store, before there is a desk: then the desk is built from `config`. */
export class StoredSettings {
  readonly #files: Config;
  readonly #stored: Collections;
  readonly #vault: Vault;

  private constructor(files: Config, stored: Collections, vault: Vault) {
    this.#files = files;
    this.#stored = stored;
    this.#vault = vault;
  }

  static async open(
    files: Config,
    { store, vault }: Pick<SettingsParts, 'store' | 'vault'>,
  ): Promise<StoredSettings> {
    return new StoredSettings(files, await collectionsOf(store), vault);
  }

  /**
   * The configuration with what was changed in chat.
   * @throws UserError or ConfigError when a change does not go with the files any more
   */
  async config(): Promise<Config> {
    const changes = (await this.#stored.changes.find()).map((record) => opened(record, this.#vault));
    const made = (await this.#stored.documents.find()).map(madeOf);
    const nothing = changes.length === 0 && made.length === 0;
    return nothing ? this.#files : this.#files.withChanges({ changes, made });
  }

  /**
   * Forgets a change, as `books/demo limits.order`, or that a document was made or deleted, as `books/demo`.
   * @throws UserError when there is none
   */
  async reset(text: string): Promise<void> {
    const [document = '', key] = text.trim().split(/\s+/);
    const { changes, documents } = this.#stored;
    const removed =
      key === undefined
        ? await documents.remove({ _id: document })
        : await changes.remove({ _id: `${document}:${key}` });
    if (removed === 0)
      throw new UserError(
        `Nothing of "${text}" was changed in chat. It is written as: books/demo limits.order`,
      );
  }
}

export class Settings implements SettingsOfDesk {
  readonly #files: Config;
  readonly #parts: SettingsParts;
  readonly #stored: Collections;
  #changes: ReadonlyMap<string, StoredChange>;
  #made: ReadonlyMap<string, DocumentOfChat>;
  #config: Config;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    configs: { readonly files: Config; readonly effective: Config },
    parts: SettingsParts,
    collections: Collections,
    stored: { readonly changes: readonly StoredChange[]; readonly documents: readonly DocumentOfChat[] },
  ) {
    this.#files = configs.files;
    this.#config = configs.effective;
    this.#parts = parts;
    this.#stored = collections;
    this.#changes = new Map(stored.changes.map((record) => [record._id, record]));
    this.#made = new Map(stored.documents.map((record) => [record._id, record]));
  }

  /** @param configs the files alone, and the configuration that the desk was built from */
  static async open(
    configs: { readonly files: Config; readonly effective: Config },
    parts: SettingsParts,
  ): Promise<Settings> {
    const collections = await collectionsOf(parts.store);
    const changes = await collections.changes.find();
    const documents = await collections.documents.find();
    return new Settings(configs, parts, collections, { changes, documents });
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
        const fromChat = isChanged || this.#made.has(document);
        return [{ document, key: leaf, value: own, origin: fromChat ? 'chat' : 'file' }];
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
    return this.#result(change, this.#checked([change]));
  }

  async set(change: SettingChange, by: string): Promise<CheckedSetting> {
    const results = await this.setTogether([change], by);
    return results[0] as CheckedSetting; // one for each change
  }

  setTogether(changes: readonly SettingChange[], by: string): Promise<readonly CheckedSetting[]> {
    return this.#inTurn(async () => {
      const config = this.#checked(changes);
      const results = changes.map((change) => this.#result(change, config));
      for (const change of changes) {
        const { document, key, value } = change;
        if (value === null) await this.#forget(idOf(change));
        else await this.#store({ document, key, value }, by);
      }
      await this.#goBy(config);
      const lines = changes.map(({ document, key, value }, index) => {
        const { before, after, takesEffect } = results[index] as CheckedSetting;
        const how = value === null ? 'is what its file says again' : 'was changed';
        return `${document} ${key} ${how}: ${before} → ${after} (${takesEffect})`;
      });
      await this.#parts.outbox.publish({ type: 'desk.changed', text: lines.join('\n'), by });
      return results;
    });
  }

  checkNew(made: NewDocument): void {
    this.#withNew(made, 'you');
  }

  create(made: NewDocument, by: string): Promise<void> {
    return this.#inTurn(async () => {
      const { document, key } = made;
      const { config, text } = this.#withNew(made, by);
      // Without its document it means nothing, so it comes first.
      if (key !== undefined) await this.#store({ document, key: 'key', value: JSON.stringify(key) }, by);
      const record = { _id: document, text, by, at: stamp(this.#parts.clock) };
      await this.#stored.documents.insert(record);
      this.#made = new Map(this.#made).set(document, record);
      await this.#goBy(config);
      await this.#parts.outbox.publish({ type: 'desk.changed', text: `${document} was made`, by });
    });
  }

  checkDelete(document: string): void {
    this.#without(document, 'you');
  }

  delete(document: string, by: string): Promise<void> {
    return this.#inTurn(async () => {
      const { config, record } = this.#without(document, by);
      const { _id, ...fields } = record;
      if (this.#made.has(document)) await this.#stored.documents.update(_id, {}, fields);
      else await this.#stored.documents.insert(record);
      this.#made = new Map(this.#made).set(document, record);
      for (const change of [...this.#changes.values()].filter((each) => each.document === document))
        await this.#forget(change._id);
      await this.#goBy(config);
      await this.#parts.outbox.publish({ type: 'desk.changed', text: `${document} was deleted`, by });
    });
  }

  /** One change after another: each is checked against what the one before it made. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // the caller hears of it; the next one still gets its turn
    return done;
  }

  async #store(
    { document, key, value }: { readonly document: string; readonly key: string; readonly value: string },
    by: string,
  ): Promise<void> {
    const id = idOf({ document, key });
    const sealed = this.isSecret({ document, key });
    const kept = sealed ? this.#parts.vault.seal(value, id) : value;
    const record = { document, key, value: kept, sealed, by, at: stamp(this.#parts.clock) };
    if (this.#changes.has(id)) await this.#stored.changes.update(id, {}, record);
    else await this.#stored.changes.insert({ _id: id, ...record });
    this.#changes = new Map(this.#changes).set(id, { _id: id, ...record });
  }

  async #forget(id: string): Promise<void> {
    await this.#stored.changes.remove({ _id: id });
    this.#changes = new Map([...this.#changes].filter(([known]) => known !== id));
  }

  async #goBy(config: Config): Promise<void> {
    this.#config = config;
    this.#parts.hide(config.secrets);
    await this.#parts.apply(config);
  }

  /** The whole with a new document in it. */
  #withNew(
    { document, settings, key }: NewDocument,
    by: string,
  ): { readonly config: Config; readonly text: string } {
    if (this.#config.documents.has(document)) throw new UserError(`There is ${document} already.`);
    if (this.#made.has(document)) {
      throw new UserError(`${document} was there and was deleted in chat. Choose another name.`);
    }
    const text = textOf(settings);
    const { changes, made } = this.#fromChat();
    const ofKey = key === undefined ? [] : [{ document, key: 'key', value: JSON.stringify(key), by: 'you' }];
    const config = this.#loaded({
      changes: [...changes, ...ofKey],
      made: [...made, { document, text, by }],
    });
    this.#parts.fits(config);
    return { config, text };
  }

  #without(document: string, by: string): { readonly config: Config; readonly record: DocumentOfChat } {
    this.#document(document);
    const { changes, made } = this.#fromChat();
    const config = this.#loaded({
      changes: changes.filter((change) => change.document !== document),
      made: [...made.filter((one) => one.document !== document), { document, text: null, by }],
    });
    return { config, record: { _id: document, text: null, by, at: stamp(this.#parts.clock) } };
  }

  #fromChat(): FromChat {
    return {
      changes: [...this.#changes.values()].map((record) => opened(record, this.#parts.vault)),
      made: [...this.#made.values()].map(madeOf),
    };
  }

  differences(): readonly ChangedSetting[] {
    const whole = [...this.#made.values()].map(({ _id: document, text, by, at }) => {
      const inFile = this.#files.documents.has(document) ? 'in its file' : 'no file';
      const inChat = text === null ? 'deleted' : 'made';
      return { document, key: 'all of it', inFile, inChat, by, at, applies: true };
    });
    const changed = [...this.#changes.values()].map(({ document, key, by, at }) => {
      const path = key.split('.');
      const inFile = this.#files.documents.get(document);
      return {
        document,
        key,
        inFile: inFile?.show(path) ?? notSet,
        inChat: this.#config.documents.get(document)?.show(path) ?? notSet,
        by,
        at,
        applies: this.#config.documents.has(document),
      };
    });
    return [...whole, ...changed];
  }

  files(): readonly { readonly name: string; readonly text: string }[] {
    return [...this.#config.documents].map(([name, { exported }]) => ({
      name: `${name}.yaml`,
      text: exported(),
    }));
  }

  /** The whole with the changes in it. @throws UserError when it cannot be */
  #checked(changes: readonly SettingChange[]): Config {
    for (const change of changes) this.#mayBeChanged(change);
    const ids = new Set(changes.map(idOf));
    const others = [...this.#changes.values()].filter(({ _id }) => !ids.has(_id));
    return this.#loaded({
      changes: [
        ...others.map((record): DocumentChange => opened(record, this.#parts.vault)),
        ...changes.flatMap(({ document, key, value }) =>
          value === null ? [] : [{ document, key, value, by: 'you' }],
        ),
      ],
      made: this.#fromChat().made,
    });
  }

  /** @throws UserError when chat may not change it, or the value is none */
  #mayBeChanged(change: SettingChange): void {
    const { document, key, value } = change;
    this.#document(document);
    pathOfKey(key);
    const refusal = refusalOf(document, key);
    if (refusal !== undefined) throw new UserError(`${document} ${key} is not changed in chat: ${refusal}.`);
    const leaves = leavesOf(schemaOf(document));
    if (!leaves.some((leaf) => `${leaf}.`.startsWith(`${key}.`) || `${key}.`.startsWith(`${leaf}.`)))
      throw new UserError(unknownKey(key, this.keys(document)));
    if (value === null) {
      if (this.#changes.has(idOf(change))) return;
      throw new UserError(`${document} ${key} was not changed in chat. /config diff shows what was.`);
    }
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

  /** What a change does, in a configuration that has it. */
  #result({ document, key }: SettingChange, config: Config): CheckedSetting {
    const path = pathOfKey(key);
    const text = (found: ConfigDocument | undefined) => found?.show(path) ?? notSet;
    return {
      before: text(this.#document(document)),
      after: text(config.documents.get(document)),
      takesEffect: takesEffectAtOnce(document, key) ? 'at once' : 'after a restart',
    };
  }

  #loaded(fromChat: FromChat): Config {
    try {
      return this.#files.withChanges(fromChat);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first = error.message] = error.lines;
      const plain = first
        .replace(/ \((changed in chat by you;|npm start -- --reset)[^)]*\)/, '')
        .replace(/, made in chat by [^:]*(:\d+)?/, '');
      throw new UserError(plain, { cause: error });
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

function madeOf({ _id: document, text, by }: DocumentOfChat): FromChat['made'][number] {
  return { document, text, by };
}

async function collectionsOf(store: Store): Promise<Collections> {
  return {
    changes: await store.collection(storedChanges),
    documents: await store.collection(storedDocuments),
  };
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

/** Books and plans are read anew each time they are needed; how much work may take, when the desk starts. */
function takesEffectAtOnce(document: string, key: string): boolean {
  return document === 'desk' ? `${key}.`.startsWith('limits.trading.') : true;
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
