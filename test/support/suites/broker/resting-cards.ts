/** Cards R: orders that rest until their price comes, each where the broker takes that type. */
import { expect, test } from 'vitest';
import type { BrokerOrder, OrderType } from '../../../../engine/brokers/broker.ts';
import type { Decimal } from '../../../../engine/money.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import { changeBy, inOrder, patience, type Trader, total } from './world.ts';

type Skip = (why: string) => never;

export function restingCards(connected: () => Promise<Trader>): void {
  /** A card for those that take this type of order; others pass it by saying so (B09). */
  const card = (title: string, type: OrderType, play: (trader: Trader, skip: Skip) => Promise<void>) =>
    test(title, async ({ skip }) => {
      const trader = await connected();
      if (!trader.broker.capabilities.orderTypes.includes(type)) skip(`it takes no ${type} orders`);
      await play(trader, skip);
    });

  card('R01 a limit order rests below the market, open and unfilled', 'limit', async (trader) => {
    const { broker } = trader;
    const before = await trader.money();
    const limitPrice = await trader.price('0.9');
    const resting = await trader.rest('r01', 'buy', trader.lots('2'), { type: 'limit', limitPrice });
    expect(resting).toMatchObject({ quantity: trader.lots('2'), side: 'buy', fills: [] });
    expect(await broker.openOrders()).toEqual([resting]);
    expect(await broker.fillsSince(new Date(0))).toEqual([]);
    expect((await trader.held()).eq(zero)).toBe(true);
    const after = await trader.money();
    expect(decimalText(whole(after)), 'what is held back still belongs to the account').toBe(
      decimalText(whole(before)),
    );
  });

  card(
    'R02 a limit order is filled when its price comes, at no worse than its limit',
    'limit',
    async (trader) => {
      const limitPrice = await trader.price('0.9');
      await trader.rest('r02', 'buy', trader.lots('2'), { type: 'limit', limitPrice });
      await trader.moveTo(await trader.price('0.85'));
      const { fills } = await trader.until('r02', 'filled');
      expect(total(fills)).toBe(trader.lots('2'));
      for (const { price } of fills) expect(decimal(price).lte(decimal(limitPrice)), price).toBe(true);
      expect(await trader.broker.openOrders()).toEqual([]);
      expect((await trader.money()).locked).toBe('0');
      const { asset } = await trader.broker.resolve(trader.symbol);
      expect((await trader.held()).toFixed()).toBe(changeBy(fills, asset).toFixed());
    },
  );

  card(
    'R03 a limit order beyond the market trades at once, at no worse than its limit',
    'limit',
    async (trader) => {
      const limitPrice = await trader.price('1.05');
      const terms = { type: 'limit', limitPrice } as const;
      expect(await trader.send(trader.order('r03', 'buy', trader.lots('1'), terms))).toMatchObject({
        outcome: 'accepted',
      });
      const { fills } = await trader.until('r03', 'filled');
      for (const { price } of fills) expect(decimal(price).lte(decimal(limitPrice)), price).toBe(true);
    },
  );

  card('R04 what rests can be cancelled, once, and gives back what it held', 'limit', async (trader) => {
    const { broker } = trader;
    const before = inOrder(await broker.balances());
    const limitPrice = await trader.price('0.9');
    await trader.rest('r04', 'buy', trader.lots('2'), { type: 'limit', limitPrice });
    const heard: BrokerOrder[] = [];
    broker.subscribe({ onOrder: (order) => heard.push(order) });
    expect(['cancelled', 'unknown'], 'it is not gone before it is cancelled').toContain(
      (await trader.cancel('r04')).outcome,
    );
    expect((await trader.until('r04', 'cancelled')).fills).toEqual([]);
    expect(await broker.openOrders()).toEqual([]);
    expect(inOrder(await broker.balances())).toEqual(before);
    expect(await trader.cancel('r04')).toMatchObject({ outcome: 'not_open' });
    await expect.poll(() => heard.map(({ state }) => state), patience).toContain('cancelled');
    await trader.moveTo(await trader.price('0.85'));
    expect(await broker.fillsSince(new Date(0)), 'what was cancelled trades no more').toEqual([]);
  });

  card('R05 a sale at a limit above the market waits for it', 'limit', async (trader) => {
    await trader.trade('r05-buy', 'buy', trader.lots('2'));
    const limitPrice = await trader.price('1.1');
    await trader.rest('r05', 'sell', trader.lots('1'), { type: 'limit', limitPrice });
    await trader.moveTo(await trader.price('1.15'));
    const { fills } = await trader.until('r05', 'filled');
    for (const { price } of fills) expect(decimal(price).gte(decimal(limitPrice)), price).toBe(true);
  });

  card('R06 a price off the tick is rejected, and never rounded', 'limit', async (trader) => {
    const { priceTick } = (await trader.broker.resolve(trader.symbol)).rules;
    const off = decimal(await trader.price('0.9')).plus(decimal(priceTick).times(decimal('0.5')));
    for (const [index, limitPrice] of [decimalText(off), '0', '-1'].entries()) {
      const terms = { type: 'limit', limitPrice } as const;
      const outcome = await trader.send(trader.order(`r06-${index}`, 'buy', trader.lots('1'), terms));
      expect(outcome.outcome, `a limit of ${limitPrice}`).toBe('rejected');
    }
    expect(await trader.broker.openOrders()).toEqual([]);
  });

  card('R07 what rests cannot be paid for twice', 'limit', async (trader) => {
    const limitPrice = await trader.price('0.9');
    const { free } = await trader.money();
    const lots = decimal(free)
      .div(decimal(limitPrice))
      .div(decimal(trader.lots('1')))
      .times(decimal('0.7'));
    const quantity = trader.lots(decimalText(lots.round(0, 0)));
    await trader.rest('r07-1', 'buy', quantity, { type: 'limit', limitPrice });
    const second = trader.order('r07-2', 'buy', quantity, { type: 'limit', limitPrice });
    expect(await trader.send(second)).toMatchObject({ outcome: 'rejected' });
  });

  card(
    'R08 a resting order outlives the desk, and its fill is found after a restart',
    'limit',
    async (trader) => {
      const { broker, symbol, world } = trader;
      const limitPrice = await trader.price('0.9');
      const [above, below] = [await trader.price('0.95'), await trader.price('0.85')];
      const resting = await trader.rest('r08', 'buy', trader.lots('1'), { type: 'limit', limitPrice });
      await broker.disconnect();
      await world.movePrice(above);
      const again = await world.restart();
      await again.connect();
      expect(await again.openOrders()).toEqual([resting]);
      await again.submit(trader.order('r08', 'buy', trader.lots('1'), { type: 'limit', limitPrice }));
      await world.attend?.();
      expect(await again.openOrders(), 'sent again, it is still one').toHaveLength(1);
      await world.movePrice(below);
      await world.attend?.();
      await expect.poll(async () => (await again.findOrder('r08', symbol))?.state, patience).toBe('filled');
      expect(total(await again.fillsSince(new Date(0)))).toBe(trader.lots('1'));
      await again.disconnect();
    },
  );

  card(
    'R09 a stop below the market sells when the price falls to it, and not before',
    'stop',
    async (trader) => {
      await trader.trade('r09-buy', 'buy', trader.lots('2'));
      const [near, stopPrice, beyond] = [
        await trader.price('0.95'),
        await trader.price('0.9'),
        await trader.price('0.85'),
      ];
      await trader.rest('r09', 'sell', trader.lots('1'), { type: 'stop', stopPrice });
      await trader.moveTo(near);
      expect((await trader.broker.findOrder('r09', trader.symbol))?.state, 'not before').toBe('working');
      await trader.moveTo(beyond);
      const { fills } = await trader.until('r09', 'filled');
      expect(total(fills)).toBe(trader.lots('1'));
      for (const { price } of fills) expect(decimal(price).lte(decimal(stopPrice)), price).toBe(true);
    },
  );

  card('R10 a stop above the market buys when the price rises to it', 'stop', async (trader) => {
    const [stopPrice, beyond] = [await trader.price('1.1'), await trader.price('1.15')];
    await trader.rest('r10', 'buy', trader.lots('1'), { type: 'stop', stopPrice });
    await trader.moveTo(beyond);
    const { fills } = await trader.until('r10', 'filled');
    for (const { price } of fills) expect(decimal(price).gte(decimal(stopPrice)), price).toBe(true);
  });

  card('R11 a stop can be cancelled, and then does nothing', 'stop', async (trader) => {
    await trader.trade('r11-buy', 'buy', trader.lots('2'));
    const [stopPrice, beyond] = [await trader.price('0.9'), await trader.price('0.85')];
    await trader.rest('r11', 'sell', trader.lots('1'), { type: 'stop', stopPrice });
    await trader.cancel('r11');
    await trader.until('r11', 'cancelled');
    await trader.moveTo(beyond);
    expect((await trader.broker.findOrder('r11', trader.symbol))?.fills).toEqual([]);
  });

  card(
    'R12 a stop-limit order sells at its stop or after, at no worse than its limit',
    'stop_limit',
    async (trader) => {
      await trader.trade('r12-buy', 'buy', trader.lots('2'));
      const [near, stopPrice, beyond, limitPrice] = [
        await trader.price('0.95'),
        await trader.price('0.9'),
        await trader.price('0.85'),
        await trader.price('0.8'),
      ];
      await trader.rest('r12', 'sell', trader.lots('1'), { type: 'stop_limit', stopPrice, limitPrice });
      await trader.moveTo(near);
      expect((await trader.broker.findOrder('r12', trader.symbol))?.state, 'not before').toBe('working');
      await trader.moveTo(beyond);
      const { fills } = await trader.until('r12', 'filled');
      expect(total(fills)).toBe(trader.lots('1'));
      for (const { price } of fills) expect(decimal(price).gte(decimal(limitPrice)), price).toBe(true);
    },
  );

  card('R13 of an oco order the take profit trades, once, and nothing of it stays', 'oco', async (trader) => {
    await trader.trade('r13-buy', 'buy', trader.lots('2'));
    const before = await trader.held();
    const [limitPrice, stopPrice] = [await trader.price('1.1'), await trader.price('0.9')];
    const [up, down] = [await trader.price('1.15'), await trader.price('0.8')];
    const resting = await trader.rest('r13', 'sell', trader.lots('1'), {
      type: 'oco',
      limitPrice,
      stopPrice,
    });
    expect(await trader.broker.openOrders(), 'to the desk it is one order').toEqual([resting]);
    await trader.moveTo(up);
    const { fills } = await trader.until('r13', 'filled');
    expect(total(fills)).toBe(trader.lots('1'));
    for (const { price } of fills) expect(decimal(price).gte(decimal(limitPrice)), price).toBe(true);
    expect(await trader.broker.openOrders()).toEqual([]);
    await trader.moveTo(down);
    expect((await trader.broker.findOrder('r13', trader.symbol))?.fills, 'the other leg is gone').toEqual(
      fills,
    );
    const { asset } = await trader.broker.resolve(trader.symbol);
    expect((await trader.held()).toFixed()).toBe(before.plus(changeBy(fills, asset)).toFixed());
  });

  card('R14 of an oco order the stop trades, once, and nothing of it stays', 'oco', async (trader) => {
    await trader.trade('r14-buy', 'buy', trader.lots('2'));
    const [limitPrice, stopPrice] = [await trader.price('1.1'), await trader.price('0.9')];
    const [down, up] = [await trader.price('0.85'), await trader.price('1.2')];
    await trader.rest('r14', 'sell', trader.lots('1'), { type: 'oco', limitPrice, stopPrice });
    await trader.moveTo(down);
    const { fills } = await trader.until('r14', 'filled');
    expect(total(fills)).toBe(trader.lots('1'));
    for (const { price } of fills) expect(decimal(price).lte(decimal(stopPrice)), price).toBe(true);
    await trader.moveTo(up);
    expect((await trader.broker.findOrder('r14', trader.symbol))?.fills, 'the other leg is gone').toEqual(
      fills,
    );
    expect(await trader.broker.openOrders()).toEqual([]);
  });

  card('R15 an oco order is cancelled as a whole', 'oco', async (trader) => {
    await trader.trade('r15-buy', 'buy', trader.lots('2'));
    const before = inOrder(await trader.broker.balances());
    const [limitPrice, stopPrice] = [await trader.price('1.1'), await trader.price('0.9')];
    await trader.rest('r15', 'sell', trader.lots('1'), { type: 'oco', limitPrice, stopPrice });
    await trader.cancel('r15');
    expect((await trader.until('r15', 'cancelled')).fills).toEqual([]);
    expect(await trader.broker.openOrders()).toEqual([]);
    expect(inOrder(await trader.broker.balances())).toEqual(before);
  });

  card('R16 an order may be filled in parts, and the rest of it cancelled', 'limit', async (trader, skip) => {
    const { broker, symbol, world } = trader;
    if (!world.tradePart) return skip('its stand-in trades no parts');
    const { asset } = await broker.resolve(symbol);
    const limitPrice = await trader.price('0.9');
    await trader.rest('r16', 'buy', trader.lots('3'), { type: 'limit', limitPrice });
    await world.tradePart(limitPrice, trader.lots('1'));
    const part = await trader.until('r16', 'partly_filled');
    expect(total(part.fills)).toBe(trader.lots('1'));
    expect(await broker.openOrders()).toEqual([part]);
    await trader.cancel('r16');
    const ended = await trader.until('r16', 'cancelled');
    expect(ended.fills, 'what was filled stays').toEqual(part.fills);
    expect((await trader.money()).locked).toBe('0');
    expect((await trader.held()).toFixed()).toBe(changeBy(part.fills, asset).toFixed());
  });

  card('R17 parts add up to the whole, each under an id of its own', 'limit', async (trader, skip) => {
    const { world } = trader;
    if (!world.tradePart) return skip('its stand-in trades no parts');
    const limitPrice = await trader.price('0.9');
    await trader.rest('r17', 'buy', trader.lots('3'), { type: 'limit', limitPrice });
    await world.tradePart(limitPrice, trader.lots('1'));
    await trader.until('r17', 'partly_filled');
    await world.tradePart(limitPrice, trader.lots('2'));
    const { fills } = await trader.until('r17', 'filled');
    expect(total(fills)).toBe(trader.lots('3'));
    expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
    expect(fills.length).toBeGreaterThanOrEqual(2);
  });
}

function whole({ free, locked }: { free: string; locked: string }): Decimal {
  return decimal(free).plus(decimal(locked));
}
