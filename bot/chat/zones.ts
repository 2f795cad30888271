/** By whose clock the desk speaks: people and chats have the zone that was set for them in chat, all others the desk's. */
import type { ZoneOwner, ZonesOfDesk } from '../../commands/running.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';

interface StoredZone extends StoredDocument {
  readonly zone: string;
}

const storedZones = defineCollection<StoredZone>('zones');

export class Zones implements ZonesOfDesk {
  readonly desk: string;
  readonly #records: Collection<StoredZone>;
  readonly #zones: Map<string, string>;

  private constructor(desk: string, records: Collection<StoredZone>, stored: readonly StoredZone[]) {
    this.desk = desk;
    this.#records = records;
    this.#zones = new Map(stored.map(({ _id, zone }) => [_id, zone]));
  }

  /** @param desk the zone of the configuration */
  static async open(store: Store, desk: string): Promise<Zones> {
    const records = await store.collection(storedZones);
    return new Zones(desk, records, await records.find());
  }

  of(owner: ZoneOwner): string | undefined {
    return this.#zones.get(idOf(owner));
  }

  forReader({ person, chat }: { readonly person?: string | undefined; readonly chat: string }): string {
    return (person === undefined ? undefined : this.of({ person })) ?? this.of({ chat }) ?? this.desk;
  }

  async set(owner: ZoneOwner, zone: string | null): Promise<void> {
    const id = idOf(owner);
    if (zone === null) {
      await this.#records.remove({ _id: id });
      this.#zones.delete(id);
      return;
    }
    try {
      await this.#records.insert({ _id: id, zone });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      await this.#records.update(id, {}, { zone });
    }
    this.#zones.set(id, zone);
  }
}

function idOf(owner: ZoneOwner): string {
  return 'person' in owner ? `person:${owner.person}` : owner.chat;
}
