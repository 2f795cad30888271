/** An entry with its exit at TWS: what is sent, and what becomes of the two when something goes wrong. */
import { describe, expect, test, vi } from 'vitest';
import type { BrokerOrder, OrderRequest } from '../../../../engine/brokers/broker.ts';
import { patience, total } from '../../../support/suites/broker/world.ts';
import type { IbAccount } from './ib-account.ts';
import { ibAccount } from './ib-account.ts';

const market = { type: 'market' } as const;
const limit = { type: 'limit', limitPrice: '190' } as const;

/** A purchase of ten, with a stop at 180 and a take profit at 220. */
const bracket = (id: string, terms: OrderRequest['terms'] = limit): OrderRequest => ({
  clientOrderId: id,
  symbol: 'AAPL',
  side: 'buy',
  quantity: '10',
  terms,
  exit: { clientOrderId: `${id}-exit`, terms: { type: 'oco', stopPrice: '180', limitPrice: '220' } },
});

async function ready({ broker, tws }: IbAccount): Promise<void> {
  await expect.poll(() => tws.server.connections, patience).toBe(1);
  await expect.poll(() => broker.status().state, patience).toBe('ready');
}

async function until(
  { broker }: Pick<IbAccount, 'broker'>,
  id: string,
  state: BrokerOrder['state'],
): Promise<BrokerOrder> {
  return vi.waitFor(async () => {
    const found = await broker.findOrder(id);
    expect(found?.state, id).toBe(state);
    if (!found) throw new Error('it is not there');
    return found;
  }, patience);
}

const shape = ({ tws }: IbAccount) =>
  tws.orders().map(({ type, action, status, tif }) => `${action} ${type} ${tif} ${status}`);

