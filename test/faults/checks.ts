/** What must be true when the faults are over, whatever happened. Each problem is a sentence. */

import { operationCollection, unfinishedStates } from '../../engine/execution/operation.ts';
import type { Order } from '../../engine/execution/order.ts';
import { orderCollection } from '../../engine/execution/order.ts';
import { isFinal } from '../../engine/execution/states.ts';
import type { Decimal } from '../../engine/money.ts';
import { decimal, decimalText, zero } from '../../engine/money.ts';
import { signalCollection } from '../../engine/signals/signal.ts';
import type { Store } from '../../engine/store/store.ts';
import type { Desk } from './desk.ts';

/** What one wallet of the true account has and owes of an asset. */
export interface TrueLine {
  readonly wallet: string;
  readonly asset: string;
  readonly held: Decimal;
  readonly owed: Decimal;
}

/** An order as the account itself has it. */
export interface TrueOrder {
  readonly clientOrderId: string;
  readonly filled: string;
  readonly isOpen: boolean;
}

export interface Truth {
  readonly lines: readonly TrueLine[];
  readonly orders: readonly TrueOrder[];
  /** In USDT, to tell a leftover from a position. */
  worthOf(asset: string): Decimal;
}

/** An alert that was answered with 200. */
export interface Acknowledged {
  readonly id: string;
  readonly book: string;
  readonly isExit: boolean;
}

/** Below the smallest order of the exchange: cannot be traded away. */
const leftover = decimal('6');

export async function problemsOf(
  desk: Desk,
  store: Store,
  truth: Truth,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  return [
    ...(await problemsOfOrders(store, truth)),
    ...(await problemsOfSignals(desk, store, acknowledged)),
    ...(await problemsOfOperations(store)),
    ...(await problemsOfMoney(desk, truth)),
    ...(await problemsOfEnds(desk, truth)),
  ];
}

async function problemsOfOrders(store: Store, truth: Truth): Promise<string[]> {
  const problems: string[] = [];
  const ours = new Map<string, Order>();
  for (const order of await (await store.collection(orderCollection)).find()) ours.set(order._id, order);
  const theirs = new Map<string, TrueOrder>();
  for (const order of truth.orders) {
    const id = order.clientOrderId;
    if (theirs.has(id)) problems.push(`the order ${id} is at the broker twice`);
    theirs.set(id, order);
    if (!ours.has(id)) problems.push(`the broker has an order ${id} that the desk does not know`);
  }
  const traded = new Map<string, Order[]>();
  for (const order of ours.values()) {
    const their = theirs.get(order._id);
    const theirFill = their?.filled ?? '0';
    if (!decimal(order.filled).eq(decimal(theirFill))) {
      problems.push(
        `the order ${order._id} is filled ${theirFill} at the broker, ${order.filled} in our books`,
      );
    }
    if (!isFinal(order.state))
      problems.push(`the order ${order._id} is still ${order.state}: ${order.reason ?? ''}`);
    if (their?.isOpen)
      problems.push(`the order ${order._id} is ${order.state} with us, and still open at the broker`);
    const leg = JSON.stringify([order.operation, order.key.leg]);
    if (decimal(order.filled).gt(zero)) traded.set(leg, [...(traded.get(leg) ?? []), order]);
  }
  for (const [leg, orders] of traded) {
    if (orders.length > 1 && orders.some(({ purpose }) => purpose === 'entry')) {
      problems.push(`the entry ${leg} was traded by ${orders.length} orders`);
    }
  }
  return problems;
}

