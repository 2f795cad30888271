/**
 * The configuration of one environment: a folder with `desk.yaml`, `books/`, `plans/` and `strategies/`, read and
 * checked as a whole. Either everything in it is right, or the desk does not start and every mistake is named.
 */
import { readdirSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import type { BookSettings } from '../../engine/bank/book.ts';
import type { BrokerSettings } from '../../engine/brokers/index.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { SourceSettings } from '../../engine/market/sources/index.ts';
import { type PlanSettings, planSettings } from '../../engine/plans/plan.ts';
import { type BookFile, bookFile } from './book.ts';
import type { ValueChange } from './changes.ts';
import { check } from './check.ts';
import {
  type DeskSettings,
  deskSettings,
  isMongoUri,
  type LimitSettings,
  type WebhookSettings,
} from './desk.ts';
import { type ConfigDocument, documentOf, readDocument, valueAt } from './document.ts';
import { findEnvironment } from './environment.ts';
import { ConfigError, type Problem } from './problems.ts';
import { checkReferences } from './references.ts';
import { distinctSecrets, passwordsIn } from './secrets.ts';
import { readVariables, type Variables } from './variables.ts';

export interface Config {
  /** Of the environment: `demo`, `live`. */
  readonly name: string;
  readonly folder: string;
  /** There is no `config/` yet, so `config.example/` runs. */
  readonly isExample: boolean;
  /** `<root>/data/<name>`: store, log and artefacts. It may not exist yet. */
  readonly dataFolder: string;
  readonly strategiesFolder: string;
  readonly tasksFolder: string;
  readonly users: DeskSettings['users'];
  /** IANA; of whoever has not set theirs. */
  readonly timezone: string;
  /** A platform that is not here is off. */
  readonly platforms: DeskSettings['platforms'];
  readonly store: StoreSettings;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly brokers: Readonly<Record<string, BrokerSettings>>;
  /** Without it no alerts are taken. */
  readonly webhook: WebhookSettings | undefined;
  readonly limits: LimitSettings;
  /** Commands, without their slash, that two people must confirm. */
  readonly twoPersons: readonly string[];
  readonly books: readonly BookFile[];
  readonly plans: readonly PlanSettings[];
  /** Every secret in it, for the log to leave out. */
  readonly secrets: readonly string[];
  /** What encrypts secrets that are set in chat: `OUTCRY_KEY`. */
  readonly key: string | undefined;
  /** The files behind it, by the names under which they can be changed: `desk`, `books/demo`. */
  readonly documents: ReadonlyMap<string, ConfigDocument>;
  /**
   * The same files with something else from chat.
   * @throws ConfigError as `loadConfig` does
   */
  withChanges(fromChat: FromChat): Config;
}

/** What is laid over the files. */
export interface FromChat {
  /** Of a document that is not there they mean nothing. */
  readonly changes: readonly DocumentChange[];
  readonly made: readonly MadeDocument[];
}

/** A document without a file, or one whose file counts no more. */
interface MadeDocument {
  /** `books/grid` */
  readonly document: string;
  /** Its YAML; null: it was deleted in chat, though its file may still be there. */
  readonly text: string | null;
  readonly by: string;
}

/** A change from chat, and whose it is. */
export interface DocumentChange extends ValueChange {
  /** `desk`, `books/demo`, `plans/daily` */
  readonly document: string;
  readonly by: string;
}

export type StoreSettings =
  | { readonly kind: 'sqlite' }
  /** `database` is the one that the address names, else one per environment, so that demo and live never share. */
  | { readonly kind: 'mongo'; readonly uri: string; readonly database: string };

export interface ConfigRequest {
  /** The project's folder. */
  readonly root: string;
  /** What `--env` says; it goes before `OUTCRY_ENV`. */
  readonly env?: string | undefined;
  readonly environment: Variables;
  readonly knownHandlers: readonly string[];
  /** Throws a `UserError` when the settings of a book's handler are wrong. */
  readonly checkHandler?: (book: BookSettings) => unknown;
  readonly fromChat?: FromChat;
}

/**
 * @throws ConfigError with all mistakes of all files
 * @throws UserError when it is not clear which environment is meant
 */
export function loadConfig(request: ConfigRequest): Config {
  const { root, env, environment, knownHandlers, checkHandler, fromChat } = request;
  const { changes, made } = fromChat ?? { changes: [], made: [] };
  const variables = readVariables(root, environment);
  const { name, folder, isExample } = findEnvironment(root, env ?? (variables['OUTCRY_ENV'] || undefined));
  const shown = (path: string) => relative(root, path).split(sep).join('/');
  const changesOf = (document: string) => changes.filter((change) => change.document === document);
  const readIn = (part: string) => (path: string) =>
    readDocument(path, shown(path), variables, (name) => changesOf(`${part}/${String(name)}`));
  const strategiesFolder = join(folder, 'strategies');

  const problems: Problem[] = [];
  const list = (part: string, endings: readonly string[]) => {
    try {
      return filesIn(join(folder, part), endings);
    } catch (error) {
      problems.push({ file: shown(join(folder, part)), key: '', text: `cannot be read: ${reasonOf(error)}` });
      return [];
    }
  };
  const documentsIn = (part: string) => [
    ...list(part, ['.yaml', '.yml'])
      .map(readIn(part))
      .filter(({ value }) => !isDeleted(`${part}/${String(valueAt(value, ['name']))}`, made)),
    ...made.flatMap((one) =>
      one.text !== null && one.document.startsWith(`${part}/`)
        ? [documentOf(one.text, placeOf(one), {}, () => changesOf(one.document))]
        : [],
    ),
  ];
  const documents = {
    desk: readDocument(join(folder, 'desk.yaml'), shown(join(folder, 'desk.yaml')), variables, () =>
      changesOf('desk'),
    ),
    books: documentsIn('books'),
    plans: documentsIn('plans'),
  };

  const desk = check(deskSettings, documents.desk);
  const books = documents.books.map((document) => check(bookFile, document));
  const plans = documents.plans.map((document) => check(planSettings, document));
  const mongoUri = variables['MONGODB_URI'] || undefined;
  const all = [documents.desk, ...documents.books, ...documents.plans];
  problems.push(
    ...all.flatMap((document) => document.problems),
    ...[desk, ...books, ...plans].flatMap((checked) => checked.problems),
    ...checkReferences(documents, { handlers: knownHandlers }),
    ...books.flatMap(({ value }, index) => {
      const document = documents.books[index];
      if (!value || !document || !checkHandler) return [];
      return knownHandlers.includes(value.handler?.name ?? '') ? faultOf(checkHandler, value, document) : [];
    }),
    ...checkMongoUri(mongoUri),
  );
  const named = documentsByName(documents);
  if (problems.length > 0 || desk.value === undefined) {
    throw new ConfigError(problems.map((problem) => withAuthor(problem, named, { changes, made })));
  }

  const settings = desk.value;
  return {
    name,
    folder,
    isExample,
    dataFolder: join(root, 'data', name),
    strategiesFolder,
    tasksFolder: join(folder, 'tasks'),
    users: settings.users,
    timezone: settings.timezone,
    platforms: mailAtHome(settings.platforms, folder),
    store: storeOf(mongoUri ?? settings.store, name),
    sources: Object.fromEntries(
      Object.entries(settings.sources).map(([source, value]) => [source, atHome(value, folder)]),
    ),
    brokers: settings.brokers,
    webhook: webhookAtHome(settings.webhook, folder),
    limits: settings.limits,
    twoPersons: settings.twoPersons,
    books: books.flatMap(({ value }) => value ?? []),
    plans: plans.flatMap(({ value }) => value ?? []),
    secrets: distinctSecrets([
      ...all.flatMap(({ secrets }) => secrets),
      ...passwordsIn(mongoUri ?? ''),
      variables['OUTCRY_KEY'] ?? '',
    ]),
    key: variables['OUTCRY_KEY'] || undefined,
    documents: named,
    withChanges: (others) => loadConfig({ ...request, fromChat: others }),
  };
}

function documentsByName({
  desk,
  books,
  plans,
}: {
  readonly desk: ConfigDocument;
  readonly books: readonly ConfigDocument[];
  readonly plans: readonly ConfigDocument[];
}): ReadonlyMap<string, ConfigDocument> {
  const entries = (part: string, documents: readonly ConfigDocument[]) =>
    documents.map((document) => [`${part}/${String(valueAt(document.value, ['name']))}`, document] as const);
  return new Map([['desk', desk], ...entries('books', books), ...entries('plans', plans)]);
}

function isDeleted(name: string, made: readonly MadeDocument[]): boolean {
  return made.some(({ document, text }) => text === null && document === name);
}

/** In place of a file's path. */
function placeOf({ document, by }: MadeDocument): string {
  return `${document}, made in chat by ${by}`;
}

/** A mistake that came from chat says so, and how it is taken back while the desk cannot start. */
function withAuthor(
  problem: Problem,
  documents: ReadonlyMap<string, ConfigDocument>,
  { changes, made }: FromChat,
): Problem {
  const change = changes.find(
    ({ document, key }) =>
      documents.get(document)?.file === problem.file && `${problem.key}.`.startsWith(`${key}.`),
  );
  const whole = made.find((one) => placeOf(one) === problem.file);
  if (!change && whole) {
    const text = `${problem.text} (npm start -- --reset "${whole.document}" takes it away)`;
    return { ...problem, text };
  }
  if (!change) return problem;
  const { document, key, by } = change;
  const text = `${problem.text} (changed in chat by ${by}; npm start -- --reset "${document} ${key}" goes back to the file)`;
  return { ...problem, text };
}

/** Files with one of the endings, by name. Editors leave hidden ones beside those that they have open. */
function filesIn(folder: string, endings: readonly string[]): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => !name.startsWith('.') && endings.includes(extname(name)))
    .sort()
    .map((name) => join(folder, name));
}

