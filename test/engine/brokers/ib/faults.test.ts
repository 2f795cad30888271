/** What goes wrong on the line to TWS, and what becomes of orders meanwhile. */
import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { BrokerFill, BrokerOrder, OrderRequest } from '../../../../engine/brokers/broker.ts';
import type { OutboxRecord } from '../../../../engine/events.ts';
import type { Logger } from '../../../../engine/log.ts';
import { silentLog } from '../../../../engine/log.ts';
import { defineCollection } from '../../../../engine/store/store.ts';
import { ManualClock } from '../../../support/clock.ts';
import { patience } from '../../../support/suites/broker/world.ts';
import { tempFolder } from '../../../support/temp-store.ts';
import type { TestTws } from '../../../support/tws/index.ts';
import { startTws } from '../../../support/tws/index.ts';
import type { IbAccount } from './ib-account.ts';
import { ibAccount } from './ib-account.ts';

const market = (clientOrderId: string, quantity = '10'): OrderRequest => ({
  clientOrderId,
  symbol: 'AAPL',
  side: 'buy',
  quantity,
  terms: { type: 'market' },
});
const limit = (clientOrderId: string, limitPrice: string): OrderRequest => ({
  ...market(clientOrderId),
  terms: { type: 'limit', limitPrice },
});

/** Ready over a connection that is there: the broker has noticed when the one before was lost. */
async function ready({ broker, tws }: IbAccount): Promise<void> {
  await expect.poll(() => tws.server.connections, patience).toBe(1);
  await expect.poll(() => broker.status().state, patience).toBe('ready');
}

async function until({ broker }: IbAccount, id: string, state: BrokerOrder['state']): Promise<BrokerOrder> {
  return vi.waitFor(async () => {
    const found = await broker.findOrder(id);
    expect(found?.state).toBe(state);
    if (!found) throw new Error('it is not there');
    return found;
  }, patience);
}

async function told({ store }: IbAccount): Promise<OutboxRecord['event'][]> {
  const outbox = await store.collection(defineCollection<OutboxRecord>('outbox'));
  return (await outbox.find({}, { sort: [['sequence', 'ascending']] })).map(({ event }) => event);
}

