/**
 * The journal of an account that the desk keeps itself: entries that are only ever added, and the account as their sum.
 *
 * Every change is one insert under the next number, decided on the account as it is with all entries before it. Who
 * comes second, also from another desk on the same store, decides again. So a kill at any moment leaves either the whole
 * change or nothing of it. A snapshot is kept every so many entries, for a quick start.
 */
import type { Clock } from '../../clock.ts';
import { stamp } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { Collection, Json, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';
import type { BrokerFill, BrokerOrder, Movement } from '../broker.ts';
import type { Account } from './account.ts';
import type { AccountEvent, Entry, PlacedOrder, StoredFill } from './entry.ts';
import { accountEntries } from './entry.ts';

interface AccountSnapshot extends StoredDocument {
  readonly version: number;
  readonly sequence: number;
  readonly state: Json;
}

const accountSnapshots = defineCollection<AccountSnapshot>('account_snapshots');
/** Changes with the meaning of a snapshot: an older one is passed over, and the entries are read from the first. */
const snapshotVersion = 1;
const snapshotEvery = 500;
const page = 1000;

/** What is to be added; `id` where the same thing may come again, and must not be added twice. */
export interface Decision {
  readonly event: AccountEvent;
  readonly id?: string;
}

export interface JournalParts {
  /** Its key in the store: one account, one journal. */
  readonly name: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** An account without any entry. */
  readonly empty: () => Account;
}

export class Journal {
  readonly #parts: JournalParts;
  readonly #entries: Collection<Entry>;
  readonly #snapshots: Collection<AccountSnapshot>;
  /** Reading on and adding are done one after another. */
  readonly #lanes = new Lanes();
  #account: Account;
  #restored = false;
  /** Called for each entry that is new, whoever added it; not for those from before `current` was first asked. */
  onEntry: ((entry: Entry) => void) | undefined;

  private constructor(
    parts: JournalParts,
    entries: Collection<Entry>,
    snapshots: Collection<AccountSnapshot>,
  ) {
    this.#parts = parts;
    this.#entries = entries;
    this.#snapshots = snapshots;
    this.#account = parts.empty();
  }

  static async open(parts: JournalParts): Promise<Journal> {
    const { store } = parts;
    return new Journal(
      parts,
      await store.collection(accountEntries),
      await store.collection(accountSnapshots),
    );
  }

  /** The account with all that is stored by now. It is the journal's own: look, and change nothing. */
  current(): Promise<Account> {
    return this.#lanes.run('journal', () => this.#readOn());
  }

  /**
   * Adds what `decide` makes of the account, which it may be asked for again when somebody else was first.
   * @returns the entry, `fresh` unless one under its id was there before; `undefined` when there was nothing to add
   */
  add(
    decide: (account: Account, at: string) => Decision | undefined,
  ): Promise<{ readonly entry: Entry; readonly fresh: boolean } | undefined> {
    return this.#lanes.run('journal', async () => {
      for (;;) {
        const account = await this.#readOn();
        const now = stamp(this.#parts.clock);
        const at = now < account.at ? account.at : now;
        const decision = decide(account, at);
        if (!decision) return undefined;
        const entry = this.#entryOf(decision, account.sequence + 1, at);
        try {
          await this.#entries.insert(entry);
        } catch (error) {
          if (!(error instanceof DuplicateKeyError)) throw error;
          const known = decision.id === undefined ? undefined : await this.entry(decision.id);
          if (known) return { entry: known, fresh: false };
          continue; // somebody else took this number
        }
        await this.#apply(entry);
        return { entry, fresh: true };
      }
    });
  }

  entry(id: string): Promise<Entry | undefined> {
    return this.#entries.get(this.#idOf(id));
  }

  /** An order with all that became of it, by its entries alone. */
  async order(clientOrderId: string): Promise<BrokerOrder | undefined> {
    const entries = await this.#entries.find(
      { account: this.#parts.name, clientOrderId },
      { sort: [['sequence', 'ascending']] },
    );
    let found: { placed: PlacedOrder; order: BrokerOrder } | undefined;
    for (const { event } of entries) {
      if (event.kind === 'placed') {
        const { order: placed, state, reason, fills } = event;
        found = { placed, order: this.view(placed, state, reason, fills) };
      } else if (event.kind === 'progress' && found) {
        const { placed, order } = found;
        const { state, reason, quantity = order.quantity } = event;
        const fills = [...order.fills, ...event.fills.map((fill) => this.fill(placed, fill))];
        found = { placed, order: { ...order, state, reason, quantity, fills } };
      }
    }
    return found?.order;
  }

  /** At or after an instant, oldest first. */
  async fillsSince(since: Date): Promise<BrokerFill[]> {
    const fills: BrokerFill[] = [];
    const placed = new Map<string, PlacedOrder>();
    for (const { clientOrderId, event } of await this.#since('fills', since)) {
      if (clientOrderId === null) continue;
      if (event.kind === 'placed') placed.set(clientOrderId, event.order);
      if (event.kind !== 'placed' && event.kind !== 'progress') continue;
      const order = placed.get(clientOrderId) ?? (await this.#placed(clientOrderId));
      placed.set(clientOrderId, order);
      fills.push(...event.fills.map((fill) => this.fill(order, fill)));
    }
    return fills;
  }

  async movementsSince(since: Date): Promise<Movement[]> {
    const entries = await this.#since('movement', since);
    return entries.flatMap(({ sequence, at, event }) =>
      event.kind === 'movement' ? [movementOf(event.movement, sequence, at)] : [],
    );
  }

  /** An order as the contract shows it. */
  view(
    placed: PlacedOrder,
    state: BrokerOrder['state'],
    reason: string | null,
    fills: readonly StoredFill[],
  ): BrokerOrder {
    const { clientOrderId, symbol, side, quantity } = placed;
    return {
      clientOrderId,
      brokerOrderId: this.brokerOrderId(clientOrderId),
      symbol,
      side,
      quantity,
      state,
      reason,
      fills: fills.map((fill) => this.fill(placed, fill)),
    };
  }

  fill(placed: PlacedOrder, { id, quantity, price, fee, feeCurrency, at }: StoredFill): BrokerFill {
    const { clientOrderId, symbol, asset, wallet, side, currency } = placed;
    const brokerOrderId = this.brokerOrderId(clientOrderId);
    return {
      id,
      clientOrderId,
      brokerOrderId,
      symbol,
      asset,
      wallet,
      side,
      quantity,
      price,
      currency,
      fee,
      feeCurrency,
      at: new Date(at),
    };
  }

  brokerOrderId(clientOrderId: string): string {
    return `${this.#parts.name}:${clientOrderId}`;
  }

  /** Resolves when nothing is being read or added. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async #placed(clientOrderId: string): Promise<PlacedOrder> {
    const entry = await this.entry(placedId(clientOrderId));
    if (entry?.event.kind !== 'placed')
      throw new Error(`the order ${clientOrderId} has fills and no beginning`);
    return entry.event.order;
  }

  async #since(tells: 'fills' | 'movement', since: Date): Promise<Entry[]> {
    return this.#entries.find(
      { account: this.#parts.name, tells, at: { gte: since.toISOString() } },
      {
        sort: [
          ['at', 'ascending'],
          ['sequence', 'ascending'],
        ],
      },
    );
  }

  #entryOf({ event, id }: Decision, sequence: number, at: string): Entry {
    return {
      _id: this.#idOf(id ?? String(sequence)),
      account: this.#parts.name,
      sequence,
      at,
      clientOrderId:
        event.kind === 'placed'
          ? event.order.clientOrderId
          : 'clientOrderId' in event
            ? event.clientOrderId
            : null,
      tells:
        event.kind === 'movement' ? 'movement' : 'fills' in event && event.fills.length > 0 ? 'fills' : null,
      event,
    };
  }

  #idOf(id: string): string {
    return `${this.#parts.name}:${id}`;
  }

  async #readOn(): Promise<Account> {
    const beginning = !this.#restored;
    if (beginning) await this.#restore();
    for (;;) {
      const newer = await this.#entries.find(
        { account: this.#parts.name, sequence: { gt: this.#account.sequence } },
        { sort: [['sequence', 'ascending']], limit: page },
      );
      for (const entry of newer) await this.#apply(entry, beginning);
      if (newer.length < page) break;
    }
    this.#restored = true;
    return this.#account;
  }

  async #restore(): Promise<void> {
    this.#account = this.#parts.empty();
    const snapshot = await this.#snapshots.get(this.#parts.name);
    if (!snapshot || snapshot.version !== snapshotVersion) return;
    try {
      this.#account.restore(snapshot.state);
    } catch (error) {
      const { log, name } = this.#parts;
      log.warn(
        { account: name, error: reasonOf(error) },
        'a snapshot of an account is damaged: it is rebuilt',
      );
      this.#account = this.#parts.empty();
    }
  }

  async #apply(entry: Entry, silent = false): Promise<void> {
    this.#account.apply(entry);
    if (!silent) this.onEntry?.(entry);
    if (entry.sequence % snapshotEvery === 0) await this.#snapshot();
  }

  /** It only saves time: what goes wrong with it is told to the log, and to nobody else. */
  async #snapshot(): Promise<void> {
    const { name, log } = this.#parts;
    const { sequence } = this.#account;
    const changes = { version: snapshotVersion, sequence, state: this.#account.toJson() };
    try {
      const changed = await this.#snapshots.update(name, {}, changes);
      if (!changed) await this.#snapshots.insert({ _id: name, ...changes });
    } catch (error) {
      if (error instanceof DuplicateKeyError) return; // another desk on this store wrote its own
      log.warn({ account: name, error: reasonOf(error) }, 'a snapshot of an account could not be kept');
    }
  }
}

export function placedId(clientOrderId: string): string {
  return `order:${clientOrderId}`;
}

export function movementId(sequence: number): string {
  return `m${sequence}`;
}

function movementOf(
  { kind, asset, amount, wallet, to }: Extract<AccountEvent, { kind: 'movement' }>['movement'],
  sequence: number,
  at: string,
): Movement {
  return { id: movementId(sequence), kind, asset, amount, wallet, to, at: new Date(at) };
}
