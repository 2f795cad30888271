/**
 * Blobs in pieces, for a document of MongoDB holds 16 MB at most.
 *
 * The pieces are written first, under the hash of the whole; then one document per blob names that hash. So a reader sees the old
 * blob or the new one, a put that died half-way can be repeated, and repeating it leaves nothing behind.
 */
import { createHash } from 'node:crypto';
import { type Binary, Binary as Bytes, type Collection, type Db } from 'mongodb';
import { wellFormed } from '../document.ts';
import { type Blobs, StoreError } from '../store.ts';
import { storeError } from './faults.ts';

const PIECE_BYTES = 4 * 1024 * 1024;

interface BlobHead {
  readonly _id: string;
  readonly hash: string;
  readonly bytes: number;
}

interface BlobPiece {
  readonly _id: string;
  readonly data: Binary;
}

export class MongoBlobs implements Blobs {
  readonly #heads: Collection<BlobHead>;
  readonly #pieces: Collection<BlobPiece>;
  readonly #place: string;

  constructor(database: Db, place: string) {
    this.#heads = database.collection('_blobs');
    this.#pieces = database.collection('_blob_pieces');
    this.#place = place;
  }

  put(id: string, data: Uint8Array): Promise<void> {
    return this.#guarded(async () => {
      const _id = wellFormed(id);
      const hash = createHash('sha256').update(data).digest('hex');
      const pieces = pieceIds(_id, hash, data.byteLength);
      for (const [position, piece] of pieces.entries()) {
        const bytes = new Bytes(data.subarray(position * PIECE_BYTES, (position + 1) * PIECE_BYTES));
        await this.#pieces.replaceOne({ _id: piece }, { data: bytes }, { upsert: true });
      }
      const before = await this.#heads.findOneAndUpdate(
        { _id },
        { $set: { hash, bytes: data.byteLength } },
        { upsert: true, returnDocument: 'before' },
      );
      if (before !== null && before.hash !== hash) await this.#removePieces(before);
    });
  }

  get(id: string): Promise<Uint8Array | undefined> {
    return this.#guarded(async () => {
      for (;;) {
        const head = await this.#heads.findOne({ _id: wellFormed(id) });
        if (head === null) return undefined;
        const data = await this.#read(head);
        if (data !== undefined) return data;
        const now = await this.#heads.findOne({ _id: head._id });
        if (now?.hash === head.hash) throw new StoreError(`the blob ${id} on ${this.#place} lacks a piece`);
      }
    });
  }

  remove(id: string): Promise<void> {
    return this.#guarded(async () => {
      const before = await this.#heads.findOneAndDelete({ _id: wellFormed(id) });
      if (before !== null) await this.#removePieces(before);
    });
  }

  /** `undefined` when a piece is missing: it was replaced meanwhile. */
  async #read(head: BlobHead): Promise<Uint8Array | undefined> {
    const data = new Uint8Array(head.bytes);
    for (const [position, piece] of pieceIds(head._id, head.hash, head.bytes).entries()) {
      const found = await this.#pieces.findOne({ _id: piece });
      if (found === null) return undefined;
      data.set(found.data.value(), position * PIECE_BYTES);
    }
    return data;
  }

  async #removePieces({ _id, hash, bytes }: BlobHead): Promise<void> {
    await this.#pieces.deleteMany({ _id: { $in: pieceIds(_id, hash, bytes) } });
  }

  async #guarded<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw storeError(this.#place, error);
    }
  }
}

function pieceIds(id: string, hash: string, bytes: number): string[] {
  return Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, position) => `${id}/${hash}/${position}`);
}