describe('the line to TWS', () => {
  test('that is dead without saying so is noticed, and comes back by itself', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    tws.server.goSilent();
    await expect.poll(() => broker.status().state, patience).not.toBe('ready');
    expect(await broker.submit(market('silent'))).toMatchObject({ outcome: 'unknown' });
    tws.server.speak();
    await ready(account);
    expect(await broker.findOrder('silent'), 'it was never sent').toBeUndefined();
    expect(await broker.submit(market('silent'))).toMatchObject({ outcome: 'accepted' });
    await until(account, 'silent', 'filled');
    expect(tws.orders()).toHaveLength(1);
  });

  test('that is closed by a logout asks for a login, and is ready after it without being told', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await tws.close();
    await expect.poll(() => broker.status().state, patience).toBe('needs-login');
    expect(broker.status().why).toMatch(/waits for its login: start it and log in/);
    await tws.server.listen();
    await ready(account);
  });

  test('is not called down in the moments that a restart takes', async () => {
    const account = await ibAccount({ settings: { patienceSeconds: 60 } });
    const { broker, tws } = account;
    await broker.connect();
    const states: string[] = [];
    broker.subscribe({ onStatus: ({ state }) => states.push(state) });
    await tws.close();
    await expect.poll(() => broker.status().state, patience).toBe('connecting');
    await tws.server.listen();
    await ready(account);
    expect(new Set(states)).toEqual(new Set(['connecting', 'ready']));
  });

  test('has no servers behind it after 1100, and sends nothing until 1102', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    tws.server.loseServers();
    await expect.poll(() => broker.status().state, patience).toBe('down');
    expect(broker.status().why).toMatch(/servers|connection to Interactive Brokers/);
    expect(await broker.submit(market('away'))).toMatchObject({ outcome: 'unknown' });
    tws.server.findServers({ dataLost: true });
    await ready(account);
    expect(tws.orders()).toHaveLength(0);
    expect(await broker.submit(market('away'))).toMatchObject({ outcome: 'accepted' });
  });

  test('under a number that another program uses says which, and what to do', async () => {
    const account = await ibAccount();
    await account.broker.connect();
    const { broker: stranger } = await ibAccount({ settings: { port: account.tws.port } });
    await stranger.connect();
    expect(stranger.status()).toMatchObject({
      state: 'down',
      why: expect.stringMatching(/as client 17.*clientId/),
    });
  });

  test('that another desk on the same store has is no alarm, and is taken over when that one ends', async () => {
    const { broker: first, tws, restart } = await ibAccount();
    await first.connect();
    const second = await restart();
    const states: string[] = [];
    second.subscribe({ onStatus: ({ state }) => states.push(state) });
    await second.connect();
    expect(second.status()).toMatchObject({
      state: 'connecting',
      elsewhere: true,
      why: expect.stringContaining('this one stands by'),
    });
    await first.disconnect();
    await expect.poll(() => second.status().state, { ...patience, timeout: 30_000 }).toBe('ready');
    expect(second.status().elsewhere).toBeUndefined();
    expect(await second.submit(market('taken over'))).toMatchObject({ outcome: 'accepted' });
    expect(new Set(states)).toEqual(new Set(['connecting', 'ready']));
    expect(tws.server.violations).toEqual([]);
  });

  test('is not called down by either of two desks while a restart gives it to one of them', async () => {
    const { broker: first, tws, restart } = await ibAccount({ settings: { patienceSeconds: 60 } });
    await first.connect();
    const second = await restart();
    await second.connect();
    const states = new Set<string>();
    for (const broker of [first, second])
      broker.subscribe({ onStatus: ({ state }) => void states.add(state) });
    await tws.close();
    const others = () => [first, second].map((broker) => broker.status().state).sort();
    await expect.poll(others, patience).toEqual(['connecting', 'connecting']);
    for (const broker of [first, second]) await broker.connect(); // each has seen that it is gone
    await tws.server.listen();
    await expect.poll(others, patience).toEqual(['connecting', 'ready']);
    await expect
      .poll(() => [first, second].filter((broker) => broker.status().elsewhere), patience)
      .toHaveLength(1);
    expect([...states].sort()).toEqual(['connecting', 'ready']);
  });

  test.each([
    ['with a count below zero', (tws: TestTws) => tws.server.sendRaw([93, 26, -5])],
    ['that ends too early', (tws: TestTws) => tws.server.sendRaw([5, 7, 265598, 'AAPL'])],
    [
      'whose length is below zero',
      (tws: TestTws) => tws.server.sendBytes(Buffer.from([255, 255, 255, 252, 0])),
    ],
    ['without anything in it', (tws: TestTws) => tws.server.sendBytes(Buffer.from([0, 0, 0, 0, 0]))],
  ])('over which a message comes %s is told of, made anew, and compared', async (_, send) => {
    const errors: string[] = [];
    const log: Logger = { ...silentLog, error: (_fields, message) => void errors.push(message) };
    const account = await ibAccount({ log });
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(limit('resting', '190'));
    const states: string[] = [];
    broker.subscribe({ onStatus: ({ state }) => states.push(state) });
    send(tws);
    await expect.poll(() => states, patience).toEqual(['down', 'ready']);
    expect(errors).toEqual(['TWS sent something that cannot be read: the connection is given up']);
    expect(await told(account)).toContainEqual({
      ...{ type: 'broker.notice', broker: 'ib' },
      text: expect.stringMatching(
        /^TWS sent something that cannot be read \(.+\)\. The connection is made anew/,
      ),
    });
    expect((await broker.openOrders()).map(({ clientOrderId }) => clientOrderId)).toEqual(['resting']);
    expect(await broker.submit(market('after'))).toMatchObject({ outcome: 'accepted' });
    expect(tws.server.violations).toEqual([]);
  });

  test('to the wrong account, or to real money without leave, is not used', async () => {
    const real = await startTws({ account: 'U7654321' });
    try {
      const { broker } = await ibAccount({ settings: { port: real.port } });
      await broker.connect();
      expect(broker.status()).toMatchObject({
        state: 'down',
        why: expect.stringMatching(/real money.*live: true/),
      });
      const other = await ibAccount({ settings: { account: 'DU999' } });
      await other.broker.connect();
      expect(other.broker.status().why).toBe('The login has no account DU999, only DU1234567.');
    } finally {
      await real.close();
    }
  });
});