async function problemsOfSignals(
  desk: Desk,
  store: Store,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const problems: string[] = [];
  const told = (await desk.outbox.after(0, 100_000)).map(({ event }) => event);
  const heard = (type: string) =>
    told.reduce((counts, event) => {
      if (event.type === type && 'signal' in event)
        counts.set(event.signal, (counts.get(event.signal) ?? 0) + 1);
      return counts;
    }, new Map<string, number>());
  const received = heard('signal.received');
  const ends = ['signal.done', 'signal.refused', 'signal.failed'].map(heard);
  const signals = await (await store.collection(signalCollection)).find();
  for (const { id, book } of acknowledged) {
    if (!signals.some((signal) => signal.book === book && signal.key === `id:${id}`)) {
      problems.push(`the alert ${id} was acknowledged, and is lost`);
    }
  }
  for (const { _id, book, key, state, told: isTold, reason } of signals) {
    const name = `the signal ${key} of ${book}`;
    if (state === 'received' || state === 'waiting' || state === 'working')
      problems.push(`${name} is still ${state}`);
    else if (!isTold) problems.push(`${name} ended as ${state}, and chat was not told`);
    const times = ends.reduce((sum, counts) => sum + (counts.get(_id) ?? 0), 0);
    if (times !== 1) problems.push(`chat heard ${times} times how ${name} ended`);
    const isUnreadable = key.startsWith('refused:');
    if (!isUnreadable && received.get(_id) !== 1) {
      problems.push(`chat heard ${received.get(_id) ?? 0} times that ${name} came`);
    }
    if (state === 'failed' && reason?.startsWith('A fault of the desk'))
      problems.push(`${name} failed: ${reason}`);
  }
  return problems;
}

async function problemsOfOperations(store: Store): Promise<string[]> {
  const open = await (await store.collection(operationCollection)).find({ state: { in: unfinishedStates } });
  return open.map(
    ({ _id, state, summary, reason }) => `the operation ${_id} (${summary}) is still ${state}: ${reason}`,
  );
}

async function problemsOfMoney(desk: Desk, truth: Truth): Promise<string[]> {
  const problems: string[] = [];
  const { books, broker, reconciler } = desk;
  const audit = await books.audit();
  for (const [asset, by] of audit.imbalances)
    problems.push(`the ledger is out of balance by ${decimalText(by)} ${asset}`);
  for (const wrong of [...audit.wrongBooks, ...audit.wrongBrokers, ...audit.wrongTrades]) {
    problems.push(`the audit finds ${wrong} wrong`);
  }
  const ours = await books.accountOf(broker.name);
  const keyOf = ({ wallet, asset }: { wallet: string; asset: string }) => `${wallet} ${asset}`;
  const lines = new Map(truth.lines.map((line) => [keyOf(line), line]));
  const booked = new Map(ours.map((line) => [keyOf(line), line]));
  for (const key of new Set([...lines.keys(), ...booked.keys()])) {
    const [there, here] = [lines.get(key), booked.get(key)];
    for (const kind of ['held', 'owed'] as const) {
      const [theirs, mine] = [there?.[kind] ?? zero, here?.[kind] ?? zero];
      if (!theirs.eq(mine)) {
        problems.push(
          `${key} ${kind}: ${decimalText(theirs)} at the broker, ${decimalText(mine)} in our books`,
        );
      }
    }
  }
  for (const { text } of await reconciler.differences()) problems.push(`an open difference: ${text}`);
  return problems;
}

/** Every book was told to leave all that it has at last. */
async function problemsOfEnds({ books }: Desk, { worthOf }: Truth): Promise<string[]> {
  const problems: string[] = [];
  for (const name of books.names()) {
    const { positions, debts, lent } = await books.holdings(name);
    for (const [asset, { quantity }] of positions) {
      if (quantity.abs().times(worthOf(asset)).gt(leftover)) {
        problems.push(`the book ${name} still has ${decimalText(quantity)} ${asset} after its last exit`);
      }
    }
    for (const [asset, owed] of debts) {
      if (owed.times(worthOf(asset)).gt(leftover)) {
        problems.push(`the book ${name} still owes ${decimalText(owed)} ${asset} after its last exit`);
      }
    }
    for (const [asset, owed] of lent) {
      const { cash } = await books.holdings(name);
      const free = cash.get(asset) ?? zero;
      if (owed.gt(zero) && free.gt(owed))
        problems.push(`the book ${name} has not given back ${decimalText(owed)} ${asset}`);
    }
  }
  return problems;
}
