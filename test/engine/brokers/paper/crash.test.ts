/** Killed at every single call to its store, and built again: the account never lies. */
import { describe, expect, test } from 'vitest';
import type { Broker } from '../../../../engine/brokers/broker.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import type { Store } from '../../../../engine/store/store.ts';
import { StoreError } from '../../../../engine/store/store.ts';
import { FixedPrices } from '../../../support/prices.ts';
import { changeBy } from '../../../support/suites/broker/world.ts';
import { WatchedStore } from '../../../support/watched-store.ts';
import { around, openPaper, order } from './account.ts';

const settings = {
  balances: { USDT: '10000' },
  wallets: ['spot', 'cross'],
  fee: '0.001',
  margin: { wallets: ['cross'], interest: '0.024' },
};
const coins = () => new FixedPrices({ 'BTC/USDT': '20000' }, 'USDT', { streams: false });

/** Some of everything. It goes on, whatever is answered. */
async function trade(broker: Broker): Promise<void> {
  const coin = (id: string, ...rest: [side: 'buy' | 'sell', quantity: string]) =>
    order(id, ...rest, undefined, 'BTC/USDT');
  await broker.submit(coin('buy', 'buy', '0.1'));
  await broker.submit({ ...coin('rest', 'buy', '0.1'), terms: { type: 'limit', limitPrice: '18000' } });
  await broker.submit({
    ...coin('oco', 'sell', '0.05'),
    terms: { type: 'oco', limitPrice: '22000', stopPrice: '18000' },
  });
  const exit = { clientOrderId: 'exit', terms: { type: 'stop', stopPrice: '18000' } } as const;
  await broker.submit({ ...coin('entry', 'buy', '0.02'), exit });
  await broker.margin?.transfer({ asset: 'USDT', amount: '1000', from: 'spot', to: 'cross' });
  await broker.margin?.borrow({ asset: 'BTC', amount: '0.01', wallet: 'cross' });
  await broker.submit({ ...coin('short', 'sell', '0.01'), wallet: 'cross' });
  await broker.cancel('rest', 'BTC/USDT');
  await broker.submit(coin('sell', 'sell', '0.03'));
}

/** What fills and movements make of the opening is what the balances say. */
async function expectSound(broker: Broker, when: string): Promise<void> {
  const fills = await broker.fillsSince(new Date(0));
  const movements = (await broker.margin?.movementsSince(new Date(0))) ?? [];
  expect(new Set(fills.map(({ id }) => id)).size, `${when}: ids of fills`).toBe(fills.length);
  for (const { asset, wallet, free, locked } of await broker.balances()) {
    let expected = changeBy(
      fills.filter((fill) => fill.wallet === wallet),
      asset,
    );
    if (asset === 'USDT' && wallet === 'spot') expected = expected.plus(decimal('10000'));
    for (const { kind, amount, wallet: from, to } of movements.filter((moved) => moved.asset === asset)) {
      if (from === wallet && kind === 'transfer') expected = expected.minus(decimal(amount));
      if (to === wallet) expected = expected.plus(decimal(amount));
      if (from === wallet && kind === 'borrow') expected = expected.plus(decimal(amount));
    }
    expect(decimalText(decimal(free).plus(decimal(locked))), `${when}: ${asset} in ${wallet}`).toBe(
      decimalText(expected),
    );
    expect(decimal(free).gte(zero), `${when}: ${asset} in ${wallet} is not spent twice`).toBe(true);
  }
  for (const id of ['buy', 'rest', 'oco', 'entry', 'exit', 'short', 'sell']) {
    const found = await broker.findOrder(id, 'BTC/USDT');
    const told = fills.filter(({ clientOrderId }) => clientOrderId === id);
    expect(found?.fills ?? [], `${when}: the order ${id} and its fills`).toEqual(told);
  }
}

/** A store that is gone from its call number `dies` on, before or after it is carried out. */
function mortal(store: Store, dies: number, moment: 'before' | 'after') {
  let calls = 0;
  return {
    store: new WatchedStore(store, async (when) => {
      if (when === moment) calls++;
      if (calls >= dies) throw new StoreError('the process is dead');
    }),
    survived: () => calls < dies,
  };
}

describe('a paper account that dies', () => {
  test.each([
    'before',
    'after',
  ] as const)('%s any call to its store is sound, and goes on', async (moment) => {
    for (let dies = 1; ; dies++) {
      const world = await around(coins());
      const { store, survived } = mortal(world.store, dies, moment);
      await openPaper({ ...world, store }, settings).then(trade, () => undefined);
      const when = `died ${moment} call ${dies}`;
      const again = await openPaper(world, settings);
      await expectSound(again, when);
      await trade(again);
      await expectSound(again, `${when}, and went on`);
      expect(await again.findOrder('sell'), when).toMatchObject({ state: 'filled' });
      expect(await again.findOrder('buy'), when).toMatchObject({ fills: [{ quantity: '0.1' }] });
      expect(await again.findOrder('entry'), when).toMatchObject({ state: 'filled' });
      expect(await again.findOrder('exit'), when).toMatchObject({ state: 'working', quantity: '0.02' });
      await again.disconnect();
      await world.store.close();
      if (survived()) {
        expect(dies, 'there must have been something to survive').toBeGreaterThan(20);
        break;
      }
    }
  }, 120_000);
});

describe('many orders', () => {
  test('leave a snapshot: a restart reads on from there, and finds the same account', async () => {
    const world = await around(coins());
    const broker = await openPaper(world, settings);
    await trade(broker);
    for (let index = 0; index < 600; index++) {
      await broker.submit(
        order(`many-${index}`, index % 2 === 0 ? 'buy' : 'sell', '0.01', undefined, 'BTC/USDT'),
      );
    }
    const expected = {
      balances: await broker.balances(),
      open: await broker.openOrders(),
      debts: await broker.margin?.debts(),
    };
    const read: string[] = [];
    const store = new WatchedStore(world.store, async (moment, call) => {
      if (moment === 'before') read.push(call);
    });
    const again = await openPaper({ ...world, store }, settings);
    expect(read).toContain('account_snapshots.get');
    expect({
      balances: await again.balances(),
      open: await again.openOrders(),
      debts: await again.margin?.debts(),
    }).toEqual(expected);
    const snapshots = await world.store.collection<{ _id: string; version: number; sequence: number }>({
      name: 'account_snapshots',
      unique: [],
      indexes: [],
    });
    expect(await snapshots.get('paper/paper')).toMatchObject({ sequence: 500 });

    // A snapshot is only a shortcut: thrown away or damaged, it is made again from the entries.
    for (const damage of [{ version: 0 }, { version: 1, state: { changes: 'none' } }]) {
      await snapshots.update('paper/paper', {}, damage);
      const rebuilt = await openPaper(world, settings);
      expect(await rebuilt.balances()).toEqual(expected.balances);
    }
  }, 60_000);
});
