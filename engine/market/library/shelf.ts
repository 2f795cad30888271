/**
 * The bars of a source as the store keeps them: one document per series, which names its chunks, and one per chunk.
 *
 * Chunks never change. A change writes new ones, then the series names them in one step, if nobody else changed it meanwhile, and
 * the old ones are removed: so a reader sees all of a change or nothing, also between several processes on one store.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, stamp } from '../../clock.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../store/store.ts';
import type { Bars } from '../bars.ts';
import type { KeptInterval } from './final.ts';
import { byPeriod, joinBars } from './join.ts';
import { type PackedBars, packBars, unpackBars } from './pack.ts';

export interface Series {
  readonly source: string;
  readonly symbol: string;
  readonly interval: KeptInterval;
  readonly adjusted: boolean;
}

interface ChunkPlace {
  readonly chunk: string;
  readonly period: string;
  readonly bars: number;
  /** Of the chunk's text. */
  readonly bytes: number;
}

export interface SeriesRecord extends StoredDocument, Series {
  /** Counts its changes. */
  readonly version: number;
  /** From when on it has every bar of the source; null from the source's beginning on. */
  readonly from: string | null;
  /** Time of the newest bar. */
  readonly last: string;
  /** Oldest first. */
  readonly chunks: readonly ChunkPlace[];
  readonly changedAt: string;
}

interface ChunkRecord extends StoredDocument, PackedBars {
  readonly series: string;
}

export interface LibrarySize {
  readonly series: number;
  readonly bars: number;
  readonly bytes: number;
}

const seriesRecords = defineCollection<SeriesRecord>('bar_series', { indexes: [['source', 'symbol']] });
const chunkRecords = defineCollection<ChunkRecord>('bar_chunks', { indexes: [['series']] });

export class Shelf {
  readonly #series: Collection<SeriesRecord>;
  readonly #chunks: Collection<ChunkRecord>;
  readonly #clock: Clock;

  private constructor(series: Collection<SeriesRecord>, chunks: Collection<ChunkRecord>, clock: Clock) {
    this.#series = series;
    this.#chunks = chunks;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Shelf> {
    return new Shelf(await store.collection(seriesRecords), await store.collection(chunkRecords), clock);
  }

  find(series: Series): Promise<SeriesRecord | undefined> {
    return this.#series.get(idOf(series));
  }

  /**
   * The kept bars of the periods from one to another, both included. Undefined when a chunk is gone, because the series was
   * changed since its record was read.
   * @throws Error when a chunk is damaged
   */
  async read(record: SeriesRecord, from: string, to: string): Promise<Bars | undefined> {
    const wanted = record.chunks.filter(({ period }) => period >= from && period <= to);
    const found = await this.#chunks.find({ _id: { in: wanted.map(({ chunk }) => chunk) } });
    const chunks = new Map(found.map((chunk) => [chunk._id, chunk]));
    const stretches: Bars[] = [];
    for (const { chunk } of wanted) {
      const packed = chunks.get(chunk);
      if (packed === undefined) return undefined;
      stretches.push(await unpackBars(packed, record));
    }
    return joinBars(record, stretches);
  }

  /**
   * Keeps bars in place of all that is there from a period on (`''` is everything); earlier ones among them are there already.
   * `from` is since when they are complete. Does nothing when the series was changed since `record` was read: another process
   * did the same work.
   */
  async put(
    series: Series,
    record: SeriesRecord | undefined,
    bars: Bars,
    { from, since }: { readonly from: string | null; readonly since: string },
  ): Promise<void> {
    const last = bars.time.at(-1);
    if (last === undefined) return;
    const _id = idOf(series);
    const places = record?.chunks ?? [];
    const stays = places.filter(({ period }) => period < since);
    const written = await this.#write(
      _id,
      [...byPeriod(bars)].filter(([period]) => period >= since),
    );
    const isDone = await this.#change(series, record, {
      ...{ from, last: new Date(last).toISOString() },
      ...{ chunks: [...stays, ...written], changedAt: stamp(this.#clock) },
    });
    const unused = isDone ? places.filter((place) => !stays.includes(place)) : written;
    if (unused.length > 0) await this.#chunks.remove({ _id: { in: unused.map(({ chunk }) => chunk) } });
  }

  async size(source: string): Promise<LibrarySize> {
    const all = await this.#series.find({ source });
    const chunks = all.flatMap((record) => record.chunks);
    return {
      series: all.length,
      bars: chunks.reduce((sum, { bars }) => sum + bars, 0),
      bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Returns how many series there were. */
  async forget(source: string, symbol?: string): Promise<number> {
    const all = await this.#series.find({ source, ...(symbol !== undefined && { symbol }) });
    const series = { in: all.map(({ _id }) => _id) };
    const count = await this.#series.remove({ _id: series });
    await this.#chunks.remove({ series });
    return count;
  }

  async #write(series: string, periods: readonly (readonly [string, Bars])[]): Promise<ChunkPlace[]> {
    const written: ChunkPlace[] = [];
    for (const [period, bars] of periods) {
      const packed = await packBars(bars);
      const chunk = `${series} ${period} ${randomUUID()}`;
      await this.#chunks.insert({ _id: chunk, series, ...packed });
      written.push({ chunk, period, bars: packed.count, bytes: packed.data.length });
    }
    return written;
  }

  async #change(
    series: Series,
    record: SeriesRecord | undefined,
    changes: Pick<SeriesRecord, 'from' | 'last' | 'chunks' | 'changedAt'>,
  ): Promise<boolean> {
    const { source, symbol, interval, adjusted } = series;
    const _id = idOf(series);
    if (record) {
      const expected = { version: record.version };
      const done = await this.#series.update(_id, expected, { version: record.version + 1, ...changes });
      return done !== undefined;
    }
    try {
      await this.#series.insert({ _id, source, symbol, interval, adjusted, version: 1, ...changes });
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }
}

function idOf({ source, symbol, interval, adjusted }: Series): string {
  return `${source} ${symbol} ${interval} ${adjusted ? 'adjusted' : 'raw'}`;
}