function faultOf(
  check: (book: BookSettings) => unknown,
  book: BookSettings,
  document: ConfigDocument,
): Problem[] {
  try {
    check(book);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const line = document.lineOf(['handler', 'settings']);
    return [{ file: document.file, line, key: 'handler.settings', text: error.message }];
  }
}

function checkMongoUri(uri: string | undefined): Problem[] {
  if (uri === undefined || isMongoUri(uri)) return [];
  return [
    {
      file: 'environment',
      key: 'MONGODB_URI',
      text: 'must be an address that begins with mongodb:// or mongodb+srv://',
    },
  ];
}

function storeOf(store: string, environment: string): StoreSettings {
  if (!isMongoUri(store)) return { kind: 'sqlite' };
  const named = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(store)?.[1];
  return { kind: 'mongo', uri: store, database: named ?? `outcry_${environment}` };
}

function mailAtHome(platforms: DeskSettings['platforms'], folder: string): DeskSettings['platforms'] {
  const { mail } = platforms;
  if (mail?.ca === undefined) return platforms;
  return { ...platforms, mail: { ...mail, ca: resolve(folder, mail.ca) } };
}

/** Relative paths are meant from the environment's folder, wherever the desk is started. */
function atHome(source: SourceSettings, home: string): SourceSettings {
  const { folder } = source;
  return typeof folder === 'string' ? { ...source, folder: resolve(home, folder) } : source;
}

function webhookAtHome(webhook: WebhookSettings | undefined, folder: string): WebhookSettings | undefined {
  if (!webhook?.tls) return webhook;
  const { cert, key, clientCa } = webhook.tls;
  return {
    ...webhook,
    tls: {
      cert: resolve(folder, cert),
      key: resolve(folder, key),
      ...(clientCa !== undefined && { clientCa: resolve(folder, clientCa) }),
    },
  };
}
