/** Who asked what, and what became of it: one stored record for every command, press and refusal. */
import { type Clock, stamp } from '../../engine/clock.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';

export type AuditOutcome = 'answered' | 'asked' | 'cancelled' | 'refused' | 'failed';

export interface AuditRecord extends StoredDocument {
  readonly at: string;
  readonly platform: string;
  readonly user: string;
  /** Name in the configuration; null for a stranger. */
  readonly caller: string | null;
  readonly chat: string;
  /** The command with its options, as it was understood; for a stranger nothing of what was typed is kept. */
  readonly command: string;
  readonly outcome: AuditOutcome;
  /** Why it was refused or failed. */
  readonly reason: string | null;
  readonly durationMs: number;
}

const auditRecords = defineCollection<AuditRecord>('audit', { indexes: [['at']] });

export class Audit {
  readonly #records: Collection<AuditRecord>;
  readonly #clock: Clock;

  private constructor(records: Collection<AuditRecord>, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  static async open(store: Store, clock: Clock): Promise<Audit> {
    return new Audit(await store.collection(auditRecords), clock);
  }

  record(record: Omit<AuditRecord, '_id' | 'at'>): Promise<void> {
    return this.#records.insert({ _id: crypto.randomUUID(), at: stamp(this.#clock), ...record });
  }

  /** Newest first. */
  latest(limit: number): Promise<AuditRecord[]> {
    return this.#records.find({}, { sort: [['at', 'descending']], limit });
  }
}
