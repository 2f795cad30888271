/** A past of many orders, signals and ledger postings for a desk that is about to be started. */
import { Books } from '../../engine/bank/books.ts';
import { systemClock } from '../../engine/clock.ts';
import { Outbox } from '../../engine/events.ts';
import { operationCollection } from '../../engine/execution/operation.ts';
import { clientOrderId, fillCollection, orderCollection } from '../../engine/execution/order.ts';
import { silentLog } from '../../engine/log.ts';
import { signalCollection, signalId } from '../../engine/signals/signal.ts';
import type { Store } from '../../engine/store/store.ts';
import { brokerName } from './desk.ts';

export interface History {
  readonly orders: number;
  readonly books: number;
  readonly currency: string;
  readonly wallet: string;
  readonly symbol: string;
  readonly asset: string;
  readonly price: string;
}

/** The desk has been started once: its books have their capital. Purchases and sales in turn, so that nothing is held in the end. */
export async function writeHistory(store: Store, history: History): Promise<void> {
  const { orders, books, currency, wallet, symbol, asset, price } = history;
  const outbox = await Outbox.open(store, systemClock);
  const bank = await Books.open({
    store,
    clock: systemClock,
    log: silentLog,
    outbox,
    settings: [],
    lastPrice: async () => ({ price, currency }),
  });
  const signals = await store.collection(signalCollection);
  const operations = await store.collection(operationCollection);
  const orderRecords = await store.collection(orderCollection);
  const fills = await store.collection(fillCollection);
  for (let index = 0; index < orders; index++) {
    const book = `book-${index % books}`;
    const side = Math.floor(index / books) % 2 === 0 ? 'buy' : 'sell';
    const purpose = side === 'buy' ? 'entry' : 'exit';
    const at = new Date(Date.now() - (orders - index) * 60_000).toISOString();
    const key = `id:past-${index}`;
    const signal = signalId(book, key);
    const operation = `signal:${signal}`;
    const orderKey = { source: operation, book, leg: 'order', sequence: 0 };
    const order = clientOrderId(orderKey);
    const summary = `${side} 1 ${symbol}`;
    const quantity = '1';
    const traded = {
      book,
      broker: brokerName,
      wallet,
      symbol,
      asset,
      side,
      quantity,
      price,
      currency,
    } as const;
    const fill = { ...traded, fee: '0', feeCurrency: currency };
    const cause = `fill:${brokerName}:past-${index}`;
    const outcome = {
      type: 'signal.done',
      signal,
      book,
      account: brokerName,
      summary,
      fills: [],
      capital: { cash: '10000', equity: '10000', currency },
    } as const;
    await signals.insert({
      ...{ _id: signal, book, key, from: '127.0.0.1', payload: { action: side, symbol, quantity }, summary },
      ...{ state: 'done', reason: null, steps: [], purpose, approval: null, receivedAt: at, arrival: index },
      ...{ endedAt: at, outcome, told: true },
    });
    await operations.insert({
      ...{
        _id: operation,
        book,
        broker: brokerName,
        purpose,
        summary,
        steps: [],
        state: 'done',
        reason: null,
      },
      ...{ undoing: null, revision: 4, askedAt: at, updatedAt: at },
    });
    await orderRecords.insert({
      ...{ _id: order, key: orderKey, operation, book, broker: brokerName, wallet, symbol, side, purpose },
      ...{
        terms: { type: 'market' },
        requested: quantity,
        budget: null,
        quantity,
        notional: price,
        cost: null,
        asset: symbol,
      },
      ...{ openForSeconds: 60, resting: false, filled: quantity, state: 'filled', reason: null },
      ...{ brokerOrderId: `past-${index}`, askedAt: at, sentAt: at, sends: 1, cancelledBy: null, told: true },
      updatedAt: at,
    });
    await fills.insert({ _id: cause, order, ...fill, at });
    await bank.postFill({ cause, ...fill, operation });
    await outbox.publish(outcome, `signal.ended:${signal}`);
  }
}
