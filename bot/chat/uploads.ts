/**
 * Files that come with commands: fetched once it is known that their sender may, held to the rules of their option, and
 * kept while a confirmation waits, so that it works after a restart and on another worker.
 */
import { randomBytes } from 'node:crypto';
import type { OptionSet } from '../../commands/command.ts';
import type { ParsedValue } from '../../commands/options.ts';
import { checkSize, cleanFileName, fileText, UploadedFile } from '../../commands/uploaded-file.ts';
import type { Clock } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import type { IncomingFiles } from './platform.ts';

interface KeptFile extends StoredDocument {
  readonly name: string;
  readonly expiresAt: string;
}

const keptFiles = defineCollection<KeptFile>('uploads', { indexes: [['expiresAt']] });
/** Longer than any confirmation waits. */
const lifetimeMs = 3_600_000;

type Values = Readonly<Record<string, ParsedValue>>;

export class Uploads {
  readonly #store: Store;
  readonly #records: Collection<KeptFile>;
  readonly #clock: Clock;

  private constructor(store: Store, records: Collection<KeptFile>, clock: Clock) {
    this.#store = store;
    this.#records = records;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Uploads> {
    return new Uploads(store, await store.collection(keptFiles), clock);
  }

  /**
   * The options with their files in place of what stands for them. `files` came with the command; a pressed button has
   * none, and its files are those that were kept.
   * @throws UserError for a file that is not there, too large, of another kind or no text
   */
  async fetch(
    options: OptionSet,
    values: Values,
    files: IncomingFiles | 'kept',
  ): Promise<Record<string, ParsedValue>> {
    const fetched: Record<string, ParsedValue> = { ...values };
    for (const [name, option] of Object.entries(options)) {
      const value = values[name];
      if (option.type !== 'file' || typeof value !== 'string') continue;
      if (files === 'kept') {
        fetched[name] = await this.#kept(value);
        continue;
      }
      const file = files.attached ?? files.named?.(value);
      if (!file) throw new UserError(`${name} must be a file that is sent along, not the words "${value}".`);
      const clean = cleanFileName(file.name, option);
      const data = await file.read(option.maxKb * 1024);
      checkSize(clean, data.length, option);
      fetched[name] = new UploadedFile(clean, fileText(clean, data));
    }
    return fetched;
  }

  /** The options as a stored action takes them: each file is kept for an hour, and a text stands for it. */
  async keep(values: Values): Promise<Record<string, ParsedValue>> {
    const kept: Record<string, ParsedValue> = { ...values };
    for (const [name, value] of Object.entries(values)) {
      if (!(value instanceof UploadedFile)) continue;
      await this.purge();
      const id = randomBytes(12).toString('base64url');
      const expiresAt = new Date(this.#clock.now().getTime() + lifetimeMs).toISOString();
      await this.#records.insert({ _id: id, name: value.name, expiresAt });
      await this.#store.blobs.put(blobOf(id), new TextEncoder().encode(value.text));
      kept[name] = `${id}/${value.name}`;
    }
    return kept;
  }

  /** Forgets what nothing can ask for any more. */
  async purge(): Promise<void> {
    const over = await this.#records.find({ expiresAt: { lt: this.#clock.now().toISOString() } });
    for (const { _id } of over) {
      await this.#store.blobs.remove(blobOf(_id));
      await this.#records.remove({ _id });
    }
  }

  async #kept(value: string): Promise<UploadedFile> {
    const [id = ''] = value.split('/');
    const record = await this.#records.get(id);
    const data = record && (await this.#store.blobs.get(blobOf(id)));
    if (record && data) return new UploadedFile(record.name, new TextDecoder().decode(data));
    throw new UserError(
      'The file of this command is not kept any more. Send the command with its file again.',
    );
  }
}

function blobOf(id: string): string {
  return `upload/${id}`;
}
