/**
 * What TWS's lists say of orders and trades, in the desk's words and under the desk's ids.
 *
 * An order carries our id as its reference. It is looked for among the open orders, those that ended today and today's executions; what
 * TWS has forgotten is known from the records.
 */
import type { Clock } from '../../clock.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalOfNumber, decimalText, zero } from '../../money.ts';
import type { BrokerFill, BrokerOrder } from '../broker.ts';
import { NoAnswer } from './codes.ts';
import type { Instruments } from './instruments.ts';
import type { Line } from './line.ts';
import type { QuietTimes } from './quiet.ts';
import type { FillRecord, OrderRecord, Records } from './records.ts';
import { tradeOf } from './records.ts';
import type { SeenCommission, SeenExecution, SeenOrder, Session } from './session.ts';
import { instantOfTws } from './times.ts';

export interface BooksParts {
  readonly line: Line;
  readonly records: Records;
  readonly instruments: Instruments;
  readonly quiet: QuietTimes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timezone: string;
  readonly absenceSeconds: number;
  readonly wallet: string;
  /** A trade is complete: its commission is known. */
  readonly onFill: (fill: BrokerFill) => void;
  /** The exchange corrected a trade that was booked. */
  readonly onCorrection: (text: string, executionId: string) => void;
}

/** One order at TWS; an oco order has two. */
export interface Leg extends SeenOrder {
  readonly isOpen: boolean;
}

interface Lists {
  readonly session: Session;
  readonly legs: readonly Leg[];
}

/** TWS says what it took for a trade within a moment. What it never says is booked as nothing, loudly. */
const commissionPatienceMs = 15 * 60_000;
const earlyKept = 1000;
const openStatuses: readonly string[] = [
  'ApiPending',
  'PendingSubmit',
  'PreSubmitted',
  'Submitted',
  'PendingCancel',
  'Inactive',
];

export class Books {
  readonly #parts: BooksParts;
  readonly #lanes = new Lanes();
  #queued: Promise<Lists> | undefined;
  /** Since when no list showed an order, and in which connection. */
  readonly #absentSince = new Map<string, { readonly session: Session; readonly at: number }>();
  /** Commissions that came before their trade. */
  readonly #early = new Map<string, SeenCommission>();

  constructor(parts: BooksParts) {
    this.#parts = parts;
  }

  /** See `Broker.findOrder`. @throws NoAnswer, and Error while an order that was sent may still show */
  async find(clientOrderId: string): Promise<BrokerOrder | undefined> {
    const { records } = this.#parts;
    const before = await records.order(clientOrderId);
    if (before && (before.state === 'refused' || before.state === 'held')) return undefined;
    const { legs, session } = await this.lists();
    const ours = legsOf(legs, clientOrderId);
    const record = await records.order(clientOrderId);
    if (ours.length > 0) {
      this.#absentSince.delete(clientOrderId);
      return this.#order(clientOrderId, ours, record);
    }
    if (!record) return undefined;
    const known = await this.#order(clientOrderId, [], record);
    if (known.state === 'filled' || record.ended !== null) return known;
    if (!this.#isGone(record, session)) {
      throw new NoAnswer('TWS does not show the order yet: it may still come');
    }
    if (record.state === 'sending' && known.fills.length === 0) return undefined;
    const reason = 'TWS lists it no more, and told of no further trade of it.';
    await records.change(clientOrderId, { ended: 'cancelled', reason });
    return { ...known, state: 'cancelled', reason };
  }

