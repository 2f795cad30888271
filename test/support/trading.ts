/**
 * A small trading desk for tests: one book on a paper account, from the inbox to the ledger. Built again on the same
 * store, it is the same desk after a restart.
 */
import type { BookSettings } from '../../engine/bank/book.ts';
import { bookSettings } from '../../engine/bank/book.ts';
import { Books } from '../../engine/bank/books.ts';
import type { Broker } from '../../engine/brokers/broker.ts';
import { PaperBroker } from '../../engine/brokers/paper/paper.ts';
import type { PaperSettings } from '../../engine/brokers/paper/settings.ts';
import { paperSettings } from '../../engine/brokers/paper/settings.ts';
import type { Clock } from '../../engine/clock.ts';
import type { DeskEvent } from '../../engine/events.ts';
import { Outbox } from '../../engine/events.ts';
import { Executor } from '../../engine/execution/executor.ts';
import { Operations } from '../../engine/execution/operations.ts';
import type { Sleep } from '../../engine/execution/patience.ts';
import { Reconciler } from '../../engine/execution/reconciler.ts';
import type { Logger } from '../../engine/log.ts';
import { silentLog } from '../../engine/log.ts';
import { Inbox } from '../../engine/signals/inbox.ts';
import { Queue } from '../../engine/signals/queue.ts';
import type { Store } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';
import { FixedPrices } from './prices.ts';

export const demoBook: BookSettings = bookSettings.parse({
  name: 'demo',
  currency: 'USD',
  capital: '10000',
  broker: 'paper',
  handler: { name: 'order' },
});

/** What a desk trades that is killed meanwhile: purchases, and sales that depend on them. */
export const killedAlerts = Array.from({ length: 12 }, (_, index) => ({
  id: `alert-${index}`,
  ...(index % 3 === 2
    ? { action: 'sell', symbol: 'ACME', percent: 50 }
    : { action: 'buy', symbol: index % 2 === 0 ? 'ACME' : 'SP500', cost: 300 }),
}));

export interface TradingOptions {
  readonly store?: Store;
  readonly clock?: Clock;
  readonly prices?: FixedPrices;
  readonly books?: readonly BookSettings[];
  readonly paper?: Partial<PaperSettings>;
  readonly log?: Logger;
  readonly sleep?: Sleep;
  /** Puts something between the desk and its paper account, such as a line that loses replies. */
  readonly line?: (paper: Broker) => Broker;
  /** A broker in place of the paper account. Then nothing is sent there before it was compared with the books. */
  readonly broker?: (parts: BrokerEffects) => Promise<Broker>;
}

export interface BrokerEffects {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
}

/** Waits no time at all, but lets everything else have its turn. */
export const noSleep: Sleep = (_ms, signal) =>
  new Promise((resolve, reject) => {
    setImmediate(() => (signal.aborted ? reject(signal.reason) : resolve()));
  });

export type Trading = Awaited<ReturnType<typeof openTrading>>;

/** Builds the parts without starting them. */
export async function buildTrading(options: TradingOptions = {}) {
  const {
    store = await temporaryStore(),
    clock = new ManualClock(),
    prices = new FixedPrices({ SP500: '2874.56', ACME: '10' }),
    books: settings = [demoBook],
    log = silentLog,
    sleep = noSleep,
    line = (broker) => broker,
  } = options;
  const outbox = await Outbox.open(store, clock);
  const paper = await PaperBroker.open({
    name: 'paper',
    settings: paperSettings.parse({
      type: 'paper',
      source: 'fixed',
      balances: { USD: '100000' },
      ...options.paper,
    }),
    store,
    prices,
    clock,
    log,
  });
  const broker = options.broker ? await options.broker({ store, clock, log, outbox }) : line(paper);
  const brokers = new Map([[broker.name, broker]]);
  const lastPrice = async (_broker: string, symbol: string) => prices.lastPrice(symbol);
  const books = await Books.open({ store, clock, log, outbox, settings, lastPrice });
  const isCompared = (name: string) => reconciler?.isCompared(name) ?? true;
  const executor: Executor = await Executor.open({
    ...{ store, clock, log, outbox, books, brokers, sleep, isCompared },
    mayEnter: async ({ broker: name }) => reconciler?.refusal(name),
  });
  const operations = await Operations.open({
    ...{ store, clock, log, outbox, books, brokers, executor, sleep, isCompared },
  });
  const reconciler = options.broker
    ? await Reconciler.open({
        ...{ store, clock, log, outbox, books, brokers, executor, sleep },
        isMoving: (name) => operations.isMoving(name),
      })
    : undefined;
  const inbox = await Inbox.open({ store, clock, outbox, books });
  const queue = await Queue.open({ store, clock, log, outbox, books, brokers, operations, inbox, sleep });
  return {
    ...{ store, clock, prices, outbox, paper, broker, brokers, books, executor, operations, inbox, queue },
    ...{ reconciler, isCompared },
  };
}

export async function openTrading(options: TradingOptions = {}) {
  const parts = await buildTrading(options);
  const { broker, executor, operations, queue, inbox, outbox } = parts;
  await broker.connect();
  await executor.start();
  await operations.start();
  await queue.start();
  return {
    ...parts,
    /** Sends an alert as the webhook would. */
    send(payload: Record<string, unknown>, book = 'demo') {
      return inbox.receive({ book, payload, raw: bytesOf(payload), from: 'a test' });
    },
    /** What was told, oldest first. */
    async told(): Promise<DeskEvent[]> {
      return (await outbox.after(0, 10_000)).map(({ event }) => event);
    },
    async stop(): Promise<void> {
      await queue.stop();
      await operations.stop();
      await executor.stop();
      await broker.disconnect();
    },
  };
}

/** Asked for only inside a test: a process of its own, which a test kills, knows nothing of vitest. */
async function temporaryStore(): Promise<Store> {
  const { tempStore } = await import('./temp-store.ts');
  return tempStore();
}

export function bytesOf(payload: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(payload));
}

/** A broker that is `inner`, save for what is replaced. */
export function brokerWith(inner: Broker, replaced: Partial<Broker>): Broker {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    wallets: inner.wallets,
    ...(inner.margin && { margin: inner.margin }),
    connect: () => inner.connect(),
    disconnect: () => inner.disconnect(),
    status: () => inner.status(),
    submit: (order) => inner.submit(order),
    findOrder: (id, symbol) => inner.findOrder(id, symbol),
    cancel: (id, symbol) => inner.cancel(id, symbol),
    openOrders: () => inner.openOrders(),
    fillsSince: (since) => inner.fillsSince(since),
    balances: () => inner.balances(),
    positions: () => inner.positions(),
    resolve: (symbol) => inner.resolve(symbol),
    quote: (symbol) => inner.quote(symbol),
    subscribe: (listener) => inner.subscribe(listener),
    ...replaced,
  };
}