describe('a bracket', () => {
  test('is one entry and two orders that wait for it, under the two names of the desk', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    expect(await broker.submit(bracket('a'))).toMatchObject({ outcome: 'accepted' });
    const [entry, stop, profit] = tws.orders();
    expect(shape(account)).toEqual([
      'BUY LMT GTC Submitted',
      'SELL STP GTC PreSubmitted',
      'SELL LMT GTC PreSubmitted',
    ]);
    expect([stop?.parentId, profit?.parentId]).toEqual([entry?.orderId, entry?.orderId]);
    expect([entry, stop, profit].map((order) => order?.orderRef)).toEqual(['a', 'a-exit', 'a-exit']);
    expect(
      [entry, stop, profit].map((order) => order?.transmit),
      'the last sends them all',
    ).toEqual([false, false, true]);
    expect([stop?.whyHeld, profit?.whyHeld]).toEqual(['child', 'child']);
    tws.price('AAPL', '189');
    await until(account, 'a', 'filled');
    expect(profit?.status).toBe('Submitted');
    expect(tws.server.violations).toEqual([]);
  });

  test('is protected from its first fill on: a part of it is sold by the stop while the rest still waits', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(bracket('a'));
    tws.tradePart('AAPL', '190', '4');
    await until(account, 'a', 'partly_filled');
    expect(await broker.findOrder('a-exit')).toMatchObject({ state: 'working', fills: [] });
    tws.server.account.cancel(tws.orders()[0] ?? expect.fail('no entry'));
    await until(account, 'a', 'cancelled');
    expect(await broker.findOrder('a-exit')).toMatchObject({ state: 'working', quantity: '4' });
    tws.price('AAPL', '179');
    expect(total((await until(account, 'a-exit', 'filled')).fills)).toBe('4');
    expect(tws.held('AAPL')).toBe('0');
    expect(await broker.openOrders()).toEqual([]);
  });

  test('whose exit goes with its half-filled entry says so, and nothing is sold twice', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    tws.server.account.childrenOfPart = 'go';
    await broker.connect();
    await broker.submit(bracket('a'));
    tws.tradePart('AAPL', '190', '4');
    await until(account, 'a', 'partly_filled');
    expect(await broker.cancel('a')).toMatchObject({ outcome: 'cancelled' });
    expect(await until(account, 'a-exit', 'cancelled')).toMatchObject({ quantity: '10', fills: [] });
    expect(await broker.openOrders()).toEqual([]);
  });

  test('of which TWS refuses a part does not come to the market at all', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    tws.server.account.auctionsStandAlone = true;
    await broker.connect();
    const outcome = await broker.submit(bracket('a', { type: 'market', auction: 'close' }));
    expect(outcome).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('attached to an auction'),
    });
    expect(tws.orders()).toEqual([]);
    expect(await broker.findOrder('a')).toBeUndefined();
    expect(await broker.findOrder('a-exit')).toBeUndefined();
    expect(await broker.submit(bracket('a')), 'and stays rejected').toEqual(outcome);
  });

  test('of which the servers refuse the entry leaves no exit behind', async () => {
    const { broker, tws } = await ibAccount();
    tws.price('NOPE', '10');
    await broker.connect();
    const exit = { clientOrderId: 'a-exit', terms: { type: 'stop', stopPrice: '9' } } as const;
    expect(await broker.submit({ ...bracket('a', market), symbol: 'NOPE', exit })).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('No trading permissions'),
    });
    expect(tws.orders()).toEqual([]);
    expect(await broker.findOrder('a-exit')).toBeUndefined();
    expect(await broker.openOrders()).toEqual([]);
  });

  test('whose answers were lost with the connection is found whole, and never sent twice', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'lose-answers-and-drop';
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'unknown' });
    await ready(account);
    await until(account, 'a', 'filled');
    await until(account, 'a-exit', 'working');
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'accepted' });
    expect(tws.orders()).toHaveLength(3);
    const heard: string[] = [];
    broker.subscribe({ onOrder: ({ clientOrderId, state }) => heard.push(`${clientOrderId} ${state}`) });
    tws.price('AAPL', '179');
    await expect.poll(() => heard, patience).toContain('a-exit filled');
    expect(tws.held('AAPL')).toBe('0');
  });

  test('that was cut off before its last order has not begun, and is sent whole afterwards', async () => {
    const account = await ibAccount({ settings: { absenceSeconds: 1 } });
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'drop-held';
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'unknown' });
    await ready(account);
    expect(tws.orders(), 'an entry alone never went out').toEqual([]);
    expect(await broker.findOrder('a'), 'which is certain').toBeUndefined();
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'accepted' });
    await until(account, 'a', 'filled');
    await until(account, 'a-exit', 'working');
    expect(tws.orders()).toHaveLength(3);
  });

  test('whose last order was lost on its way is not called absent before that is certain', async () => {
    const account = await ibAccount({ settings: { absenceSeconds: 1 } });
    const { broker, tws } = account;
    await broker.connect();
    tws.server.orderFault = 'drop-before';
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'unknown' });
    await ready(account);
    await expect(broker.findOrder('a')).rejects.toThrow('it may still come');
    await expect.poll(() => broker.findOrder('a').catch(() => 'not certain'), patience).toBeUndefined();
    expect(await broker.submit(bracket('a', market))).toMatchObject({ outcome: 'accepted' });
    await until(account, 'a', 'filled');
    await until(account, 'a-exit', 'working');
    expect(tws.orders()).toHaveLength(3);
    expect(tws.server.violations).toEqual([]);
  });

  test('outlives a nightly restart that gives its numbers again: the next one is not attached to it', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    await broker.submit(bracket('before'));
    await tws.server.restart({ nextValidId: 1 });
    await ready(account);
    expect(await broker.submit(bracket('after'))).toMatchObject({ outcome: 'accepted' });
    expect(new Set(tws.orders().map(({ orderId }) => orderId)).size).toBe(6);
    expect(tws.server.violations).toEqual([]);
    expect(await broker.cancel('before')).toMatchObject({ outcome: 'cancelled' });
    await until(account, 'before-exit', 'cancelled');
    expect((await broker.findOrder('after-exit'))?.state).toBe('working');
    tws.price('AAPL', '189');
    await until(account, 'after', 'filled');
    tws.price('AAPL', '221');
    await until(account, 'after-exit', 'filled');
    expect(tws.held('AAPL')).toBe('0');
  });

  test('whose number another program took is attached to its own entry, not to what has that number', async () => {
    const account = await ibAccount();
    const { broker, tws } = account;
    await broker.connect();
    const other = await ibAccount({ settings: { port: tws.port, clientId: 18 } });
    await other.broker.connect();
    for (const id of ['x', 'y']) {
      const { exit: _, ...alone } = bracket(id);
      await other.broker.submit(alone);
    }
    expect(await broker.submit(bracket('a'))).toMatchObject({ outcome: 'accepted' });
    const [entry, ...exits] = tws.orders().filter(({ clientId }) => clientId === 17);
    expect(exits.map(({ parentId }) => parentId)).toEqual([entry?.orderId, entry?.orderId]);
    expect(tws.server.violations).toEqual([]);
  });

  test('that traded while the desk was away is known when it comes back', async () => {
    const account = await ibAccount();
    await account.broker.connect();
    await account.broker.submit(bracket('a'));
    await account.broker.disconnect();
    account.tws.price('AAPL', '189');
    account.tws.price('AAPL', '221');
    await account.tws.server.restart({ nextValidId: 1 });
    const again = await account.restart();
    await again.connect();
    const fills = await again.fillsSince(new Date(0));
    expect(fills.map(({ clientOrderId, side }) => `${clientOrderId} ${side}`)).toEqual([
      'a buy',
      'a-exit sell',
    ]);
    await until({ broker: again }, 'a-exit', 'filled');
    expect(await again.openOrders()).toEqual([]);
  });
});