describe('an order', () => {
  test('whose answer was lost with the connection is found by its reference, and never sent twice', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'lose-answers-and-drop';
    expect(await broker.submit(market('lost'))).toMatchObject({ outcome: 'unknown' });
    await ready(account);
    await until(account, 'lost', 'filled');
    expect(await broker.submit(market('lost'))).toMatchObject({ outcome: 'accepted' });
    expect(tws.orders()).toHaveLength(1);
    expect(tws.held('AAPL')).toBe('10');
  });

  test('that never arrived is not called absent before TWS has shown for long enough that it is', async () => {
    const account = await ibAccount({ settings: { absenceSeconds: 1 } });
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'drop-before';
    expect(await broker.submit(market('gone'))).toMatchObject({ outcome: 'unknown' });
    await ready(account);
    await expect(broker.findOrder('gone')).rejects.toThrow('it may still come');
    expect(await broker.submit(market('gone')), 'nor is it sent again').toMatchObject({ outcome: 'unknown' });
    await expect.poll(() => broker.findOrder('gone').catch(() => 'not certain'), patience).toBeUndefined();
    expect(await broker.submit(market('gone'))).toMatchObject({ outcome: 'accepted' });
    await until(account, 'gone', 'filled');
    expect(tws.orders()).toHaveLength(1);
  });

  test('that is sent again is neither absent nor ended to whoever has looked for it meanwhile', async () => {
    const account = await ibAccount({ settings: { absenceSeconds: 1 } });
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'drop-before';
    await broker.submit(limit('again', '150'));
    await ready(account);
    await expect.poll(() => broker.findOrder('again').catch(() => 'not certain'), patience).toBeUndefined();
    const seen = new Set<string>();
    let isSent = false;
    const sent = broker.submit(limit('again', '150')).finally(() => {
      isSent = true;
    });
    const looks: Promise<unknown>[] = [];
    while (!isSent) {
      const look = broker.findOrder('again').then(
        // What was absent when it was sent may be said so until it is taken.
        (found) => (isSent ? seen.add(found?.state ?? 'absent') : seen),
        () => seen.add('not certain'),
      );
      looks.push(look);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await sent).toMatchObject({ outcome: 'accepted' });
    await Promise.all(looks);
    expect([...seen].filter((state) => state !== 'not certain' && state !== 'working')).toEqual([]);
    expect(await broker.findOrder('again')).toMatchObject({ state: 'working' });
    expect(tws.orders()).toHaveLength(1);
  });

  test('outlives a nightly restart that gives its number again, and the next one does not change it', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(limit('before-1', '150'));
    await broker.submit(limit('before-2', '151'));
    await tws.server.restart({ nextValidId: 1 });
    await ready(account);
    expect(await broker.submit(limit('after', '152'))).toMatchObject({ outcome: 'accepted' });
    const open = await broker.openOrders();
    expect(open.map(({ clientOrderId }) => clientOrderId).toSorted()).toEqual([
      'after',
      'before-1',
      'before-2',
    ]);
    expect(new Set(tws.orders().map(({ orderId }) => orderId)).size).toBe(3);
    expect(tws.server.violations).toEqual([]);
    expect(await broker.cancel('before-1'), 'and each is cancelled as itself').toMatchObject({
      outcome: 'cancelled',
    });
    expect((await broker.findOrder('before-2'))?.state).toBe('working');
  });

  test('gets a number that the desk has never given, also after the desk starts anew', async () => {
    const account = await ibAccount();
    await account.broker.connect();
    await account.broker.submit(limit('first', '150'));
    await account.broker.disconnect();
    await account.tws.server.restart({ nextValidId: 1 });
    const again = await account.restart();
    await again.connect();
    await again.submit(limit('second', '151'));
    expect(account.tws.server.violations).toEqual([]);
    expect(await again.openOrders()).toHaveLength(2);
  });

  test('that TWS refuses is rejected in TWS’s words', async () => {
    const { broker, tws } = await ibAccount();
    tws.price('NOPE', '10');
    await broker.connect();
    expect(await broker.submit({ ...market('forbidden'), symbol: 'NOPE' })).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('No trading permissions'),
    });
    tws.server.readOnly = true;
    const outcome = await broker.submit(market('read-only'));
    expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('Read-Only mode') });
    expect(await broker.submit(market('read-only')), 'and stays so').toEqual(outcome);
    expect(await broker.findOrder('read-only')).toBeUndefined();
    expect(await broker.openOrders()).toEqual([]);
  });

  test('placed by hand is shown, and its trade is nobody’s', async () => {
    const { broker, tws } = await ibAccount();
    await broker.connect();
    tws.byHand('AAPL', 'BUY', '5', '180');
    const [order] = await broker.openOrders();
    expect(order).toMatchObject({ symbol: 'AAPL', quantity: '5', state: 'working' });
    expect(await broker.cancel(order?.clientOrderId ?? '')).toMatchObject({
      outcome: 'unknown',
      reason: expect.stringContaining('cancel it in TWS'),
    });
    tws.price('AAPL', '175');
    await expect
      .poll(
        async () => (await broker.fillsSince(new Date(0))).map(({ clientOrderId }) => clientOrderId),
        patience,
      )
      .toEqual([null]);
  });

  test('for an auction waits for it, and one that comes too late for it is rejected', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    const auction = (id: string, at: 'open' | 'close'): OrderRequest => ({
      ...market(id),
      terms: { type: 'market', auction: at },
    });
    await broker.submit(auction('close', 'close'));
    tws.price('AAPL', '205');
    expect((await broker.findOrder('close'))?.state, 'not in the session').toBe('working');
    tws.server.account.closingAuctionIsShut = true;
    expect(await broker.submit(auction('late', 'close'))).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('cut-off'),
    });
    tws.server.account.closes();
    await until(account, 'close', 'filled');
    await broker.submit(auction('open', 'open'));
    await broker.submit(market('overnight'));
    expect((await broker.findOrder('open'))?.state).toBe('working');
    expect((await broker.findOrder('overnight'))?.state, 'a market order waits for the session').toBe(
      'working',
    );
    tws.server.account.opens();
    await until(account, 'open', 'filled');
    await until(account, 'overnight', 'filled');
    expect(tws.orders().map(({ type, tif }) => `${type} ${tif}`)).toEqual(['MOC DAY', 'MKT OPG', 'MKT DAY']);
  });
});

