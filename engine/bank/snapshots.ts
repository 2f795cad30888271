/**
 * Snapshots of running sums: what they were after some posting, so that a start does not replay the whole ledger.
 *
 * A snapshot is never the truth. It can be removed at any time and is rebuilt from the postings, and every night it is
 * compared with them.
 */
import type { Decimal } from '../money.ts';
import { decimal, decimalText } from '../money.ts';
import type { Collection, Json, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

export interface Snapshot extends StoredDocument {
  /** Of the newest posting that is in it. */
  readonly sequence: number;
  /** As `snapshotText` writes it. */
  readonly state: string;
}

const snapshots = defineCollection<Snapshot>('ledger_snapshots');

/** Raised whenever the shape of what is kept changes: snapshots of another shape are not read any more. */
const version = 1;

export class Snapshots {
  readonly #documents: Collection<Snapshot>;

  private constructor(documents: Collection<Snapshot>) {
    this.#documents = documents;
  }

  static async open(store: Store): Promise<Snapshots> {
    return new Snapshots(await store.collection(snapshots));
  }

  get(name: string): Promise<Snapshot | undefined> {
    return this.#documents.get(idOf(name));
  }

  /** Keeps the newest of a name: an older one, of a slower process, changes nothing. */
  async put(name: string, sequence: number, state: string): Promise<void> {
    const _id = idOf(name);
    if (await this.#documents.update(_id, { sequence: { lt: sequence } }, { sequence, state })) return;
    try {
      await this.#documents.insert({ _id, sequence, state });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error; // there is one already, as new as this
    }
  }

  async remove(name: string): Promise<void> {
    await this.#documents.remove({ _id: idOf(name) });
  }
}

function idOf(name: string): string {
  return `${version}:${name}`;
}

/** Plain objects, lists, maps by text, and decimals as text that brings them back; equal states give equal text. */
export function snapshotText(state: object): string {
  return JSON.stringify(packed(state));
}

/** What `snapshotText` was given. Only for text of this version, which has the shape that is asked for. */
export function stateOf<S>(text: string): S {
  return unpacked(JSON.parse(text) as Json) as S;
}

function packed(value: unknown): Json {
  if (value === null || typeof value !== 'object') return value as Json;
  if (isDecimal(value)) return { decimal: decimalText(value) };
  if (value instanceof Map) return { map: [...value].map(([key, item]) => [key, packed(item)]) };
  if (Array.isArray(value)) return value.map(packed);
  return { object: Object.entries(value).map(([key, item]) => [key, packed(item)]) };
}

function unpacked(value: Json): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(unpacked);
  const [[kind, content] = ['', null]] = Object.entries(value);
  if (kind === 'decimal') return decimal(content as string);
  const entries = (content as [string, Json][]).map(([key, item]) => [key, unpacked(item)] as const);
  return kind === 'map' ? new Map(entries) : Object.fromEntries(entries);
}

function isDecimal(value: object): value is Decimal {
  return 'toFixed' in value && 'cmp' in value;
}
