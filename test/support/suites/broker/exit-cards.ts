/** Cards E: an entry and the exit that goes out with it, where the broker has such. */
import { expect, test } from 'vitest';
import type { OrderRequest } from '../../../../engine/brokers/broker.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import { changeBy, inOrder, patience, type Trader, total } from './world.ts';

type Skip = (why: string) => never;
type ExitTerms = NonNullable<OrderRequest['exit']>['terms'];

export function exitCards(connected: () => Promise<Trader>): void {
  const card = (title: string, play: (trader: Trader, skip: Skip) => Promise<void>) =>
    test(title, async ({ skip }) => {
      const trader = await connected();
      if (!trader.broker.capabilities.brackets) skip('it takes no exit together with its entry');
      await play(trader, skip);
    });

  /** A purchase with the sale that ends it, under the same name with `-exit` behind it. */
  const bracket = (
    trader: Trader,
    id: string,
    lots: string,
    terms: OrderRequest['terms'],
    exit: ExitTerms,
  ): OrderRequest => ({
    ...trader.order(id, 'buy', trader.lots(lots), terms),
    exit: { clientOrderId: `${id}-exit`, terms: exit },
  });

  const accept = async (trader: Trader, order: OrderRequest) => {
    const outcome = await trader.send(order);
    expect(outcome).toMatchObject({ outcome: 'accepted' });
    expect(outcome, 'its exit was taken too').not.toHaveProperty('withoutExit');
  };

  test('E01 an entry with its exit is rejected as a whole by a broker that does not take the two together', async ({
    skip,
  }) => {
    const trader = await connected();
    if (trader.broker.capabilities.brackets) skip('it takes the two together');
    const stopPrice = await trader.price('0.9');
    const order = bracket(trader, 'e01', '1', { type: 'market' }, { type: 'stop', stopPrice });
    expect(await trader.send(order)).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('exit'),
    });
    expect(await trader.broker.openOrders()).toEqual([]);
    expect((await trader.held()).eq(zero)).toBe(true);
  });

  card('E02 an exit waits as long as its entry does, whatever the price', async (trader) => {
    const { broker } = trader;
    const [limitPrice, profit, near] = [
      await trader.price('0.9'),
      await trader.price('0.95'),
      await trader.price('1.05'),
    ];
    const exit = { type: 'limit', limitPrice: profit } as const;
    await accept(trader, bracket(trader, 'e02', '2', { type: 'limit', limitPrice }, exit));
    await trader.until('e02', 'working');
    const waiting = await trader.until('e02-exit', 'working');
    expect(waiting).toMatchObject({ side: 'sell', quantity: trader.lots('2'), fills: [] });
    const open = (await broker.openOrders()).map(({ clientOrderId }) => clientOrderId);
    expect(open.toSorted(), 'to the desk they are two orders').toEqual(['e02', 'e02-exit']);
    await trader.moveTo(near);
    expect(
      await broker.fillsSince(new Date(0)),
      'the market is beyond the exit, and nothing is held',
    ).toEqual([]);
    expect((await trader.held()).eq(zero)).toBe(true);
  });

  card(
    'E03 an exit stands as soon as its entry is filled, and ends the position by itself',
    async (trader) => {
      const { broker, symbol } = trader;
      const [stopPrice, beyond] = [await trader.price('0.9'), await trader.price('0.85')];
      await accept(trader, bracket(trader, 'e03', '2', { type: 'market' }, { type: 'stop', stopPrice }));
      const entry = await trader.until('e03', 'filled');
      expect(await broker.findOrder('e03-exit', symbol)).toMatchObject({ state: 'working', fills: [] });
      await trader.moveTo(beyond);
      const { fills } = await trader.until('e03-exit', 'filled');
      expect(total(fills)).toBe(trader.lots('2'));
      for (const { price, side } of fills) {
        expect(side).toBe('sell');
        expect(decimal(price).lte(decimal(stopPrice)), price).toBe(true);
      }
      expect((await trader.held()).eq(zero)).toBe(true);
      expect(await broker.openOrders()).toEqual([]);
      const ids = (await broker.fillsSince(new Date(0))).map(({ id }) => id);
      expect(ids.toSorted()).toEqual([...entry.fills, ...fills].map(({ id }) => id).toSorted());
    },
  );

  card(
    'E04 of an exit with two prices the first to be reached ends the position, once',
    async (trader, skip) => {
      const { broker, symbol } = trader;
      if (!broker.capabilities.orderTypes.includes('oco')) skip('it takes no oco orders');
      const [limitPrice, stopPrice] = [await trader.price('1.1'), await trader.price('0.9')];
      const [up, down] = [await trader.price('1.15'), await trader.price('0.8')];
      const exit = { type: 'oco', limitPrice, stopPrice } as const;
      await accept(trader, bracket(trader, 'e04', '2', { type: 'market' }, exit));
      await trader.until('e04', 'filled');
      const standing = await trader.until('e04-exit', 'working');
      expect(await broker.openOrders(), 'both prices are one order').toEqual([standing]);
      await trader.moveTo(up);
      const { fills } = await trader.until('e04-exit', 'filled');
      expect(total(fills)).toBe(trader.lots('2'));
      for (const { price } of fills) expect(decimal(price).gte(decimal(limitPrice)), price).toBe(true);
      await trader.moveTo(down);
      expect((await broker.findOrder('e04-exit', symbol))?.fills, 'the other price is gone').toEqual(fills);
      expect((await trader.held()).eq(zero)).toBe(true);
    },
  );

  card('E05 with an entry that is cancelled unfilled its exit goes too', async (trader) => {
    const { broker } = trader;
    const before = inOrder(await broker.balances());
    const [limitPrice, stopPrice, below] = [
      await trader.price('0.9'),
      await trader.price('0.8'),
      await trader.price('0.7'),
    ];
    const exit = { type: 'stop', stopPrice } as const;
    await accept(trader, bracket(trader, 'e05', '2', { type: 'limit', limitPrice }, exit));
    await trader.cancel('e05');
    await trader.until('e05', 'cancelled');
    expect((await trader.until('e05-exit', 'cancelled')).fills).toEqual([]);
    await expect.poll(() => broker.openOrders(), patience).toEqual([]);
    expect(inOrder(await broker.balances())).toEqual(before);
    await trader.moveTo(below);
    expect(await broker.fillsSince(new Date(0))).toEqual([]);
  });

  card('E06 an exit that is cancelled alone leaves its entry as it was', async (trader) => {
    const { broker } = trader;
    const [limitPrice, stopPrice, below] = [
      await trader.price('0.9'),
      await trader.price('0.88'),
      await trader.price('0.85'),
    ];
    const exit = { type: 'stop', stopPrice } as const;
    await accept(trader, bracket(trader, 'e06', '2', { type: 'limit', limitPrice }, exit));
    await trader.cancel('e06-exit');
    await trader.until('e06-exit', 'cancelled');
    const entry = await trader.until('e06', 'working');
    expect(await broker.openOrders()).toEqual([entry]);
    await trader.moveTo(below);
    await trader.until('e06', 'filled');
    expect(decimalText(await trader.held())).toBe(trader.lots('2'));
  });

  card('E07 after a part of its entry an exit sells no more than that part', async (trader, skip) => {
    const { broker, symbol, world } = trader;
    if (!world.tradePart) return skip('its stand-in trades no parts');
    const { asset } = await broker.resolve(symbol);
    const [limitPrice, stopPrice, below] = [
      await trader.price('0.9'),
      await trader.price('0.8'),
      await trader.price('0.75'),
    ];
    const exit = { type: 'stop', stopPrice } as const;
    await accept(trader, bracket(trader, 'e07', '3', { type: 'limit', limitPrice }, exit));
    await world.tradePart(limitPrice, trader.lots('1'));
    await trader.until('e07', 'partly_filled');
    await trader.cancel('e07');
    await trader.until('e07', 'cancelled');
    await trader.moveTo(below);
    await expect
      .poll(async () => (await broker.findOrder('e07-exit', symbol))?.state, patience)
      .toMatch(/filled|cancelled/);
    const fills = await broker.fillsSince(new Date(0));
    expect((await trader.held()).toFixed()).toBe(changeBy(fills, asset).toFixed());
    expect((await trader.held()).gte(zero), 'nothing is sold that was not bought').toBe(true);
    expect(await broker.openOrders()).toEqual([]);
  });

  card('E08 an exit that breaks a rule keeps its entry from the market', async (trader) => {
    const { broker } = trader;
    const { priceTick } = (await broker.resolve(trader.symbol)).rules;
    const off = decimal(await trader.price('0.9')).plus(decimal(priceTick).times(decimal('0.5')));
    for (const [index, stopPrice] of [decimalText(off), '0', '-1'].entries()) {
      const order = bracket(trader, `e08-${index}`, '1', { type: 'market' }, { type: 'stop', stopPrice });
      expect((await trader.send(order)).outcome, `a stop at ${stopPrice}`).toBe('rejected');
    }
    expect(await broker.openOrders()).toEqual([]);
    expect((await trader.held()).eq(zero), 'nothing was bought').toBe(true);
  });

  card('E09 with an entry that is rejected its exit is not left behind', async (trader) => {
    const { broker } = trader;
    const [limitPrice, stopPrice] = [await trader.price('0.9'), await trader.price('0.8')];
    const { free } = await trader.money();
    const lots = decimal(free)
      .div(decimal(limitPrice))
      .div(decimal(trader.lots('1')))
      .times(decimal('3'));
    const exit = { type: 'stop', stopPrice } as const;
    const order = bracket(trader, 'e09', decimalText(lots.round(0, 0)), { type: 'limit', limitPrice }, exit);
    expect(await trader.send(order)).toMatchObject({ outcome: 'rejected' });
    await expect.poll(() => broker.openOrders(), patience).toEqual([]);
  });

  card(
    'E10 an entry and its exit outlive the desk, and sent again they are still these two',
    async (trader) => {
      const { broker, symbol, world } = trader;
      const [limitPrice, stopPrice] = [await trader.price('0.9'), await trader.price('0.8')];
      const [above, below, deep] = [
        await trader.price('0.95'),
        await trader.price('0.85'),
        await trader.price('0.7'),
      ];
      const exit = { type: 'stop', stopPrice } as const;
      const order = bracket(trader, 'e10', '2', { type: 'limit', limitPrice }, exit);
      await accept(trader, order);
      await trader.until('e10', 'working');
      await trader.until('e10-exit', 'working');
      await broker.disconnect();
      await world.movePrice(above);
      const again = await world.restart();
      await again.connect();
      expect(await again.openOrders()).toHaveLength(2);
      await again.submit(order);
      expect(await again.openOrders(), 'sent again, they are still two').toHaveLength(2);
      const stateOf = async (id: string) => (await again.findOrder(id, symbol))?.state;
      await world.movePrice(below);
      await expect.poll(() => stateOf('e10'), patience).toBe('filled');
      expect(await stateOf('e10-exit')).toBe('working');
      await world.movePrice(deep);
      await expect.poll(() => stateOf('e10-exit'), patience).toBe('filled');
      expect((await again.fillsSince(new Date(0))).map(({ side }) => side)).toEqual(['buy', 'sell']);
      await again.disconnect();
    },
  );

  card('E11 a short position is ended by the exit that came with it', async (trader, skip) => {
    const { broker } = trader;
    if (!broker.capabilities.short) skip('it does not go short');
    const [stopPrice, beyond] = [await trader.price('1.1'), await trader.price('1.15')];
    const exit = { clientOrderId: 'e11-exit', terms: { type: 'stop', stopPrice } } as const;
    await accept(trader, { ...trader.order('e11', 'sell', trader.lots('2')), exit });
    await trader.until('e11', 'filled');
    await trader.moveTo(beyond);
    const { fills } = await trader.until('e11-exit', 'filled');
    expect(fills.map(({ side }) => side)).toEqual(['buy']);
    expect((await trader.held()).eq(zero)).toBe(true);
  });
}
