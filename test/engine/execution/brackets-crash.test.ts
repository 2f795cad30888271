/** The process dies at every call to the store and the broker while an entry goes out with its stop. */
import { expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { Broker } from '../../../engine/brokers/broker.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import type { Store } from '../../../engine/store/store.ts';
import { type Fate, liveUntil, passing, spared } from '../../support/fate.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { FixedPrices } from '../../support/prices.ts';
import { patience } from '../../support/suites/broker/world.ts';
import { brokerWith, noSleep, openTrading } from '../../support/trading.ts';
import { WatchedStore } from '../../support/watched-store.ts';

const book = bookSettings.parse({
  ...{ name: 'demo', currency: 'USD', capital: '10000', broker: 'paper' },
  handler: { name: 'position', settings: { risk: 1 } },
});
const alert = { id: 'entry', action: 'entry', side: 'long', symbol: 'ACME', stop: 90 };

function lineOf(broker: Broker, fate: Fate): Broker {
  const pass = passing(fate);
  return brokerWith(broker, {
    submit: pass('submit', (order) => broker.submit(order)),
    findOrder: pass('findOrder', (id, symbol) => broker.findOrder(id, symbol)),
    cancel: pass('cancel', (id, symbol) => broker.cancel(id, symbol)),
  });
}

function open(store: Store, fate: Fate, sleep = noSleep) {
  return openTrading({
    store: new WatchedStore(store, (moment, call) => fate(`${moment} ${call}`)),
    prices: new FixedPrices({ ACME: '100' }),
    books: [book],
    sleep,
    line: (broker) => lineOf(broker, fate),
  });
}

async function live(store: Store, fate: Fate, sleep: Sleep): Promise<void> {
  const desk = await open(store, fate, sleep);
  await desk.send(alert);
  await desk.queue.idle();
  await desk.stop();
}

test('afterwards there is one position with one stop, which ends it', async () => {
  let at = 0;
  for (;;) {
    at++;
    const store = memoryStore();
    const moment = await liveUntil(at, (fate, sleep) => live(store, fate, sleep));
    const when = `killed at call ${at}, ${moment}`;
    const desk = await open(store, spared);
    await desk.send(alert);
    await desk.queue.idle();
    await expect
      .poll(async () => (await desk.executor.openOrders()).map(({ state }) => state), patience)
      .toEqual(['working']);
    const [stop] = await desk.executor.openOrders();
    expect(await desk.paper.openOrders(), when).toMatchObject([
      { clientOrderId: stop?._id, side: 'sell', quantity: '10' },
    ]);
    expect(await desk.paper.positions(), when).toMatchObject([{ symbol: 'ACME', quantity: '10' }]);
    expect((await desk.executor.orders({ limit: 10 })).length, `${when}: orders`).toBe(2);
    desk.prices.set('ACME', '89');
    await expect.poll(async () => (await desk.books.holdings('demo')).positions.size, patience).toBe(0);
    expect(await desk.paper.positions(), when).toEqual([]);
    await desk.stop();
    if (moment === undefined) break;
  }
  expect(at, 'the story must be long enough to be worth dying in').toBeGreaterThan(60);
}, 300_000);
