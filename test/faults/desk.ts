/**
 * The whole desk as one life: from the webhook to the broker, put together as the bot does it, on a store and a network
 * that it loses with its life. Opened again on the same store, it is the same desk after a restart.
 */
import { hooksOf } from '../../bot/webhook/hooks.ts';
import { buildApp } from '../../bot/webhook/server.ts';
import type { BookSettings } from '../../engine/bank/book.ts';
import { Books } from '../../engine/bank/books.ts';
import type { Broker } from '../../engine/brokers/broker.ts';
import type { Clock } from '../../engine/clock.ts';
import { Outbox } from '../../engine/events.ts';
import { Executor } from '../../engine/execution/executor.ts';
import { EntryLimits } from '../../engine/execution/limits.ts';
import { Operations } from '../../engine/execution/operations.ts';
import { Reconciler } from '../../engine/execution/reconciler.ts';
import type { Logger } from '../../engine/log.ts';
import { decimal } from '../../engine/money.ts';
import { Inbox } from '../../engine/signals/inbox.ts';
import { Queue } from '../../engine/signals/queue.ts';
import { SignalWatch } from '../../engine/signals/watch.ts';
import type { Store } from '../../engine/store/store.ts';
import { WatchedStore } from '../support/watched-store.ts';
import type { Sky } from './weather.ts';
import type { Life } from './world.ts';
import { sleepInWorld } from './world.ts';

export const webhookKey = 'a key that the sender knows';

export interface DeskWorld {
  readonly sky: Sky;
  /** The desk's own, which may be off. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: readonly BookSettings[];
  readonly openBroker: (parts: { store: Store; clock: Clock; log: Logger }) => Promise<Broker>;
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Everything that is there before the first connection. */
export async function openDesk(
  life: Life,
  inner: Store,
  { sky, clock, log, settings, openBroker }: DeskWorld,
) {
  const sleep = sleepInWorld; // real where no world is installed
  const store = new WatchedStore(inner, (moment, call) => sky.storeCall(life, moment, call));
  const outbox = await Outbox.open(store, clock);
  const broker = await openBroker({ store, clock, log });
  const brokers = new Map([[broker.name, broker]]);
  const books = await Books.open({
    ...{ store, clock, log, outbox, settings },
    lastPrice: async (_broker, symbol) => {
      const { last, currency } = await broker.quote(symbol);
      return { price: last, currency };
    },
  });
  const executor: Executor = await Executor.open({
    ...{ store, clock, log, outbox, books, brokers, sleep },
    mayEnter: async ({ book, broker: account, asset, notional }) =>
      (await reconciler.refusal(account)) ??
      limits.refusal({ book, asset, notional: notional === null ? null : decimal(notional) }),
    isCompared: (account) => reconciler.isCompared(account),
  });
  const operations = await Operations.open({
    ...{ store, clock, log, outbox, books, brokers, executor, sleep },
    isCompared: (account) => reconciler.isCompared(account),
  });
  const reconciler: Reconciler = await Reconciler.open({
    ...{ store, clock, log, outbox, books, brokers, executor, sleep },
    isMoving: (account) => operations.isMoving(account),
  });
  const limits: EntryLimits = await EntryLimits.open({
    ...{ store, clock, outbox, books },
    desk: {},
    entriesSince: (book, since) => executor.entriesSince(book, since),
    openEntries: (book) => executor.openEntries(book),
  });
  const inbox = await Inbox.open({ store, clock, outbox, books });
  const queue = await Queue.open({ store, clock, log, outbox, books, brokers, operations, inbox, sleep });
  const watch = await SignalWatch.open({ store, clock, log, outbox, books, inbox, queue });
  const webhook = {
    host: '127.0.0.1',
    port: 0,
    trustProxy: [],
    bodyLimitKb: 64,
    senders: [{ key: webhookKey }],
  };
  const app = await buildApp({
    ...{ settings: webhook, log, clock, inbox },
    hooks: hooksOf(settings, webhook),
    health: () => ({ ok: true }),
    onRefused: () => undefined,
  });
  await app.ready();
  return {
    ...{ life, store, outbox, broker, books, executor, operations, reconciler, inbox, queue },
    async start(): Promise<void> {
      await broker.connect();
      await reconciler.start();
      await executor.start();
      await operations.start();
      await queue.start();
      await watch.start();
    },
    /** What a sender hears; never, when the desk dies meanwhile. */
    async post(path: string, body: string): Promise<number> {
      const headers = { 'x-outcry-key': webhookKey };
      const { statusCode } = await app.inject({ method: 'POST', url: path, payload: body, headers });
      await sky.door(life, 'after the reply to an alert');
      return statusCode;
    },
    /** What the schedule does. */
    async everyMinute(minute: number): Promise<void> {
      await queue.expireApprovals();
      if (minute % 60 === 7) await reconciler.reconcileAll();
    },
    async stop(): Promise<void> {
      await watch.stop();
      await queue.stop();
      await operations.stop();
      await reconciler.stop();
      await executor.stop();
      await broker.disconnect();
    },
  };
}