  /** As TWS lists them, of every program and by hand. */
  async open(): Promise<readonly BrokerOrder[]> {
    const { legs } = await this.lists();
    const orders: BrokerOrder[] = [];
    for (const name of new Set(legs.filter(({ isOpen }) => isOpen).map(nameOf))) {
      orders.push(await this.#order(name, legsOf(legs, name), await this.#parts.records.order(name)));
    }
    return orders.filter(({ state }) => state === 'working' || state === 'partly_filled');
  }

  /** The open orders at TWS of which one of ours is made. */
  async openLegs(name: string): Promise<readonly Leg[]> {
    return legsOf((await this.lists()).legs, name).filter(({ isOpen }) => isOpen);
  }

  async fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    await this.lists();
    const fills: BrokerFill[] = [];
    for (const fill of await this.#parts.records.fillsSince(since)) {
      if (fill.fee !== null) fills.push(await this.#fill(fill));
    }
    return fills;
  }

  /** Reads all lists; calls at once are one question. Today's trades are kept. @throws NoAnswer */
  lists(): Promise<Lists> {
    this.#queued ??= this.#lanes.run('lists', () => {
      this.#queued = undefined;
      return this.#read(this.#parts.line.open());
    });
    return this.#queued;
  }

  /** The same over a connection that is not called ready yet. */
  async catchUp(session: Session): Promise<void> {
    await this.#lanes.run('lists', () => this.#read(session));
  }

  async takeExecution(execution: SeenExecution): Promise<void> {
    await this.#lanes.run('trades', () => this.#takeExecution(execution));
  }

  async takeCommission(commission: SeenCommission): Promise<void> {
    await this.#lanes.run('trades', () => this.#takeCommission(commission));
  }

  /** Trades without a commission: whether there are any, and those that have waited long enough. */
  async chargeOverdue(): Promise<boolean> {
    const { records, clock, log } = this.#parts;
    const uncharged = await records.uncharged();
    for (const { executionId, at, currency } of uncharged) {
      if (clock.now().getTime() - Date.parse(at) < commissionPatienceMs) continue;
      log.error({ executionId }, 'TWS never said what it took for a trade: it is booked without a fee');
      await this.takeCommission({ executionId, amount: 0, currency });
    }
    return uncharged.length > 0;
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async #read(session: Session): Promise<Lists> {
    const { line } = this.#parts;
    // In this order: what ends between two questions is in the second answer.
    const open = await session.openOrders();
    const completed = await session.completedOrders();
    for (const execution of await session.executions(line.account)) await this.takeExecution(execution);
    const legs = new Map<number | string, Leg>();
    for (const { order, filled } of open) {
      const isOpen = openStatuses.includes(order.status);
      legs.set(order.permId || `${order.clientId} ${order.orderId}`, { ...order, filled, isOpen });
    }
    for (const order of completed) legs.set(order.permId, { ...order, isOpen: false });
    return { session, legs: [...legs.values()].filter(({ account }) => account === line.account) };
  }

  /**
   * No list showed it for long enough, all over one connection, and not in the night when lists are emptied. What is sent
   * again is looked for anew: the lists may be of before.
   */
  #isGone({ clientOrderId, sentAt }: OrderRecord, session: Session): boolean {
    const { clock, quiet, absenceSeconds } = this.#parts;
    const now = clock.now();
    const absent = this.#absentSince.get(clientOrderId);
    if (absent?.session !== session || quiet.until(now) !== undefined) {
      this.#absentSince.set(clientOrderId, { session, at: now.getTime() });
      return false;
    }
    return now.getTime() - Math.max(absent.at, Date.parse(sentAt)) >= absenceSeconds * 1000;
  }

  async #order(name: string, legs: readonly Leg[], record: OrderRecord | undefined): Promise<BrokerOrder> {
    const [first] = legs.toSorted((a, b) => a.permId - b.permId);
    const kept = await this.#fillsOf(name, record, legs);
    const fills: BrokerFill[] = [];
    for (const fill of kept) if (fill.fee !== null) fills.push(await this.#fill(fill, record));
    const filled = fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero);
    const quantity = record
      ? await this.#quantityOf(record, legs)
      : decimalText(decimalOfNumber(first?.quantity ?? 0));
    const share = first && (await this.#parts.instruments.byNumber(first.contract));
    const state = stateOf({ legs, record, filled, quantity: decimal(quantity) });
    const final = state !== 'working' && state !== 'partly_filled' && state !== 'filled';
    return {
      clientOrderId: name,
      brokerOrderId: String(record?.permId ?? first?.permId ?? 0),
      symbol: record?.symbol ?? share?.symbol ?? first?.contract.localSymbol ?? '',
      side: record?.side ?? first?.side ?? 'buy',
      quantity,
      state,
      reason: final ? (record?.reason ?? (first?.ending || null)) : null,
      fills,
    };
  }

  /** Of an exit that came with its entry TWS leaves as much as the entry was filled for. */
  async #quantityOf({ clientOrderId, quantity, entry }: OrderRecord, legs: readonly Leg[]): Promise<string> {
    if (!entry || legs.length === 0) return quantity;
    const open = legs.filter(({ isOpen }) => isOpen);
    const isFilled = legs.some(({ status }) => status === 'Filled');
    if (open.length === 0 && !isFilled) return quantity;
    const left =
      open.length > 0
        ? Math.max(...open.map((leg) => leg.quantity))
        : legs.reduce((sum, { filled }) => sum + filled, 0);
    if (left <= 0 || decimalOfNumber(left).gte(decimal(quantity))) return quantity;
    const smaller = decimalText(decimalOfNumber(left));
    await this.#parts.records.change(clientOrderId, { quantity: smaller });
    return smaller;
  }

  async #fillsOf(
    name: string,
    record: OrderRecord | undefined,
    legs: readonly Leg[],
  ): Promise<readonly FillRecord[]> {
    const { records } = this.#parts;
    if (record) return records.fillsOf(name);
    // What was placed elsewhere has a reference of its own, or none.
    const numbers = legs.map(({ permId }) => permId);
    const found = await records.fillsOf(legs[0]?.orderRef ?? '');
    return found.filter(({ permId }) => numbers.includes(permId));
  }

  async #fill(fill: FillRecord, record?: OrderRecord): Promise<BrokerFill> {
    const { orderRef, permId, symbol, asset, currency, side, quantity, price, fee, feeCurrency } = fill;
    const order = record ?? (orderRef === '' ? undefined : await this.#parts.records.order(orderRef));
    return {
      id: tradeOf(fill.executionId),
      clientOrderId: order ? orderRef : null,
      brokerOrderId: String(order?.permId ?? permId),
      symbol,
      asset,
      wallet: this.#parts.wallet,
      side,
      quantity,
      price,
      currency,
      fee: fee ?? '0',
      feeCurrency: feeCurrency ?? currency,
      at: new Date(fill.at),
    };
  }

  async #takeExecution(execution: SeenExecution): Promise<void> {
    const { line, records, instruments, log, timezone, onCorrection } = this.#parts;
    const { id, account, contract, orderRef, permId, side } = execution;
    if (account !== line.account) return;
    const share = await instruments.byNumber(contract);
    if (!share) {
      log.warn(
        { executionId: id, contract: contract.localSymbol },
        'a trade of what is no share is not taken in',
      );
      return;
    }
    const fill = {
      ...{ executionId: id, orderRef, permId, side },
      symbol: share.symbol,
      asset: share.symbol,
      currency: share.currency,
      quantity: decimalText(decimalOfNumber(execution.quantity)),
      price: decimalText(decimalOfNumber(execution.price)),
      fee: null,
      feeCurrency: null,
      at: instantOfTws(execution.time, timezone).toISOString(),
    };
    const kept = await records.keep(fill);
    if (kept && kept.executionId < id && !(await records.correct(fill))) {
      onCorrection(
        `${share.symbol}: the exchange corrected a trade of ${kept.quantity} at ${kept.price} to ${fill.quantity} at ${fill.price}. ` +
          'The books keep the first; compare the account and adopt what differs.',
        id,
      );
    }
    const early = this.#early.get(id);
    if (early) {
      this.#early.delete(id);
      await this.#takeCommission(early);
    }
  }

  async #takeCommission(commission: SeenCommission): Promise<void> {
    const { executionId, amount, currency } = commission;
    const fee = decimalText(decimalOfNumber(amount));
    const charged = await this.#parts.records.charge(executionId, fee, currency);
    if (charged) {
      this.#parts.onFill(await this.#fill(charged));
      return;
    }
    // Its trade is on its way, or it was told before.
    this.#early.set(executionId, commission);
    if (this.#early.size > earlyKept) this.#early.delete(this.#early.keys().next().value ?? '');
  }
}

