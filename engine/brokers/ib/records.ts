/**
 * What is remembered of orders and trades: TWS tells executions of today only, forgets what ended before its restart, and
 * may give an order number twice after one. So what was sent is written down before it is sent, with a number that is never
 * given again, and every trade is kept under its id.
 */
import type { Collection, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';
import type { OrderType, Side } from '../broker.ts';

export interface OrderRecord extends StoredDocument {
  readonly account: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly type: OrderType;
  /**
   * `sending`: perhaps sent. `held`: certainly not taken, and may be sent again under this id. `taken`: TWS has it.
   * `refused`: certainly not taken, and never will be.
   */
  readonly state: 'sending' | 'held' | 'taken' | 'refused';
  readonly reason: string | null;
  /** TWS's permanent number; that of its first leg for an order of two. */
  readonly permId: number | null;
  /** Its end is not known yet. */
  readonly open: boolean;
  /** How it ended without being filled, where TWS said so. */
  readonly ended: 'cancelled' | 'rejected' | 'expired' | null;
  /** The entry that it came with as its exit; null for an order that stands alone. */
  readonly entry?: string | null;
  /** ISO 8601. */
  readonly sentAt: string;
}

export interface FillRecord extends StoredDocument {
  readonly account: string;
  /** TWS's id, whose last part counts corrections. */
  readonly executionId: string;
  readonly orderRef: string;
  readonly permId: number;
  readonly symbol: string;
  readonly asset: string;
  readonly currency: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** Null until the commission report came. */
  readonly fee: string | null;
  readonly feeCurrency: string | null;
  /** ISO 8601. */
  readonly at: string;
}

interface NumberRecord extends StoredDocument {
  readonly highest: number;
}

const orderRecords = defineCollection<OrderRecord>('ib_orders', { indexes: [['account', 'open']] });
const fillRecords = defineCollection<FillRecord>('ib_fills', {
  indexes: [
    ['account', 'at'],
    ['account', 'orderRef'],
  ],
});
const numberRecords = defineCollection<NumberRecord>('ib_numbers');

export class Records {
  readonly #account: string;
  readonly #orders: Collection<OrderRecord>;
  readonly #fills: Collection<FillRecord>;
  readonly #numbers: Collection<NumberRecord>;

  private constructor(
    account: string,
    orders: Collection<OrderRecord>,
    fills: Collection<FillRecord>,
    numbers: Collection<NumberRecord>,
  ) {
    this.#account = account;
    this.#orders = orders;
    this.#fills = fills;
    this.#numbers = numbers;
  }

  static async open(store: Store, account: string): Promise<Records> {
    return new Records(
      account,
      await store.collection(orderRecords),
      await store.collection(fillRecords),
      await store.collection(numberRecords),
    );
  }

  order(clientOrderId: string): Promise<OrderRecord | undefined> {
    return this.#orders.get(this.#id(clientOrderId));
  }

  openOrders(): Promise<readonly OrderRecord[]> {
    return this.#orders.find({ account: this.#account, open: true });
  }

  /** False when this id was used before. */
  async begin(
    order: Pick<OrderRecord, 'clientOrderId' | 'symbol' | 'side' | 'quantity' | 'type' | 'sentAt' | 'entry'>,
  ): Promise<boolean> {
    return inserted(
      this.#orders.insert({
        ...order,
        _id: this.#id(order.clientOrderId),
        account: this.#account,
        state: 'sending',
        reason: null,
        permId: null,
        open: true,
        ended: null,
      }),
    );
  }

  async change(
    clientOrderId: string,
    changes: Partial<
      Pick<OrderRecord, 'state' | 'reason' | 'permId' | 'open' | 'ended' | 'sentAt' | 'quantity'>
    >,
  ): Promise<void> {
    await this.#orders.update(this.#id(clientOrderId), {}, changes);
  }

  /** Keeps a trade under its id. Returns what is kept where it was there before. */
  async keep(fill: Omit<FillRecord, '_id' | 'account'>): Promise<FillRecord | undefined> {
    const _id = this.#id(tradeOf(fill.executionId));
    if (await inserted(this.#fills.insert({ ...fill, _id, account: this.#account }))) return undefined;
    return this.#fills.get(_id);
  }

  /** The trade as the exchange corrects it, as long as nobody was told of it. */
  async correct(fill: Omit<FillRecord, '_id' | 'account'>): Promise<boolean> {
    const { executionId, quantity, price, at } = fill;
    const changed = await this.#fills.update(
      this.#id(tradeOf(executionId)),
      { fee: null },
      { executionId, quantity, price, at },
    );
    return changed !== undefined;
  }

  /** The fill, when its commission was not known before. */
  async charge(executionId: string, fee: string, feeCurrency: string): Promise<FillRecord | undefined> {
    return this.#fills.update(this.#id(tradeOf(executionId)), { fee: null }, { fee, feeCurrency });
  }

  fillsOf(orderRef: string): Promise<readonly FillRecord[]> {
    return this.#fills.find({ account: this.#account, orderRef }, { sort: [['at', 'ascending']] });
  }

  fillsSince(since: Date): Promise<readonly FillRecord[]> {
    return this.#fills.find(
      { account: this.#account, at: { gte: since.toISOString() } },
      { sort: [['at', 'ascending']] },
    );
  }

  /** Those whose commission is still to come. */
  uncharged(): Promise<readonly FillRecord[]> {
    return this.#fills.find({ account: this.#account, fee: null });
  }

  /**
   * The next number of an order, never given before by this desk.
   * @param atLeast as TWS says, which may have forgotten what it gave
   */
  async nextNumber(atLeast: number): Promise<number> {
    for (;;) {
      const last = await this.#numbers.get(this.#account);
      const next = Math.max(atLeast, (last?.highest ?? 0) + 1);
      if (!last) {
        if (await inserted(this.#numbers.insert({ _id: this.#account, highest: next }))) return next;
      } else if (await this.#numbers.update(this.#account, { highest: last.highest }, { highest: next })) {
        return next;
      }
    }
  }

  #id(id: string): string {
    return `${this.#account}:${id}`;
  }
}

/** The id of a trade without the number of its correction: `0000e0d5.6543e8f2.01.02` corrects what ends in `.01`. */
export function tradeOf(executionId: string): string {
  return executionId.replace(/\.\d+$/, '');
}

async function inserted(insertion: Promise<unknown>): Promise<boolean> {
  try {
    await insertion;
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}