describe('trades', () => {
  test('that are told twice and late are one each', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    const heard: BrokerFill[] = [];
    broker.subscribe({ onFill: (fill) => heard.push(fill) });
    tws.server.doubles = true;
    await broker.submit(market('doubled'));
    await until(account, 'doubled', 'filled');
    tws.server.holdNews();
    tws.server.orderFault = 'lose-answers';
    await broker.submit(market('late'));
    await until(account, 'late', 'filled');
    tws.server.releaseNews();
    await broker.submit(market('last'));
    await until(account, 'last', 'filled');
    expect((await broker.fillsSince(new Date(0))).map(({ clientOrderId }) => clientOrderId)).toEqual([
      'doubled',
      'late',
      'last',
    ]);
    await expect.poll(() => heard.length, patience).toBeGreaterThanOrEqual(3);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
  });

  test('count when their commission is known, and not before', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    tws.server.holdCommissions();
    await broker.submit(market('uncharged', '400'));
    await until(account, 'uncharged', 'working');
    expect(await broker.fillsSince(new Date(0))).toEqual([]);
    tws.server.releaseCommissions();
    const { fills } = await until(account, 'uncharged', 'filled');
    expect(fills).toMatchObject([{ quantity: '400', fee: '2', feeCurrency: 'USD' }]);
  });

  test('that the exchange corrects afterwards are told to a person, and not booked twice', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(market('corrected'));
    const before = await until(account, 'corrected', 'filled');
    const [order] = tws.orders();
    if (!order) throw new Error('there is no order');
    tws.server.correct(order, '199.5');
    await expect
      .poll(() => told(account), patience)
      .toContainEqual(
        expect.objectContaining({ type: 'broker.notice', text: expect.stringContaining('199.5') }),
      );
    expect(await broker.fillsSince(new Date(0))).toEqual(before.fills);
  });

  test('of the days before are still known when TWS has forgotten them', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(market('yesterday'));
    const before = await until(account, 'yesterday', 'filled');
    await broker.disconnect();
    tws.server.newDay();
    const again = await account.restart();
    await again.connect();
    expect(await again.fillsSince(new Date(0))).toEqual(before.fills);
    expect(await again.findOrder('yesterday')).toEqual(before);
  });

  test('made while the desk was away are found when it comes back', async () => {
    const account = await ibAccount();
    await account.broker.connect();
    await account.broker.submit(limit('resting', '190'));
    await account.broker.disconnect();
    account.tws.price('AAPL', '185');
    await account.tws.server.restart({ nextValidId: 1 });
    const again = await account.restart();
    await again.connect();
    expect(await again.fillsSince(new Date(0))).toMatchObject([{ clientOrderId: 'resting', quantity: '10' }]);
  });
});