/** Ours by the reference that we gave; others by the number that TWS gave. */
function nameOf({ orderRef, permId }: SeenOrder): string {
  return orderRef === '' ? `tws-${permId}` : orderRef;
}

function legsOf(legs: readonly Leg[], name: string): readonly Leg[] {
  return legs.filter((leg) => nameOf(leg) === name);
}

function stateOf({
  legs,
  record,
  filled,
  quantity,
}: {
  readonly legs: readonly Leg[];
  readonly record: OrderRecord | undefined;
  readonly filled: Decimal;
  readonly quantity: Decimal;
}): BrokerOrder['state'] {
  if (filled.gt(zero) && filled.gte(quantity)) return 'filled';
  // TWS counts more than its trades with their commissions show so far: then it has not ended for us.
  const counted = legs.reduce((sum, leg) => sum.plus(decimalOfNumber(leg.filled)), zero);
  const isOpen = legs.some((leg) => leg.isOpen) && record?.ended !== 'rejected';
  if (isOpen || counted.gt(filled)) return filled.gt(zero) ? 'partly_filled' : 'working';
  if (record?.ended) return record.ended;
  if (legs.some(({ ending }) => /expire/i.test(ending))) return 'expired';
  if (legs.length > 0) return legs.every(({ status }) => status === 'Filled') ? 'partly_filled' : 'cancelled';
  return filled.gt(zero) ? 'partly_filled' : 'working';
}
