/** Who asked what, and what became of it: one stored record for every command, press and refusal. */
import type { AuditQuery, AuditTrail } from '../../commands/running.ts';
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

const auditRecords = defineCollection<AuditRecord>('audit', {
  indexes: [['at'], ['caller', 'at'], ['user', 'at']],
});

export class Audit implements AuditTrail {
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

  async latest({ limit, person, from, before }: AuditQuery): Promise<AuditRecord[]> {
    const newest = { sort: [['at', 'descending']], limit } as const;
    const at = { ...(from && { gte: from.toISOString() }), ...(before && { lt: before.toISOString() }) };
    const then = from || before ? { at } : {};
    if (person === undefined) return this.#records.find(then, newest);
    const byName = await this.#records.find({ ...then, caller: person }, newest);
    return byName.length > 0 ? byName : this.#records.find({ ...then, user: person }, newest);
  }
}
