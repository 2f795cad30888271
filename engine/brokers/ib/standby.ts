/**
 * Several desks on one store before one TWS, which lets one of them in under their client id: that one says so in the store with
 * every heartbeat, and the others stand by. What else is connected there under that id is somebody else's program.
 */
import { randomUUID } from 'node:crypto';
import type { Collection, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';

interface LineRecord extends StoredDocument {
  readonly desk: string;
  readonly beats: number;
}

const lineRecords = defineCollection<LineRecord>('ib_lines');

/** Heartbeats without a sign of life, after which a desk is taken for gone. */
const missedBeats = 3;

export class Standby {
  readonly #broker: string;
  readonly #lines: Collection<LineRecord>;
  readonly #patienceMs: number;
  readonly #desk = randomUUID();
  #beats = 0;
  #seen = '';
  #seenAt = 0;

  private constructor(broker: string, lines: Collection<LineRecord>, patienceMs: number) {
    this.#broker = broker;
    this.#lines = lines;
    this.#patienceMs = patienceMs;
  }

  static async open(store: Store, broker: string, heartbeatMs: number): Promise<Standby> {
    return new Standby(broker, await store.collection(lineRecords), missedBeats * heartbeatMs);
  }

  /** This desk has the line. */
  async beat(): Promise<void> {
    this.#beats += 1;
    const said = { desk: this.#desk, beats: this.#beats };
    if (await this.#lines.update(this.#broker, {}, said)) return;
    try {
      await this.#lines.insert({ _id: this.#broker, ...said });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  /** Whether another desk of this store has shown that it has the line, by this process's own watch: clocks of machines differ. */
  async isElsewhere(): Promise<boolean> {
    const found = await this.#lines.get(this.#broker);
    if (!found || found.desk === this.#desk) return false;
    const mark = `${found.desk} ${found.beats}`;
    if (mark !== this.#seen) {
      this.#seen = mark;
      this.#seenAt = performance.now();
    }
    return performance.now() - this.#seenAt < this.#patienceMs;
  }
}
