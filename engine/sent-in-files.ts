/**
 * Files of code that were sent in through chat, in the store with all their versions: so they survive the machine, and
 * every worker on the same store has them; each writes the version that it runs into a folder of its own.
 */
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, stamp } from './clock.ts';
import { UserError } from './errors.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from './store/store.ts';

/** One version of a file that was sent in. */
export interface SentInVersion {
  readonly name: string;
  /** 1, 2, 3, … */
  readonly version: number;
  /** With its ending. */
  readonly fileName: string;
  readonly by: string;
  readonly addedAt: string;
}

/** A file that was sent in. */
export interface NewFile {
  /** How it is to be called: `^[a-z][a-z0-9_]{0,39}$` */
  readonly name: string;
  /** `.ts`, `.js`, `.mts` or `.mjs` */
  readonly ending: string;
  readonly text: string;
}

interface VersionRecord extends SentInVersion, StoredDocument {
  readonly text: string;
  /** What is deleted is not listed and not run; its versions stay for who wants them back. */
  readonly deleted: boolean;
}

export interface SentInParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Where versions are written to be run. */
  readonly cacheFolder: string;
}

export class SentInFiles {
  readonly #parts: SentInParts;
  readonly #records: Collection<VersionRecord>;

  private constructor(parts: SentInParts, records: Collection<VersionRecord>) {
    this.#parts = parts;
    this.#records = records;
  }

  /** @param collection where in the store they are: `strategies`, `tasks` */
  static async open(collection: string, parts: SentInParts): Promise<SentInFiles> {
    const definition = defineCollection<VersionRecord>(collection, {
      unique: [['name', 'version']],
      indexes: [['deleted']],
    });
    return new SentInFiles(parts, await parts.store.collection(definition));
  }

  /** The newest version of each that is not deleted, as a file that can be run. */
  async files(): Promise<readonly { readonly name: string; readonly file: string }[]> {
    const newest = new Map<string, VersionRecord>();
    for (const record of await this.#records.find({ deleted: false }, { sort: [['version', 'ascending']] }))
      newest.set(record.name, record);
    return Promise.all(
      [...newest.values()].map(async (record) => ({ name: record.name, file: await this.#written(record) })),
    );
  }

  /** The newest version, where it is not deleted. */
  async newest(name: string): Promise<SentInVersion | undefined> {
    const [newest] = await this.#records.find(
      { name, deleted: false },
      { sort: [['version', 'descending']], limit: 1 },
    );
    return newest;
  }

  /** The newest first. Those of a deleted one too. */
  async versions(name: string): Promise<readonly SentInVersion[]> {
    return this.#records.find({ name: name.toLowerCase() }, { sort: [['version', 'descending']] });
  }

  /** The text of any version. @throws UserError when there is none */
  async source(
    name: string,
    version: number,
  ): Promise<{ readonly fileName: string; readonly data: Uint8Array }> {
    const [record] = await this.#records.find({ name: name.toLowerCase(), version });
    if (record) return { fileName: record.fileName, data: new TextEncoder().encode(record.text) };
    const known = (await this.versions(name)).map((each) => each.version).join(', ');
    throw new UserError(
      known === ''
        ? `"${name}" was not sent in through chat, so it has no versions.`
        : `"${name}" has no version ${version}. It has: ${known}.`,
    );
  }

  /** Keeps it as the newest version. */
  async add({ name, ending, text }: NewFile, by: string): Promise<SentInVersion> {
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

  /** Takes it off the list; its versions stay. False when it was not there. */
  async delete(name: string): Promise<boolean> {
    const records = await this.#records.find({ name, deleted: false });
    for (const { _id } of records) await this.#records.update(_id, { deleted: false }, { deleted: true });
    return records.length > 0;
  }

  /** Does something with a file before it is kept. */
  async aside<T>({ name, ending, text }: NewFile, look: (file: string) => Promise<T>): Promise<T> {
    const { cacheFolder } = this.#parts;
    await mkdir(cacheFolder, { recursive: true });
    const folder = await mkdtemp(path.join(cacheFolder, 'new-'));
    try {
      const file = path.join(folder, `${name}${ending}`);
      await writeFile(file, text);
      return await look(file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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
}

/**
 * Whether something that is sent in may be called so.
 * @param kind what it is, for the message: `strategy`
 * @param taken names of the files of the configuration, which chat only reads
 * @throws UserError when it is no name, or taken
 */
export function checkName(
  name: string,
  kind: string,
  { taken, folder }: { readonly taken: readonly string[]; readonly folder: string },
): void {
  if (!nameForm.test(name)) {
    throw new UserError(
      `"${name}" cannot be the name of a ${kind}: it must be 1 to 40 of a-z, 0-9 and _, beginning with a letter.`,
    );
  }
  if (!taken.some((other) => other.toLowerCase() === name)) return;
  throw new UserError(
    `${name} is a file in the folder ${folder}/ of the configuration. Give yours another name, such as ${name}_2.`,
  );
}

const nameForm = /^[a-z][a-z0-9_]{0,39}$/;

async function isThere(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