describe('the night', () => {
  const night = '2026-11-18T05:00:00Z'; // midnight in New York
  const morning = '2026-11-18T15:00:00Z';

  test('lets orders wait, whatever the connection says, and raises no alarm', async () => {
    const clock = new ManualClock(night);
    const account = await ibAccount({ clock, settings: { quiet: undefined } });
    const { broker, tws } = account;
    await broker.connect();
    expect(broker.status()).toMatchObject({
      state: 'connecting',
      why: expect.stringMatching(/until 00:50 America\/New_York; orders wait/),
    });
    expect(await broker.submit(market('by-night'))).toMatchObject({ outcome: 'unknown' });
    await tws.server.restart({ nextValidId: 1 });
    const states = new Set<string>();
    broker.subscribe({ onStatus: ({ state }) => states.add(state) });
    await expect.poll(() => tws.server.connections, patience).toBe(1);
    clock.set(morning);
    await ready(account);
    expect(states).toEqual(new Set(['ready']));
    expect(tws.orders()).toHaveLength(0);
    expect(await broker.submit(market('by-night'))).toMatchObject({ outcome: 'accepted' });
  });
});

describe('the login', () => {
  test('runs the program only when it is asked for, counts down, and ends when TWS is there', async () => {
    const started = join(await tempFolder(), 'started; touch no-shell');
    const command = [process.execPath, '-e', 'require("fs").writeFileSync(process.argv[1], "")', started];
    const account = await ibAccount({ inRealTime: true, settings: { launch: command } });
    const { broker, tws } = account;
    await tws.close();
    await broker.connect();
    expect(broker.status()).toMatchObject({
      state: 'needs-login',
      why: expect.stringContaining('/broker connect ib starts it'),
    });
    expect(existsSync(started), 'not by itself').toBe(false);
    const lines: string[] = [];
    const login = broker.login.begin(new AbortController().signal, ({ text }) => lines.push(text));
    await expect.poll(() => existsSync(started), patience).toBe(true);
    await tws.server.listen();
    await login;
    expect(broker.status().state).toBe('ready');
    expect(lines[0]).toMatch(/^Confirm the login on your phone: \d+ s left\.$/);
  });

  test('can be cancelled, says when its program fails, and when nobody confirmed in time', async () => {
    const never = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    const waiting = await ibAccount({ inRealTime: true, settings: { launch: never } });
    await waiting.tws.close();
    const cancel = new AbortController();
    await expect(waiting.broker.login.begin(cancel.signal, () => cancel.abort())).rejects.toThrow(
      /was cancelled/,
    );

    const failing = await ibAccount({
      inRealTime: true,
      settings: { launch: [process.execPath, '-e', 'process.exit(3)'] },
    });
    await failing.tws.close();
    await expect(failing.broker.login.begin(new AbortController().signal, () => undefined)).rejects.toThrow(
      /ended with code 3/,
    );

    const late = await ibAccount({
      inRealTime: true,
      settings: { launch: [process.execPath, '-e', '0'], loginSeconds: 0.5 },
    });
    await late.tws.close();
    await expect(late.broker.login.begin(new AbortController().signal, () => undefined)).rejects.toThrow(
      /not confirmed within 0.5 s/,
    );

    const without = await ibAccount({ inRealTime: true });
    await without.tws.close();
    await expect(without.broker.login.begin(new AbortController().signal, () => undefined)).rejects.toThrow(
      /brokers: ib: launch/,
    );
  });
});
