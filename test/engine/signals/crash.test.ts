/**
 * What a trader fears most: the machine dies, or a reply is lost, in the middle of a trade. Here it happens at every
 * single call to the store and to the broker, before it and after it; then the desk starts again on what is stored.
 */
import { describe, expect, test } from 'vitest';
import type { Broker } from '../../../engine/brokers/broker.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import type { Store } from '../../../engine/store/store.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { expectBooksEqualAccount } from '../../support/books-equal-account.ts';
import { type Fate, liveUntil, passing, spared } from '../../support/fate.ts';
import { tempStore } from '../../support/temp-store.ts';
import type { Trading } from '../../support/trading.ts';
import { brokerWith, noSleep, openTrading } from '../../support/trading.ts';
import { WatchedStore } from '../../support/watched-store.ts';

/** Decided anew after it was traded, the second would sell a half of the half that is left. */
const alerts = [
  { id: 'entry', action: 'buy', symbol: 'SP500', percent: 60 },
  { id: 'exit', action: 'sell', symbol: 'SP500', percent: 50 },
];
const twice = <T>(value: T) => [value, value];

/** Orders that were sent although the broker had them: the paper account swallows that, another broker would trade twice. */
type SentTwice = string[];

/** A line to the broker on which fate stands. */
function lineOf(broker: Broker, fate: Fate, sentTwice: SentTwice): Broker {
  const pass = passing(fate);
  return brokerWith(broker, {
    submit: pass('submit', async (order) => {
      if (await broker.findOrder(order.clientOrderId, order.symbol)) sentTwice.push(order.clientOrderId);
      return broker.submit(order);
    }),
    findOrder: pass('findOrder', (id, symbol) => broker.findOrder(id, symbol)),
    resolve: pass('resolve', (symbol) => broker.resolve(symbol)),
    quote: pass('quote', (symbol) => broker.quote(symbol)),
  });
}

function openOn(store: Store, fate: Fate, sentTwice: SentTwice, sleep = noSleep): Promise<Trading> {
  return openTrading({
    store: new WatchedStore(store, (moment, call) => fate(`${moment} ${call}`)),
    paper: { slippage: '0.0005', fee: '0.001' },
    sleep,
    line: (broker) => lineOf(broker, fate, sentTwice),
  });
}

/** Sends all alerts as TradingView does: each up to four times, until it is acknowledged. */
async function sendAll(desk: Trading): Promise<void> {
  for (const alert of alerts) {
    for (let attempt = 1; ; attempt++) {
      try {
        await desk.send(alert);
        break;
      } catch (error) {
        if (attempt === 4) throw error;
      }
    }
  }
  await desk.queue.idle();
}

async function live(store: Store, sentTwice: SentTwice, fate: Fate, sleep: Sleep): Promise<void> {
  const desk = await openOn(store, fate, sentTwice, sleep);
  await sendAll(desk);
  await desk.stop();
}

/** What must be true in the end, whatever happened on the way. */
async function expectExactlyOnce(desk: Trading, sentTwice: SentTwice, when: string): Promise<void> {
  const orders = await desk.executor.orders({ limit: 100 });
  expect(
    orders.map(({ state }) => state),
    `${when}: each alert must have one order, and it must be filled`,
  ).toEqual(twice('filled'));
  expect(sentTwice, `${when}: no order may be sent that the broker has`).toEqual([]);
  const fills = await desk.paper.fillsSince(new Date(0));
  expect(fills.length, `${when}: the broker must have filled each alert once`).toBe(2);

  const signals = await desk.inbox.signals({ limit: 100 });
  expect(
    signals.map(({ state }) => state),
    `${when}: every signal must be done`,
  ).toEqual(twice('done'));
  const told = await desk.told();
  for (const type of ['signal.received', 'signal.done']) {
    const heard = told
      .filter((event) => event.type === type)
      .map((event) => 'signal' in event && event.signal);
    expect(new Set(heard).size, `${when}: chat must hear "${type}" of each signal`).toBe(2);
    expect(heard.length, `${when}: chat must hear "${type}" of each signal once`).toBe(2);
  }
  await expectBooksEqualAccount(desk, when);
}

/** Starts the desk on what is stored; the senders of what was not acknowledged try again. */
async function recover(store: Store, sentTwice: SentTwice, when: string): Promise<void> {
  const desk = await openOn(store, spared, sentTwice);
  await sendAll(desk);
  await expectExactlyOnce(desk, sentTwice, when);
  await desk.stop();
}

describe('whatever happens, and when: each alert is traded once, and the books equal the account', () => {
  test('the process dies at every call to the store and the broker in turn', async () => {
    let at = 0;
    for (;;) {
      at++;
      const store = await tempStore();
      const sentTwice: SentTwice = [];
      const moment = await liveUntil(at, (fate, sleep) => live(store, sentTwice, fate, sleep));
      if (moment === undefined) break;
      await recover(store, sentTwice, `killed at call ${at}, ${moment}`);
    }
    expect(at, 'the story must be long enough to be worth dying in').toBeGreaterThan(150);
  }, 300_000);

  test('it dies a second time while it recovers', async () => {
    for (let at = 20; ; at += 31) {
      for (let again = 1 + (at % 17); ; again += 17) {
        const store = await tempStore();
        const sentTwice: SentTwice = [];
        const first = await liveUntil(at, (fate, sleep) => live(store, sentTwice, fate, sleep));
        if (first === undefined) return;
        const second = await liveUntil(again, (fate, sleep) => live(store, sentTwice, fate, sleep));
        await recover(store, sentTwice, `killed at call ${at}, ${first}, then at call ${again}, ${second}`);
        if (second === undefined) break;
      }
    }
  }, 300_000);

  test('one call fails, or its reply is lost, and the process goes on', async () => {
    for (let at = 1; ; at++) {
      const store = await tempStore();
      const sentTwice: SentTwice = [];
      let calls = 0;
      let struck: string | undefined;
      let open = false;
      const fate: Fate = async (moment) => {
        if (!open || ++calls !== at) return;
        struck = moment;
        throw new StoreError('the disk did not answer');
      };
      const desk = await openOn(store, fate, sentTwice);
      open = true;
      await sendAll(desk);
      open = false;
      await desk.executor.resume();
      await expectExactlyOnce(desk, sentTwice, `fault at call ${at}, ${struck}`);
      await desk.stop();
      if (struck === undefined) break;
    }
  }, 300_000);
});
