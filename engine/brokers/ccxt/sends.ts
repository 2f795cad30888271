/**
 * What was sent, remembered before it is sent. An exchange refuses an id only while the order under it is open, so that an id
 * is never used twice is our own care; and trades carry the exchange's order id, which leads back to ours from here.
 */

import type { Collection, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';
import type { OrderType, Side } from '../broker.ts';

export interface Send extends StoredDocument {
  readonly account: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly wallet: string;
  readonly side: Side;
  readonly quantity: string;
  readonly type: OrderType;
  /**
   * `sending`: perhaps sent. `held`: certainly not taken, and may be sent again under this id. `taken`: the exchange has it.
   * `refused`: certainly not taken, and never will be.
   */
  readonly state: 'sending' | 'held' | 'taken' | 'refused';
  readonly reason: string | null;
  readonly brokerOrderId: string | null;
  /** Its end is not known yet. */
  readonly open: boolean;
  /** ISO 8601. */
  readonly sentAt: string;
  /** When its end was known; missing before, and in what was sent by an earlier version. */
  readonly endedAt?: string;
}

/** A symbol that was traded in a wallet: its trades are asked for. */
interface Traded extends StoredDocument {
  readonly account: string;
  readonly wallet: string;
  readonly symbol: string;
}

const sendCollection = defineCollection<Send>('ccxt_sends', {
  indexes: [
    ['account', 'open'],
    ['account', 'symbol', 'brokerOrderId'],
    ['account', 'open', 'endedAt'],
  ],
});
const tradedCollection = defineCollection<Traded>('ccxt_traded', { indexes: [['account']] });

export class Sends {
  readonly #account: string;
  readonly #sends: Collection<Send>;
  readonly #traded: Collection<Traded>;
  readonly #seen = new Set<string>();

  private constructor(account: string, sends: Collection<Send>, traded: Collection<Traded>) {
    this.#account = account;
    this.#sends = sends;
    this.#traded = traded;
  }

  static async open(store: Store, account: string): Promise<Sends> {
    return new Sends(
      account,
      await store.collection(sendCollection),
      await store.collection(tradedCollection),
    );
  }

  get(clientOrderId: string): Promise<Send | undefined> {
    return this.#sends.get(this.#id(clientOrderId));
  }

  /** False when this id was used before. */
  async begin(
    send: Omit<Send, '_id' | 'account' | 'state' | 'reason' | 'brokerOrderId' | 'open'>,
  ): Promise<boolean> {
    await this.#rememberSymbol(send.wallet, send.symbol);
    try {
      await this.#sends.insert({
        ...send,
        _id: this.#id(send.clientOrderId),
        account: this.#account,
        state: 'sending',
        reason: null,
        brokerOrderId: null,
        open: true,
      });
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }

  async change(
    clientOrderId: string,
    changes: Partial<Pick<Send, 'state' | 'reason' | 'brokerOrderId' | 'open' | 'sentAt'>>,
  ): Promise<void> {
    await this.#sends.update(this.#id(clientOrderId), {}, changes);
  }

  /** Its end is known. */
  async end(
    clientOrderId: string,
    at: Date,
    changes: Partial<Pick<Send, 'state' | 'reason'>> = {},
  ): Promise<void> {
    const ended = { ...changes, open: false, endedAt: at.toISOString() };
    await this.#sends.update(this.#id(clientOrderId), {}, ended);
  }

  /** Forgets orders that ended before; how many those were. */
  async forgetEndedBefore(before: Date): Promise<number> {
    const ofOurs = { account: this.#account, open: false } as const;
    const lt = before.toISOString();
    const forgotten = await this.#sends.remove({ ...ofOurs, endedAt: { lt } });
    return forgotten + (await this.#sends.remove({ ...ofOurs, endedAt: { exists: false }, sentAt: { lt } }));
  }

  open(): Promise<readonly Send[]> {
    return this.#sends.find({ account: this.#account, open: true });
  }

  async byBrokerOrderId(symbol: string, brokerOrderId: string): Promise<Send | undefined> {
    const [found] = await this.#sends.find({ account: this.#account, symbol, brokerOrderId }, { limit: 1 });
    return found;
  }

  /** Those of which the exchange's id is not known: their reply was lost. */
  withoutBrokerOrderId(symbol: string): Promise<readonly Send[]> {
    return this.#sends.find({ account: this.#account, symbol, open: true, brokerOrderId: { exists: false } });
  }

  async traded(): Promise<readonly { readonly wallet: string; readonly symbol: string }[]> {
    return this.#traded.find({ account: this.#account });
  }

  async #rememberSymbol(wallet: string, symbol: string): Promise<void> {
    const _id = `${this.#account}:${wallet}:${symbol}`;
    if (this.#seen.has(_id)) return;
    try {
      await this.#traded.insert({ _id, account: this.#account, wallet, symbol });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    this.#seen.add(_id);
  }

  #id(clientOrderId: string): string {
    return `${this.#account}:${clientOrderId}`;
  }
}
